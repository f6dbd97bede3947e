"""Photographs of any format and size, brought to what the exam keeps: upright, RGB, no side above 960, JPEG."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from proctor.pictures import KEPT_SIDE_MAX, QUALITY

FAITHFUL = 98

Bytes = NDArray[np.uint8]


class NotAPicture(Exception):
    """A file that can't be decoded; `str()` is one line for a person."""


def read(file: Path) -> Bytes:
    """The picture as (height, width, RGB). Raises NotAPicture."""
    try:
        with Image.open(file) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        reason = f": {problem.strerror}" if isinstance(problem, OSError) and problem.strerror else ""
        raise NotAPicture(f"{file} is not a picture that can be read{reason}") from None
    upright.thumbnail((KEPT_SIDE_MAX, KEPT_SIDE_MAX), Image.Resampling.LANCZOS)
    return np.asarray(upright, np.uint8)


def coded(rgb: Bytes, quality: int = QUALITY) -> bytes:
    """The picture as JPEG, as the exam keeps it."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=quality)
    return out.getvalue()


def faithful(rgb: Bytes) -> bytes:
    """The picture as a JPEG that hardly differs from it: for measuring what is in the pictures, not what coding costs.

    A camera's picture of 640 pixels loses nothing that matters by being coded once more; one of 250 pixels does.
    """
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=FAITHFUL, subsampling=0)
    return out.getvalue()
