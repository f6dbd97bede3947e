-- proctor.*: evidence. The pictures themselves are encrypted files named by hash; here is whose they are.
-- depends: 0001_exam

CREATE SCHEMA proctor;

CREATE TABLE proctor.pictures (
    attempt_id      bigint NOT NULL,
    name            text   NOT NULL CHECK (name ~ '^[0-9a-f]{64}$'),
    purpose         text   NOT NULL CHECK (purpose IN ('entry', 'again')),
    taken_at        timestamptz NOT NULL DEFAULT now(),
    face_count      integer,
    distance        double precision,
    model           text   NOT NULL,
    PRIMARY KEY (attempt_id, name)
);
CREATE INDEX ON proctor.pictures (taken_at);
