"""Table reg.documents."""

from typing import Final

LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('reg.documents', $1::bigint))"  # one person's documents
BY_DIGEST: Final = """
SELECT document_id, person_id, name, media, title, bytes, pages, purpose, added_at, used FROM reg.documents
WHERE person_id = $1 AND digest = $2 AND purpose = $3
"""
BY_ID: Final = """
SELECT document_id, person_id, name, media, title, bytes, pages, purpose, added_at, used FROM reg.documents
WHERE document_id = $1
"""
OF_PERSON: Final = """
SELECT document_id, person_id, name, media, title, bytes, pages, purpose, added_at, used FROM reg.documents
WHERE person_id = $1 AND document_id = ANY($2::bigint[])
"""
COUNT: Final = "SELECT count(*) FROM reg.documents WHERE person_id = $1"
ADD: Final = """
INSERT INTO reg.documents (person_id, name, media, bytes, pages, digest, title, purpose)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING document_id, person_id, name, media, title, bytes, pages, purpose, added_at, used
"""
# The file of an upload was lost: this is the same upload, cleaned again.
MEND: Final = """
UPDATE reg.documents SET name = $2, media = $3, bytes = $4, pages = $5 WHERE document_id = $1
RETURNING document_id, person_id, name, media, title, bytes, pages, purpose, added_at, used
"""
MARK_USED: Final = "UPDATE reg.documents SET used = true WHERE document_id = ANY($1::bigint[]) RETURNING document_id"
# The same bytes as sent, or the same pages or picture once it was cleaned (saved anew with other metadata).
SHARED: Final = """
SELECT d.document_id FROM reg.documents d WHERE d.person_id = $1 AND d.document_id = ANY($2::bigint[]) AND (
    EXISTS (SELECT FROM reg.documents o WHERE o.digest = d.digest AND o.person_id <> $1)
    OR EXISTS (SELECT FROM reg.documents o WHERE o.name = d.name AND o.person_id <> $1))
ORDER BY d.document_id
"""
DROP: Final = "DELETE FROM reg.documents WHERE document_id = $1 AND person_id = $2 AND NOT used RETURNING name"
# A file may be kept for two documents: sent twice with other metadata, or as photo and as evidence.
NAME_KEPT: Final = "SELECT EXISTS (SELECT FROM reg.documents WHERE person_id = $1 AND name = $2)"
UNUSED: Final = """
SELECT document_id, person_id FROM reg.documents WHERE NOT used AND added_at < $1 ORDER BY added_at LIMIT $2
"""
