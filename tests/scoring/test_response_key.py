"""The key and the seconds beside a file of answers."""

import numpy as np
import pytest

from scoring.response_key import read_key, read_seconds
from scoring.response_text import UnreadableResponses


@pytest.mark.parametrize(
    "text",
    ["item,key\nQ1,a\nQ2,CB\n", "Q1,A\nQ2,BC\n", "题号;答案\nQ1;A\nQ2;B、C\n", "topic,key,item\nx,A,Q1\n,bc,Q2\n"],
)
def test_a_key_is_read_with_and_without_its_header(text: str) -> None:
    assert read_key(text.encode()) == {"Q1": {"A"}, "Q2": {"BC"}}


def test_an_item_may_have_several_right_answers() -> None:
    assert read_key(b"item,key\nQ1,A|c\nQ2,B\nQ2,D\n") == {"Q1": {"A", "C"}, "Q2": {"B", "D"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "empty"), ("item,key\n", "empty"), ("Q1,A\nQ2,\n", "Line 2"), ("Q1,A,C\n", "Line 1"), ("Q1\n", "Line 1")],
)
def test_a_bad_key_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UnreadableResponses, match=said):
        read_key(text.encode())


def test_seconds_find_their_people_and_items() -> None:
    text = b"id,Q2,Q1,other\nb,20,10,1\nstranger,1,1,1\na,NA,7.5,\n"
    spent = read_seconds(text, ["a", "b", "c"], ["Q1", "Q2"])
    assert np.array_equal(spent, np.array([[7.5, 10, np.nan], [np.nan, 20, np.nan]], np.float32), equal_nan=True)


@pytest.mark.parametrize(
    ("text", "said"), [("id,Q1\na,fast\n", "line 2"), ("id,Q1\na,-1\n", "line 2"), ("id,X\n", "none")]
)
def test_bad_seconds_are_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableResponses, match=said):
        read_seconds(text.encode(), ["a"], ["Q1"])
