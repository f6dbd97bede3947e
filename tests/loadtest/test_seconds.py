from loadtest.figures import Slice, count, total
from loadtest.outcome import Second
from loadtest.seconds import actions_of, added, merge, slices, steady
from tests.loadtest.made_runs import made_run


def second(s: int, number: int = 1) -> Second:
    counted = Slice(late={}, served={})
    for _ in range(number):
        counted.took(0.1, 0.1)
    return Second(s, number, number, 0, s / 100, {"answer": counted}, {"cut": 1}, {"timeout": 2})


def test_of_no_process_there_are_no_seconds() -> None:
    assert merge([]) == []
    assert merge([[], []]) == []


def test_counts_add_up_and_the_largest_lag_counts() -> None:
    early, late = second(3, 2), second(3, 5)
    late.lag_s = 0.5
    (merged,) = merge([[early], [late]])
    assert (merged.open, merged.sockets, merged.lag_s) == (7, 7, 0.5)
    assert (merged.errors, merged.excused) == ({"cut": 2}, {"timeout": 4})
    assert count(merged.actions["answer"].late) == 7


def test_seconds_of_any_order_become_a_whole_row() -> None:
    assert [each.s for each in merge([[second(4), second(2)], [second(6)]])] == [2, 3, 4, 5, 6]


def test_a_process_that_was_silent_still_had_its_attempts_open() -> None:
    merged = merge([[second(0, 10), second(3, 10)], [second(s) for s in range(5)]])
    assert [each.open for each in merged] == [11, 11, 11, 11, 1]
    assert [count(total(slices([each], "answer")).late) for each in merged] == [11, 1, 1, 11, 1]


def test_merging_leaves_the_parts_alone() -> None:
    part = [second(0)]
    merge([part, part])
    assert part == [second(0)]


def test_steady_is_from_the_first_to_the_last_nearly_full_second() -> None:
    opened = [0, 50, 95, 100, 40, 96, 94, 0]
    found = steady([Second(s, number) for s, number in enumerate(opened)])
    assert [each.s for each in found] == [2, 3, 4, 5]


def test_nothing_is_steady_where_nothing_was_open() -> None:
    assert steady([]) == []
    assert steady([Second(0), Second(1)]) == []


def test_all_names_and_numbers_of_a_run_are_found() -> None:
    run = made_run(5, people=100)
    assert actions_of(run.seconds) == sorted(run.seconds[0].actions)
    assert added([{"a": 1, "b": 5}, {"a": 1}]) == {"b": 5, "a": 2}
