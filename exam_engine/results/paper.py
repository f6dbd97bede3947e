"""Results of paper exams as they come in: the columns of the spreadsheet, and what is wrong with each line (R-901)."""

import io
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from openpyxl import Workbook
from openpyxl.styles import Font

from exam_engine.registration.id_numbers import WrongNumber, read_number
from exam_engine.registration.names import WrongName, read_name, same
from exam_engine.registration.sheets import Column, Row, Sheet

ROWS_MAX: Final = 5_000
UNPACKED_MAX: Final = 64 * 1024 * 1024  # bytes
POINTS_MAX: Final = 100
COLUMNS: Final = (
    Column("id_number", "证件号", ("身份证号", "证件号码", "身份证号码"), required=True, chars_max=40),
    Column("name", "姓名", ("医师姓名",), chars_max=60),
    Column("kind", "科目", ("考试科目", "试卷", "kind"), required=True),
    Column("round", "轮次", ("考试轮次", "round")),
    Column("points", "成绩", ("得分", "分数", "score"), required=True),
    Column("sheet_no", "答卷号", ("答题卡号", "试卷号", "sheet"), chars_max=60),
    Column("batch", "扫描批次", ("批次", "scanner batch"), chars_max=60),
)
KINDS: Final = {
    "人文医学": "humanities", "人文": "humanities", "humanities": "humanities", "hum": "humanities",
    "业务水平": "professional", "业务": "professional", "professional": "professional", "pro": "professional",
}  # fmt: skip
ROUNDS: Final = {"": "first", "首考": "first", "first": "first", "补考": "makeup", "makeup": "makeup"}


class Listed(msgspec.Struct, frozen=True):
    """Somebody on the list, of a kind and round."""

    paper_id: int
    name: str
    scored: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is kept. `problem` of the `column`: why it is left out."""

    line: int
    paper_id: int | None = None
    name: str = ""
    id_number: str = ""
    kind: str = ""
    round: str = ""
    points: int | None = None
    sheet_no: str = ""
    batch: str = ""
    column: str = ""
    problem: str = ""


def read_lines(sheet: Sheet, today: date) -> list[Line]:
    """Every line, before anybody looked who is listed. Raises BadSheet."""
    return [_read(row, today) for row in sheet.rows()]


def _read(row: Row, today: date) -> Line:
    values = {code: " ".join(text.split()) for code, text in row.values.items()}
    number = name = ""
    try:
        number = read_number(values["id_number"], today) if values["id_number"] else ""
    except WrongNumber as error:
        row.wrong("id_number", error.code)
    try:
        name = read_name(values["name"]) if values["name"] else ""
    except WrongName as error:
        row.wrong("name", error.code)
    kind, round_ = KINDS.get(_plain(values["kind"])), ROUNDS.get(_plain(values["round"]))
    if values["kind"] and kind is None:
        row.wrong("kind", "unknown_word")
    if round_ is None:
        row.wrong("round", "unknown_word")
    points = read_points(values["points"])
    if values["points"] and points is None:
        row.wrong("points", "points_wrong")
    first = row.problems[0] if row.problems else None
    return Line(
        line=row.number,
        name=name or values["name"],
        id_number=number or values["id_number"],
        kind=kind or values["kind"],
        round=round_ or values["round"],
        points=points,
        sheet_no=values["sheet_no"],
        batch=values["batch"],
        column=first.column if first else "",
        problem=first.code if first else "",
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def read_points(text: str) -> int | None:
    """Whole points from 0 to 100, also as `72.0`; None: no such number."""
    plain = unicodedata.normalize("NFKC", text).strip()
    whole, _, rest = plain.partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 3 or rest.strip("0"):
        return None
    return int(whole) if int(whole) <= POINTS_MAX else None


def judged(
    lines: Sequence[Line], listed: Mapping[tuple[str, str, str], Listed], headings: Mapping[str, str]
) -> list[Line]:
    """The lines with who they are about, by number, kind and round; each person once."""
    seen: set[tuple[str, str, str]] = set()
    found = []
    for line in lines:
        key = line.id_number, line.kind, line.round
        column, problem = ("", "") if not line.problem else (line.column, line.problem)
        if not problem:
            column, problem = _judge(line, listed.get(key), key in seen)
            column = headings.get(column, column)
            seen.add(key)
        paper = listed.get(key) if not problem else None
        found.append(msgspec.structs.replace(line, paper_id=paper and paper.paper_id, column=column, problem=problem))
    return found


def _judge(line: Line, listed: Listed | None, twice: bool) -> tuple[str, str]:
    if listed is None:
        return "id_number", "not_listed"
    if listed.scored:
        return "id_number", "scored_already"
    if twice:
        return "id_number", "twice"
    return ("name", "name_differs") if line.name and not same(line.name, listed.name) else ("", "")


def template() -> bytes:
    """The empty spreadsheet: headings, and room for numbers as text."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "纸笔考试成绩"
    sheet.append([column.heading for column in COLUMNS])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDEFG", (24, 14, 14, 10, 10, 18, 18), strict=True):
        sheet.column_dimensions[letter].width = width
        sheet.column_dimensions[letter].number_format = "@"
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
