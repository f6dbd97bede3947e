"""What the fake camera plays: a real face that moves a little."""

import io
from importlib.resources import files
from pathlib import Path

from PIL import Image

FRAMES = 20
SIZE = (640, 480)
AROUND_THE_FACE = (64, 14, 384, 254)  # of scikit-image's photograph of the astronaut Eileen Collins (NASA)


def write_video(path: Path) -> None:
    """Write an MJPEG file, which is nothing but JPEGs one after the other."""
    with Image.open(io.BytesIO((files("skimage") / "data" / "astronaut.png").read_bytes())) as photograph:
        whole = photograph.convert("RGB")
    left, top, right, bottom = AROUND_THE_FACE
    with path.open("wb") as video:
        for frame in range(FRAMES):
            aside = abs(frame - FRAMES // 2)
            picture = whole.crop((left + aside, top, right + aside, bottom)).resize(SIZE)
            picture.save(video, "JPEG", quality=85)
