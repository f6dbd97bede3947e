"""Each degradation does what it is called, keeps the size, and does the same every time."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from proctor.degrading import DEGRADATIONS, SMALL_SIDE, blur, bright, dark, jpeg, small

Bytes = NDArray[np.uint8]
EACH = pytest.mark.parametrize("worse", DEGRADATIONS.values(), ids=DEGRADATIONS)


def picture(height: int = 180, width: int = 240) -> Bytes:
    """Squares, a gradient and a little texture: something to lose."""
    rows, columns = np.mgrid[:height, :width]
    squares = ((rows // 12 + columns // 12) % 2) * 110 + columns * 60 // width + 40
    texture = np.random.default_rng(3).integers(-10, 10, (height, width))
    return np.repeat((squares + texture)[:, :, None], 3, axis=2).astype(np.uint8)


def edges(rgb: Bytes) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


@EACH
@pytest.mark.parametrize("size", [(180, 240), (240, 180), (701, 333), (1, 1)])
def test_the_size_stays_and_the_picture_given_is_not_touched(
    worse: Callable[[Bytes], Bytes], size: tuple[int, int]
) -> None:
    given = picture(*size)
    kept = given.copy()
    made = worse(given)
    assert made.shape == given.shape
    assert made.dtype == np.uint8
    assert np.array_equal(given, kept)


@EACH
def test_the_same_picture_always_gives_the_same_and_something_else_than_it_was(
    worse: Callable[[Bytes], Bytes],
) -> None:
    assert np.array_equal(worse(picture()), worse(picture()))
    assert not np.array_equal(worse(picture()), picture())


def test_blur_and_few_pixels_cost_edges() -> None:
    assert edges(blur(picture())) < edges(picture()) / 4
    assert edges(small(picture(480, 640))) < edges(picture(480, 640)) / 2


def test_a_larger_picture_is_blurred_by_as_many_more_pixels() -> None:
    line = np.zeros((64, 640, 3), np.uint8)
    line[:, 320:] = 255
    widths = [int(((blur(one) > 10) & (blur(one) < 245))[0, :, 0].sum()) for one in (line, np.repeat(line, 2, axis=1))]
    assert widths[1] == pytest.approx(2 * widths[0], abs=2)


def test_dark_is_dark_and_noisy_and_bright_is_partly_white() -> None:
    assert dark(picture()).mean() < picture().mean() / 3
    assert dark(np.full((100, 100, 3), 100, np.uint8)).std() > 4
    assert (bright(picture()) == 255).mean() > 0.3
    assert bright(picture()).min() > picture().min()


def test_a_small_picture_is_not_shrunk_further() -> None:
    tiny = picture(SMALL_SIDE, SMALL_SIDE)
    assert np.array_equal(small(tiny), tiny)


def test_compression_keeps_what_it_shows() -> None:
    apart = np.abs(jpeg(picture()).astype(int) - picture())
    assert 1 < apart.mean() < 20
