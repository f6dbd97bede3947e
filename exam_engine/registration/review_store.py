"""Queues of reviewers: pages of reg.files by key, whatever is filtered, and counts by state.

A page is one walk along an index in the order of `moved_at, file_id`, from where the page before ended: the 300,000th
file costs what the first does. Conditions are put together from the constants of this file; values are parameters.
"""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from exam_engine.errors import Invalid
from exam_engine.registration import id_numbers, names
from exam_engine.registration.review import WAITING, Level, State

PAGE: Final = 50
TAIL_MIN: Final = 3

_NUMBER: Final = re.compile(r"(?=.*[0-9])[0-9A-Z]{1,18}")  # of a card, a passport or a permit
_WILDCARDS: Final = re.compile(r"[\\%_]")

COLUMNS: Final = """
SELECT f.file_id, f.subject, f.state, f.version, f.name, f.id_number, f.department, f.category, f.procedure, f.flags,
    f.submitted_at, f.moved_at, f.due_at, f.person_id, f.org_person, f.opened_at, f.application_id, f.institution_id,
    f.agency_id, f.province, o.name AS institution,
    coalesce((SELECT p.name FROM people.accounts a JOIN people.persons p USING (person_id)
        WHERE a.account_id = f.opened_by), '') AS opened_by
FROM reg.files f JOIN people.organisations o ON o.organisation_id = f.institution_id
"""
ROW: Final = f"{COLUMNS} WHERE f.file_id = $1"
SCOPES: Final = {
    "institution": "f.institution_id = {}::bigint",
    "agency": "f.agency_id = {}::bigint",
    "province": "f.province = {}::text",
}
_COUNTS: Final = "SELECT f.subject, f.state, count(*)::integer AS count FROM reg.files f WHERE f.cycle = $1"
COUNTS_OF_ALL: Final = f"{_COUNTS} GROUP BY 1, 2"
COUNTS_OF_INSTITUTION: Final = f"{_COUNTS} AND f.institution_id = $2 GROUP BY 1, 2"
COUNTS_OF_AGENCY: Final = f"{_COUNTS} AND f.agency_id = $2 GROUP BY 1, 2"
COUNTS_OF_PROVINCE: Final = f"{_COUNTS} AND f.province = $2 GROUP BY 1, 2"
WAITING_STATE: Final = {level.value: state for state, level in WAITING.items()}


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a queue shows; empty: everything. `mine`: what the role's level has to decide, the longest waiting first."""

    subject: str = ""
    state: str = ""
    q: str = ""
    category: str = ""
    department: str = ""
    procedure: str = ""
    flag: str = ""
    mine: bool = False
    after: str = ""


def queue(role: str, scope: "int | str | None", wanted: Filter) -> tuple[str, list[object]]:
    """The statement and its values for a page of PAGE + 1 rows. `scope`: the organisation or province; None: all."""
    conditions: list[str] = []
    values: list[object] = []

    def add(condition: str, *of: object) -> None:
        first = len(values) + 1
        values.extend(of)
        conditions.append(condition.format(*(f"${first + n}" for n in range(len(of)))))

    if scope is not None:
        add(SCOPES[role], scope)
    state = WAITING_STATE[role] if wanted.mine and role in WAITING_STATE else wanted.state
    if state:
        add("f.state = {}", _one_of(State, state))
    if wanted.q:
        add(*_search(wanted.q))
    for name in ("subject", "category", "department", "procedure"):
        if value := getattr(wanted, name):
            add(f"f.{name} = {{}}", value)
    if wanted.flag:
        add("f.flags @> ARRAY[{}::text]", wanted.flag)
    newest_first = not wanted.mine
    if wanted.after:
        at, file_id = read_key(wanted.after)
        add(f"(f.moved_at, f.file_id) {'<' if newest_first else '>'} ({{}}, {{}})", at, file_id)
    where = " AND ".join(conditions) or "true"
    way = "DESC" if newest_first else "ASC"
    # Flags are rare: found by their own index and then sorted. Walking in order would look through everybody.
    order = "f.moved_at + interval '0'" if wanted.flag else "f.moved_at"
    return f"{COLUMNS} WHERE {where} ORDER BY {order} {way}, f.file_id {way} LIMIT {PAGE + 1}", values


def _one_of(kind: type[State], text: str) -> State:
    try:
        return kind(text)
    except ValueError as error:
        raise Invalid("no_such_state") from error


def _search(text: str) -> tuple[str, str]:
    """The last signs of an ID number, or the beginning of a name, however they were typed or pasted."""
    number = id_numbers.plain(text)
    if _NUMBER.fullmatch(number):
        if len(number) < TAIL_MIN:
            raise Invalid("search_too_short", min=TAIL_MIN)
        return "f.id_reversed LIKE {}", number[::-1] + "%"
    return "f.name LIKE {}", _WILDCARDS.sub("", names.plain(text)) + "%"


def key(moved_at: datetime, file_id: int) -> str:
    """Where a page ended, for the next."""
    return base64.urlsafe_b64encode(f"{moved_at.isoformat()}|{file_id}".encode()).decode()


def read_key(text: str) -> tuple[datetime, int]:
    """The counterpart of `key`; raises Invalid."""
    try:
        at, _, file_id = base64.urlsafe_b64decode(text).decode().partition("|")
        moved_at, number = datetime.fromisoformat(at).astimezone(UTC), int(file_id)
    except (ValueError, OverflowError, binascii.Error, UnicodeDecodeError) as error:
        raise Invalid("no_such_page") from error
    if not 0 <= number < 2**53:
        raise Invalid("no_such_page")
    return moved_at, number


def level_of(role: str) -> Level | None:
    """The level a role reviews at; None: it only looks."""
    return Level(role) if role in WAITING_STATE else None
