-- proctor.*: how many pictures an attempt has sent and which came last, so that nobody has to count them at each.
-- depends: 0014_rescore_failures

-- One line for each attempt that sends pictures: whoever takes one in writes here first, so that of two processes one
-- is first. No face: what was sent, by its name, and when.
CREATE TABLE proctor.capture_turns (
    attempt_id      bigint  PRIMARY KEY,
    count           integer NOT NULL CHECK (count >= 1),
    name            text    NOT NULL,
    at              timestamptz NOT NULL,
    received_at     timestamptz NOT NULL
) WITH (fillfactor = 70);

INSERT INTO proctor.capture_turns (attempt_id, count, name, at, received_at)
SELECT DISTINCT ON (attempt_id) attempt_id, count(*) OVER mine, name, at, max(received_at) OVER mine
FROM proctor.captures WINDOW mine AS (PARTITION BY attempt_id)
ORDER BY attempt_id, at DESC, capture_id DESC;

-- Every process asks now and then whose keys were shredded lately.
CREATE INDEX keys_shredded ON proctor.keys (shredded_at) WHERE shredded_at IS NOT NULL;
