"""What bad cameras, rooms and lines make of a picture: same size, and the same picture always gives the same.

The strengths are chosen to hurt: about as bad as the quality gate of the entry check lets pass, or worse.
"""

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

LONGER_SIDE: Final = 640
BLUR_SIGMA: Final = 6.0  # pixels of a picture whose longer side is 640; it grows with the picture
DARK_GAIN: Final = 0.25  # a face lit by little more than a screen: near what the quality gate still takes
DARK_NOISE: Final = 5.0  # what a camera adds to see at all, grey levels
BRIGHT_GAIN, BRIGHT_OFFSET = 1.6, 40.0  # against a window: a good part of the face is white
JPEG_QUALITY: Final = 10
SMALL_SIDE: Final = 160  # of the longer side: far away, or a very cheap camera
SEED: Final = 20260301

Bytes = NDArray[np.uint8]


def blur(rgb: Bytes) -> Bytes:
    """Out of focus."""
    return _bytes(cv2.GaussianBlur(rgb, (0, 0), BLUR_SIGMA * max(rgb.shape[:2]) / LONGER_SIDE))


def dark(rgb: Bytes) -> Bytes:
    """Under-exposed, with the noise of the sensor."""
    noise = np.random.default_rng(SEED).normal(0.0, DARK_NOISE, rgb.shape)
    return _bytes(rgb * DARK_GAIN + noise)


def bright(rgb: Bytes) -> Bytes:
    """Over-exposed: what was bright is white."""
    return _bytes(rgb * BRIGHT_GAIN + BRIGHT_OFFSET)


def jpeg(rgb: Bytes) -> Bytes:
    """Compressed for a very slow line."""
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return _bytes(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB))


def small(rgb: Bytes) -> Bytes:
    """Few pixels, stretched to the old size."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return _bytes(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR))


DEGRADATIONS: Final[dict[str, Callable[[Bytes], Bytes]]] = {
    "blur": blur,
    "dark": dark,
    "bright": bright,
    "jpeg": jpeg,
    "small": small,
}


def _bytes(numbers: Any) -> Bytes:
    return np.asarray(np.clip(np.rint(numbers), 0, 255), np.uint8)
