"""A living head turns when asked to and stays one person; photos, frozen feeds and other people get nowhere."""

from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.liveness import LEFT, RIGHT, TURN_MIN, Frame, Progress, challenge, looks_covered, looks_frozen, progress
from proctor.policy import Proctoring
from proctor.sight import Face, Quality, Sight

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)
POLICY = Proctoring()
LANDMARKS = (300.0, 200.0, 340.0, 200.0, 320.0, 230.0, 305.0, 260.0, 335.0, 260.0)
FACE = Face((220.0, 120.0, 190.0, 230.0), 0.999, LANDMARKS)
GOOD = Quality(face_px=190, luma=120, clipped=0.01, sharpness=3.0)
BLURRED = Quality(face_px=190, luma=120, clipped=0.01, sharpness=0.6)
DARK = Quality(face_px=190, luma=12, clipped=0.0, sharpness=3.0)
_thumbs = count()


def vector(apart: float = 0.0) -> bytes:
    """A vector at this cosine distance from vector()."""
    cosine = 1 - apart
    return np.array([cosine, (1 - cosine**2) ** 0.5, *[0.0] * 126], "<f4").tobytes()


def thumb() -> bytes:
    """A thumb unlike any before: noise moves every pixel a little."""
    return np.random.default_rng(next(_thumbs)).integers(90, 110, 1024, np.uint8).tobytes()


def sight(
    turn: float | None = 0.0,
    *,
    quality: Quality | None = GOOD,
    faces: int = 1,
    apart: float = 0.0,
    seen: bytes | None = None,
    model: str = "model-1",
) -> Sight:
    return Sight(
        width=640,
        height=480,
        model=model,
        faces=(FACE,) * faces,
        quality=quality if faces else None,
        turn=turn if faces else None,
        vector=vector(apart) if faces else b"",
        luma=110.0,
        spread=50.0,
        thumb=thumb() if seen is None else seen,
    )


def film(*sights: Sight, every_s: float = 0.8) -> list[Frame]:
    return [Frame(T0 + timedelta(seconds=n * every_s), one) for n, one in enumerate(sights)]


def turning(*turns: float, every_s: float = 0.8) -> list[Frame]:
    return film(*(sight(turn) for turn in turns), every_s=every_s)


def seen(steps: tuple[str, ...], frames: list[Frame], policy: Proctoring = POLICY) -> Progress:
    return progress(steps, frames, policy)


@pytest.mark.parametrize(
    ("coin", "turn", "steps"),
    [(0.0, True, (LEFT, RIGHT)), (0.4999, True, (LEFT, RIGHT)), (0.5, True, (RIGHT, LEFT)), (0.9, False, ())],
)
def test_the_coin_decides_which_side_comes_first(coin: float, turn: bool, steps: tuple[str, ...]) -> None:
    assert challenge(coin, turn) == steps


def test_who_turns_left_then_right_as_asked_is_alive_and_all_his_frames_are_of_use() -> None:
    # His left is the picture's right, where the nose moves: `turn` grows.
    result = seen((LEFT, RIGHT), turning(0.01, 0.15, 0.32, 0.0, -0.30))

    assert result == Progress(
        step=2, hint="", frames_good=5, steps_done=2, complete=True, usable=(0, 1, 2, 3, 4), frozen=False
    )


@pytest.mark.parametrize(
    ("steps", "turns", "done"),
    [
        ((LEFT, RIGHT), (0.0, 0.0, 0.0, 0.0, 0.0), 0),
        ((LEFT, RIGHT), (0.0, 0.27, -0.27, 0.27, -0.27), 0),
        ((LEFT, RIGHT), (0.0, 0.29, 0.30, 0.0, 0.31), 1),
        ((LEFT, RIGHT), (0.0, -0.30, -0.30, -0.35, -0.3), 0),
        ((LEFT, RIGHT), (0.0, -0.30, 0.30, 0.0, 0.0), 1),
        ((RIGHT, LEFT), (0.0, 0.30, -0.30, 0.0, 0.0), 1),
        ((RIGHT, LEFT), (0.0, -0.30, 0.30, 0.0, 0.0), 2),
        ((LEFT, RIGHT), (0.10, 0.37, 0.0, -0.17, 0.0), 0),
        ((LEFT, RIGHT), (0.10, 0.385, 0.0, -0.185, 0.0), 2),
    ],
)
def test_the_steps_count_in_their_order_and_from_the_baseline(
    steps: tuple[str, ...], turns: tuple[float, ...], done: int
) -> None:
    result = seen(steps, turning(*turns))

    assert result.steps_done == done
    assert result.complete == (done == 2)


