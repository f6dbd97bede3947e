"""Photos for tests: a real face in every condition, painted ones that stand for made-up faces, and ZIPs."""

import io
import zipfile
from functools import cache
from importlib.resources import files
from pathlib import Path

import asyncpg
import numpy as np
from PIL import Image, ImageFilter, ImageStat

from exam_engine.enrolment import Eyes
from proctor.keys import PersonKeys
from proctor.pictures import Pictures
from proctor.sight import Face, Quality, Sight
from proctor.vision import VisionAway, VisionState

RED, REDDISH, GREEN, BLUE = (220, 30, 30), (214, 40, 36), (30, 200, 30), (30, 30, 210)
POINTS = (0.0,) * 10
GOOD = Quality(face_px=200.0, luma=120.0, clipped=0.0, sharpness=3.0)


def jpeg_of(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", **options)
    return out.getvalue()


@cache
def photograph(name: str) -> Image.Image:
    """One of scikit-image's: astronaut (one face), coffee (none)."""
    with Image.open(io.BytesIO((files("skimage") / "data" / f"{name}.png").read_bytes())) as picture:
        return picture.convert("RGB")


def portrait(side: int = 420) -> Image.Image:
    """The astronaut's head and shoulders."""
    return photograph("astronaut").crop((60, 0, 400, 340)).resize((side, side))


def two_faces() -> Image.Image:
    both = Image.new("RGB", (840, 420))
    both.paste(portrait(), (0, 0))
    both.paste(portrait(), (420, 0))
    return both


def far_away() -> Image.Image:
    picture = Image.new("RGB", (900, 900), (90, 90, 90))
    picture.paste(photograph("astronaut").resize((240, 240)), (330, 330))
    return picture


def stamp() -> Image.Image:
    """Only the face, but of a few pixels."""
    return photograph("astronaut").crop((140, 20, 320, 220)).resize((120, 134))


def blurred() -> Image.Image:
    return portrait(600).filter(ImageFilter.GaussianBlur(10))


def painted(colour: tuple[int, int, int], side: int = 300) -> bytes:
    """To PaintedEyes each colour is a face; the sides tell two pictures of it apart."""
    return jpeg_of(Image.new("RGB", (side, side), colour))


class PaintedEyes:
    """Sees a made-up face in a colour: alike colours are alike faces. What else it sees is set by the test."""

    def __init__(self, model: str = "painted/1") -> None:
        self.model = model
        self.away = ""
        self.quality: Quality | None = GOOD
        self.others: tuple[Face, ...] = ()
        self.looks = 0

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
        self.looks += 1
        if self.away:
            raise VisionAway(self.away)
        with Image.open(io.BytesIO(jpeg)) as picture:
            width, height = picture.size
            colour = ImageStat.Stat(picture).mean
        if self.quality is None:
            return Sight(width=width, height=height, model=self.model, luma=120.0)
        return Sight(
            width=640,
            height=640,
            model=self.model,
            faces=(Face((0, 0, self.quality.face_px, self.quality.face_px), 1.0, POINTS), *self.others),
            quality=self.quality,
            turn=0.0,
            vector=vector_of(colour),
        )

    def state(self) -> VisionState:
        return VisionState(
            model=self.model, workers=1, workers_alive=1, urgent=0, periodic=0, waited_s=0.0, reason=self.away
        )

    async def run(self) -> None:
        """There is nothing to keep working."""


def vector_of(colour: "list[float] | tuple[int, int, int]") -> bytes:
    numbers = np.zeros(128, "<f4")
    numbers[:3] = colour
    return bytes((numbers / np.linalg.norm(numbers)).astype("<f4").tobytes())


class House:
    """What enrolling needs of one, on a real database and folder."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", folder: Path, eyes: Eyes) -> None:
        self.pool = pool
        self.folder = folder
        self.keys = PersonKeys(pool, b"k" * 32)
        self.pictures = Pictures(folder, self.keys)
        self.vision = eyes

    def files(self) -> int:
        """How many pictures are on the disk."""
        return sum(1 for path in self.folder.rglob("*") if path.is_file())


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()
