"""Tables of answers from files, and everything that may be wrong with them."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import response_columns, response_file
from scoring.response_columns import Layout
from scoring.response_file import ResponseFile, read_responses
from scoring.response_text import UnreadableResponses
from scoring.responses import NOT_REACHED, OMITTED
from tests.scoring import lsat

KEY = {"Q1": frozenset("A"), "Q2": frozenset("B")}


def answers(file: ResponseFile) -> list[list[str]]:
    """By person; missing ones as "" and behind the last answer as "…"."""
    table = file.responses
    shown = {OMITTED: "", NOT_REACHED: "…"}
    return [
        [
            shown.get(code) or ("" if code == OMITTED else column.options[code - 1])
            for column, code in zip(table.columns, row, strict=True)
        ]
        for row in table.codes.T.tolist()
    ]


def read(text: str, key: dict[str, frozenset[str]] | None = None, layout: Layout | None = None) -> ResponseFile:
    return read_responses(text.encode(), key, layout)


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_the_published_table_is_read_whole(separator: str) -> None:
    file = read(lsat.csv(lsat.LSAT6, separator))
    assert (file.refused, file.left_out, file.ignored) == ((), (), ())
    assert len(file.responses.persons) == 1000
    assert np.array_equal(file.responses.right, lsat.responses(lsat.LSAT6).right)


def test_options_are_held_against_the_key() -> None:
    file = read("id,Q1,Q2\n甲,a,B\n乙,C,\n丙,,D\n", KEY)
    assert answers(file) == [["A", "B"], ["C", "…"], ["", "D"]]
    assert [(column.options, column.points) for column in file.responses.columns] == [
        (("A", "C"), (1, 0)),
        (("B", "D"), (1, 0)),
    ]
    assert file.responses.totals.tolist() == [2, 0, 0]


def test_a_right_option_that_nobody_chose_is_in_the_table() -> None:
    assert read("id,Q1\n甲,B\n乙,C\n", KEY).responses.columns[0].options == ("A", "B", "C")


def test_several_right_answers_are_all_right() -> None:
    assert read("id,Q1\n甲,B\n乙,C\n丙,dA\n", {"Q1": frozenset({"B", "AD"})}).responses.totals.tolist() == [1, 0, 1]


@pytest.mark.parametrize(("true", "false"), [("1", "0"), ("1.0", "0.0"), ("TRUE", "FALSE")])
def test_right_and_wrong_have_several_spellings(true: str, false: str) -> None:
    table = read(f"id,Q1,Q2\n1,{true},{false}\n2,{false},{true}\n3,NA,{true}\n").responses
    assert table.right.T.tolist() == [[True, False], [False, True], [False, True]]
    assert all(column.scored for column in table.columns)


@pytest.mark.parametrize(("true", "false"), [("对", "错"), ("√", "×"), ("Yes", "no"), ("１", "０"), ("1,0", "0,0")])
def test_right_and_wrong_as_they_are_ticked_also_without_a_column_of_persons(true: str, false: str) -> None:
    file = read(f"Q1;Q2\n{true};{false}\n{false};{true}\n{true};{true}\n")
    assert file.responses.totals.tolist() == [1, 1, 2]


def test_an_open_quotation_mark_does_not_swallow_people_in_silence() -> None:
    rows = "".join(f"p{number},1,0\n" for number in range(4))
    file = read(f'id,Q1,Q2\n{rows}"q,1,1\nr,0,1\ns",1\nt,1,1\n')
    assert (len(file.responses.persons), file.refused[0].row) == (5, 8)
    assert "lines 6 to 8 are one row, a quotation mark is open" in file.refused[0].reason


def test_a_key_of_other_items_is_refused_with_both_names() -> None:
    with pytest.raises(UnreadableResponses, match="the file has id, Q1, the key q1"):
        read("id,Q1\na,A\n", {"q1": frozenset("A")})


def test_the_column_of_persons_is_found() -> None:
    assert read("rownames,Q1\n0,1\n1,0\n").responses.persons == ("0", "1")  # by its name
    assert read("wer,Q1,Q2\n7,1,0\n8,0,1\n").responses.persons == ("7", "8")  # by what it holds
    assert len(read("Q1,Q2\n1,0\n0,1\n").responses.columns) == 2  # there is none
    assert read("Q1,wer,Q2\nA,x,B\nC,y,B\n", KEY, Layout(person="wer")).responses.persons == ("x", "y")


def test_row_names_without_a_name_are_persons() -> None:
    file = read('"Q1" "Q2"\n"1" 1 0\n"2" 0 1\n')
    assert file.responses.persons == ("1", "2")
    assert [column.name for column in file.responses.columns] == ["Q1", "Q2"]


def test_columns_and_keys_without_each_other_are_said() -> None:
    file = read("id,sex,Q1\n甲,f,A\n", {**KEY, "Q9": frozenset("C")})
    assert (file.ignored, file.keys_unused) == (("sex",), ("Q2", "Q9"))


def test_columns_may_be_asked_for_or_ignored() -> None:
    file = read("id,room,total,Q1\n甲,1,2,1\n乙,2,0,0\n", None, Layout(extras=("room",), ignore=("total",)))
    assert file.extras == {"room": ("1", "2")}
    assert file.ignored == ("total",)
    assert [column.name for column in file.responses.columns] == ["Q1"]


def test_bad_rows_are_refused_by_line_and_the_others_stay() -> None:
    file = read("id,Q1,Q2\n甲,1,0\n乙,1\n丙,1,0,1\n丁,1,2\n甲,0,0\n戊,0,1,,\n己,0,1\n庚,1,1\n辛,0,0\n")
    assert [(refused.row, refused.reason) for refused in file.refused] == [
        (3, "2 cells where the header has 3"),
        (4, "4 cells where the header has 3"),
        (5, '"2" in Q2 is neither 0 nor 1'),
        (6, "the person of line 2 again"),
    ]
    assert file.responses.persons == ("甲", "戊", "己", "庚", "辛")


def test_extras_stay_with_their_people_when_rows_are_refused() -> None:
    file = read("id,room,Q1\n甲,1,1\n乙,2,7\n丙,3,\n丁,4,0\n", None, Layout(extras=("room",)))
    assert file.responses.persons == ("甲", "丁")
    assert file.extras == {"room": ("1", "4")}


def test_who_answered_nothing_is_left_out_and_said() -> None:
    file = read("id,Q1,Q2\n甲,1,0\n乙,,NA\n丙,,1\n")
    assert [(row.row, row.reason) for row in file.left_out] == [(3, "not one answer")]
    assert file.responses.persons == ("甲", "丙")


def test_only_whole_rows_can_be_asked_for() -> None:
    file = read("id,Q1,Q2\n甲,1,0\n乙,,1\n", None, Layout(whole_only=True))
    assert file.responses.persons == ("甲",)
    assert [row.row for row in file.left_out] == [3]


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("", None, "empty"),
        ("id,Q1\n甲,A\n乙,B\n", None, "need a key"),
        ("id,X1\n甲,A\n", KEY, "No column is an item of the key"),
        ("id,Q1,Q1\n甲,1,0\n", None, 'called "Q1"'),
        ("甲,1,0\n乙,0,1\n", None, "name the items"),
        ("甲,1,0,1\n乙,0,1,1\n", None, "name the items"),
        ("id,Q1\n" + "".join(f"{number},C\n" for number in range(9)), KEY, "key does not fit"),
    ],
)
def test_a_file_that_is_something_else_is_refused_whole(
    text: str, key: dict[str, frozenset[str]] | None, said: str
) -> None:
    with pytest.raises(UnreadableResponses, match=said):
        read(text, key)


def test_a_column_asked_for_has_to_be_there() -> None:
    for layout in (Layout(person="x"), Layout(extras=("x",)), Layout(ignore=("x",))):
        with pytest.raises(UnreadableResponses, match='no column "x"'):
            read("id,Q1\n甲,1\n", None, layout)


def test_too_many_columns_and_too_many_answers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{number},{number}\n" for number in range(400))
    file = read("id,Q1\n" + rows, {"Q1": frozenset({"7"})})
    assert len(file.responses.persons) == 250
    assert len(file.refused) == 150
    monkeypatch.setattr(response_columns, "COLUMN_COUNT_MAX", 3)
    with pytest.raises(UnreadableResponses, match="columns"):
        read("id,Q1,Q2,Q3\n甲,1,1,1\n")


@given(
    st.lists(st.lists(st.sampled_from(["A", "B", "C", "D", ""]), min_size=3, max_size=3), min_size=1, max_size=40),
    st.integers(1, 7),
)
def test_what_was_written_is_read(rows: list[list[str]], chunk: int) -> None:
    key = {name: frozenset({"A"}) for name in ("Q1", "Q2", "Q3")}
    text = "id,Q1,Q2,Q3\n" + "".join(f"{number},{','.join(row)}\n" for number, row in enumerate(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(response_file, "CHUNK", chunk)
        patch.setattr(response_file, "SAMPLE", 2)
        patch.setattr(response_file, "FIT_MIN", 1000)
        file = read(text, key)
    kept = [row for row in rows if any(row)]
    assert [[cell.replace("…", "") for cell in row] for row in answers(file)] == kept
    assert len(file.left_out) == len(rows) - len(kept)


@given(st.binary(max_size=300) | st.text(alphabet='id,Q1;\n"AB01 \t|', max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for key in (None, KEY):
        with contextlib.suppress(UnreadableResponses):
            file = read_responses(data, key)
            assert file.responses.codes.shape == (len(file.responses.columns), len(file.responses.persons))
            assert file.responses.codes.any(axis=0).all()
