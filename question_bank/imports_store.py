"""Table bank.imports: files uploaded at the desk, what they hold, and how far they are."""

from typing import Final

_ROW: Final = """
SELECT import_id, pool, account_id, person_id, by_name, name, format, state, problem, report::text AS report, done,
    made_at, heard_at FROM bank.imports
"""
ADD: Final = """
INSERT INTO bank.imports (import_id, pool, account_id, person_id, by_name, name, made_at, heard_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
"""
ONE: Final = f"{_ROW} WHERE import_id = $1 AND account_id = $2"
LAST: Final = f"{_ROW} WHERE account_id = $1 ORDER BY made_at DESC LIMIT 20"
HEARD: Final = "UPDATE bank.imports SET heard_at = $2, done = $3 WHERE import_id = $1"
READ: Final = """
UPDATE bank.imports SET state = 'read', format = $2, report = $3::json, items = $4, heard_at = $5
WHERE import_id = $1 AND state = 'reading'
"""
# Who confirms first writes; a second click finds nothing to take.
TAKE: Final = """
UPDATE bank.imports SET state = 'writing', done = 0, heard_at = $3::timestamptz WHERE import_id = $1 AND account_id = $2
    AND (state = 'read' OR (state = 'writing'
        AND heard_at < $3::timestamptz - make_interval(secs => $4::double precision)))
RETURNING items
"""
END: Final = """
UPDATE bank.imports SET state = $2, problem = $3, done = $4, heard_at = $5, report = coalesce($6::json, report),
    items = CASE WHEN $2 = 'read' THEN items END WHERE import_id = $1
"""
DROP: Final = """
UPDATE bank.imports SET state = 'dropped', items = NULL, heard_at = $3
WHERE import_id = $1 AND account_id = $2 AND state IN ('read', 'failed', 'reading') RETURNING import_id
"""
SWEEP: Final = """
UPDATE bank.imports SET items = NULL, state = CASE WHEN state = 'read' THEN 'dropped' ELSE state END
WHERE heard_at < $1 AND items IS NOT NULL
"""
# What the pool has under these codes: whether an item may take in a draft.
STANDING: Final = """
SELECT i.item_id, i.code, i.set_code, i.status, i.draft, v.digest, d.body::text AS draft_body
FROM bank.items i LEFT JOIN bank.item_versions v USING (item_id, version) LEFT JOIN bank.drafts d USING (item_id)
WHERE i.pool = $1 AND i.code = ANY ($2::text[])
"""
ADD_ITEMS: Final = """
INSERT INTO bank.items (pool, code, set_code, status, changed_at)
SELECT $1, code, set_code, 'draft', $4
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS new (code, set_code, place)
ORDER BY place RETURNING item_id, code
"""
ADD_DRAFTS: Final = """
INSERT INTO bank.drafts (item_id, state, base, version, body, author, writers, accounts, begun_at, saved_at)
SELECT i.item_id, 'draft', i.version, NULL, new.body::json, $3, $4, $5, $6, $6
FROM unnest($1::bigint[], $2::text[]) AS new (item_id, body) JOIN bank.items i USING (item_id)
"""
TOUCH: Final = """
UPDATE bank.items SET draft = 'draft', revision = revision + 1, changed_at = $2 WHERE item_id = ANY ($1::bigint[])
"""
LOCK: Final = """
SELECT item_id FROM bank.items WHERE pool = $1 AND code = ANY ($2::text[]) ORDER BY item_id FOR UPDATE
"""
