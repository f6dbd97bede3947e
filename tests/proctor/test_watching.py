"""One word for each capture: who or what is in it, judged in the light of the captures before."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.policy import Proctoring
from proctor.sight import Face, Quality, Sight
from proctor.watching import Capture, Kind, Seen, judge_capture

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
POLICY = Proctoring()
MODEL = "model-1"
LANDMARKS = (300.0, 200.0, 340.0, 200.0, 320.0, 230.0, 305.0, 260.0, 335.0, 260.0)
GOOD = Quality(face_px=190, luma=120, clipped=0.01, sharpness=3.0)
BLURRED = Quality(face_px=190, luma=120, clipped=0.01, sharpness=0.6)
_thumbs = count()


def face(width: float = 190, score: float = 0.999) -> Face:
    return Face((100.0, 100.0, width, width * 1.2), score, LANDMARKS)


def vector(apart: float = 0.0, side: int = 1) -> bytes:
    """A vector at this cosine distance from vector(), away in direction `side`."""
    numbers = np.zeros(128, "<f4")
    numbers[0] = 1 - apart
    numbers[side] = (1 - (1 - apart) ** 2) ** 0.5
    return numbers.tobytes()


def thumb() -> bytes:
    return np.random.default_rng(next(_thumbs)).integers(90, 110, 1024, np.uint8).tobytes()


def sight(
    apart: float = 0.0,
    *,
    side: int = 1,
    faces: tuple[Face, ...] = (face(),),
    quality: Quality | None = GOOD,
    luma: float = 110,
    spread: float = 50,
    seen: bytes | None = None,
) -> Sight:
    return Sight(
        width=640,
        height=480,
        model=MODEL,
        faces=faces,
        quality=quality if faces else None,
        vector=vector(apart, side) if faces else b"",
        luma=luma,
        spread=spread,
        thumb=thumb() if seen is None else seen,
    )


def capture(apart: float = 0.0, kind: Kind = Kind.SAME, *, side: int = 1, model: str = MODEL) -> Capture:
    return Capture(kind, model, vector(apart, side), thumb())


def judged(now: Sight, before: Sequence[Capture] = (), gallery: Sequence[bytes] = (vector(),)) -> Seen:
    return judge_capture(now, before, gallery, POLICY, at=NOW)


SAME_TWICE = [capture(), capture()]
FIRST_FRAME = thumb()


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (sight(), Kind.SAME),
        (sight(faces=()), Kind.NO_FACE),
        (sight(faces=(), luma=5, spread=2), Kind.COVERED),
        (sight(faces=(), luma=130, spread=2), Kind.COVERED),
        (sight(faces=(face(), face(60, 0.95))), Kind.SEVERAL),
        (sight(faces=(face(), face(59, 0.99))), Kind.SAME),
        (sight(faces=(face(), face(120, 0.94))), Kind.SAME),
        (sight(faces=(face(190, 0.9), face(120))), Kind.SAME),
        (sight(quality=BLURRED), Kind.POOR),
        (sight(quality=BLURRED, apart=0.9), Kind.POOR),
        (sight(0.9, faces=(face(), face())), Kind.SEVERAL),
        (sight(seen=FIRST_FRAME), Kind.FROZEN),
        (sight(faces=(), seen=FIRST_FRAME), Kind.NO_FACE),
    ],
)
def test_a_capture_is_told_in_one_word(now: Sight, kind: Kind) -> None:
    earlier = Capture(Kind.SAME, MODEL, vector(), FIRST_FRAME)

    assert judged(now, [earlier, capture()]).kind is kind


def test_a_face_without_a_vector_is_poor() -> None:
    bare = Sight(width=640, height=480, model=MODEL, faces=(face(),), quality=GOOD, luma=110, spread=50, thumb=thumb())

    assert judged(bare).kind is Kind.POOR


@pytest.mark.parametrize(
    ("before", "apart", "kind"),
    [
        ([], 0.092, Kind.SAME),
        ([], 0.093, Kind.OTHER),
        ([capture()], 0.0, Kind.SAME),
        ([capture(0.055), capture(0.055)], 0.055, Kind.SAME),
        ([capture(0.057), capture(0.057)], 0.057, Kind.OTHER),
        ([capture(0.2, Kind.OTHER), capture(0.2, Kind.OTHER)], 0.2, Kind.OTHER),
    ],
)
def test_single_captures_have_the_looser_limit_and_windows_of_three_the_policys(
    before: list[Capture], apart: float, kind: Kind
) -> None:
    assert judged(sight(apart), before).kind is kind


def test_one_odd_capture_among_good_ones_is_forgiven() -> None:
    alone, among = judged(sight(0.15)), judged(sight(0.15), SAME_TWICE)

    assert alone.kind is Kind.OTHER
    assert among.kind is Kind.SAME
    assert among.distance is not None
    assert 0 < among.distance < 0.056


def test_somebody_who_takes_over_is_noticed_within_three_captures() -> None:
    before, kinds = list(SAME_TWICE), []
    for _ in range(3):
        now = sight(0.2)
        kinds.append(judged(now, before).kind)
        before.append(Capture(kinds[-1], MODEL, now.vector, now.thumb))

    assert kinds[-1] is Kind.OTHER


def test_only_the_last_three_good_vectors_of_this_model_are_judged() -> None:
    long_ago = [capture(0.5, Kind.OTHER)] * 5
    no_use = [capture(0.9, kind) for kind in Kind if kind not in (Kind.SAME, Kind.OTHER)]
    foreign = [capture(0.9, model="model-2")] * 3

    seen = judged(sight(), [*long_ago, *SAME_TWICE, *no_use, *foreign])

    assert seen.kind is Kind.SAME
    assert seen.distance == pytest.approx(0, abs=1e-6)


def test_the_gallery_is_judged_as_one_and_without_it_nobody_is() -> None:
    apart = judged(sight(), gallery=[vector(), vector(0.05)]).distance

    assert apart is not None
    assert 0 < apart < 0.05
    assert judged(sight(), gallery=[]) == Seen(NOW, Kind.UNJUDGED)
    assert judged(sight(faces=()), gallery=[]) == Seen(NOW, Kind.NO_FACE)


def test_a_film_in_a_loop_is_recognised_when_it_comes_back() -> None:
    film = [thumb() for _ in range(4)]
    before = [Capture(Kind.SAME, MODEL, vector(), one) for one in film]

    assert judged(sight(seen=film[0]), before).kind is Kind.FROZEN


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 5)), max_size=5), st.floats(0, 0.5))
def test_a_distance_is_told_exactly_when_a_person_was_judged(earlier: list[tuple[float, int]], apart: float) -> None:
    before = [capture(far, side=side) for far, side in earlier]
    seen = judged(sight(apart), before)

    assert seen.kind in (Kind.SAME, Kind.OTHER)
    assert seen.distance is not None
    limit = POLICY.other_max if len(before) >= 2 else 0.0922
    assert (seen.kind is Kind.OTHER) == (seen.distance > limit)
