"""Two codes for one rule: what the product pays and what the checker expects are the same, whatever is drawn."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.papers import bank_ids
from loadtest import marks
from loadtest.records import Asked, Paid, read_paper
from question_bank.paper import Paper, PaperEntry
from scoring import marking

LETTERS = "abcde"
Letters = st.sets(st.sampled_from(LETTERS), min_size=1).map(lambda chosen: "".join(sorted(chosen)))
Letter = st.sampled_from(LETTERS)


@st.composite
def questions(draw: st.DrawFn, item_id: int) -> tuple[PaperEntry, str, str, marking.Ruling | None]:
    """An item as it was shown, its key, what was chosen, and perhaps a ruling on it."""
    multiple = draw(st.booleans())
    letters = Letters if multiple else Letter
    order = "".join(draw(st.permutations(LETTERS)))
    entry = PaperEntry(item_id, 1, order, multiple=multiple, section=draw(st.integers(0, 3)))
    ruling = draw(
        st.one_of(
            st.none(),
            st.builds(marking.Ruling, st.just(item_id), st.just(1), st.tuples(letters)),
            st.builds(lambda key: marking.Ruling(item_id, 1, key=key), letters),
            st.sampled_from([marking.Ruling(item_id, 1, full_credit=True), marking.Ruling(item_id, 1, void=True)]),
        )
    )
    return entry, draw(letters), draw(st.one_of(st.just(""), letters)), ruling


@st.composite
def exams(draw: st.DrawFn) -> tuple[list[tuple[PaperEntry, str, str, marking.Ruling | None]], marking.Scheme]:
    drawn = [draw(questions(item_id)) for item_id in range(1, draw(st.integers(1, 6)) + 1)]
    scheme = marking.Scheme(
        points_per_item=draw(st.integers(1, 5)),
        multiple=draw(st.sampled_from(marking.Multiple)),
        rulings=tuple(ruling for *_, ruling in drawn if ruling is not None),
        section_points=tuple(draw(st.lists(st.integers(0, 4), max_size=3))),
    )
    return drawn, scheme


@given(exams())
def test_the_checker_and_the_product_pay_the_same(
    exam: tuple[list[tuple[PaperEntry, str, str, marking.Ruling | None]], marking.Scheme],
) -> None:
    drawn, scheme = exam
    entries = tuple(entry for entry, *_ in drawn)
    keys = {(entry.item_id, 1): key for entry, key, *_ in drawn}
    answers = {no: chosen for no, (_, _, chosen, _) in enumerate(drawn, 1) if chosen}
    by_option = {no: bank_ids(entries[no - 1], chosen) for no, chosen in answers.items()}

    paid = marking.mark(entries, by_option, keys, scheme)
    paper = read_paper(msgspec.json.encode(Paper(1, entries)).decode())
    expected = marks.worth(paper, answers, keys, msgspec.convert(msgspec.to_builtins(scheme), type=marks.Scheme))

    counts = (paid.points, paid.points_max, paid.correct, paid.wrong, paid.unanswered)
    assert expected == marks.Worth(*counts, tuple(Paid(each.chosen, each.points) for each in paid.marks))


@pytest.mark.parametrize(
    ("chosen", "multiple", "points"),
    [
        ("a", False, 2),
        ("b", False, 0),
        ("", False, 0),
        ("ace", True, 2),
        ("ac", True, 0),  # one too few
        ("abce", True, 0),  # one too many
    ],
)
def test_by_default_an_item_is_worth_all_or_nothing(chosen: str, multiple: bool, points: int) -> None:
    asked = Asked(1, 1, "abcde", multiple)
    key = "ace" if multiple else "a"

    worth = marks.worth([asked], {1: chosen}, {(1, 1): key}, marks.Scheme(points_per_item=2))

    assert (worth.points, worth.points_max) == (points, 2)


def test_what_is_chosen_is_a_place_and_not_an_option() -> None:
    asked = Asked(1, 1, "edcba")

    assert marks.worth([asked], {1: "a"}, {(1, 1): "e"}, marks.Scheme()).points == 1
