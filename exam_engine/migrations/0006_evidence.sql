-- proctor.*: what keeps evidence private: a key per person, who looked at what, and what was deleted by which rule.
-- depends: 0005_proctoring

-- The key a person's pictures are sealed with, itself sealed by the installation's secret (12 + 32 + 16 bytes).
-- Shredding a version ends everything sealed with it; pictures taken later get the next version.
CREATE TABLE proctor.keys (
    person_id       bigint  NOT NULL,
    version         integer NOT NULL CHECK (version BETWEEN 1 AND 65535),
    wrapped         bytea   CHECK (length(wrapped) = 60),
    made_at         timestamptz NOT NULL DEFAULT now(),
    shredded_at     timestamptz,
    PRIMARY KEY (person_id, version),
    CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL))
);
CREATE UNIQUE INDEX keys_one_living ON proctor.keys (person_id) WHERE shredded_at IS NULL;

CREATE FUNCTION proctor.only_shredded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.shredded_at IS NULL AND NEW.wrapped IS NULL
       AND (NEW.person_id, NEW.version, NEW.made_at) = (OLD.person_id, OLD.version, OLD.made_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a key of proctor.keys is shredded once and otherwise never changed: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keys_only_shredded BEFORE UPDATE OR DELETE ON proctor.keys
    FOR EACH ROW EXECUTE FUNCTION proctor.only_shredded();

-- Who looked at which picture of whom; `attempt_id` is null for a photo looked at outside an attempt.
CREATE TABLE proctor.views (
    view_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL,
    person_id       bigint NOT NULL,
    attempt_id      bigint,
    name            text   NOT NULL CHECK (name ~ '^[0-9a-f]{64}$'),
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON proctor.views (person_id, view_id);
CREATE INDEX ON proctor.views (attempt_id, view_id);
CREATE INDEX ON proctor.views (account_id, view_id);

-- What was deleted, when and by which rule. `missing`: files that were gone already (a sweep was interrupted, or
-- somebody else removed them). `bytes` is what this deletion freed.
CREATE TABLE proctor.deletions (
    deletion_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    person_id       bigint  NOT NULL,
    attempt_id      bigint,
    kind            text    NOT NULL CHECK (kind IN ('pictures', 'photos', 'key')),
    rule            text    NOT NULL CHECK (rule IN
                    ('retention', 'retention_after_case', 'photo_unused', 'nothing_left', 'ordered')),
    reason          text    NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    pictures        integer NOT NULL CHECK (pictures >= 0),
    missing         integer NOT NULL CHECK (missing >= 0),
    bytes           bigint  NOT NULL CHECK (bytes >= 0),
    CHECK (rule <> 'ordered' OR reason <> '')
);
CREATE INDEX ON proctor.deletions (person_id, deletion_id);

-- What the sweeper asks for: attempts and photos of which something is still kept.
CREATE INDEX pictures_kept ON proctor.pictures (attempt_id) WHERE deleted_at IS NULL;
CREATE INDEX photos_kept ON proctor.photos (person_id) WHERE deleted_at IS NULL;

CREATE TRIGGER keys_never_emptied BEFORE TRUNCATE ON proctor.keys
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER views_never_changed BEFORE UPDATE OR DELETE ON proctor.views
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER views_never_emptied BEFORE TRUNCATE ON proctor.views
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER deletions_never_changed BEFORE UPDATE OR DELETE ON proctor.deletions
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER deletions_never_emptied BEFORE TRUNCATE ON proctor.deletions
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
REVOKE DELETE, TRUNCATE ON proctor.keys FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON proctor.views, proctor.deletions FROM PUBLIC;
