"""Lines of files from any program."""

import pytest

from scoring import response_text
from scoring.response_text import UnreadableResponses, answer, rows_in


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_separator_is_found(separator: str, end: str) -> None:
    text = end.join(separator.join(cells) for cells in (("id", "Q1", "Q2"), ("甲", "A", "B")))
    assert [row.cells for row in rows_in(text.encode())] == [["id", "Q1", "Q2"], ["甲", "A", "B"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_the_encoding_is_found(encoding: str) -> None:
    assert next(rows_in("考号,题1".encode(encoding))).cells == ["考号", "题1"]


def test_empty_lines_are_skipped_and_lines_keep_their_numbers() -> None:
    rows = list(rows_in(b'\nid,Q1\n\n,,\n"a\nb",1\nc,0\n'))
    assert [(row.line, row.cells) for row in rows] == [(2, ["id", "Q1"]), (6, ["a\nb", "1"]), (7, ["c", "0"])]


def test_quoted_separators_are_text() -> None:
    assert [row.cells for row in rows_in(b'id,Q1\n"a, b",1\n')][1] == ["a, b", "1"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (" b ", "B"),
        ("dca", "ACD"),
        ("A, C,D", "ACD"),
        ("A、C", "AC"),
        ("1.0", "1"),
        ("Yes", "YES"),
        ("", ""),
        ("a", "A"),
    ],
)
def test_one_answer_has_one_spelling(cell: str, said: str) -> None:
    assert answer(cell) == said


def test_what_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"\x00\x01\x02", b"id,Q1\n\xff\xff\xff"):
        with pytest.raises(UnreadableResponses, match="no text"):
            list(rows_in(data))
    monkeypatch.setattr(response_text, "FILE_BYTES_MAX", 10)
    with pytest.raises(UnreadableResponses, match="larger"):
        list(rows_in(b"id,Q1\n1,1\n2,0\n"))


def test_a_cell_beyond_all_measure_is_refused_with_its_line() -> None:
    with pytest.raises(UnreadableResponses, match="Line 2"):
        list(rows_in(b"id,Q1\n" + b"x" * 200_000 + b",1\n"))


def test_a_first_line_for_spreadsheet_programs_names_the_separator() -> None:
    rows = list(rows_in(b"sep=;\r\nid;Q1\r\na;1\r\n"))
    assert [(row.line, row.cells) for row in rows] == [(2, ["id", "Q1"]), (3, ["a", "1"])]


def test_separators_inside_quoted_names_are_not_counted() -> None:
    assert next(rows_in('"id";"题1,甲";"题2,乙"\n'.encode())).cells == ["id", "题1,甲", "题2,乙"]


def test_a_row_says_how_many_lines_it_takes_up() -> None:
    assert [(row.line, row.lines) for row in rows_in(b'id,Q1\n"a\nb",1\nc,0\n')] == [(1, 1), (3, 2), (4, 1)]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Ｂ", "B"),
        ("（ａ）", "A"),
        ("b.", "B"),
        ("[C]", "C"),
        ("１", "1"),
        ("1.00", "1"),
        ("0,0", "0"),
        ("Ａ、Ｃ", "AC"),
    ],
)
def test_width_and_signs_around_an_answer_say_nothing(cell: str, said: str) -> None:
    assert answer(cell) == said
