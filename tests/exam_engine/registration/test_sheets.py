"""Spreadsheets as people make them, and as somebody who means harm does."""

import csv
import gc
import io
import itertools
import zipfile
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from exam_engine.registration import sheet_csv
from exam_engine.registration.sheet_lines import CELL_CHARS_MAX, BadSheet
from exam_engine.registration.sheet_xlsx import XlsxLines
from exam_engine.registration.sheets import PROBLEMS_MAX, Column, Problem, Report, Row, Sheet, read_day
from tests.exam_engine.registration.sheet_samples import as_csv, as_xlsx, handmade, packed, text_row

COLUMNS = (
    Column("name", "姓名", ("医师姓名",), required=True, chars_max=10),
    Column("id_number", "身份证号", ("证件号",), required=True),
    Column("department", "科室"),
)
MIDNIGHT = datetime.combine(date(2020, 1, 31), time())
HEAD = ("姓名", "身份证号", "科室")


def sheet_of(data: bytes, rows_max: int = 100, unpacked_max: int = 1_000_000) -> Sheet:
    return Sheet(io.BytesIO(data), COLUMNS, rows_max, unpacked_max)


def rows_of(data: bytes) -> list[Row]:
    return list(sheet_of(data).rows())


def texts(data: bytes) -> list[tuple[str, ...]]:
    return [tuple(row.values.values()) for row in rows_of(data)]


def problems(data: bytes) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.code) for row in rows_of(data) for each in row.problems]


def refusal(data: bytes, **limits: int) -> tuple[str, dict[str, str | int]]:
    with pytest.raises(BadSheet) as caught:
        list(sheet_of(data, **limits).rows())
    return caught.value.code, caught.value.facts


# --- headings and rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_the_columns_may_stand_in_any_order(order: tuple[int, ...], write: Any) -> None:
    rows = [HEAD, ("测试甲", "A1", "内科"), ("测试乙", "B2", "")]
    assert texts(write([tuple(row[place] for place in order) for row in rows])) == [
        ("测试甲", "A1", "内科"),
        ("测试乙", "B2", ""),
    ]


@pytest.mark.parametrize(
    "head",
    [
        ("医师姓名", "证件号"),
        (" 姓 名 ", "身份证号（必填）"),
        ("*姓名", "身份证号*"),
        ("Name", "ID Number"),
        ("name", "id_number"),
    ],
)
def test_headings_have_aliases_and_marks(head: tuple[str, str]) -> None:
    assert texts(as_csv([head, ("测试甲", "A1")])) == [("测试甲", "A1", "")]


def test_titles_may_stand_above_the_headings_and_other_columns_between() -> None:
    rows: list[list[object]] = [
        ["测试医院名单"],
        [],
        ["序号", *HEAD],
        [1, "测试甲", "A1", "内科"],
        [],
        [2, "测试乙", "B2", ""],
    ]
    for data in (as_csv(rows), as_xlsx(rows)):
        assert [row.number for row in rows_of(data)] == [4, 6]


def test_a_missing_or_doubled_heading_is_named() -> None:
    assert refusal(as_csv([("姓名", "科室"), ("测试甲", "内科")])) == ("sheet_heading_missing", {"column": "身份证号"})
    assert refusal(as_xlsx([("姓名", "身份证号", "证件号")])) == ("sheet_heading_twice", {"column": "身份证号"})
    assert refusal(b"") == ("sheet_empty", {})
    assert refusal(as_csv([])) == ("sheet_empty", {})
    assert refusal(as_xlsx([])) == ("sheet_empty", {})


def test_a_problem_names_the_heading_as_it_stands_there() -> None:
    data = as_csv([("医师姓名", "证件号", "科室"), ("", "A1", ""), ("测" * 11, "", "x" * 101), ("测\x01试", "A1", "")])
    assert problems(data) == [
        (2, "医师姓名", "missing"),
        (3, "医师姓名", "too_long"),
        (3, "证件号", "missing"),
        (3, "科室", "too_long"),
        (4, "医师姓名", "text_broken"),
    ]


def test_more_rows_than_may_be_are_refused() -> None:
    data = as_csv([HEAD, *([("测试甲", "A1", "")] * 5)])
    assert len(list(sheet_of(data, rows_max=5).rows())) == 5
    assert refusal(data, rows_max=4) == ("sheet_too_many_rows", {"limit": 4})


def test_a_report_lists_no_more_than_it_may_and_counts_all() -> None:
    report = Report()
    for place in range(PROBLEMS_MAX):
        report.refuse([Problem(place, "姓名", "missing"), Problem(place, "身份证号", "missing")])
    assert (report.wrong, len(report.problems)) == (PROBLEMS_MAX, PROBLEMS_MAX)


