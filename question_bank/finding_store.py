"""Lists and searches of items, pools, topics and what else a desk shows of the bank.

Conditions are put together from the constants of this file; what somebody sent is always a value. Text is looked for
as it stands, without differences of width, case and spaces, by walking through a pool's items: an index of trigrams
would not help with Chinese words of two signs.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

PAGE: Final = 50
WORDS_MAX: Final = 8

# $1: the person who looks.
_COLUMNS: Final = """
SELECT i.item_id, i.pool, i.code, i.set_code, i.type, i.topic, i.difficulty, i.category, i.specialties, i.level,
    i.stem, i.status, i.draft, i.version, i.revision, i.author, i.changed_at, cardinality(i.pictures) AS pictures,
    coalesce(e.papers, 0)::integer AS exposed, e.last_at,
    ARRAY (SELECT DISTINCT a.code FROM bank.alarms a WHERE a.item_id = i.item_id AND a.closed_at IS NULL
        ORDER BY a.code) AS alarms,
    i.draft <> '' AND i.writers @> ARRAY[$1::bigint] AS mine, i.returned
FROM bank.items i JOIN bank.pools p USING (pool)
LEFT JOIN LATERAL (SELECT sum(x.papers + x.forms) AS papers, max(x.last_at) AS last_at FROM bank.exposure x
    WHERE x.item_id = i.item_id) e ON true
"""
BY_ID: Final = f"{_COLUMNS} WHERE i.item_id = ANY ($2::bigint[]) ORDER BY i.item_id"
_SCOPE: Final = "($1::text IS NULL OR p.province = $1)"
POOLS: Final = f"""
SELECT p.pool, p.title, p.kind, p.category, p.specialty, p.province, coalesce(p.fallback, '') AS fallback,
    coalesce(c.counts, '{{}}')::text AS counts, coalesce(c.open_drafts, 0)::integer AS open_drafts,
    coalesce(c.waiting, 0)::integer AS waiting
FROM bank.pools p LEFT JOIN (
    SELECT pool, json_object_agg(status, n) AS counts, sum(open_drafts) AS open_drafts, sum(waiting) AS waiting
    FROM (SELECT pool, status, count(*) AS n, count(*) FILTER (WHERE draft <> '' AND status IN ('active', 'suspended'))
            AS open_drafts, count(*) FILTER (WHERE draft = 'review') AS waiting
        FROM bank.items GROUP BY pool, status) s GROUP BY pool
) c USING (pool) WHERE {_SCOPE} ORDER BY p.province, p.pool
"""
POOL: Final = f"SELECT p.pool, p.fallback FROM bank.pools p WHERE p.pool = $2 AND {_SCOPE}"
FALLBACKS: Final = """
WITH RECURSIVE way AS (
    SELECT p.pool, p.fallback, 1 AS step FROM bank.pools p WHERE p.pool = $1
    UNION ALL SELECT n.pool, n.fallback, step + 1 FROM way JOIN bank.pools n ON n.pool = way.fallback WHERE step < 20)
SELECT pool FROM way
"""
ADD_POOL: Final = """
INSERT INTO bank.pools (pool, title, kind, category, specialty, fallback, province, made_by)
VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8) ON CONFLICT DO NOTHING RETURNING pool
"""
SET_POOL: Final = """
UPDATE bank.pools SET title = $2, kind = $3, category = $4, specialty = $5, fallback = nullif($6, '') WHERE pool = $1
"""
LOCK_POOLS: Final = "LOCK TABLE bank.pools IN SHARE ROW EXCLUSIVE MODE"
TOPICS: Final = """
SELECT topic, status, count(*)::integer AS count FROM bank.items WHERE pool = $1 GROUP BY topic, status ORDER BY topic
"""
FACETS: Final = """
SELECT name, value, count(*)::integer AS count FROM (
    SELECT unnest(ARRAY['type', 'difficulty', 'category', 'level', 'author']) AS name,
        unnest(ARRAY[type, difficulty::text, category, level, author]) AS value
    FROM bank.items WHERE pool = $1
    UNION ALL SELECT 'specialty', unnest(specialties) FROM bank.items WHERE pool = $1) f
