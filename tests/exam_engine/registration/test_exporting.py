"""Files as a spreadsheet: words, times of Shanghai, no formulas, and no more memory for more rows."""

import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet import _writer

from exam_engine.registration.dictionaries import CATEGORIES, PROVINCES
from exam_engine.registration.exporting import CATEGORIES as CATEGORY_WORDS
from exam_engine.registration.exporting import (
    COLUMNS,
    PROCEDURES,
    STATES,
    SUBJECTS,
    TEXT_ONLY,
    Book,
    cells,
)
from exam_engine.registration.exporting import PROVINCES as PROVINCE_WORDS
from exam_engine.registration.review import State, Subject

LINE: dict[str, Any] = {
    "name": "测试医师",
    "id_number": "110105********0018",
    "province": "35",
    "institution": "测试医院",
    "agency": "测试机构",
    "department": "内科",
    "category": "clinical",
    "procedure": "general",
    "subject": "profile",
    "state": "org_review",
    "reason": "",
    "submitted_at": datetime(2026, 3, 1, 17, 5, tzinfo=UTC),
    "moved_at": datetime(2026, 3, 1, 17, 5, tzinfo=UTC),
    "due_at": None,
}


def saved(book: Book) -> Any:
    out = io.BytesIO()
    book.save(out)
    return load_workbook(out)


def test_a_line_says_in_chinese_what_the_codes_mean() -> None:
    assert cells(LINE) == [
        "测试医师", "110105********0018", "福建", "测试医院", "测试机构", "内科", "临床", "一般程序", "个人信息",
        "待卫生机构审核", "", "2026-03-02 01:05", "2026-03-02 01:05", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "state", "word"),
    [
        ("profile", "approved", "报名成功"),
        ("evaluation", "rejected", "评定不合格"),
        ("exemption", "approved", "免考通过"),
        ("change", "approved", "通过"),
    ],
)
def test_a_decision_has_the_name_its_part_gives_it(subject: str, state: str, word: str) -> None:
    assert cells(LINE | {"subject": subject, "state": state})[9] == word


def test_every_code_has_a_word() -> None:
    assert set(PROVINCE_WORDS) == set(PROVINCES)
    assert set(CATEGORY_WORDS) == set(CATEGORIES)
    assert set(SUBJECTS) == {subject.value for subject in Subject}
    assert set(STATES) == {state.value for state in State}
    assert set(PROCEDURES) == {"none", "simple_applied", "simple", "general"}


def test_the_sheet_has_its_headings_and_rows() -> None:
    book = Book()
    book.add([cells(LINE)] * 3)

    sheet = saved(book).active

    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == tuple(heading for heading, _ in COLUMNS)
    assert (len(rows), book.rows, sheet.freeze_panes) == (4, 3, "A2")


@pytest.mark.parametrize("sign", TEXT_ONLY)
def test_a_cell_that_looks_like_a_formula_is_text(sign: str) -> None:
    name = f'{sign}HYPERLINK("http://example.org","x")'
    book = Book()
    book.add([cells(LINE | {"name": name})])

    cell = saved(book).active.cell(2, 1)

    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert cell.value.replace("\r", "").replace("_x000D_", "") == name.replace("\r", "")


def test_signs_a_spreadsheet_can_not_hold_are_left_out() -> None:
    book = Book()
    book.add([cells(LINE | {"reason": "证书\x0b不清"})])

    assert saved(book).active.cell(2, 11).value == "证书不清"


def test_what_does_not_fit_on_a_sheet_goes_on_in_the_next() -> None:
    book = Book(rows_max=3)
    book.add([cells(LINE | {"name": f"测试{number}"}) for number in range(5)])

    sheets = saved(book).worksheets

    assert [[cell.value for cell in sheet["A"]] for sheet in sheets] == [
        ["姓名", "测试0", "测试1"], ["姓名", "测试2", "测试3"], ["姓名", "测试4"]
    ]  # fmt: skip


def test_a_book_that_is_given_up_leaves_nothing_on_the_disk() -> None:
    before = set(_writer.ALL_TEMP_FILES)
    given_up, kept = Book(), Book()
    for book in (given_up, kept):
        book.add([cells(LINE)] * 100)
    files = [Path(name) for name in set(_writer.ALL_TEMP_FILES) - before]
    assert len(files) == 2

    given_up.discard()
    kept.save(io.BytesIO())
    kept.discard()

    assert not [file for file in files if file.exists()]


def test_rows_are_written_and_not_kept_in_memory() -> None:
    book, line = Book(), cells(LINE)
    tracemalloc.start()
    for _ in range(20):
        book.add([line] * 100)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    book.discard()

    assert kept < 100_000  # two thousand rows are nearly two million bytes of a sheet
