"""Marks in whole points, and the laws they keep."""

from collections.abc import Callable
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.marking import Mark, Multiple, Ruling, Scheme, Score, Verdict, mark, multiple_partial


class Entry(msgspec.Struct, frozen=True):
    item_id: int
    version: int = 1
    multiple: bool = False
    section_no: int = 0


ENTRIES = [Entry(1), Entry(2), Entry(3, multiple=True), Entry(4)]
KEYS = {(1, 1): "a", (2, 1): "b", (3, 1): "acd", (4, 1): "e"}
HUMANITIES = Scheme(points_per_item=2)


def verdicts(answers: dict[int, str], scheme: Scheme = HUMANITIES) -> list[Verdict]:
    return [each.verdict for each in mark(ENTRIES, answers, KEYS, scheme).marks]


def test_a_paper_is_the_sum_of_its_questions() -> None:
    assert mark(ENTRIES, {1: "a", 2: "c", 3: "acd"}, KEYS, HUMANITIES) == Score(
        points=4,
        points_max=8,
        correct=2,
        wrong=1,
        unanswered=1,
        marks=(
            Mark("a", Verdict.CORRECT, 2),
            Mark("c", Verdict.WRONG, 0),
            Mark("acd", Verdict.CORRECT, 2),
            Mark("", Verdict.UNANSWERED, 0),
        ),
    )


def test_an_empty_answer_is_no_answer() -> None:
    assert mark(ENTRIES, {1: ""}, KEYS, HUMANITIES) == mark(ENTRIES, {}, KEYS, HUMANITIES)


@pytest.mark.parametrize(
    ("chosen", "exact", "partial"),
    [
        ("acd", 3, 3),
        ("dca", 3, 3),
        ("ac", 0, 2),
        ("a", 0, 1),
        ("abcd", 0, 0),
        ("ab", 0, 0),
        ("b", 0, 0),
        ("", 0, 0),
    ],
)
def test_several_right_options_are_marked_by_the_scheme(chosen: str, exact: int, partial: int) -> None:
    for multiple, points in ((Multiple.EXACT, exact), (Multiple.PARTIAL, partial)):
        scheme = Scheme(points_per_item=3, multiple=multiple)
        assert mark(ENTRIES, {3: chosen}, KEYS, scheme).points == points


def test_a_part_of_the_points_is_called_partial_and_counts_among_the_wrong() -> None:
    scheme = Scheme(points_per_item=3, multiple=Multiple.PARTIAL)
    score = mark(ENTRIES, {3: "ac"}, KEYS, scheme)
    assert (score.marks[2].verdict, score.correct, score.wrong) == (Verdict.PARTIAL, 0, 1)


def test_two_options_for_a_question_with_one_are_wrong_however_the_scheme() -> None:
    for multiple in Multiple:
        assert verdicts({1: "ab"}, Scheme(multiple=multiple))[0] is Verdict.WRONG


def test_a_ruling_adds_a_right_answer_to_one_version_of_an_item() -> None:
    scheme = Scheme(points_per_item=2, rulings=(Ruling(2, 1, also=("c",)), Ruling(4, 2, also=("a",))))
    assert verdicts({2: "c", 4: "a"}, scheme)[1::2] == [Verdict.CORRECT, Verdict.WRONG]
    assert verdicts({2: "b"}, scheme)[1] is Verdict.CORRECT


def test_a_void_item_gives_its_points_to_everybody() -> None:
    scheme = Scheme(points_per_item=2, rulings=(Ruling(2, 1, full_credit=True),))
    for answers in ({2: "b"}, {2: "c"}, {}):
        score = mark(ENTRIES, answers, KEYS, scheme)
        assert (score.points, score.points_max, score.marks[1].verdict) == (2, 8, Verdict.CREDITED)


def test_a_void_item_is_taken_off_the_maximum_and_counts_as_if_it_had_not_been_asked() -> None:
    scheme = Scheme(points_per_item=2, rulings=(Ruling(2, 1, void=True),))
    for answers in ({1: "a", 2: "b"}, {1: "a", 2: "c"}, {1: "a"}):
        score = mark(ENTRIES, answers, KEYS, scheme)
        assert (score.points, score.points_max, score.marks[1].verdict) == (2, 6, Verdict.VOID)
        assert (score.correct, score.wrong, score.unanswered) == (1, 0, 3)


def test_another_key_takes_the_place_of_the_one_in_the_bank() -> None:
    scheme = Scheme(rulings=(Ruling(2, 1, key="c"), Ruling(3, 1, key="ab", also=("ac",))))
    assert verdicts({2: "c"}, scheme)[1] is Verdict.CORRECT
    assert verdicts({2: "b"}, scheme)[1] is Verdict.WRONG
    assert [verdicts({3: chosen}, scheme)[2] for chosen in ("ba", "ca", "acd")] == ["correct", "correct", "wrong"]


def test_sections_have_points_of_their_own() -> None:
    entries = [Entry(1, section_no=1), Entry(2, section_no=2), Entry(3, section_no=3, multiple=True), Entry(4)]
    scheme = Scheme(points_per_item=2, section_points=(1, 0))
    score = mark(entries, {1: "a", 2: "b", 3: "acd", 4: "e"}, KEYS, scheme)
    assert [each.points for each in score.marks] == [1, 2, 2, 2]
    assert score.points == score.points_max == 7


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Ruling(1, 1, void=True, full_credit=True),
        lambda: Ruling(1, 1, void=True, also=("a",)),
        lambda: Ruling(1, 1, also=("",)),
        lambda: Scheme(section_points=(101,)),
        lambda: Scheme(rulings=(Ruling(1, 1, void=True), Ruling(1, 1, key="b"))),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        wrong()


