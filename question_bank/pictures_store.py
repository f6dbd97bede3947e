"""Table bank.pictures: the pictures of items, named by the SHA-256 of what is kept. They are never changed."""

from typing import Final

KNOWN: Final = "SELECT name FROM bank.pictures WHERE name = ANY ($1::text[])"
ADD: Final = """
INSERT INTO bank.pictures (name, media, width, height, data) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
ADD_UPLOAD: Final = """
INSERT INTO bank.picture_uploads (name, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
# For whoever sees an item with it, as it is or as it once was, and for who uploaded it. $2: a province or null.
SEE: Final = """
SELECT c.media, c.data FROM bank.pictures c WHERE c.name = $1 AND (
    $2::text IS NULL
    OR EXISTS (SELECT FROM bank.picture_uploads u WHERE u.name = c.name AND u.account_id = $3)
    OR EXISTS (SELECT FROM bank.items i JOIN bank.pools p USING (pool)
        WHERE i.pictures @> ARRAY[c.name] AND i.pictures <> '{}' AND p.province = $2))
"""
GET: Final = "SELECT media, data FROM bank.pictures WHERE name = $1"
MANY: Final = "SELECT name, media, data FROM bank.pictures WHERE name = ANY ($1::text[])"
# What was uploaded and never came into an item, nor into any version of one.
SWEEP: Final = """
DELETE FROM bank.pictures c WHERE c.added_at < $1
    AND NOT EXISTS (SELECT FROM bank.items i WHERE i.pictures @> ARRAY[c.name] AND i.pictures <> '{}')
    AND NOT EXISTS (SELECT FROM bank.item_versions v WHERE v.body -> 'pictures' @>
        jsonb_build_array(jsonb_build_object('name', c.name)))
"""
