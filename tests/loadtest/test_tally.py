"""What a generator process counts."""

from loadtest.figures import count
from loadtest.tally import Tally


def test_a_second_has_what_happened_in_it_and_the_next_begins_anew() -> None:
    tally = Tally()
    tally.open, tally.sockets = 2, 1
    tally.took("answer", 0.5, 0.1)
    tally.failed("answer", "timeout")
    tally.error("cut")
    first, second = tally.turn(7, 0.25), tally.turn(8, 0.0)
    assert (first.s, first.open, first.sockets, first.lag_s) == (7, 2, 1, 0.25)
    assert (count(first.actions["answer"].late), first.actions["answer"].failed) == (1, 1)
    assert first.errors == {"timeout": 1, "cut": 1}
    assert (second.open, second.actions, second.errors) == (2, {}, {})