def test_an_answer_to_a_question_that_is_not_there_is_our_own_error() -> None:
    for position in (0, 5):
        with pytest.raises(AssertionError):
            mark(ENTRIES, {position: "a"}, KEYS, HUMANITIES)


def test_an_entry_without_a_key_is_our_own_error() -> None:
    with pytest.raises(KeyError):
        mark([Entry(1, version=2)], {}, KEYS, HUMANITIES)


def test_a_scheme_pays_at_least_one_point() -> None:
    with pytest.raises(ValueError, match="points_per_item"):
        Scheme(points_per_item=0)


LETTERS = st.sets(st.sampled_from("abcde"), min_size=1).map(lambda letters: "".join(sorted(letters)))
RULINGS = st.one_of(
    st.builds(Ruling, st.integers(0, 11), st.just(1), void=st.just(True)),
    st.builds(
        Ruling,
        st.integers(0, 11),
        st.just(1),
        also=st.tuples(LETTERS),
        full_credit=st.booleans(),
        key=LETTERS | st.just(""),
    ),
)
SCHEMES = st.builds(
    Scheme,
    points_per_item=st.integers(1, 5),
    multiple=st.sampled_from(Multiple),
    section_points=st.lists(st.integers(0, 5), max_size=3).map(tuple),
    rulings=st.lists(RULINGS, max_size=4, unique_by=lambda ruling: ruling.item_id).map(tuple),
)
PAPERS = st.lists(st.tuples(st.booleans(), LETTERS, st.just("") | LETTERS), max_size=12)


def marked(paper: list[tuple[bool, str, str]], scheme: Scheme) -> Score:
    entries = [Entry(number, multiple=multiple, section_no=number % 4) for number, (multiple, _, _) in enumerate(paper)]
    keys = {(number, 1): key if multiple else key[0] for number, (multiple, key, _) in enumerate(paper)}
    return mark(entries, {position: chosen for position, (_, _, chosen) in enumerate(paper, 1)}, keys, scheme)


@given(PAPERS, SCHEMES)
def test_every_question_is_counted_once_and_the_points_add_up(
    paper: list[tuple[bool, str, str]], scheme: Scheme
) -> None:
    score = marked(paper, scheme)
    assert score.correct + score.wrong + score.unanswered == len(score.marks) == len(paper)
    assert score.points == sum(each.points for each in score.marks)
    void = {ruling.item_id for ruling in scheme.rulings if ruling.void}
    assert score.points_max == sum(scheme.worth(number % 4) for number in range(len(paper)) if number not in void)
    assert 0 <= score.points <= score.points_max
    assert all(0 <= each.points <= scheme.worth(number % 4) for number, each in enumerate(score.marks))


@given(PAPERS, SCHEMES)
def test_marking_again_gives_the_same_and_the_order_of_letters_does_not_matter(
    paper: list[tuple[bool, str, str]], scheme: Scheme
) -> None:
    turned = [(multiple, key, chosen[::-1]) for multiple, key, chosen in paper]
    assert marked(turned, scheme) == marked(paper, scheme)


@given(PAPERS, SCHEMES, st.randoms(use_true_random=False))
def test_the_order_of_the_questions_changes_nothing(
    paper: list[tuple[bool, str, str]], scheme: Scheme, rng: Random
) -> None:
    entries = [Entry(number, multiple=multiple, section_no=number % 4) for number, (multiple, _, _) in enumerate(paper)]
    keys = {(number, 1): key if multiple else key[0] for number, (multiple, key, _) in enumerate(paper)}
    order = rng.sample(range(len(paper)), len(paper))
    turned = [entries[number] for number in order]
    score = mark(turned, {no: paper[number][2] for no, number in enumerate(order, 1)}, keys, scheme)
    straight = marked(paper, scheme)
    assert (score.points, score.points_max) == (straight.points, straight.points_max)
    assert score.marks == tuple(straight.marks[number] for number in order)


@given(PAPERS, SCHEMES)
def test_no_answer_costs_points_that_another_answer_earned(paper: list[tuple[bool, str, str]], scheme: Scheme) -> None:
    score = marked(paper, scheme)
    for place in range(len(paper)):
        if score.marks[place].verdict is Verdict.CREDITED:
            continue  # its points are for everybody
        without = [*paper[:place], (*paper[place][:2], ""), *paper[place + 1 :]]
        assert marked(without, scheme).points == score.points - score.marks[place].points


@given(PAPERS, SCHEMES)
def test_the_partial_rule_never_pays_less_than_the_exact_one(
    paper: list[tuple[bool, str, str]], scheme: Scheme
) -> None:
    exact, partial = (marked(paper, msgspec.structs.replace(scheme, multiple=multiple)) for multiple in Multiple)
    assert exact.points <= partial.points
    assert exact.points_max == partial.points_max
    assert exact.correct == partial.correct


@given(LETTERS, LETTERS, st.integers(1, 5))
def test_only_the_whole_key_earns_all_points(chosen: str, key: str, points: int) -> None:
    assert (multiple_partial(chosen, key, points) == points) == (chosen == key)