def test_the_first_look_is_ahead_and_good() -> None:
    assert seen((LEFT, RIGHT), []).step == -1
    assert seen((LEFT, RIGHT), turning(0.3)).hint == "look_ahead"
    assert seen((LEFT, RIGHT), film(sight(None))).hint == "look_ahead"
    assert seen((LEFT, RIGHT), film(sight(quality=BLURRED))).hint == "hold_still"

    late = seen((LEFT, RIGHT), turning(0.3, -0.3, 0.0, 0.3, 0.0, -0.3))
    assert late.usable == (2, 3, 4, 5)
    assert (late.steps_done, late.complete) == (2, False)


@pytest.mark.parametrize(
    ("bad", "hint"),
    [
        (sight(0.3, faces=0), "no_face"),
        (sight(0.3, faces=2), "several"),
        (sight(0.3, quality=DARK), "more_light"),
        (sight(0.3, apart=0.0923), "other_face"),
        (sight(0.3, model="model-2"), "other_face"),
        (sight(0.0, quality=BLURRED), "hold_still"),
        (sight(-0.3), "other_way"),
    ],
)
def test_a_frame_that_lacks_something_says_what_and_moves_nothing(bad: Sight, hint: str) -> None:
    result = seen((LEFT, RIGHT), film(sight(), bad))

    assert (result.hint, result.steps_done) == (hint, 0)
    assert result.usable == ((0, 1) if hint == "other_way" else (0,))


def test_a_moving_head_may_be_a_little_blurred_but_not_another_one() -> None:
    blurred = seen((LEFT, RIGHT), film(sight(), sight(0.3, quality=BLURRED)))
    other = seen((LEFT, RIGHT), film(sight(), sight(0.3, quality=BLURRED, apart=0.2)))

    assert (blurred.steps_done, blurred.usable) == (1, (0, 1))
    assert (other.steps_done, other.usable) == (0, (0,))


def test_nobody_else_may_do_the_turning() -> None:
    turns = [sight(), sight(0.3, apart=0.3), sight(), sight(-0.3, apart=0.3), sight(), sight(), sight()]

    assert not seen((LEFT, RIGHT), film(*turns)).complete


@pytest.mark.parametrize(
    ("frames", "span_s", "every_s", "complete"),
    [(5, 3.0, 0.75, True), (5, 3.0, 0.74, False), (6, 3.0, 1.0, False), (5, 0.0, 0.1, True)],
)
def test_enough_frames_over_enough_time_are_needed_with_and_without_a_turn(
    frames: int, span_s: float, every_s: float, complete: bool
) -> None:
    policy = Proctoring(frames=frames, span_s=span_s)

    assert seen((), turning(0, 0.3, 0.2, 0, 0, every_s=every_s), policy).complete == complete
    assert seen((LEFT, RIGHT), turning(0, 0.3, 0, -0.3, 0, every_s=every_s), policy).complete == complete


def test_without_a_turn_asked_for_it_does_not_matter_where_the_head_points() -> None:
    assert seen((), film(*(sight(None) for _ in range(5)))).complete


@pytest.mark.parametrize(("waits_s", "hint", "done"), [(12.0, "", 1), (12.1, "again", 0)])
def test_a_step_may_take_twelve_seconds_and_then_the_try_is_lost(waits_s: float, hint: str, done: int) -> None:
    frames = [Frame(T0, sight()), Frame(T0 + timedelta(seconds=waits_s), sight(0.3))]
    result = seen((LEFT, RIGHT), frames)

    assert (result.hint, result.steps_done) == (hint, done)

    went_on = [*frames, *(Frame(T0 + timedelta(seconds=13 + n), sight(-0.3 * (-1) ** n)) for n in range(8))]
    assert seen((LEFT, RIGHT), went_on).complete == (done == 1)


