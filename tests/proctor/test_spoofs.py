"""The attacks are what they say: planes turned as far as told, feeds that stand still, films that come round again."""

from itertools import pairwise
from math import cos, radians

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from proctor.liveness import LEFT, RIGHT, looks_frozen
from proctor.measuring import decoded, light
from proctor.photographs import coded
from proctor.spoofs import (
    DEGREES,
    HEIGHT,
    WIDTH,
    Kind,
    Photo,
    Pose,
    Scene,
    Shot,
    angles,
    plane,
    scene,
    seen,
    shots,
    warped,
)

STEPS = (LEFT, RIGHT)
BOX = (100.0, 60.0, 80.0, 100.0)


def photo(colour: int = 200) -> Photo:
    """A white face with a dark left half of the room behind it."""
    rgb = np.full((240, 320, 3), 60, np.uint8)
    rgb[:, 160:] = 120
    rgb[60:160, 100:180] = colour
    return Photo(rgb, BOX)


def stage(seed: int = 1, **colours: int) -> Scene:
    photos = {name: photo(colour) for name, colour in (colours or {"ahead": 200}).items()}
    return scene(photos, np.random.default_rng(seed))


def film(kind: Kind, seed: int = 1, **colours: int) -> list[Shot]:
    return list(shots(kind, stage(seed, **colours), STEPS, np.random.default_rng((seed, 1))))


def at(matrix: NDArray[np.float64], x: float, y: float) -> tuple[float, float]:
    across, down, depth = matrix @ (x, y, 1.0)
    return float(across / depth), float(down / depth)


def test_a_plane_that_is_not_turned_is_seen_as_it_is_in_the_middle_of_the_picture() -> None:
    matrix = plane(Pose(), 600.0)
    for x, y in ((0, 0), (100, -50), (-80, 90)):
        assert at(matrix, x, y) == pytest.approx((WIDTH / 2 + x, HEIGHT / 2 + y))


@given(st.floats(-60, 60), st.floats(400, 2000))
def test_a_turned_plane_is_narrower_and_its_nearer_side_is_higher(degrees: float, focal: float) -> None:
    matrix = plane(Pose(yaw=degrees), focal)
    (left, above_left), (right, above_right) = at(matrix, -50, -50), at(matrix, 50, -50)
    assert right - left <= 100 / (1 - (50 / focal) ** 2) + 1e-6
    assert right - left == pytest.approx(100 * cos(radians(degrees)), rel=0.05)
    if abs(degrees) > 1:  # towards positive angles the right side goes nearer
        assert (above_right < above_left) == (degrees > 0)


@given(st.floats(-30, 30), st.floats(0.5, 2), st.floats(-50, 50), st.floats(-50, 50))
def test_rolling_moving_and_nearing_do_what_they_say(degrees: float, scale: float, right: float, down: float) -> None:
    matrix = plane(Pose(roll=degrees, scale=scale, right=right, down=down), 600.0)
    middle, beside = at(matrix, 0, 0), at(matrix, 10, 0)
    assert middle == pytest.approx((WIDTH / 2 + right * scale, HEIGHT / 2 + down * scale))
    assert np.hypot(beside[0] - middle[0], beside[1] - middle[1]) == pytest.approx(10 * scale)
    assert np.degrees(np.arctan2(beside[1] - middle[1], beside[0] - middle[0])) == pytest.approx(degrees)


def test_the_face_is_in_the_middle_and_as_wide_as_drawn() -> None:
    on = stage()
    bright = warped(on, Pose())[:, :, 0] > 160
    columns, rows = np.nonzero(bright.any(axis=0))[0], np.nonzero(bright.any(axis=1))[0]
    assert columns[-1] - columns[0] + 1 == pytest.approx(on.face_px, abs=2)
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(WIDTH / 2, abs=1.5)
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(HEIGHT / 2, abs=1.5)


def test_a_large_photo_is_shown_as_wide_as_a_small_one() -> None:
    small = stage()
    large = Photo(np.repeat(np.repeat(photo().rgb, 4, 0), 4, 1), (400.0, 240.0, 320.0, 400.0))
    made = [
        warped(one, Pose(yaw=20))
        for one in (small, Scene({"ahead": large}, small.face_px, small.focal, small.wall, small.noise))
    ]
    assert np.abs(made[0].astype(int) - made[1]).mean() < 3


