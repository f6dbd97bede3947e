-- score.*: what the answers were worth. Marking again is a new revision; the old score stays.
-- depends: 0002_bank

CREATE SCHEMA score;

CREATE TABLE score.scores (
    attempt_id      bigint  NOT NULL,
    revision        integer NOT NULL CHECK (revision >= 1),
    points          integer NOT NULL CHECK (points BETWEEN 0 AND points_max),
    points_max      integer NOT NULL CHECK (points_max >= 0),
    correct         integer NOT NULL CHECK (correct >= 0),
    wrong           integer NOT NULL CHECK (wrong >= 0),
    unanswered      integer NOT NULL CHECK (unanswered >= 0),
    marks           jsonb   NOT NULL CHECK (jsonb_typeof(marks) = 'array'
                            AND jsonb_array_length(marks) = correct + wrong + unanswered),
    scheme          jsonb,
    reason          text    NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    marked_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attempt_id, revision)
);

CREATE FUNCTION score.never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table %.% is written once: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER scores_never_changed BEFORE UPDATE OR DELETE ON score.scores
    FOR EACH ROW EXECUTE FUNCTION score.never_changed();
CREATE TRIGGER scores_never_emptied BEFORE TRUNCATE ON score.scores
    FOR EACH STATEMENT EXECUTE FUNCTION score.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON score.scores FROM PUBLIC;
