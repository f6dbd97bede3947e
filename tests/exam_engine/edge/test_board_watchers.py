"""Scopes of watchers: each takes out of the news what is in its rooms, no more and no less."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.edge.board_watchers import OPENING_KEEP_S, News, Opening, Scope, scopes

ROOMS = st.integers(1, 6)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.integers(1, 40), ROOMS), st.none() | st.frozensets(ROOMS))
def test_a_scope_takes_the_news_of_its_rooms(room_of: dict[int, int], scope: Scope) -> None:
    taken = list(News(room_of).within(scope))

    assert sorted(taken) == sorted(each for each, room in room_of.items() if scope is None or room in scope)


def test_rooms_are_gathered_by_account() -> None:
    assert scopes([(1, 7), (2, 7), (2, 8)]) == {7: frozenset({1, 2}), 8: frozenset({2})}


@pytest.mark.parametrize(
    ("made_s", "now_s", "old"),
    [(math.inf, 1e9, False), (10, 10 + OPENING_KEEP_S, False), (10, 10.1 + OPENING_KEEP_S, True)],
)
def test_an_opening_grows_old_from_when_it_was_made(made_s: float, now_s: float, old: bool) -> None:
    opening = Opening()
    opening.made_s = made_s

    assert opening.is_old(now_s) is old