def test_to_look_ahead_for_the_first_time_may_take_as_long_as_it_takes() -> None:
    frames = [Frame(T0 + timedelta(seconds=n * 10), sight(quality=DARK)) for n in range(10)]
    begun = T0 + timedelta(seconds=100)
    frames += [Frame(begun + timedelta(seconds=n), sight(turn)) for n, turn in enumerate((0, 0.3, 0, -0.3, 0))]

    assert seen((LEFT, RIGHT), frames).complete


def test_a_feed_that_stands_still_counts_for_nothing() -> None:
    still = thumb()
    result = seen((), film(*(sight(seen=still) for _ in range(9))))

    assert (result.frozen, result.hint, result.usable, result.complete) == (True, "frozen", (0,), False)


def test_a_frame_sent_twice_is_noticed_and_the_others_still_count() -> None:
    one, two, three, four, five = (sight(turn) for turn in (0, 0.3, 0, -0.3, 0))
    result = seen((LEFT, RIGHT), film(one, two, two, three, four, five))

    assert (result.frozen, result.complete, result.usable) == (True, True, (0, 1, 3, 4, 5))


turns = st.floats(-0.5, 0.5)


@given(st.lists(turns, max_size=30), st.booleans(), st.floats(-0.5, 0.5))
def test_what_moves_within_a_band_of_less_than_twice_the_turn_never_passes(
    share: list[float], first_left: bool, middle: float
) -> None:
    """A flat photo, however it is tilted, moves the nose by .215 to either side (vision.md §5)."""
    band = 0.99 * 2 * TURN_MIN
    frames = turning(*(middle + one * band for one in share))

    assert not seen((LEFT, RIGHT) if first_left else (RIGHT, LEFT), frames).complete


@given(st.lists(st.floats(-0.215, 0.215), max_size=40), st.floats(0, 1, exclude_max=True))
def test_no_tilted_photo_passes(tilts: list[float], coin: float) -> None:
    assert not seen(challenge(coin, turn=True), turning(*tilts)).complete


frames = st.lists(
    st.tuples(st.one_of(st.none(), turns), st.sampled_from([GOOD, BLURRED, DARK]), st.integers(0, 2), st.floats(0, 5)),
    max_size=20,
)


@given(frames, st.integers(0, 20))
def test_what_has_been_reached_stays(rows: list[tuple[float | None, Quality, int, float]], cut: int) -> None:
    at, story = T0, []
    for turn, quality, faces, waits in rows:
        at += timedelta(seconds=waits)
        story.append(Frame(at, sight(turn, quality=quality, faces=faces)))
    before, after = seen((LEFT, RIGHT), story[:cut]), seen((LEFT, RIGHT), story)

    assert before.steps_done <= after.steps_done
    assert after.usable[: before.frames_good] == before.usable
    assert after.complete >= before.complete
    assert after.frames_good == len(after.usable)


def grey(value: int, *, odd: int = 0) -> bytes:
    """A thumb of one grey, with the first `odd` pixels one level brighter."""
    return bytes([value + 1] * odd + [value] * (1024 - odd))


@pytest.mark.parametrize(
    ("a", "b", "frozen"),
    [
        (grey(100), grey(100), True),
        (grey(100), grey(100, odd=102), True),
        (grey(100), grey(100, odd=103), False),
        (grey(0), grey(255), False),
        (b"", b"", False),
        (grey(100), grey(100)[:-1], False),
    ],
)
def test_the_same_picture_is_frozen_and_a_little_noise_is_not(a: bytes, b: bytes, frozen: bool) -> None:
    assert looks_frozen(a, b) is frozen
    assert looks_frozen(b, a) is frozen


@pytest.mark.parametrize(
    ("luma", "spread", "faces", "covered"),
    [
        (4, 1, 0, True),
        (19.9, 40, 0, True),
        (120, 3, 0, True),
        (20, 8, 0, False),
        (120, 50, 0, False),
        (4, 1, 1, False),
    ],
)
def test_dark_or_even_without_a_face_is_covered(luma: float, spread: float, faces: int, covered: bool) -> None:
    picture = Sight(width=640, height=480, model="model-1", faces=(FACE,) * faces, luma=luma, spread=spread)

    assert looks_covered(picture) is covered