def test_how_far_it_is_goes_from_nothing_to_all() -> None:
    for data in (as_csv([HEAD, ("测试甲", "A1", "")]), as_xlsx([HEAD, ("测试甲", "A1", "")])):
        sheet = sheet_of(data)
        list(sheet.rows())
        assert sheet.fraction() == 1.0


@pytest.mark.parametrize(
    "text", ["2020-01-31", "2020-1-31", "2020/1/31", "2020.01.31", "2020年1月31日", "20200131", "2020-01-31 00:00:00"]
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert read_day(text) == date(2020, 1, 31)


@pytest.mark.parametrize(
    "text", ["", "2020", "31/1/2020", "2020-02-30", "2020-13-01", "20200230", "昨天", "2020-1-31-1"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text) is None


# --- text tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_text_table_is_read_in_each_encoding_with_each_separator(encoding: str, separator: str) -> None:
    rows = [HEAD, ("测试甲", "A1", "内科"), ("测试㐂", "B2", "")]
    assert texts(as_csv(rows, separator, encoding)) == [("测试甲", "A1", "内科"), ("测试㐂", "B2", "")]


def test_quoted_cells_may_hold_separators_and_lines() -> None:
    data = '姓名,身份证号,科室\n测试甲,A1,"内,科"\n测试乙,B2,"内\n科"\n测试丙,C3,"""内""科"\n'.encode()
    assert texts(data) == [("测试甲", "A1", "内,科"), ("测试乙", "B2", "内 科"), ("测试丙", "C3", '"内"科')]
    assert [row.number for row in rows_of(data)] == [2, 3, 4]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0"])
def test_what_looks_like_a_formula_in_a_text_table_is_text(cell: str) -> None:
    quoted = cell.replace('"', '""')
    assert texts(f'姓名,身份证号,科室\n测试甲,A1,"{quoted}"\n'.encode()) == [("测试甲", "A1", cell)]


def test_digits_that_a_spreadsheet_threw_away_are_a_problem() -> None:
    assert problems(as_csv([HEAD, ("测试甲", "1.10105E+17", "")])) == [(2, "身份证号", "number_lost_digits")]


@pytest.mark.parametrize("broken", ['测试甲,"A1,\n', '测试甲,"A1"x,\n'])
def test_a_quote_that_is_never_closed_is_a_broken_file(broken: str) -> None:
    code, facts = refusal(("姓名,身份证号,科室\n测试乙,B2,内科\n" + broken).encode())
    assert (code, facts) == ("sheet_broken", {"row": 3})


def test_a_table_that_is_no_text_is_refused() -> None:
    assert refusal(as_csv([HEAD, ("测\0试", "A1", "")])) == ("sheet_not_text", {})
    assert refusal(b"\xff\xfe" + "姓名,身份证号".encode("utf-16-le")) == ("sheet_not_text", {})
    assert refusal(b"\xff\xff\xff\xff") == ("sheet_not_text", {})


def test_a_cell_without_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_csv, "LINE_CHARS_MAX", 50_000)
    head = "姓名,身份证号,科室\n"
    assert refusal((head + "x" * 60_000).encode())[0] == "sheet_cell_too_long"
    assert refusal((head + "x" * (CELL_CHARS_MAX + 1) + ",A1,\n").encode())[0] == "sheet_cell_too_long"


def test_the_largest_text_table_that_may_come_needs_little_memory() -> None:
    """64 MiB in one cell: the line is given up after a mebibyte."""
    file = io.BytesIO(b"".join(["姓名,身份证号\n".encode(), b"x" * (64 * 1024 * 1024)]))
    with pytest.raises(BadSheet) as caught:
        Sheet(file, COLUMNS, 10)
    assert caught.value.code == "sheet_cell_too_long"


def test_a_file_may_be_closed_before_its_last_line() -> None:
    file = io.BytesIO(as_csv([HEAD, *([("测试甲", "A1", "")] * 50)]))
    rows = Sheet(file, COLUMNS, 100).rows()
    next(rows)
    file.close()
    del rows
    gc.collect()  # what goes wrong in there would be an error of this test


# --- spreadsheets ------------------------------------------------------------------------------------------------


def test_numbers_dates_and_truths_are_what_a_person_sees() -> None:
    data = as_xlsx([HEAD, (20200131, 12.5, date(2020, 1, 31)), (MIDNIGHT, 7.0, True), (-3, "0012", False)])
    assert texts(data) == [
        ("20200131", "12.5", "2020-01-31"),
        ("2020-01-31", "7", "TRUE"),
        ("-3", "0012", "FALSE"),
    ]


def test_a_formula_and_an_error_are_problems_and_not_values() -> None:
    data = as_xlsx([HEAD, ("测试甲", "=A1", ""), ("测试乙", "#N/A", ""), ("测试丙", "C3", "")])
    assert problems(data) == [(2, "身份证号", "formula"), (3, "身份证号", "cell_error")]


def test_a_formula_that_was_calculated_is_still_no_value() -> None:
    row = '<row r="2"><c r="A2" t="str"><f>B1</f><v>测试甲</v></c><c r="B2" t="inlineStr"><is><t>A1</t></is></c></row>'
    assert problems(handmade(f"<sheetData>{text_row(1, *HEAD)}{row}</sheetData>")) == [(2, "姓名", "formula")]


def test_an_id_number_typed_as_a_number_has_lost_its_digits() -> None:
    row = '<row r="2"><c t="inlineStr"><is><t>测试甲</t></is></c><c><v>1.1010519491231001E+17</v></c></row>'
    assert problems(handmade(f"<sheetData>{text_row(1, *HEAD)}{row}</sheetData>")) == [
        (2, "身份证号", "number_lost_digits")
    ]


def test_shared_texts_are_found_without_phonetic_guides_and_styles_of_texts() -> None:
    strings = (
        "<si><t>姓名</t></si><si><t>身份证号</t></si><si><r><t>测试</t></r><r><t>甲</t></r>"
        '<rPh sb="0" eb="1"><t>ceshi</t></rPh></si>'
    )
    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    cells += '<row r="5"><c r="B5" t="inlineStr"><is><t>A1</t></is></c><c r="A5" t="s"><v>2</v></c></row>'
    data = handmade(f"<sheetData>{cells}</sheetData>", strings)
    assert (texts(data), rows_of(data)[0].number) == ([("测试甲", "A1", "")], 5)


def test_elements_may_have_a_prefix() -> None:
    rows = text_row(1, *HEAD) + text_row(2, "测试甲", "A1", "内科")
    prefixed = rows.replace("</", "\0").replace("<", "<x:").replace("\0", "</x:")
    assert texts(handmade(f"<x:sheetData>{prefixed}</x:sheetData>", prefix="x:")) == [("测试甲", "A1", "内科")]


def test_the_first_sheet_that_is_shown_is_read() -> None:
    sheets = (
        '<sheets xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheet name="a" sheetId="1" state="hidden" r:id="rId1"/><sheet name="b" sheetId="2" r:id="rId2"/></sheets>'
    )
    lines = XlsxLines(io.BytesIO(handmade("<sheetData/>", workbook=sheets)), 10_000).lines()
    assert [line.values for line in lines] == [["第二页"]]


@pytest.mark.parametrize(
    ("format_id", "own", "shown"),
    [
        (0, "", "43861"),
        (14, "", "2020-01-31"),
        (31, "", "2020-01-31"),
        (164, 'yyyy"年"m"月"', "2020-01-31"),
        (164, "0.0", "43861"),
    ],
)
def test_a_number_is_a_date_when_its_style_says_so(format_id: int, own: str, shown: str) -> None:
    quoted = own.replace('"', "&quot;")
    formats = f'<numFmts><numFmt numFmtId="164" formatCode="{quoted}"/></numFmts>' if own else ""
    styles = (
        f'{formats}<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="{format_id}"/></cellXfs>'
    )
    row = '<row r="2"><c s="1"><v>43861</v></c><c><v>43861</v></c></row>'
    data = handmade(f"<sheetData>{text_row(1, *HEAD)}{row}</sheetData>", styles=styles)
    assert texts(data) == [(shown, "43861", "")]


def test_what_a_library_writes_is_read_as_the_library_reads_it() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row, column in itertools.product(range(1, 30), range(1, 8)):
        if (row * column) % 3:
            kinds: tuple[Any, ...] = (f"测试{row}", row, row / 8, date(2020, 1, 1 + column))
            sheet.cell(row, column, kinds[(row + column) % 4])
    out = io.BytesIO()
    book.save(out)
    expected = {
        (row, column - 1): str(cell.date() if isinstance(cell, datetime) else cell)
        for row, cells in enumerate(load_workbook(out).worksheets[0].iter_rows(values_only=True), 1)
        for column, cell in enumerate(cells, 1)
        if cell is not None
    }
    found = {
        (line.number, place): text
        for line in XlsxLines(out, 10**6).lines()
        for place, text in enumerate(line.values)
        if text
    }
    assert found == {place: text.removesuffix(".0") for place, text in expected.items()}


# --- files that mean harm ----------------------------------------------------------------------------------------


def test_a_sheet_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = handmade("<sheetData>" + text_row(1, *HEAD) + " " * 2_000_000 + "</sheetData>")
    assert len(bomb) < 10_000
    assert refusal(bomb) == ("sheet_too_large", {"limit": 1_000_000})
    strings = handmade("<sheetData/>", "<si><t>x</t></si>" * 100_000)
    assert refusal(strings) == ("sheet_too_large", {"limit": 1_000_000})


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_says() -> None:
    data = bytearray(handmade("<sheetData>" + text_row(1, *HEAD) + " " * 2_000_000 + "</sheetData>"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lied = bytes(data).replace(size.to_bytes(4, "little"), (5_000).to_bytes(4, "little"))
    assert lied != bytes(data)
    assert refusal(lied)[0] in {"sheet_broken", "sheet_unreadable"}


@pytest.mark.parametrize(
    "cell",
    [
        "<c t='inlineStr'><is><t>" + "x" * (CELL_CHARS_MAX + 1) + "</t></is></c>",
        "<c><v>" + "1" * (CELL_CHARS_MAX + 1) + "</v></c>",
    ],
)
def test_a_cell_that_is_too_long_is_refused(cell: str) -> None:
    data = handmade(f"<sheetData>{text_row(1, *HEAD)}<row r='2'>{cell}</row></sheetData>")
    assert refusal(data) == ("sheet_cell_too_long", {"limit": CELL_CHARS_MAX})


def test_a_tag_that_never_ends_is_not_kept_in_memory() -> None:
    data = handmade(f"<sheetData>{text_row(1, *HEAD)}<row r='2' x='" + "y" * 3_000_000 + "'/></sheetData>")
    assert refusal(data, unpacked_max=10**9)[0] == "sheet_unreadable"


@pytest.mark.parametrize("row", ["0", "-1", "1048577", "99999999999999999999"])
def test_a_row_number_that_can_not_be_is_refused(row: str) -> None:
    data = handmade(f'<sheetData>{text_row(1, *HEAD)}<row r="{row}"><c><v>1</v></c></row></sheetData>')
    assert refusal(data)[0] == "sheet_too_many_rows"


@pytest.mark.parametrize(
    "sheet",
    [
        '<sheetData><row r="x"/></sheetData>',
        '<sheetData><row r="1"><c r="1"><v>1</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="AAAA1"><v>1</v></c></row></sheetData>',
        '<sheetData><row r="1"><c t="s"><v>7</v></c></row></sheetData>',
        '<sheetData><row r="1"><c t="s"><v>-1</v></c></row></sheetData>',
        '<sheetData><row r="1"><c><v>x</v></c></row></sheetData>',
        "<sheetData><row></sheetData>",
    ],
)
def test_a_broken_sheet_is_no_sheet(sheet: str) -> None:
    assert refusal(handmade(sheet)) == ("sheet_broken", {"row": 1 if 'r="x"' in sheet else 2})


def test_entities_and_document_types_are_not_looked_at() -> None:
    sheet = "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><worksheet><sheetData/></worksheet>"
    data = bytearray(handmade("<sheetData/>"))
    parts = {
        name: zipfile.ZipFile(io.BytesIO(data)).read(name).decode()
        for name in zipfile.ZipFile(io.BytesIO(data)).namelist()
    }
    assert refusal(packed(parts | {"xl/worksheets/sheet1.xml": sheet})) == ("sheet_unreadable", {})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "sheet_unreadable"),
        (packed({"mimetype": "x"}), "sheet_unreadable"),
        (packed({"_rels/.rels": "<Relationships/>"}), "sheet_unreadable"),
        (handmade("<sheetData/>")[:-30], "sheet_unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "sheet_old_format"),
        (b"%PDF-1.7\n\0\0", "sheet_not_text"),
        (b"GIF89a\0", "sheet_not_text"),
    ],
)
def test_what_is_no_spreadsheet_is_refused(data: bytes, code: str) -> None:
    assert refusal(data)[0] == code


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_refusal(data: bytes) -> None:
    for begin in (b"", b"PK\x03\x04", "姓名,身份证号\n".encode()):
        try:
            rows = rows_of(begin + data)
        except BadSheet:
            continue
        assert all(row.number > 0 for row in rows)


@given(st.data())
def test_a_damaged_spreadsheet_is_rows_or_a_refusal(draw: st.DataObject) -> None:
    data = bytearray(GOOD)
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        rows = rows_of(bytes(data))
    except BadSheet:
        return
    assert len(rows) <= 1


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=9)] * 3), max_size=20
    )
)
def test_what_is_written_as_a_table_is_read_again(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([HEAD, *rows])
    kept = [[" ".join(cell.split()) for cell in row] for row in rows]
    assert [[" ".join(text.split()) for text in found] for found in texts(out.getvalue().encode())] == [
        row for row in kept if any(row)
    ]


GOOD = handmade(
    f"<sheetData>{text_row(1, *HEAD)}{text_row(2, '测试甲', 'A1', '内科')}</sheetData>", "<si><t>x</t></si>"
)