WHERE value <> '' GROUP BY name, value ORDER BY name, count(*) DESC, value LIMIT 2000
"""
# $1 province or null, $2 the person.
TASKS: Final = f"""
SELECT count(*) FILTER (WHERE i.draft = 'review' AND NOT i.writers @> ARRAY[$2::bigint])::integer AS to_review,
    count(*) FILTER (WHERE i.draft = 'draft' AND i.writers @> ARRAY[$2::bigint])::integer AS drafts,
    count(*) FILTER (WHERE i.returned AND i.draft = 'draft' AND i.writers @> ARRAY[$2::bigint])::integer AS returned,
    count(*) FILTER (WHERE i.draft = 'review' AND i.writers @> ARRAY[$2::bigint])::integer AS in_review,
    (SELECT count(DISTINCT a.item_id)::integer FROM bank.alarms a JOIN bank.items x USING (item_id)
        JOIN bank.pools p USING (pool) WHERE a.closed_at IS NULL AND {_SCOPE}) AS alarms
FROM bank.items i JOIN bank.pools p USING (pool) WHERE i.draft <> '' AND {_SCOPE}
"""
EXPOSURE: Final = """
SELECT cycle, papers, forms, last_at FROM bank.exposure WHERE item_id = $1 ORDER BY cycle DESC LIMIT 20
"""
# What is compared with a draft: the texts of a pool, those changed since $2.
TEXTS: Final = """
SELECT i.item_id, i.code, i.status, i.changed_at, coalesce(d.body::text, v.body::text) AS body
FROM bank.items i LEFT JOIN bank.item_versions v USING (item_id, version) LEFT JOIN bank.drafts d USING (item_id)
WHERE i.pool = $1 AND i.changed_at >= $2 ORDER BY i.item_id
"""
POOL_STATE: Final = "SELECT count(*)::integer AS items FROM bank.items WHERE pool = $1 AND status <> 'retired'"
IDS_OF_POOL: Final = "SELECT item_id FROM bank.items WHERE pool = $1 AND status <> 'retired'"

STATUSES: Final = frozenset({"draft", "review", "active", "suspended", "retired"})
FLAGS: Final = {
    "review": "i.draft = 'review' AND NOT i.writers @> ARRAY[$1::bigint]",
    "mine": "i.draft <> '' AND i.writers @> ARRAY[$1::bigint]",
    "returned": "i.returned AND i.draft = 'draft' AND i.writers @> ARRAY[$1::bigint]",
    "open": "i.draft <> '' AND i.status IN ('active', 'suspended')",
    "unused": "NOT EXISTS (SELECT FROM bank.exposure x WHERE x.item_id = i.item_id)",
    "pictures": "i.pictures <> '{}'",
    "alarms": "EXISTS (SELECT FROM bank.alarms a WHERE a.item_id = i.item_id AND a.closed_at IS NULL)",
}


OTHERS: Final = {
    "difficulty": "i.difficulty::text = {}::text",
    "specialty": "i.specialties @> ARRAY[{}::text]",
    "topic": "(i.topic = {0}::text OR starts_with(i.topic, {0}::text || '/'))",
}


class BadFilter(ValueError):
    """A filter that means nothing; `str()` is a code."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows; empty: everything. `topic`: with all below it. `q`: words that must all occur."""

    pool: str = ""
    q: str = ""
    status: str = ""
    topic: str = ""
    type: str = ""
    difficulty: str = ""
    category: str = ""
    specialty: str = ""
    level: str = ""
    author: str = ""
    flag: str = ""


