"""Lines of paper results: what is taken, and what is named."""

import io
from datetime import date

import pytest

from exam_engine.demo_registration import id_number
from exam_engine.registration.sheets import Sheet
from exam_engine.results.paper import COLUMNS, ROWS_MAX, Listed, judged, read_lines, read_points, template

TODAY = date(2026, 6, 1)
ONE, TWO = id_number(31), id_number(32)
LISTED = {
    (ONE, "humanities", "first"): Listed(1, "测试甲", scored=False),
    (ONE, "humanities", "makeup"): Listed(2, "测试甲", scored=False),
    (TWO, "professional", "first"): Listed(3, "测试乙", scored=True),
}


def lines(*rows: str, heading: str = "证件号,姓名,科目,轮次,成绩,答卷号,扫描批次") -> list[tuple[int | None, str, str]]:
    sheet = Sheet(io.BytesIO("\n".join((heading, *rows)).encode()), COLUMNS, ROWS_MAX)
    found = judged(read_lines(sheet, TODAY), LISTED, sheet.headings)
    return [(line.paper_id, line.column, line.problem) for line in found]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"{ONE},测试甲,人文医学,,72,S1,B1", (1, "", "")),
        (f"{ONE},,人文医学,补考,100,,", (2, "", "")),
        (f"{ONE},测试甲,hum,首考,0,,", (1, "", "")),
        (f"{ONE},测试丙,人文医学,,72,,", (None, "姓名", "name_differs")),
        (f"{ONE},,业务水平,,72,,", (None, "证件号", "not_listed")),
        (f"{TWO},测试乙,业务水平,,72,,", (None, "证件号", "scored_already")),
        (f"{ONE},,人文,,101,,", (None, "成绩", "points_wrong")),
        (f"{ONE},,人文,,-3,,", (None, "成绩", "points_wrong")),
        (f"{ONE},,人文,,72.5,,", (None, "成绩", "points_wrong")),
        (f"{ONE},,人文,,,,", (None, "成绩", "missing")),
        (f"{ONE},,化学,,72,,", (None, "科目", "unknown_word")),
        (f"{ONE},,人文,三考,72,,", (None, "轮次", "unknown_word")),
        ("110105,,人文,,72,,", (None, "证件号", "number_wrong_length")),
    ],
)
def test_a_line_is_taken_or_named_with_its_column(row: str, expected: tuple[int | None, str, str]) -> None:
    (found,) = lines(row)
    if expected[2].startswith("number"):
        assert (found[0], found[1]) == expected[:2]
        assert found[2]
    else:
        assert found == expected


def test_a_person_counts_once_of_a_kind_and_round() -> None:
    row = f"{ONE},测试甲,人文医学,,72,S1,B1"

    assert [problem for _, _, problem in lines(row, row)] == ["", "twice"]


@pytest.mark.parametrize(
    ("text", "points"),
    [("72", 72), ("72.0", 72), ("１００", 100), ("0", 0), ("100.00", 100), ("", None), ("1e2", None), ("٣", None)],
)
def test_points_are_whole(text: str, points: int | None) -> None:
    assert read_points(text) == points


def test_the_template_has_the_headings_the_import_asks_for() -> None:
    sheet = Sheet(io.BytesIO(template()), COLUMNS, ROWS_MAX)

    assert set(sheet.headings) == {column.code for column in COLUMNS}
    assert list(sheet.rows()) == []
