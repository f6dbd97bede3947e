"""The formats: the same items from each, their row numbers, and files that are no files of items."""

import io
import json
import zipfile
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from question_bank.formats import Reading, Unreadable, jsonl, read
from question_bank.formats import xlsx as spreadsheet
from question_bank.item import Item

ROWS: list[dict[str, Any]] = [
    {"stem": "正确的是？", "options": "甲\n乙\n丙", "answer": "B", "topic": "医学心理", "difficulty": 3},
    {"stem": "下列哪些", "options": "甲\n乙\n丙", "answer": "A,C", "explanation": "因为", "fixed_order": True},
    {"stem": "一", "options": "甲\n乙", "answer": "A", "type": "B1", "set": "S1", "code": "b-1"},
    {"stem": "二", "options": "甲\n乙", "answer": "B", "type": "B1", "set": "S1", "code": "b-2"},
    {"stem": "问", "options": "甲\n乙", "answer": "A", "type": "A3", "set": "S2", "case": "男，70岁。"},
    {"stem": "再问", "options": "丙\n丁", "answer": "B", "type": "A3", "set": "S2", "case": "男，70岁。"},
]
FIELDS = list(dict.fromkeys(field for row in ROWS for field in row))


def as_jsonl(rows: list[Any]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def as_json(rows: list[Any]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


def as_xlsx(rows: list[dict[str, Any]], fields: list[str] = FIELDS) -> bytes:
    return sheet([fields, *([row.get(field) for field in fields] for row in rows)])


def sheet(rows: list[list[Any]]) -> bytes:
    book, written = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(written)
    return written.getvalue()


def items(name: str, data: bytes) -> tuple[Item, ...]:
    reading = read(name, data, {}, "p")
    assert reading.refused == ()
    return reading.items


def unreadable(name: str, data: bytes) -> str:
    with pytest.raises(Unreadable) as raised:
        read(name, data, {}, "p")
    return str(raised.value)


def numbers(reading: Reading) -> list[tuple[int, str]]:
    return [(each.row, each.code) for each in reading.refused]


def test_every_format_gives_the_same_items() -> None:
    found = items("bank.jsonl", as_jsonl(ROWS))
    assert [item.key for item in found] == ["b", "ac", "a", "b", "a", "b"]
    assert found == items("bank.json", as_json(ROWS)) == items("bank.xlsx", as_xlsx(ROWS))


def test_the_content_counts_more_than_the_name() -> None:
    assert items("bank.json", as_jsonl(ROWS)) == items("bank.txt", as_json(ROWS)) == items("bank", as_xlsx(ROWS))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_that_authors_use_is_read(encoding: str) -> None:
    expected = items("bank.jsonl", as_jsonl(ROWS))
    assert items("bank.jsonl", as_jsonl(ROWS).decode().encode(encoding)) == expected
    assert items("bank.json", as_json(ROWS).decode().encode(encoding)) == expected


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
            st.integers(1, 3),
            st.sampled_from(["A", "B", "AB"]),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda row: row[0],
    )
)
def test_texts_come_through_every_format_unchanged(rows: list[tuple[str, int, str]]) -> None:
    written = [{"stem": s, "options": ["甲", "乙"], "difficulty": d, "answer": a} for s, d, a in rows]
    cells = [{**row, "options": "甲\n乙"} for row in written]
    plain = jsonl.read(as_jsonl(written), {}, "p")
    assert {item.stem for item in plain.items} <= {stem for stem, _, _ in rows}
    assert len(plain.items) + len(plain.refused) == len(rows)
    assert read("b.json", as_json(written), {}, "p") == plain
    if not any(stem.startswith(("=", "#")) for stem, _, _ in rows):  # openpyxl would write a formula or an error
        assert [item.stem for item in read("b.xlsx", as_xlsx(cells), {}, "p").items] == [i.stem for i in plain.items]


def test_a_bank_with_its_own_column_names_is_read_by_mapping() -> None:
    row = {"id": "x", "question": "?", "opa": "甲", "opb": "乙", "ope": None, "answer": "opb", "year": 2017}
    mapping = {"question": "stem", "opa": "option_a", "opb": "option_b", "ope": "option_e", "answer": "answer"}
    reading = read("bank.json", as_json([row]), mapping, "p")
    assert [(item.stem, item.key, len(item.options)) for item in reading.items] == [("?", "b", 2)]
    assert reading.ignored == ("id", "year")


def test_json_lines_are_numbered_as_lines_and_json_elements_from_one() -> None:
    bad = {**ROWS[0], "answer": "Z"}
    assert numbers(read("b.jsonl", as_jsonl(ROWS[:1]) + b"\n\n" + as_jsonl([bad]), {}, "p")) == [(3, "key_unknown")]
    assert numbers(read("b.json", as_json([ROWS[0], bad, 7]), {}, "p")) == [(2, "key_unknown"), (3, "not_object")]


def test_spreadsheet_rows_are_numbered_as_the_spreadsheet_does_and_empty_ones_are_passed_over() -> None:
    data = sheet([FIELDS, [], ["?", "甲\n乙", "Z"], ["!", "甲\n乙", "A"]])
    reading = read("b.xlsx", data, {}, "p")
    assert (numbers(reading), len(reading.items)) == ([(3, "key_unknown")], 1)