def conditions(person_id: int, province: str | None, wanted: Filter) -> tuple[str, list[object]]:
    """The WHERE of a list and its values, the first of which is the person. Raises BadFilter."""
    found: list[str] = ["true"]
    values: list[object] = [person_id]

    def add(condition: str, *of: object) -> None:
        first = len(values) + 1
        values.extend(of)
        found.append(condition.format(*(f"${first + n}" for n in range(len(of)))))

    if province is not None:
        add("p.province = {}::text", province)
    _check(wanted)
    if wanted.flag:
        found.append(f"({FLAGS[wanted.flag]})")
    for name in ("pool", "status", "type", "category", "level", "author"):
        if value := getattr(wanted, name):
            add(f"i.{name} = {{}}::text", value)
    for name, condition in OTHERS.items():
        if value := getattr(wanted, name):
            add(condition, value)
    for word in wanted.q.split()[:WORDS_MAX]:
        add("strpos(i.said, bank.plain({}::text)) > 0", word)
    return " AND ".join(found), values


def _check(wanted: Filter) -> None:
    if wanted.status and wanted.status not in STATUSES:
        raise BadFilter("no_such_state")
    if wanted.flag and wanted.flag not in FLAGS:
        raise BadFilter("no_such_flag")


def page(person_id: int, province: str | None, wanted: Filter, after: str) -> tuple[str, list[object]]:
    """The statement and its values for a page of PAGE + 1 rows, the last changed first. Raises BadFilter."""
    where, values = conditions(person_id, province, wanted)
    if after:
        values += read_key(after)
        where += f" AND (i.changed_at, i.item_id) < (${len(values) - 1}::timestamptz, ${len(values)}::bigint)"
    return f"{_COLUMNS} WHERE {where} ORDER BY i.changed_at DESC, i.item_id DESC LIMIT {PAGE + 1}", values


def count(person_id: int, province: str | None, wanted: Filter) -> tuple[str, list[object]]:
    """The statement and its values for how many there are."""
    where, values = conditions(person_id, province, wanted)
    return f"SELECT count(*) FROM bank.items i JOIN bank.pools p USING (pool) WHERE $1::bigint > 0 AND {where}", values


def ids(person_id: int, province: str | None, wanted: Filter, most: int) -> tuple[str, list[object]]:
    """The statement and its values for the numbers of all that are found, at most `most`."""
    where, values = conditions(person_id, province, wanted)
    text = f"SELECT i.item_id FROM bank.items i JOIN bank.pools p USING (pool) WHERE $1::bigint > 0 AND {where}"
    return f"{text} ORDER BY i.item_id LIMIT {most:d}", values


def key(changed_at: datetime, item_id: int) -> str:
    """Where a page ended, for the next."""
    return base64.urlsafe_b64encode(f"{changed_at.isoformat()}|{item_id}".encode()).decode()


def read_key(text: str) -> tuple[datetime, int]:
    """The counterpart of `key`. Raises BadFilter."""
    try:
        at, _, item_id = base64.urlsafe_b64decode(text).decode().partition("|")
        changed_at, number = datetime.fromisoformat(at).astimezone(UTC), int(item_id)
    except (ValueError, OverflowError, binascii.Error, UnicodeDecodeError) as error:
        raise BadFilter("no_such_page") from error
    if not 0 <= number < 2**53:
        raise BadFilter("no_such_page")
    return changed_at, number


def tree(counted: Sequence[tuple[str, str, int]]) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Of (topic, status, count): per step of every path the counts just there, and with all below; parents first."""
    found: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    for topic, status, number in counted:
        steps = topic.split("/")
        for depth in range(1, len(steps) + 1):
            own, below = found.setdefault("/".join(steps[:depth]), ({}, {}))
            below[status] = below.get(status, 0) + number
            if depth == len(steps):
                own[status] = own.get(status, 0) + number
    return {topic: found[topic] for topic in sorted(found, key=lambda path: path.split("/"))}
