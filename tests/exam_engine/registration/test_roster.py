"""What becomes of a row of an institution's list, and the spreadsheet it begins with."""

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from exam_engine.registration import roster
from exam_engine.registration.roster import COLUMNS, EXAMPLE, Entry, Standing, entry_of, outcome, read_roster, template
from exam_engine.registration.sheets import Report, Sheet
from tests.exam_engine.registration.sheet_samples import as_csv, number

TODAY = date(2026, 11, 23)
HEAD = ("姓名", "身份证号", "科室")


def reading(data: bytes) -> tuple[Report, list[Entry]]:
    return read_roster(Sheet(io.BytesIO(data), COLUMNS, roster.ROWS_MAX, roster.UNPACKED_MAX), TODAY)


def test_right_rows_are_entries_and_wrong_ones_are_told() -> None:
    rows = [
        ("测试甲", number(1).lower(), " 内科 "),
        ("测试乙", number(1), ""),
        ("测", number(2), ""),
        ("测试丙", "110105194912310021", ""),
        ("测试丁", "", "外科"),
        ("测试戊", number(3), "科" * 41),
        ("测试己", "E12345678", ""),
    ]
    report, entries = reading(as_csv([HEAD, *rows]))
    assert [(entry.name, entry.id_number, entry.department) for entry in entries] == [
        ("测试甲", number(1), "内科"),
        ("测试己", "E12345678", ""),
    ]
    assert (report.total, report.wrong) == (7, 5)
    assert [(each.row, each.column, each.code) for each in report.problems] == [
        (3, "身份证号", "twice"),
        (4, "姓名", "name_length"),
        (5, "身份证号", "id_check"),
        (6, "身份证号", "missing"),
        (7, "科室", "too_long"),
    ]


def test_the_template_comes_back_empty_and_takes_rows() -> None:
    data = template()
    report, entries = reading(data)
    assert (report.total, report.wrong, entries) == (0, 0, [])
    book = load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    sheet.append(["测试甲", number(1), "内科"])
    out = io.BytesIO()
    book.save(out)
    report, entries = reading(out.getvalue())
    assert (report.total, [entry.id_number for entry in entries]) == (1, [number(1)])


def test_the_templates_example_would_be_right_if_it_were_meant() -> None:
    entry = entry_of(EXAMPLE[0].partition("：")[2], EXAMPLE[1], EXAMPLE[2], TODAY)
    assert entry.id_number == EXAMPLE[1]
    assert str(roster.ROWS_MAX) in roster.HINT


def test_the_templates_number_column_is_text() -> None:
    sheet = load_workbook(io.BytesIO(template())).worksheets[0]
    assert (sheet["B2"].number_format, sheet.column_dimensions["B"].number_format) == ("@", "@")


@pytest.mark.parametrize(
    ("standing", "became"),
    [
        (Standing(1, "测试·甲"), "added"),
        (Standing(1, "测试•甲"), "added"),
        (Standing(1, "测试乙"), "name_differs"),
        (Standing(1, "测试·甲", 7, 10, "内科"), "same"),
        (Standing(1, "测试·甲", 7, 10, "外科"), "changed"),
        (Standing(1, "测试·甲", 7, 11, "外科"), "at_other_institution"),
        (Standing(1, "测试乙", 7, 11, "外科"), "name_differs"),
    ],
)
def test_what_becomes_of_an_entry_follows_from_what_there_is(standing: Standing, became: str) -> None:
    assert outcome(entry_of("测试．甲", number(1), "内科", TODAY), standing, 10) == became


def test_an_empty_department_takes_none_away() -> None:
    entry = entry_of("测试甲", number(1), "", TODAY)
    assert outcome(entry, Standing(1, "测试甲", 7, 10, "外科"), 10) == "same"
