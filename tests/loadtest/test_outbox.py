"""Numbered commands on their way: in order, kept until settled, as the page's own."""

import pytest

from loadtest.history import Sent
from loadtest.outbox import WINDOW, Outbox, Waiting


def box(count: int, last_seq: int = 0) -> Outbox:
    """With so many commands waiting."""
    outbox = Outbox(last_seq)
    for no in range(1, count + 1):
        outbox.add(Waiting(Sent(outbox.next_seq(), "answer", no, "a", "device", 0.0), 0.0))
    return outbox


def seqs(waiting: list[Waiting]) -> list[int]:
    """Their numbers."""
    return [each.sent.seq for each in waiting]


def test_several_are_under_way_and_none_is_taken_twice() -> None:
    outbox = box(WINDOW + 2)
    assert seqs(outbox.take()) == list(range(1, WINDOW + 1))
    assert outbox.take() == []
    assert seqs(outbox.delivered(1)) == [1]
    assert seqs(outbox.take()) == [WINDOW + 1]


def test_after_a_broken_line_all_that_is_unacknowledged_goes_again_in_order() -> None:
    outbox = box(4)
    outbox.take()
    outbox.delivered(1)
    outbox.disconnected()
    assert seqs(outbox.take()) == [2, 3, 4]


def test_the_servers_number_settles_all_it_covers() -> None:
    outbox = box(3)
    assert seqs(outbox.delivered(2)) == [1, 2]
    assert outbox.delivered(2) == []
    assert seqs(outbox.take()) == [3]
    assert outbox.next_seq() == 4


def test_after_a_gap_it_goes_back_when_all_answers_are_in() -> None:
    outbox = box(3)
    outbox.take()
    outbox.rejected("seq_gap", 2, 1)
    assert outbox.take() == []
    outbox.rejected("seq_gap", 3, 1)
    outbox.delivered(1)
    assert seqs(outbox.take()) == [2, 3]


def test_a_number_refused_for_good_is_used_again_and_both_are_remembered() -> None:
    outbox = box(3)
    first = [each.sent for each in outbox.take()]
    dropped = outbox.rejected("no_such_option", 1, None)
    outbox.rejected("seq_gap", 2, 1)
    outbox.rejected("seq_gap", 3, 1)
    again = outbox.take()
    assert dropped is not None
    assert dropped.sent is first[0]
    assert seqs(again) == [1, 2]
    assert [each.sent.no for each in again] == [2, 3]
    assert [sent.seq for sent in first] == [1, 2, 3]


@pytest.mark.parametrize("code", ["paused", "identity_locked", "busy"])
def test_what_is_refused_just_now_waits(code: str) -> None:
    outbox = box(1)
    outbox.take()
    assert outbox.rejected(code, 1, None) is None
    assert outbox.take() == []
    outbox.release()
    assert seqs(outbox.take()) == [1]


def test_who_was_replaced_says_nothing_more() -> None:
    outbox = box(2)
    outbox.rejected("superseded", 0, None)
    assert outbox.stopped == "superseded"
    assert outbox.take() == []


def test_it_goes_on_where_the_device_before_stood() -> None:
    outbox = box(1, last_seq=7)
    assert seqs(outbox.take()) == [8]
