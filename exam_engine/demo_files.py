"""`exam demo --physicians N`: so many registration files in plausible states, for tests and demonstrations.

Everybody is test data: names begin with 测试, ID numbers hold birth years 1901 to 1919; equal seeds give equal people.
Files are spread over institutions of 400 and agencies of 15 institutions; 测试医院 and 测试考核机构 have their share.
States are where half a registration window leaves them; each has the history that leads to it.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import asyncpg

from exam_engine.registration import dictionaries
from exam_engine.registration.id_numbers import check_sign
from exam_engine.registration.store import as_text, link

CHUNK: Final = 5_000
OF_INSTITUTION: Final = 400
OF_AGENCY: Final = 15
OWN_SHARE: Final = 0.2  # 测试医院 has at most a fifth, and no more than OWN_MAX
OWN_MAX: Final = 2_000
FIRST_SERIAL: Final = 1_000  # below are the demonstration's own people
SYLLABLES: Final = "安博晨达恩方国和佳康兰明宁平青荣山泰文新雅远泽"

# How many of a hundred files are where, and the moves that led there: (subject, event, from, to, role).
Step = tuple[str, str, str, str, str]
IN: Final[Step] = ("profile", "submit", "draft", "org_review", "physician")
PASSED: Final[tuple[Step, ...]] = (IN, ("profile", "approve", "org_review", "agy_review", "institution"))
ENROLLED: Final[tuple[Step, ...]] = (*PASSED, ("profile", "approve", "agy_review", "approved", "agency"))
EVALUATED: Final[tuple[Step, ...]] = (*ENROLLED, ("evaluation", "submit", "draft", "org_review", "physician"))
SIGNED: Final[tuple[Step, ...]] = (*EVALUATED, ("evaluation", "approve", "org_review", "agy_review", "institution"))
RATED: Final[tuple[Step, ...]] = (*SIGNED, ("evaluation", "approve", "agy_review", "approved", "agency"))
PATHS: Final[tuple[tuple[int, tuple[Step, ...]], ...]] = (
    (12, ()),
    (14, (IN,)),
    (10, PASSED),
    (4, (IN, ("profile", "return", "org_review", "org_returned", "institution"))),
    (2, (*PASSED, ("profile", "return", "agy_review", "agy_returned", "agency"))),
    (1, (*PASSED, ("profile", "refuse", "agy_review", "rejected", "agency"))),
    (20, ENROLLED),
    (12, EVALUATED),
    (8, SIGNED),
    (1, (*SIGNED, ("evaluation", "approve", "agy_review", "rejected", "agency"))),
    (16, RATED),
)


class Person(NamedTuple):
    """One generated physician and the way his file has gone."""

    serial: int
    name: str
    id_number: str
    department: str
    category: str
    specialty: str
    title: str
    licensed_on: date
    path: tuple[Step, ...]
    simple: bool
    flagged: bool
    hours: tuple[int, ...]  # before now, of each move


def people(count: int, seed: int) -> Iterator[Person]:
    """The physicians, one after the other; equal seeds give equal people."""
    rng = random.Random(seed)  # noqa: S311  guards nothing
    paths = [path for weight, path in PATHS for _ in range(weight)]
    for serial in range(FIRST_SERIAL, FIRST_SERIAL + count):
        category = rng.choices(dictionaries.CATEGORIES, (75, 15, 7, 3))[0]
        path = rng.choice(paths)
        licensed_on = date(1975, 1, 1) + timedelta(days=rng.randrange(17_500))
        hours = sorted((rng.randrange(1, 700) for _ in path), reverse=True)
        yield Person(
            serial=serial,
            name="测试" + "".join(rng.choices(SYLLABLES, k=2)),
            id_number=_number(serial),
            department=rng.choice(("内科", "外科", "妇产科", "儿科", "急诊科", "中医科", "口腔科", "公共卫生科")),
            category=category,
            specialty=rng.choice(dictionaries.SPECIALTIES[category]),
            title=rng.choice(dictionaries.TITLES[2:]),
            licensed_on=licensed_on,
            path=path,
            simple=licensed_on.year < 2013,
            flagged=rng.random() < 0.12,
            hours=tuple(hours),
        )


def _number(serial: int) -> str:
    """A number nobody has twice: of areas, days of 1901 to 1919 and serials of a day."""
    day = date(1901, 1, 1) + timedelta(days=serial % 6_900)
    first = f"110{101 + serial // 6_900_000 % 8}{day:%Y%m%d}{serial // 6_900 % 1000:03d}"
    return first + check_sign(first)


async def add(
    connection: "asyncpg.Connection[asyncpg.Record]",
    count: int,
    *,
    province: str,
    cycle: int,
    institution_id: int,
    agency_id: int,
    seed: int,
    now: datetime,
    tell: Callable[[int], None],
) -> None:
    """Write `count` physicians in the caller's transaction; `tell` hears how many are written."""
    own = min(OWN_MAX, int(count * OWN_SHARE))
    places = await _places(connection, count - own, province, agency_id)
    chunk: list[tuple[Person, int, int]] = []
    for n, person in enumerate(people(count, seed)):
        place = (institution_id, agency_id) if n < own else places[(n - own) // OF_INSTITUTION]
        chunk.append((person, *place))
        if len(chunk) == CHUNK:
            await write(connection, chunk, province, cycle, now)
            tell(len(chunk))
            chunk = []
    if chunk:
        await write(connection, chunk, province, cycle, now)
        tell(len(chunk))


ADD_PLACE: Final = """
INSERT INTO people.organisations (kind, name, province) VALUES ($1, $2, $3)
ON CONFLICT (kind, province, name) DO UPDATE SET name = excluded.name RETURNING organisation_id
"""
ASSIGN: Final = """
INSERT INTO reg.assignments (institution_id, agency_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
SERIALS: Final = "SELECT nextval(pg_get_serial_sequence($1, $2)) FROM generate_series(1, $3)"


async def _places(
    connection: "asyncpg.Connection[asyncpg.Record]", count: int, province: str, own_agency: int
) -> list[tuple[int, int]]:
    """Institutions and who reviews for them; 测试考核机构 has the first ones besides its own."""
    made: list[tuple[int, int]] = []
    agency = own_agency
    for n in range(-(-count // OF_INSTITUTION)):
        if n and n % OF_AGENCY == 0:
            agency = await connection.fetchval(ADD_PLACE, "agency", f"测试考核机构{n // OF_AGENCY + 1:03d}", province)
        place = await connection.fetchval(ADD_PLACE, "institution", f"测试卫生机构{n + 1:04d}", province)
        await connection.execute(ASSIGN, place, agency)
        made.append((place, agency))
    return made


async def write(
    connection: "asyncpg.Connection[asyncpg.Record]",
    chunk: list[tuple[Person, int, int]],
    province: str,
    cycle: int,
    now: datetime,
) -> None:
    """Write these people with their institutions and agencies: persons, accounts, files, and the moves of those."""

    async def ids(table: str, column: str) -> list[int]:
        return [row[0] for row in await connection.fetch(SERIALS, table, column, len(chunk))]

    persons = await ids("people.persons", "person_id")
    applications = await ids("reg.applications", "application_id")
    await connection.execute("ALTER TABLE reg.applications ALTER COLUMN application_id SET GENERATED BY DEFAULT")
    await connection.execute("ALTER TABLE people.persons ALTER COLUMN person_id SET GENERATED BY DEFAULT")
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ("persons", "accounts", "applications")}
    files: list[tuple[Any, ...]] = []
    moves: list[tuple[Any, ...]] = []
    for (person, place, agency), person_id, application_id in zip(chunk, persons, applications, strict=True):
        reverse = person.id_number[::-1]
        rows["persons"].append((person_id, person.name, person.id_number, place, True))
        rows["accounts"].append((person_id, province, place, person.name, person.id_number, reverse, person.department))
        procedure = _procedure(person)
        rows["applications"].append((application_id, person_id, cycle, province, place, agency, procedure))
        head = (cycle, province, place, agency, person_id, person.name, person.id_number, reverse)
        tail = (person.department, person.category, procedure)
        files += [(application_id, *part, *head, *tail) for part in _parts(person, now)]
        moves += _moves(person, application_id, place, agency, now)
    await connection.copy_records_to_table(
        "persons", schema_name="people", records=rows["persons"],
        columns=("person_id", "name", "id_number", "organisation_id", "is_test"),
    )  # fmt: skip
    await connection.copy_records_to_table(
        "assessment_accounts", schema_name="reg", records=rows["accounts"],
        columns=("person_id", "province", "institution_id", "name", "id_number", "id_reversed", "department"),
    )  # fmt: skip
    await connection.copy_records_to_table(
        "applications", schema_name="reg", records=rows["applications"],
        columns=("application_id", "person_id", "cycle", "province", "institution_id", "agency_id", "procedure"),
    )  # fmt: skip
    await connection.copy_records_to_table("files", schema_name="reg", records=files, columns=FILE_COLUMNS)
    await connection.copy_records_to_table("moves", schema_name="reg", records=moves, columns=MOVE_COLUMNS)
    await connection.execute("ALTER TABLE reg.applications ALTER COLUMN application_id SET GENERATED ALWAYS")
    await connection.execute("ALTER TABLE people.persons ALTER COLUMN person_id SET GENERATED ALWAYS")


FILE_COLUMNS: Final = (
    "application_id", "subject", "state", "version", "draft", "body", "submitted_at", "moved_at", "due_at", "reason",
    "flags", "cycle", "province", "institution_id", "agency_id", "person_id", "name", "id_number", "id_reversed",
    "department", "category", "procedure",
)  # fmt: skip
MOVE_COLUMNS: Final = (
    "application_id", "subject", "event", "from_state", "to_state", "at", "account_id", "role", "organisation_id",
    "reason", "facts", "address", "digest",
)  # fmt: skip
RETURNED: Final = "请补充执业证书完整页（演示）"
CORRECTION: Final = timedelta(days=30)


def _procedure(person: Person) -> str:
    chosen = [step for step in person.path if step[0] == "evaluation"]
    if not chosen:
        return "none"
    if not person.simple:
        return "general"
    return "simple" if chosen[-1][3] == "approved" else "simple_applied"


def _at(person: Person, n: int, now: datetime) -> datetime:
    """Moves lie in order; the serial keeps two of them from one instant."""
    return now - timedelta(hours=person.hours[n], microseconds=person.serial % 900_000 + n)


def _parts(person: Person, now: datetime) -> list[tuple[Any, ...]]:
    """Each part as its last move left it: subject to flags, in the order of FILE_COLUMNS."""
    found: list[tuple[Any, ...]] = []
    for subject, values in (("profile", _profile(person)), ("evaluation", _evaluation(person))):
        steps = [(n, step) for n, step in enumerate(person.path) if step[0] == subject]
        if not steps:
            if subject == "profile":
                text = as_text(values)
                found.append((subject, "draft", 1, text, None, None, now - timedelta(hours=800), None, "", []))
            continue
        last, step = steps[-1]
        at, text = _at(person, last, now), as_text(values)
        returned = step[1] == "return"
        flags = ["warnings"] if person.flagged else []
        found.append(
            (
                subject, step[3], len(steps) + 1, text, text, _at(person, steps[0][0], now), at,
                at + CORRECTION if returned else None, RETURNED if returned else "", flags,
            )
        )  # fmt: skip
    return found


def _moves(person: Person, application_id: int, place: int, agency: int, now: datetime) -> list[tuple[Any, ...]]:
    rows, before = [], bytes(32)
    for n, (subject, event, was, to, role) in enumerate(person.path):
        organisation = {"institution": place, "agency": agency}.get(role)
        reason = RETURNED if event == "return" else ""
        at = _at(person, n, now)
        values = [application_id, subject, event, was, to, at, None, role, organisation, reason, {}, ""]
        before = link(before, values)
        values[10] = json.dumps({})
        rows.append((*values, before))
    return rows


def _profile(person: Person) -> dict[str, Any]:
    day = person.licensed_on.isoformat()
    digit = {"clinical": "10", "tcm": "40", "dental": "20", "public_health": "30"}[person.category]
    return {
        "sex": "male" if int(person.id_number[16]) % 2 else "female",
        "born_on": f"{person.id_number[6:10]}-{person.id_number[10:12]}-{person.id_number[12:14]}",
        "ethnicity": "01",
        "phone": f"1990{person.serial % 10**7:07d}",
        "education": "bachelor",
        "degree": "bachelor",
        "school": "测试医科大学",
        "major": "医学",
        "graduated_on": f"{person.licensed_on.year - 2}-07-01",
        "qualification_code": f"{person.licensed_on.year}111{digit}{person.id_number}",
        "qualified_on": day,
        "licence_code": f"1{digit}110105{person.serial % 10**6:06d}",
        "licensed_on": day,
        "level": "1",
        "category": person.category,
        "specialty": person.specialty,
        "department": person.department,
        "title": person.title,
        "exam_specialty": person.specialty,
        "working_since": day,
        "specialty_years": 2026 - person.licensed_on.year,
        "on_post": "in_post",
        "moved": False,
        "last_result": "qualified",
    }


def _evaluation(person: Person) -> dict[str, Any]:
    rated = ("workload", "quality", "mandated_tasks", "lawful", "honest", "attitude", "privacy")
    values: dict[str, Any] = dict.fromkeys(rated, "qualified")
    values |= {"ethics_2024": "good", "ethics_2025": "good", "ethics_2026": "excellent"}
    values |= {"no_bad": True, "credits_reached": True, "disputes": False}
    if person.simple:
        values["report"] = "本人在考核周期内认真履行医师职责，完成各项工作任务。（演示）" * 15
    return values
