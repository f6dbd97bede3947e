"""From a JPEG to pixels, and what can be measured of them without knowing whose face it is."""

import io
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from proctor.sight import Quality

SIDE_MAX: Final = 4096  # pixels; a cleaned picture has 960 at most, a photograph to enrol may come as it is
BORDER: Final = 20  # of a 150 x 150 chip, where hair and wall are
CLIPPED_MIN: Final = 250
THUMB: Final = 32

Bytes = NDArray[np.uint8]


def decoded(jpeg: bytes) -> Bytes:
    """The picture as (height, width, RGB). Raises ValueError if it is no JPEG, broken, or too large."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as header:
            sides = header.size
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as problem:
        raise ValueError("not a JPEG") from problem
    if max(sides) > SIDE_MAX:
        raise ValueError(f"a picture of {sides[0]} x {sides[1]} is too large")
    rgb = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    if rgb is None:
        raise ValueError("a broken JPEG")
    return np.asarray(rgb, np.uint8)


def light(rgb: Bytes) -> tuple[float, float, bytes]:
    """Mean and standard deviation of the brightness (0 to 255), and the picture as 32 x 32 grey bytes."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    mean, spread = cv2.meanStdDev(grey)
    thumb = cv2.resize(grey, (THUMB, THUMB), interpolation=cv2.INTER_AREA)
    return float(mean[0, 0]), float(spread[0, 0]), thumb.tobytes()


def quality(chip: Bytes, face_px: float) -> Quality:
    """How usable the face is, on its aligned chip without the border (vision.md §4)."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)[BORDER:-BORDER, BORDER:-BORDER].astype(np.float32)
    spread = float(grey.var())
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return Quality(
        face_px=face_px,
        luma=float(grey.mean()),
        clipped=float((grey >= CLIPPED_MIN).mean()),
        sharpness=100 * edges / spread if spread else 0.0,
    )