@pytest.mark.parametrize("kind", [Kind.HELD, Kind.TURNED, Kind.FROZEN, Kind.FILM])
def test_the_same_seed_makes_the_same_attack_and_another_another(kind: Kind) -> None:
    one, again, other = film(kind), film(kind), film(kind, seed=2)
    assert all(np.array_equal(a.rgb, b.rgb) and a.quality == b.quality for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].rgb, other[0].rgb)
    assert {shot.rgb.shape for shot in one} == {(HEIGHT, WIDTH, 3)}


def thumbs(made: list[Shot]) -> list[bytes]:
    return [light(decoded(coded(shot.rgb, shot.quality)))[2] for shot in made]


def test_a_frozen_feed_is_one_picture_encoded_alike_or_anew() -> None:
    films = [film(Kind.FROZEN, seed) for seed in range(12)]
    for made in films:
        assert all(np.array_equal(shot.rgb, made[0].rgb) for shot in made)
    encoded = [len({shot.quality for shot in made}) for made in films]
    assert 1 in encoded
    assert max(encoded) > 3
    alike = thumbs(films[encoded.index(1)])
    assert all(looks_frozen(a, b) for a, b in pairwise(alike))


def test_a_photo_in_a_hand_does_not_look_frozen() -> None:
    assert not any(looks_frozen(a, b) for a, b in pairwise(thumbs(film(Kind.HELD))))


def test_a_film_comes_round_again_and_moves_in_between() -> None:
    made = thumbs(film(Kind.FILM))
    assert len(set(made)) < len(made)
    assert not any(looks_frozen(a, b) for a, b in pairwise(made))


def test_turned_photos_go_both_ways_as_far_as_said_and_half_begin_tilted() -> None:
    rng = np.random.default_rng(5)
    told = [angles(STEPS, rng) for _ in range(400)]
    furthest = [max(one) for one in told]
    assert all(min(one) == pytest.approx(-max(one)) for one in told)
    assert DEGREES[0] <= min(furthest) < 15
    assert 55 < max(furthest) <= DEGREES[1]
    assert 150 <= sum(one[0] != 0 for one in told) <= 250
    assert 150 <= sum(one[6] > 0 for one in told) <= 250  # whichever way the prompt was meant


def test_the_frames_of_a_turned_photo_follow_its_angles() -> None:
    made = film(Kind.TURNED)
    assert len(made) == 11
    by_angle = sorted(made, key=lambda shot: abs(shot.degrees))
    widths = [int((shot.rgb[HEIGHT // 2, :, 0] > 160).sum()) for shot in by_angle]
    assert widths[-1] < widths[0]


def shown(made: list[Shot]) -> list[int]:
    """The colour in the middle of each frame, to the nearest 50."""
    middle = [shot.rgb[HEIGHT // 2 - 10 : HEIGHT // 2 + 10, WIDTH // 2 - 10 : WIDTH // 2 + 10].mean() for shot in made]
    return [round(float(one) / 50) * 50 for one in middle]


@pytest.mark.parametrize("steps", [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_a_real_turn_follows_the_prompts_and_a_replay_does_not_know_them(steps: tuple[str, str]) -> None:
    on, colour = stage(ahead=50, left=150, right=250), {"ahead": 50, LEFT: 150, RIGHT: 250}
    rng = np.random.default_rng(1)
    real = shown(list(shots(Kind.REAL, on, steps, rng)))
    assert real == [50, 50, 50, *[colour[step] for step in steps for _ in range(2)], 50, 50]
    replayed = shown(list(shots(Kind.REPLAY, on, steps, rng)))
    assert replayed == [50, 50, 150, 150, 50, 250, 250, 50] * 3


def test_no_two_frames_of_a_hand_are_the_same() -> None:
    rng, on = np.random.default_rng(1), stage()
    assert not np.array_equal(seen(on, Pose(), rng), seen(on, Pose(), rng))
