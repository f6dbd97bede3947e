"""Papers of different items in one place: forms, points, tables."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.marking import Multiple, Ruling, Scheme, mark
from scoring.responses import NOT_GIVEN, NOT_REACHED, OMITTED
from scoring.sheets import Asked, Gathering, columns_by, worth_by
from tests.scoring.sheeted import gathered, keys_of
from tests.scoring.test_marking import Entry


def test_people_of_the_same_items_are_a_form_in_whatever_order_they_had_them() -> None:
    sheets = gathered((11, "pqr", "aaa"), (12, "rqp", "aab"), (13, "pqs", "aaa"), (14, "qpr", "baa"))
    assert sheets.form.tolist() == [0, 0, 1, 0]


def test_what_is_behind_the_last_answer_was_not_reached_and_a_shorter_paper_ends() -> None:
    sheets = gathered((1, "pqrs", "a-b-"), (2, "pq", "--"), (3, "pqr", "aaa"))
    assert sheets.small.tolist() == [
        [1, OMITTED, 1, NOT_REACHED],
        [NOT_REACHED, NOT_REACHED, NOT_GIVEN, NOT_GIVEN],
        [1, 1, 2, NOT_GIVEN],
    ]


def test_a_form_is_a_whole_table_with_a_row_for_each_item() -> None:
    sheets = gathered((1, "pqr", "ab-"), (2, "rqp", "bca"), (3, "pqs", "aaa"))
    columns = columns_by(sheets, keys_of(sheets), Scheme())
    had, table = sheets.table((sheets.form == 0).nonzero()[0], columns)
    assert had.tolist() == [0, 1, 2]
    assert [table.columns[0].options[code - 1] for code in table.codes[0]] == ["a", "a"]
    assert [table.columns[1].options[code - 1] for code in table.codes[1]] == ["b", "c"]
    assert table.codes[2].tolist() == [NOT_REACHED, sheets.chosen[2].index("b") + 1]
    assert table.totals.tolist() == [1, 1]


def test_a_key_nobody_chose_is_an_option_all_the_same() -> None:
    sheets = gathered((1, "p", "b"), (2, "p", "c"))
    (column,) = columns_by(sheets, {(1, 1): "a"}, Scheme(rulings=(Ruling(1, 1, also=("d",)),)))
    assert (column.options, column.points) == (("b", "c", "a", "d"), (0, 0, 1, 1))


def test_figures_look_at_void_items_by_their_key() -> None:
    sheets = gathered((1, "p", "b"), (2, "p", "a"))
    (column,) = columns_by(sheets, {(1, 1): "a"}, Scheme(rulings=(Ruling(1, 1, void=True),)))
    assert column.points == (0, 1)


def test_more_answers_than_there_are_numbers_are_marked_one_by_one_all_the_same() -> None:
    answers = [f"{chr(97 + n % 26)}{chr(97 + (n // 26 + n % 26 + 1) % 26)}" for n in range(300)]
    answers = list(dict.fromkeys("".join(sorted(set(each))) for each in answers))
    gathering = Gathering()
    for person, answer in enumerate(answers):
        gathering.add(person, [Asked(1, 1, 0, True)], [answer])
    sheets = gathering.sheets()
    worth, _ = worth_by(sheets, {(1, 1): answers[-1]}, Scheme())
    assert sheets.points(worth).tolist() == [0] * (len(answers) - 1) + [1]
    (column,) = columns_by(sheets, {(1, 1): answers[-1]}, Scheme())
    assert len(column.options) <= 250


LETTERS = st.sets(st.sampled_from("abcde"), min_size=1).map(lambda letters: "".join(sorted(letters)))
RULED = st.one_of(
    st.just({"void": True}),
    st.builds(lambda also, key, full: {"also": also, "key": key, "full_credit": full},
              st.lists(LETTERS, max_size=2).map(tuple), LETTERS | st.just(""), st.booleans()),
)  # fmt: skip
PAPERS = st.lists(st.lists(st.tuples(st.integers(1, 6), st.just("") | LETTERS), max_size=5, unique_by=lambda c: c[0]),
                  min_size=1, max_size=5)  # fmt: skip


@settings(max_examples=50)
@given(
    PAPERS,
    st.dictionaries(st.integers(1, 6), RULED, max_size=3),
    st.sampled_from(Multiple),
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
    st.lists(LETTERS, min_size=6, max_size=6),
)
def test_points_are_those_of_marking(
    papers: list[list[tuple[int, str]]],
    ruled: dict[int, dict[str, object]],
    multiple: Multiple,
    sections: tuple[int, ...],
    keys: list[str],
) -> None:
    """What-if and the marker must never differ by a point."""
    scheme = Scheme(2, multiple, tuple(Ruling(item, 1, **facts) for item, facts in ruled.items()), sections)  # type: ignore[arg-type]
    key = {(item, 1): keys[item - 1] for item in range(1, 7)}
    gathering, wanted = Gathering(), []
    for person, paper in enumerate(papers):
        entries = [Entry(item, multiple=len(keys[item - 1]) > 1, section_no=item % 4) for item, _ in paper]
        answers = [choice for _, choice in paper]
        gathering.add(person, [Asked(e.item_id, 1, e.section_no, e.multiple) for e in entries], answers)
        score = mark(entries, dict(enumerate(answers, 1)), key, scheme)
        wanted.append(score.points)
    worth, _ = worth_by(gathering.sheets(), key, scheme)
    assert gathering.sheets().points(worth).tolist() == wanted
