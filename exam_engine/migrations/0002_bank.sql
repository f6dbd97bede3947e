-- bank.*: items and all their versions. What was once shown in an exam stays as it was for ever.
-- depends: 0001_exam

CREATE SCHEMA bank;

CREATE TABLE bank.items (
    item_id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool            text    NOT NULL CHECK (length(pool) BETWEEN 1 AND 80),
    code            text    NOT NULL CHECK (length(code) BETWEEN 1 AND 80),
    set_code        text    NOT NULL DEFAULT '' CHECK (length(set_code) <= 80),
    version         integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    status          text    NOT NULL CHECK (status IN ('draft', 'review', 'active', 'suspended', 'retired')),
    UNIQUE (pool, code)
);
CREATE INDEX ON bank.items (pool, set_code) WHERE set_code <> '';

CREATE TABLE bank.item_versions (
    item_id         bigint  NOT NULL REFERENCES bank.items,
    version         integer NOT NULL CHECK (version >= 1),
    body            jsonb   NOT NULL CHECK (body ->> 'key' ~ '^[a-z]{1,26}$' AND body ->> 'stem' <> ''
                            AND jsonb_array_length(body -> 'options') BETWEEN 2 AND 26),
    digest          bytea   NOT NULL CHECK (length(digest) = 32),
    author          text    NOT NULL CHECK (length(author) BETWEEN 1 AND 80),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (item_id, version)
);

-- The current version is one that exists; checked at the end, since each of the two rows needs the other.
ALTER TABLE bank.items ADD FOREIGN KEY (item_id, version) REFERENCES bank.item_versions (item_id, version)
    DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION bank.never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table %.% is written once: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER item_versions_never_changed BEFORE UPDATE OR DELETE ON bank.item_versions
    FOR EACH ROW EXECUTE FUNCTION bank.never_changed();
CREATE TRIGGER item_versions_never_emptied BEFORE TRUNCATE ON bank.item_versions
    FOR EACH STATEMENT EXECUTE FUNCTION bank.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON bank.item_versions FROM PUBLIC;