def test_a_line_that_is_no_json_is_refused_and_the_others_are_kept() -> None:
    reading = read("b.jsonl", as_jsonl(ROWS) + b'\n{"stem": \n"text"', {}, "p")
    assert numbers(reading) == [(7, "not_json"), (8, "not_object")]
    assert len(reading.items) == len(ROWS)


def test_not_a_number_is_an_empty_cell() -> None:
    assert items("b.json", b'[{"stem":"?","options":["1","2"],"answer":"A","explanation":NaN}]')[0].explanation == ""


def test_a_formula_without_a_value_is_refused_and_never_taken_for_an_empty_cell() -> None:
    data = sheet([["stem", "options", "answer", "explanation"], ["?", "甲\n乙", "A", "=1+1"], ["!", "甲\n乙", "A", ""]])
    reading = read("b.xlsx", data, {}, "p")
    assert (numbers(reading), len(reading.items)) == ([(2, "formula")], 1)


def test_an_error_in_a_cell_is_refused() -> None:
    data = sheet([["stem", "options", "answer"], ["#REF!", "甲\n乙", "A"], ["!", "甲\n乙", "A"]])
    assert numbers(read("b.xlsx", data, {}, "p")) == [(2, "cell_error")]


def test_a_cell_that_a_spreadsheet_turned_into_a_date_is_refused() -> None:
    data = sheet([["stem", "options", "answer"], [date(2024, 3, 5), "甲\n乙", "A"], ["!", "甲\n乙", "A"]])
    assert numbers(read("b.xlsx", data, {}, "p")) == [(2, "not_text")]


def test_a_column_without_a_name_is_not_dropped_in_silence() -> None:
    data = sheet([["stem", "options", None, "answer"], ["?", "甲\n乙", "why", "A", "beyond"]])
    assert read("b.xlsx", data, {}, "p").ignored == ("(column C)", "(column E)")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("b.json", b"", "empty"),
        ("b.json", b" \n", "empty"),
        ("b.json", b"[1, 2", "not JSON"),
        ("b.json", b"[" * 100_000, "not JSON"),
        ("b.json", b"[]", "no rows"),
        ("b.json", b"[1, 2]", "No column holds the stem"),
        ("b.jsonl", b"stem,answer\n?,A", "no line of it"),
        ("b.jsonl", b"\x89PNG\r\n\x1a\n\x00\x00", "no text"),
        ("b.jsonl", b"\xff\xff\xff", "no text"),
        ("b.json", b"\xff\xfea", "no text"),
        ("b.csv", b"stem,answer", "none of the formats"),
        ("b.xlsx", b"stem,answer", "not a spreadsheet"),
        ("b.xlsx", b"PK\x03\x04 and nothing", "not a spreadsheet"),
        ("b.xlsx", as_xlsx(ROWS)[:-200], "not a spreadsheet"),
        ("b.xlsx", sheet([["stem", "stem"], [1, 2]]), "Two columns are called stem"),
        ("b.xlsx", sheet([FIELDS]), "no rows"),
        ("b.xlsx", sheet([[f"c{n}" for n in range(201)], [1]]), "more than 200 columns"),
    ],
)
def test_a_file_that_can_not_be_read_is_one_sentence(name: str, data: bytes, words: str) -> None:
    assert words in unreadable(name, data)


def test_a_zip_without_a_workbook_is_no_spreadsheet() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "not a spreadsheet" in unreadable("b.xlsx", written.getvalue())


def test_a_zip_bomb_is_not_unpacked() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/bomb.xml", "w") as member:
        for _ in range(spreadsheet.UNPACKED_BYTES_MAX // 2**20 + 1):
            member.write(bytes(2**20))
    assert len(written.getvalue()) < 2**20
    assert "unpacks to more than" in unreadable("b.xlsx", written.getvalue())


def test_a_row_number_from_nowhere_does_not_keep_the_reader_counting() -> None:
    written = io.BytesIO(as_xlsx(ROWS))
    changed = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(changed, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename.endswith("sheet1.xml"):
                content = content.replace(b'<row r="7"', b'<row r="99999999999"')
            target.writestr(member, content)
    assert "more than 200000 rows" in unreadable("b.xlsx", changed.getvalue())


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    assert "larger than 64 MiB" in unreadable("b.json", b"[" + b" " * (64 * 2**20))


# Made once: a workbook holds the time it was written at, and packed it is not always equally long.
WHOLE = [b"", as_jsonl(ROWS), as_json(ROWS), as_xlsx(ROWS)]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["b.json", "b.jsonl", "b.xlsx", "b"]), st.binary(max_size=60), st.data())
def test_no_bytes_whatever_raise_anything_but_unreadable(name: str, noise: bytes, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE))
    place = data.draw(st.integers(0, len(whole)))
    with suppress(Unreadable):
        read(name, whole[:place] + noise + whole[place + len(noise) :], {}, "p")
