"""Papers too alike: the exact chances, what is found, and how often nobody copied."""

import itertools

import numpy as np
import pytest

from scoring import likeness
from scoring.likeness import _same, _tails, alike
from scoring.responses import NOT_GIVEN, Responses
from tests.scoring.lsat import LSAT6, responses
from tests.scoring.simulated import sitting


def copied(table: Responses, source: int, copier: int, share: float, seed: int = 1) -> Responses:
    codes = table.codes.copy()
    taken = np.random.default_rng(seed).random(len(codes)) < share
    codes[taken, copier] = codes[taken, source]
    return Responses(table.persons, table.columns, codes)


def by_score(table: Responses, share: float) -> int:
    """Somebody better than this share of people."""
    return int(np.argsort(table.right.sum(axis=0), kind="stable")[int(share * len(table.persons))])


def names(table: Responses, *numbers: int) -> tuple[str, ...]:
    return tuple(table.persons[number] for number in sorted(numbers))


def test_the_chance_of_so_many_matches_is_exact() -> None:
    chances = np.array([[0.1, 0.5, 0.3, 0.0], [1.0, 0.2, 0.7, 0.9]])
    for row, tail in zip(chances, _tails(chances), strict=True):
        outcomes = list(itertools.product((0, 1), repeat=4))
        each = [
            float(np.prod([p if hit else 1 - p for p, hit in zip(row, outcome, strict=True)])) for outcome in outcomes
        ]
        for count in range(5):
            wanted = sum(chance for chance, outcome in zip(each, outcomes, strict=True) if sum(outcome) >= count)
            assert tail[count] == pytest.approx(wanted)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_whole_copied_paper_is_found_and_nothing_else(place: float) -> None:
    table = sitting(300, 100, 1)
    source, copier = by_score(table, place), by_score(table, 0.4)
    found = alike(copied(table, source, copier, 1.0))
    assert [pair.persons for pair in found.pairs] == [names(table, source, copier)]
    assert (found.compared, found.found) == (300 * 299 // 2, 1)


def test_the_evidence_says_which_answers_are_the_same() -> None:
    table = sitting(300, 100, 1)
    source, copier = by_score(table, 0.5), by_score(table, 0.4)
    table = copied(table, source, copier, 0.7)
    (pair,) = alike(table).pairs
    same = (table.codes[:, source] == table.codes[:, copier]) & ~table.right[:, source]
    assert pair.items == tuple(column.name for column, is_same in zip(table.columns, same, strict=True) if is_same)
    assert pair.same_wrong == same.sum() > 3 * pair.expected
    assert pair.chance <= likeness.ALPHA
    assert set(pair.scores) == {int(table.right[:, source].sum()), int(table.right[:, copier].sum())}


def test_within_a_room_less_is_needed_and_other_rooms_are_not_compared() -> None:
    table = sitting(400, 100, 8)
    source, copier = by_score(table, 0.4), by_score(table, 0.35)
    table = copied(table, source, copier, 0.5)
    rooms = [f"第{number % 20}考场" for number in range(400)]
    assert alike(table).found == 0
    assert alike(table, rooms).compared == 20 * (20 * 19 // 2)
    rooms[copier] = rooms[source]
    assert [pair.persons for pair in alike(table, rooms).pairs] == [names(table, source, copier)]
    rooms[copier] = "别处"
    assert alike(table, rooms).found == 0


@pytest.mark.parametrize(("unequal", "tempting"), [(0.0, 0.0), (0.5, 0.0), (0.0, 1.0), (0.3, 0.5)])
def test_how_often_honest_sittings_are_suspected(unequal: float, tempting: float) -> None:
    """Meant: at most 1 of 100. Of 40 sittings of 400 people and 60 items: 0, and 1 with the strongest temptation."""
    found = [alike(sitting(200, 50, seed, unequal=unequal, tempting=tempting)).found for seed in range(12)]
    assert sum(found) <= 1


def test_blocks_do_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    table = copied(copied(sitting(250, 60, 3), 3, 200, 1.0), 17, 100, 0.9)
    whole = alike(table)
    monkeypatch.setattr(likeness, "BLOCK", 7)
    assert alike(table) == whole
    assert whole.found >= 2


def test_a_shared_list_is_told_up_to_a_limit_and_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    table = sitting(300, 60, 4)
    for copier in range(1, 10):
        table = copied(table, 0, copier, 1.0)
    monkeypatch.setattr(likeness, "PAIRS_TOLD_MAX", 5)
    found = alike(table)
    assert (found.found, len(found.pairs)) == (45, 5)


def test_items_left_out_are_no_evidence() -> None:
    table = copied(sitting(300, 60, 5), 3, 200, 1.0)
    wrong = [column.name for column, right in zip(table.columns, table.right[:, 3], strict=True) if not right]
    assert alike(table).found == 1
    assert alike(table, leave_out=wrong).found == 0
    assert alike(table, leave_out=[column.name for column in table.columns]).compared == 0


def test_answers_both_left_out_are_no_match() -> None:
    table = sitting(200, 50, 6)
    codes = table.codes.copy()
    codes[20:, 3:5] = 0
    found = alike(Responses(table.persons, table.columns, codes))
    assert found.found == 0


def test_what_was_left_out_is_wrong_and_yet_not_the_same_answer() -> None:
    nobody_else = _same(np.array([0, 0, 2, 2], np.uint8), np.zeros(4, np.int64), np.ones(4, bool))
    assert nobody_else[0, 0] == pytest.approx(0.25)


def test_it_needs_options_and_one_paper_for_all() -> None:
    with pytest.raises(ValueError, match="options"):
        alike(responses(LSAT6))
    table = sitting(60, 10, 1)
    codes = table.codes.copy()
    codes[0, 0] = NOT_GIVEN
    with pytest.raises(ValueError, match="same paper"):
        alike(Responses(table.persons, table.columns, codes))


def test_one_person_is_like_nobody() -> None:
    assert alike(sitting(1, 10, 1)).compared == 0
    assert alike(sitting(0, 10, 1)).compared == 0
