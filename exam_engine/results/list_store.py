"""Lists of results: pages of result.results by key, whatever is filtered, and counts by state.

A page is one walk along an index in the order of `moved_at, result_id`. Conditions are put together from the constants
of this file; values are parameters.
"""

from typing import Final

import msgspec

from exam_engine.errors import Invalid
from exam_engine.registration.review_store import read_key
from exam_engine.results.final import State
from exam_engine.store import Row
from scoring.result import Outcome

PAGE: Final = 50
TAIL_MIN: Final = 3
EXPORT_BATCH: Final = 500

COLUMNS: Final = """
SELECT r.result_id, r.person_id, r.cycle, r.version, r.state, r.outcome, r.reasons, r.missing, r.doubts, r.name,
    r.id_number, r.department, r.procedure, r.legs, r.notice_number, r.order_id, r.notified_at, r.moved_at, r.text,
    o.name AS institution, coalesce(g.name, '') AS agency, k.state AS recheck_state, k.due_at AS recheck_due_at
FROM result.results r JOIN people.organisations o ON o.organisation_id = r.institution_id
LEFT JOIN people.organisations g ON g.organisation_id = r.agency_id
LEFT JOIN result.rechecks k USING (result_id)
"""
ROW: Final = f"{COLUMNS} WHERE r.result_id = $1"
SCOPES: Final = {"agency": "r.agency_id = {}::bigint", "province": "r.province = {}::text"}
_COUNTS: Final = "SELECT r.state, r.outcome, count(*)::integer AS count FROM result.results r WHERE r.cycle = $1"
COUNTS_OF_AGENCY: Final = f"{_COUNTS} AND r.agency_id = $2 GROUP BY 1, 2"
COUNTS_OF_PROVINCE: Final = f"{_COUNTS} AND r.province = $2 GROUP BY 1, 2"
COUNTS_OF_ALL: Final = f"{_COUNTS} GROUP BY 1, 2"
# $2, $3: the agency and the province that are limited to; null: not.
FIGURES: Final = """
SELECT count(*) FILTER (WHERE r.state = 'proposed' AND r.doubts = '{}')::integer AS plain,
    count(*) FILTER (WHERE r.state = 'proposed' AND r.doubts <> '{}')::integer AS doubtful,
    count(*) FILTER (WHERE r.state IN ('qualified', 'unqualified') AND r.order_id IS NULL)::integer AS decided,
    count(*) FILTER (WHERE r.legs_now IS NOT NULL)::integer AS changed,
    count(*) FILTER (WHERE r.state = 'recheck')::integer AS rechecks
FROM result.results r WHERE r.cycle = $1 AND ($2::bigint IS NULL OR r.agency_id = $2)
  AND ($3::text IS NULL OR r.province = $3) AND r.state NOT IN ('pending', 'excluded', 'archived')
"""
ORDERS: Final = """
SELECT o.order_id, o.at, p.name AS by, o.total, o.done, (SELECT count(*) FROM result.results r
    WHERE r.order_id = o.order_id AND r.state IN ('qualified', 'unqualified'))::integer AS left
FROM result.orders o JOIN people.accounts a USING (account_id) JOIN people.persons p USING (person_id)
JOIN people.organisations g ON g.organisation_id = o.agency_id
WHERE o.cycle = $1 AND ($2::bigint IS NULL OR o.agency_id = $2) AND ($3::text IS NULL OR g.province = $3)
ORDER BY o.order_id DESC LIMIT 5
"""
ADD_ORDER: Final = """
INSERT INTO result.orders (agency_id, cycle, account_id, address, total, at) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING order_id
"""
# In the order of their numbers, so that two who order at the same time never wait for each other in a circle.
ORDERABLE: Final = """
SELECT result_id FROM result.results WHERE agency_id = $1 AND cycle = $2 AND state IN ('qualified', 'unqualified')
  AND order_id IS NULL AND legs_now IS NULL AND ($3::bigint[] IS NULL OR result_id = ANY ($3))
ORDER BY result_id FOR UPDATE
"""
SET_ORDER: Final = "UPDATE result.results SET order_id = $2 WHERE result_id = ANY ($1::bigint[])"
OF_AGENCY: Final = """
SELECT count(*) FROM result.results WHERE agency_id = $1 AND result_id = ANY ($2::bigint[])
"""
RECHECKS: Final = """
SELECT k.recheck_id, k.result_id, r.version, k.state, r.name, r.id_number, r.person_id, r.decided_by,
    r.state AS at_state, o.name AS institution, r.outcome, r.reasons, k.text, k.at, k.due_at, k.decided_at
FROM result.rechecks k JOIN result.results r USING (result_id)
JOIN people.organisations o ON o.organisation_id = r.institution_id
WHERE r.cycle = $1 AND ($2::bigint IS NULL OR r.agency_id = $2) AND ($3::text IS NULL OR r.province = $3)
  AND ($4::text = '' OR k.state = $4)
ORDER BY k.state <> 'waiting', k.due_at, k.recheck_id LIMIT 500
"""
ADD_RECHECK: Final = """
INSERT INTO result.rechecks (result_id, text, documents, at, due_at) VALUES ($1, $2, $3, $4, $5)
"""
RECHECK_OF: Final = """
SELECT recheck_id, result_id, text, documents, at, due_at, state, decided_at, reason FROM result.rechecks
WHERE result_id = $1
"""
RESULT_OF_RECHECK: Final = "SELECT result_id FROM result.rechecks WHERE recheck_id = $1"
DECIDE_RECHECK: Final = """
UPDATE result.rechecks SET state = $2, decided_by = $3, decided_at = $4, reason = $5 WHERE recheck_id = $1
  AND state = 'waiting' RETURNING recheck_id
"""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows; empty: everything. `mine`: proposals, the longest waiting first."""

    cycle: int
    state: str = ""
    outcome: str = ""
    flag: str = ""
    q: str = ""
    mine: bool = False
    after: str = ""


def page(role: str, scope: "int | str | None", wanted: Filter) -> tuple[str, list[object]]:
    """The statement and its values for a page of PAGE + 1 rows. `scope`: the agency or province; None: all."""
    where, values = _where(role, scope, wanted)
    way = "ASC" if wanted.mine else "DESC"
    # Doubts are rare: found by their own index and then sorted. Walking in order would look through everybody.
    order = "r.moved_at + interval '0'" if wanted.flag else "r.moved_at"
    return f"{COLUMNS} WHERE {where} ORDER BY {order} {way}, r.result_id {way} LIMIT {PAGE + 1}", values


def whole(role: str, scope: "int | str | None", wanted: Filter) -> tuple[str, list[object]]:
    """The statement and its values for everything that is filtered, in the order of names."""
    where, values = _where(role, scope, wanted)
    return f"{COLUMNS} WHERE {where} ORDER BY o.name, r.name, r.result_id", values


def _where(role: str, scope: "int | str | None", wanted: Filter) -> tuple[str, list[object]]:
    conditions: list[str] = []
    values: list[object] = []

    def add(condition: str, *of: object) -> None:
        first = len(values) + 1
        values.extend(of)
        conditions.append(condition.format(*(f"${first + n}" for n in range(len(of)))))

    if scope is not None:
        add(SCOPES[role], scope)
    add("r.cycle = {}", wanted.cycle)
    if state := _one_of(State, "proposed" if wanted.mine else wanted.state):
        add("r.state = {}", state)
    if outcome := _one_of(Outcome, wanted.outcome):
        add("r.outcome = {}", outcome)
    if wanted.flag:
        add("r.doubts @> ARRAY[{}::text]", wanted.flag)
    if wanted.q:
        add(*_search(wanted.q))
    if wanted.after:
        at, result_id = read_key(wanted.after)
        add(f"(r.moved_at, r.result_id) {'>' if wanted.mine else '<'} ({{}}, {{}})", at, result_id)
    return " AND ".join(conditions), values


def _one_of(kind: type[State] | type[Outcome], text: str) -> str:
    try:
        return kind(text).value if text else ""
    except ValueError as error:
        raise Invalid("no_such_state") from error


def _search(text: str) -> tuple[str, str]:
    """The last signs of an ID number, or the beginning of a name."""
    plain = text.strip().replace("\\", "").replace("%", "").replace("_", "")
    if plain and plain.isascii() and plain.replace("X", "").replace("x", "").isdigit():
        if len(plain) < TAIL_MIN:
            raise Invalid("search_too_short", min=TAIL_MIN)
        return "r.id_reversed LIKE {}", plain.upper()[::-1] + "%"
    return "r.name LIKE {}", plain + "%"


def limits(role: str, scope: "int | str | None") -> tuple[int | None, str | None]:
    """The agency and the province somebody is limited to, as FIGURES takes them."""
    return (scope if role == "agency" and isinstance(scope, int) else None,
            scope if role == "province" and isinstance(scope, str) else None)  # fmt: skip


def publishing(row: Row) -> bool:
    """Whether it stands in an order that is not carried out yet."""
    return row["order_id"] is not None and row["state"] in ("qualified", "unqualified")
