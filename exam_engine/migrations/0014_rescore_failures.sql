-- score.*: papers an approved rescore could not mark again.
-- depends: 0013_receipts

-- A row stays until the paper is marked again; workers try it every few minutes, also after the others are done.
CREATE TABLE score.failures (
    proposal_id     bigint  NOT NULL REFERENCES score.progress,
    attempt_id      bigint  NOT NULL,
    tries           integer NOT NULL DEFAULT 1 CHECK (tries >= 1),
    tried_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (proposal_id, attempt_id)
);
CREATE INDEX ON score.failures (tried_at);
