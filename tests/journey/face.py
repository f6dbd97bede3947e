"""What the fake camera plays: a real face that moves as living ones do, and whatever else a test shows it.

Chromium plays an MJPEG file (JPEGs one after the other) again and again, and reads it through a memory map. Every
frame is made the same length here, so that a test may write other pictures over the file while it plays.
"""

import io
import math
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

FRAMES: Final = 240  # eight seconds at thirty a second
FRAME_BYTES: Final = 64 * 1024
SIZE: Final = (640, 480)
AROUND_THE_FACE: Final = (64, 14, 384, 254)  # of scikit-image's photograph of the astronaut Eileen Collins (NASA)
SWAY: Final = 5.0  # pixels of the photograph
NOISE: Final = 4.0  # grey levels, as a cheap camera has them
QUALITY: Final = 70
COMMENT_MAX: Final = 65_533


class Feed:
    """The file of one fake camera."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(FRAMES * FRAME_BYTES))
        self.show_face()

    def show_face(self) -> None:
        """A living face: it sways, and no two pictures are the same."""
        self._write(living(photograph()))

    def show_photo(self) -> None:
        """A photograph held before the camera by a steady hand: it neither moves nor turns."""
        self._write(noisy(photograph().crop(AROUND_THE_FACE).resize(SIZE)))

    def show_nothing(self) -> None:
        """Something over the lens."""
        self._write(noisy(Image.new("RGB", SIZE, (6, 6, 6))))

    def _write(self, frames: Iterator[bytes]) -> None:
        with self.path.open("r+b") as file:
            for jpeg in frames:
                file.write(padded(jpeg))


def photograph() -> Image.Image:
    """The astronaut, the whole picture."""
    with Image.open(io.BytesIO((files("skimage") / "data" / "astronaut.png").read_bytes())) as found:
        return found.convert("RGB")


def portrait() -> bytes:
    """The same face as a reference photo: an upright JPEG."""
    left, top, right, bottom = 104, 0, 344, 320
    return as_jpeg(photograph().crop((left, top, right, bottom)).resize((480, 640)), 90)


def as_jpeg(picture: Image.Image, quality: int = QUALITY) -> bytes:
    """Encode it."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def padded(jpeg: bytes) -> bytes:
    """The same JPEG, made FRAME_BYTES long by comments that no decoder looks at."""
    missing = FRAME_BYTES - len(jpeg)
    assert missing >= 4, "a frame is too large"
    comments = b""
    while missing:
        size = min(missing - 4, COMMENT_MAX - 4)
        if 0 < missing - 4 - size < 4:  # what is left must hold another comment
            size -= 4
        comments += b"\xff\xfe" + (size + 2).to_bytes(2, "big") + bytes(size)
        missing -= size + 4
    return jpeg[:2] + comments + jpeg[2:]


def living(whole: Image.Image) -> Iterator[bytes]:
    """JPEGs of a face that sways a little, no two the same; they begin anew where they end."""
    rng = np.random.default_rng(1)
    left, top, right, bottom = AROUND_THE_FACE
    for frame in range(FRAMES):
        turn = 2 * math.pi * frame / FRAMES
        x, y = SWAY * math.sin(turn) + 0.4 * math.sin(7 * turn), SWAY * math.cos(2 * turn)
        box = (left + x, top + y, right + x, bottom + y)
        picture = whole.resize(SIZE, Image.Resampling.BILINEAR, box=box)
        yield as_jpeg(_with_noise(picture, rng))


def noisy(picture: Image.Image) -> Iterator[bytes]:
    """JPEGs of one picture, with nothing but a camera's noise to tell them apart."""
    rng = np.random.default_rng(2)
    for _ in range(FRAMES):
        yield as_jpeg(_with_noise(picture, rng))


def _with_noise(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(picture, np.float32)
    noise = rng.standard_normal(pixels.shape[:2], np.float32)[:, :, None] * np.float32(NOISE)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
