"""A real face for tests: scikit-image's photograph of the astronaut Eileen Collins (NASA), and pictures without one."""

from importlib.resources import files
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

FACELESS: Final = ("coffee.png", "brick.png", "grass.png", "chelsea.png")


def photograph(name: str = "astronaut.png") -> Bytes:
    """One of scikit-image's pictures as (height, width, RGB)."""
    data = np.frombuffer((files("skimage") / "data" / name).read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)


def frame(width: int = 640, height: int = 480) -> Bytes:
    """As a camera would see her: head and shoulders, the face 175 px wide."""
    cut = photograph()[14:254, 64:384]
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def two() -> Bytes:
    """Her and her double, side by side in one frame of 640 x 480."""
    half = cv2.resize(photograph()[14:254, 144:304], (320, 480), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.hstack([half, half]), np.uint8)


def jpeg(rgb: NDArray[np.integer | np.floating], quality: int = 85) -> bytes:
    """As it is sent; values beyond black and white are cut off."""
    bgr = cv2.cvtColor(np.clip(rgb, 0, 255).astype(np.uint8), cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return data.tobytes()
