"""The SQL of receipts: tables exam.receipts and exam.receipt_keys, and what is asked of the others for them."""

from typing import Final

# --- keys --------------------------------------------------------------------------------------------------------

KEYS: Final = "SELECT number, key_id, public_key, wrapped, since, made_at FROM exam.receipt_keys ORDER BY number"
# The first key is for everything; a later one for what is handed in from $5 seconds after it was made.
ADD_KEY: Final = """
INSERT INTO exam.receipt_keys (number, key_id, public_key, wrapped, since)
VALUES ($1, $2, $3, $4, CASE WHEN $1 = 1 THEN to_timestamp(0) ELSE now() + make_interval(secs => $5) END)
ON CONFLICT (number) DO NOTHING
"""

WAITING_KEY: Final = "SELECT max(number) FROM exam.receipt_keys WHERE since > now()"

# --- receipts ----------------------------------------------------------------------------------------------------

RECEIPT: Final = "SELECT code, key_id, signed, salt FROM exam.receipts WHERE attempt_id = $1"
SIGNED_BY_CODE: Final = "SELECT signed FROM exam.receipts WHERE code = $1"
ADD_RECEIPTS: Final = """
WITH noted AS (
    UPDATE exam.attempts SET receipted = true WHERE attempt_id = ANY ($1::bigint[]) AND NOT receipted)
INSERT INTO exam.receipts (attempt_id, code, key_id, signed, salt)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
ON CONFLICT (attempt_id) DO NOTHING
"""
# $1: above which number to look, so that one that can't be signed does not stand before all the others.
LACKING: Final = """
SELECT attempt_id FROM exam.attempts
WHERE NOT receipted AND phase IN ('submitted', 'marked', 'released') AND attempt_id > $1 ORDER BY attempt_id LIMIT $2
"""
# What a public page may say beside the receipt.
ABOUT: Final = """
SELECT s.title, c.name AS cycle, p.name AS person, s.sitting_id
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id) JOIN exam.cycles c USING (cycle)
JOIN people.persons p USING (person_id) WHERE a.attempt_id = $1
"""
TAKEN_IN_UP_TO: Final = "SELECT taken_in FROM exam.attempts WHERE attempt_id = $1"
