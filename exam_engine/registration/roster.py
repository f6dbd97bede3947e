"""定考账号 made by an institution for its physicians: the columns of its spreadsheet, and what becomes of each row."""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from openpyxl import Workbook
from openpyxl.styles import Font

from exam_engine.registration import roster_store
from exam_engine.registration.id_numbers import WrongNumber, read_number
from exam_engine.registration.names import WrongName, read_name, same
from exam_engine.registration.sheets import Column, Report, Row, Sheet
from exam_engine.store import Runner

ROWS_MAX: Final = 20_000
UNPACKED_MAX: Final = 64 * 1024 * 1024  # bytes
COLUMNS: Final = (
    Column("name", "姓名", ("医师姓名",), required=True, chars_max=60),
    Column("id_number", "身份证号", ("证件号", "证件号码", "身份证号码"), required=True, chars_max=40),
    Column("department", "科室", ("所在科室",), chars_max=40),
)
NOT_MEANT: Final = ("示例", "说明")  # how a row begins that the template brought along
EXAMPLE: Final = ("示例：测试甲", "11010519000101001X", "测试科")
HINT: Final = "说明：身份证号请按文本填写；第2、3行导入时会跳过，可以保留；最多20000行。"


class Entry(NamedTuple):
    """A right row."""

    row: Row
    name: str
    id_number: str
    department: str


def read_roster(sheet: Sheet, today: date) -> tuple[Report, list[Entry]]:
    """The right rows of a spreadsheet, each physician once; the others are reported. Raises BadSheet."""
    report, entries, seen = Report(), [], set()
    for row in sheet.rows():
        if row.values["name"].startswith(NOT_MEANT):
            continue
        report.total += 1
        entry = read_entry(row, today)
        if entry is not None and entry.id_number in seen:
            row.wrong("id_number", "twice")
        if row.problems or entry is None:
            report.refuse(row.problems)
            continue
        seen.add(entry.id_number)
        entries.append(entry)
    return report, entries


def read_entry(row: Row, today: date) -> Entry | None:
    """The row as it is kept; None with its problems in `row`."""
    name = number = ""
    try:
        name = read_name(row.values["name"]) if row.values["name"] else ""
    except WrongName as error:
        row.wrong("name", error.code)
    try:
        number = read_number(row.values["id_number"], today) if row.values["id_number"] else ""
    except WrongNumber as error:
        row.wrong("id_number", error.code)
    return None if row.problems else Entry(row, name, number, row.values["department"])


def entry_of(name: str, id_number: str, department: str, today: date) -> Entry:
    """The same of one physician typed in; raises WrongName, WrongNumber."""
    row = Row(1, {}, {})
    return Entry(row, read_name(name), read_number(id_number, today), " ".join(department.split()))


class Standing(NamedTuple):
    """What there is of a physician already: the person, and the live account if there is one."""

    person_id: int
    name: str
    assessment_id: int | None = None
    institution_id: int | None = None
    department: str = ""


def outcome(entry: Entry, standing: Standing, institution_id: int) -> str:
    """What becomes of an entry: added, changed, same, or why not: name_differs, at_other_institution."""
    if not same(entry.name, standing.name):
        return "name_differs"
    if standing.assessment_id is None:
        return "added"
    if standing.institution_id != institution_id:
        return "at_other_institution"
    return "changed" if entry.department and entry.department != standing.department else "same"


async def put(runner: Runner, entries: Sequence[Entry], institution_id: int, province: str) -> list[str]:
    """Make or bring up to date the accounts of these entries, in the caller's transaction; their outcomes, in order."""
    names = [entry.name for entry in entries]
    numbers = [entry.id_number for entry in entries]
    await runner.execute(roster_store.ADD_PERSONS, names, numbers, institution_id)
    standings = await _standings(runner, numbers)
    outcomes = [outcome(entry, standings[entry.id_number], institution_id) for entry in entries]
    of = {kind: [e for e, each in zip(entries, outcomes, strict=True) if each == kind] for kind in ("added", "changed")}
    await _add(runner, of["added"], standings, institution_id, province)
    changed = [standings[entry.id_number].assessment_id for entry in of["changed"]]
    await runner.execute(roster_store.SET_DEPARTMENTS, changed, [entry.department for entry in of["changed"]])
    return outcomes


async def _standings(runner: Runner, numbers: Sequence[str]) -> dict[str, Standing]:
    persons = await runner.fetch(roster_store.PERSONS_LOCKED, numbers)
    ids = [person["person_id"] for person in persons]
    accounts = {each["person_id"]: each for each in await runner.fetch(roster_store.LIVE_ACCOUNTS, ids)}
    standings = {}
    for person_id, name, number in persons:
        account = accounts.get(person_id)
        rest = (account["assessment_id"], account["institution_id"], account["department"]) if account else ()
        standings[number] = Standing(person_id, name, *rest)
    return standings


async def _add(
    runner: Runner, entries: Sequence[Entry], standings: Mapping[str, Standing], institution_id: int, province: str
) -> None:
    persons = [standings[entry.id_number] for entry in entries]
    ids = [person.person_id for person in persons]
    await runner.execute(
        roster_store.ADD_ASSESSMENTS,
        ids,
        [person.name for person in persons],
        [entry.id_number for entry in entries],
        [entry.department for entry in entries],
        province,
        institution_id,
    )
    await runner.execute(roster_store.BELONG, ids, institution_id)


async def import_roster(
    runner: Runner, report: Report, entries: Sequence[Entry], institution_id: int, province: str
) -> Report:
    """Bring in the right rows inside the caller's transaction; `report` says what became of each."""
    for entry, became in zip(entries, await put(runner, entries, institution_id, province), strict=True):
        match became:
            case "added":
                report.added += 1
            case "changed":
                report.changed += 1
            case "same":
                report.same += 1
            case problem:
                entry.row.wrong("name" if problem == "name_differs" else "id_number", problem)
                report.refuse(entry.row.problems)
    report.problems.sort(key=lambda problem: problem.row)
    return report


def template() -> bytes:
    """The empty spreadsheet: headings, a row that shows how, a row of advice, and room for numbers as text."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "定考账号"
    sheet.append([column.heading for column in COLUMNS])
    sheet.append(list(EXAMPLE))
    sheet.append([HINT])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABC", (18, 24, 18), strict=True):
        sheet.column_dimensions[letter].width = width
        sheet.column_dimensions[letter].number_format = "@"
        for number in range(2, 4):
            sheet[f"{letter}{number}"].number_format = "@"
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
