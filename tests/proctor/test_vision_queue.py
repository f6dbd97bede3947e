"""Who is next: urgent first, then one picture of each, in the order they came, and never too many."""

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.vision import VisionAway
from proctor.vision_queue import VisionQueue, Waiting


class Told:
    """What becomes of the one who asked; stands for the future in a test without a loop."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def done(self) -> bool:
        return self.reason is not None

    def set_exception(self, away: VisionAway) -> None:
        self.reason = away.reason


def waiting(key: int, *, urgent: bool = False, jpeg: bytes = b"jpeg", put_s: float = 0.0) -> Waiting:
    return Waiting(jpeg, key, urgent=urgent, put_s=put_s, done=Told())  # type: ignore[arg-type]


def reason(one: Waiting) -> str | None:
    assert isinstance(one.done, Told)
    return one.done.reason


def filled(
    ones: Iterable[Waiting], urgent_max: int = 100, periodic_max: int = 100, bytes_max: int = 9999
) -> VisionQueue:
    queue = VisionQueue(urgent_max, periodic_max, bytes_max)
    for one in ones:
        queue.put(one)
    return queue


def keys(queue: VisionQueue) -> list[int]:
    found = []
    while (one := queue.pop()) is not None:
        found.append(one.key)
    return found


def test_urgent_ones_go_first_and_each_kind_in_the_order_it_came() -> None:
    queue = filled([waiting(1), waiting(2, urgent=True), waiting(3), waiting(4, urgent=True)])
    assert (queue.urgent, queue.periodic) == (2, 2)
    assert keys(queue) == [2, 4, 1, 3]
    assert (queue.urgent, queue.periodic) == (0, 0)


def test_a_newer_picture_takes_the_turn_of_the_one_before() -> None:
    old, new = waiting(1), waiting(1, jpeg=b"newer")
    queue = filled([old, waiting(2), new])
    assert reason(old) == "superseded"
    assert queue.pop() is new
    assert keys(queue) == [2]


def test_every_frame_of_an_entry_check_is_kept() -> None:
    assert keys(filled([waiting(1, urgent=True), waiting(1, urgent=True), waiting(1)])) == [1, 1, 1]


def test_in_a_full_queue_the_oldest_makes_room() -> None:
    first, *others = [waiting(key) for key in range(4)]
    assert keys(filled([first, *others], periodic_max=3)) == [1, 2, 3]
    assert reason(first) == "full"
    assert [reason(one) for one in others] == [None] * 3


def test_an_urgent_one_is_refused_only_by_urgent_ones() -> None:
    queue = filled([*[waiting(key) for key in range(3)], waiting(10, urgent=True)], urgent_max=2, periodic_max=3)
    queue.put(waiting(11, urgent=True))
    with pytest.raises(VisionAway, match="full"):
        queue.put(waiting(12, urgent=True))
    assert keys(queue) == [10, 11, 0, 1, 2]


def test_pictures_never_take_more_than_their_bytes_and_urgent_ones_push_the_others_out() -> None:
    periodic = [waiting(key, jpeg=b"x" * 40) for key in range(2)]
    queue = filled(periodic, bytes_max=100)
    queue.put(waiting(2, urgent=True, jpeg=b"x" * 50))
    assert [reason(one) for one in periodic] == ["full", None]
    queue.put(waiting(3, urgent=True, jpeg=b"x" * 50))
    assert [reason(one) for one in periodic] == ["full", "full"]
    with pytest.raises(VisionAway, match="full"):
        queue.put(waiting(4, urgent=True, jpeg=b"x"))
    alone = waiting(5, jpeg=b"x")
    queue.put(alone)
    assert reason(alone) == "full"
    assert keys(queue) == [2, 3]


def test_who_waits_no_longer_leaves_nothing_behind() -> None:
    urgent, periodic, newer = waiting(1, urgent=True), waiting(1), waiting(1)
    queue = filled([urgent, periodic, newer], bytes_max=8)
    queue.remove(periodic)  # replaced: the newer one stays
    assert queue.periodic == 1
    for one in (urgent, newer, newer):
        queue.remove(one)
    assert (queue.urgent, queue.periodic, queue.oldest_s()) == (0, 0, None)
    queue.put(waiting(2, jpeg=b"x" * 8))  # all bytes are free again
    assert keys(queue) == [2]


def test_a_picture_whose_worker_was_lost_is_the_next_one() -> None:
    queue = filled([waiting(1, urgent=True), waiting(2)])
    queue.put_first(waiting(3))
    queue.put_first(waiting(4, urgent=True))
    assert keys(queue) == [4, 1, 3, 2]


def test_a_picture_whose_worker_was_lost_gives_way_to_a_newer_one() -> None:
    lost, newer = waiting(1), waiting(1)
    queue = filled([newer])
    queue.put_first(lost)
    assert reason(lost) == "superseded"
    assert queue.pop() is newer


def test_nobody_who_left_is_put_back() -> None:
    left, queue = waiting(1, urgent=True), filled([])
    left.fail("slow")
    queue.put_first(left)
    assert queue.urgent == 0


def test_the_longest_wait_is_that_of_the_oldest_of_both_kinds() -> None:
    queue = filled([waiting(1, urgent=True, put_s=7.0), waiting(2, put_s=5.0)])
    assert queue.oldest_s() == 5.0


def test_when_nobody_can_look_everybody_is_told() -> None:
    ones = [waiting(1), waiting(2, urgent=True)]
    queue = filled(ones)
    queue.fail_all("down")
    assert [reason(one) for one in ones] == ["down", "down"]
    assert keys(queue) == []


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "urgent", "pop", "remove", "first"]), st.integers(0, 5), st.integers(1, 30)),
        max_size=60,
    )
)
def test_each_picture_waits_was_handed_out_or_was_told_and_the_bounds_hold(steps: list[tuple[str, int, int]]) -> None:
    queue, put, out, left = VisionQueue(3, 4, 100), list[Waiting](), list[Waiting](), list[Waiting]()
    for what, key, size in steps:
        if what == "pop":
            one = queue.pop()
            out += [one] if one is not None else []
        elif what == "remove" and put:
            left.append(put[key % len(put)])
            queue.remove(left[-1])
        elif what == "first" and out:
            queue.put_first(out.pop())
        elif what in ("put", "urgent"):
            one = waiting(key, urgent=what == "urgent", jpeg=b"x" * size)
            try:
                queue.put(one)
            except VisionAway:
                assert one.urgent
            else:
                put.append(one)
        back = sum(step == "first" for step, _, _ in steps)  # who lost his worker is never too many
        assert queue.periodic <= 4 + back
        assert queue.urgent <= 3 + back
    still = list[Waiting]()
    while (one := queue.pop()) is not None:
        still.append(one)
    assert queue._bytes == 0
    assert len(still) == len(set(still))
    for one in put:
        assert one in still or one in out or one in left or reason(one) in ("superseded", "full")


async def test_a_future_of_the_loop_is_told_as_well() -> None:
    one = Waiting(b"", 1, urgent=False, put_s=0.0, done=asyncio.get_running_loop().create_future())
    one.fail("slow")
    one.fail("down")
    with pytest.raises(VisionAway, match="slow"):
        await one.done
