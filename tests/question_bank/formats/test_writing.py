"""Every writer: what is exported is imported as it was, and what a format can't hold is said."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl import load_workbook

from question_bank.formats import READERS, Unreadable, aiken, read
from question_bank.formats.question import category_of, topic_of
from question_bank.formats.tags import read_tags, tags_of
from question_bank.formats.writing import WRITERS, write
from question_bank.item import Item, ItemStatus, ItemType, Option, problems
from question_bank.sample import load_sample
from tests.question_bank.formats.made_items import POOL, banks

FILES = {
    "xlsx": "b.xlsx",
    "jsonl": "b.jsonl",
    "gift": "b.gift",
    "moodle_xml": "b.xml",
    "qti": "b.zip",
    "aiken": "b.txt",
}
EXACT = [kind for kind in WRITERS if kind != "aiken"]
PLAIN = Item(
    code="c1",
    pool=POOL,
    type=ItemType.A1,
    topic="专业/内科",
    stem="正确的是？",
    options=(Option("a", "甲"), Option("b", "乙")),
    key="b",
    status=ItemStatus.ACTIVE,
)


@settings(max_examples=60, deadline=None)
@given(banks())
def test_what_is_exported_is_imported_as_it_was_in_every_format(bank: list[Item]) -> None:
    assert not any(map(problems, bank))
    for kind in EXACT:
        writing = write(kind, bank)
        left = {each.item for each in writing.left}
        assert not left or kind == "xlsx"  # which alone has texts that it can't hold
        if writing.written:
            found = read(FILES[kind], writing.data, {}, POOL).items
            assert found == tuple(item for item in bank if item.code not in left)


@settings(max_examples=40, deadline=None)
@given(banks(kinds=(ItemType.A1, ItemType.A2, ItemType.X)))
def test_aiken_keeps_stems_options_and_answers_of_what_it_can_hold(bank: list[Item]) -> None:
    writing = write("aiken", bank)
    left = {each.item for each in writing.left}
    assert left >= {item.code for item in bank if aiken.why_not(item)}
    assert writing.written + len(writing.left) == len(bank)
    found = read(FILES["aiken"], writing.data, {}, POOL, "aiken").items if writing.written else ()
    kept = [item for item in bank if item.code not in left]
    assert [(each.stem, each.options, each.key) for each in found] == [(i.stem, i.options, i.key) for i in kept]


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("pool", sorted(load_sample()))
def test_the_sample_bank_comes_through_every_format(kind: str, pool: str) -> None:
    bank = load_sample()[pool]
    writing = write(kind, bank)
    assert (writing.left, writing.lost, writing.written) == ((), (), len(bank))
    reading = read(FILES[kind], writing.data, {}, pool)
    assert (list(reading.items), reading.refused, reading.ignored) == (bank, (), ())


@pytest.mark.parametrize("kind", list(WRITERS))
def test_the_same_items_are_the_same_bytes(kind: str) -> None:
    if kind == "xlsx":  # a workbook holds the time it was written at
        assert sheet(write(kind, [PLAIN]).data) == sheet(write(kind, [PLAIN]).data)
    else:
        assert write(kind, [PLAIN]).data == write(kind, [replace(PLAIN, item_id=9, version=3)]).data


def sheet(data: bytes) -> list[tuple[object, ...]]:
    return list(load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True))


def test_a_spreadsheet_holds_texts_and_no_formulas() -> None:
    data = write("xlsx", [replace(PLAIN, stem="=1+1", explanation="#REF!", code="007")]).data
    header, row = sheet(data)
    assert header == (
        "code",
        "type",
        "topic",
        "difficulty",
        "set",
        "case",
        "stem",
        "option_a",
        "option_b",
        "answer",
        "explanation",
    )
    assert row == ("007", "A1", "专业/内科", "2", None, None, "=1+1", "甲", "乙", "B", "#REF!")
    assert {cell.data_type for cell in load_workbook(io.BytesIO(data)).worksheets[0][2]} == {"s", "n"}


def test_json_lines_are_objects_that_people_can_read() -> None:
    line = write("jsonl", [PLAIN]).data.decode()
    assert "正确的是" in line
    assert json.loads(line)["options"] == {"A": "甲", "B": "乙"}


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("xlsx", {"stem": "_x0041_"}, "format"),
        ("xlsx", {"stem": "a\ufffe"}, "format"),
        ("moodle_xml", {"explanation": "a\uffff"}, "format"),
        ("qti", {"options": (Option("a", "\x01"), Option("b", "2"))}, "format"),
        ("gift", {"stem": " a"}, "changed"),
        ("jsonl", {"stem": "a\x00"}, "changed"),
        ("gift", {"key": "z"}, "key_unknown"),
        ("aiken", {"type": ItemType.X, "key": "ab"}, "format"),
        ("jsonl", {"type": ItemType.A3, "case": "男", "set_code": "s"}, "set_size"),
    ],
)
def test_what_a_file_can_not_hold_is_left_out_and_named(kind: str, change: dict[str, object], code: str) -> None:
    bad = replace(PLAIN, code="bad", **change)
    writing = write(kind, [PLAIN, bad])
    assert [(each.item, each.code) for each in writing.left] == [("bad", code)]
    assert (writing.written, len(read(FILES[kind], writing.data, {}, POOL).items)) == (1, 1)


def test_a_set_is_left_out_as_a_whole() -> None:
    one = replace(PLAIN, type=ItemType.B1, set_code="s", stem="\ufffe", code="one")
    other = replace(one, stem="x", code="other")
    writing = write("moodle_xml", [one, PLAIN, other])
    assert [(each.item, each.code) for each in writing.left] == [("one", "format"), ("other", "set_incomplete")]
    assert writing.written == 1


def test_nothing_left_to_write_is_no_file() -> None:
    assert write("aiken", [replace(PLAIN, type=ItemType.X, key="ab")]).data == b""


def test_every_format_that_is_written_is_read() -> None:
    assert set(WRITERS) <= set(READERS)


def test_tags_say_what_is_not_by_default() -> None:
    assert tags_of(PLAIN) == ["exam:type=A1", "exam:difficulty=2"]
    changed = replace(PLAIN, fixed_order=True, status=ItemStatus.DRAFT, difficulty=3)
    tagged = read_tags([*tags_of(changed, besides=["code"]), "other", "exam:nonsense=1"])
    assert tagged.values == {
        "type": "A1",
        "difficulty": "3",
        "fixed_order": "yes",
        "item_status": "draft",
        "code": "c1",
    }
    assert (tagged.literal, tagged.others) == (True, ("other", "exam:nonsense=1"))


@pytest.mark.parametrize(
    ("tag", "difficulty"),
    [
        ("难度：易", "1"),
        ("difficulty=3", "3"),
        ("Hard", "3"),
        ("中等", "2"),
        ("very easy", "1"),
        ("5", ""),
        ("difficulty:9", ""),
    ],
)
def test_the_difficulty_is_read_from_tags_of_others(tag: str, difficulty: str) -> None:
    assert read_tags([tag]).values.get("difficulty", "") == difficulty


def test_topics_are_paths_of_categories() -> None:
    assert topic_of("$course$/top/专业 / 内科") == "专业/内科"
    assert topic_of("$system$/a//b/c") == "a／b/c"
    assert topic_of("top/专业") == "top/专业"
    assert topic_of(category_of("top/x")) == "top/x"
    assert topic_of("$course$/top") == ""


WHOLE = {kind: write(kind, [PLAIN, replace(PLAIN, code="c2", stem="a<b", explanation="x")]).data for kind in WRITERS}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.binary(max_size=40), st.data())
def test_no_bytes_whatever_raise_anything_but_unreadable(kind: str, noise: bytes, data: st.DataObject) -> None:
    whole = WHOLE[kind]
    place = data.draw(st.integers(0, len(whole)))
    with suppress(Unreadable):
        read(FILES[kind], whole[:place] + noise + whole[place + len(noise) :], {}, POOL)
    with suppress(Unreadable):
        READERS[kind](noise, {}, POOL)
