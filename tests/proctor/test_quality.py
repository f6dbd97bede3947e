"""What a person is told to change, on both sides of each threshold; real pictures are in test_faces.py."""

import msgspec
import pytest

from proctor.quality import hints, several
from proctor.sight import Face, Quality, Sight

GOOD = Quality(face_px=120, luma=120, clipped=0.0, sharpness=3.0)


def face(width: float = 120, score: float = 0.99) -> Face:
    return Face((100, 80, width, width), score, (0,) * 10)


def sight(*others: Face, size: tuple[int, int] = (640, 480), but: dict[str, float] | None = None) -> Sight:
    judged = msgspec.structs.replace(GOOD, **(but or {}))
    return Sight(width=size[0], height=size[1], model="m", faces=(face(), *others), quality=judged, luma=120)


def test_a_good_picture_needs_nothing() -> None:
    assert hints(sight()) == ()


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        ({"face_px": 79.9}, ("nearer",)),
        ({"face_px": 80.0}, ()),
        ({"luma": 24.9}, ("more_light",)),
        ({"luma": 25.0}, ()),
        ({"luma": 220.0}, ()),
        ({"luma": 220.1}, ("too_bright",)),
        ({"clipped": 0.2}, ()),
        ({"clipped": 0.21}, ("too_bright",)),
        ({"sharpness": 1.0}, ()),
        ({"sharpness": 0.99}, ("hold_still",)),
        ({"face_px": 50, "luma": 10, "sharpness": 0.5}, ("nearer", "more_light", "hold_still")),
    ],
)
def test_each_threshold(quality: dict[str, float], said: tuple[str, ...]) -> None:
    assert hints(sight(but=quality)) == said


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        (face(60, 0.95), True),
        (face(59.9, 0.95), False),
        (face(60, 0.949), False),
    ],
)
def test_somebody_else_counts_when_seen_for_sure_and_not_far_behind(other: Face, counts: bool) -> None:
    assert several(sight(other)) is counts
    assert hints(sight(other)) == (("several",) if counts else ())


@pytest.mark.parametrize("size", [(320, 240), (240, 320)])
def test_sizes_are_those_of_a_picture_of_640_however_it_is_held(size: tuple[int, int]) -> None:
    assert hints(sight(size=size, but={"face_px": 40.0})) == ()
    assert hints(sight(size=size, but={"face_px": 39.0})) == ("nearer",)
    assert several(sight(face(30), size=size))


@pytest.mark.parametrize(
    ("luma", "said"), [(10.0, ("no_face", "more_light")), (120.0, ("no_face",)), (240.0, ("no_face", "too_bright"))]
)
def test_without_a_face_the_light_of_the_whole_picture_may_be_why(luma: float, said: tuple[str, ...]) -> None:
    assert hints(Sight(width=640, height=480, model="m", luma=luma)) == said
