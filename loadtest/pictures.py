"""Pictures that phones send: a small pool of real JPEGs, made once, each upload with bytes of its own."""

import io
from typing import Final

import numpy as np
from PIL import Image

POOL: Final = 32
WIDTH: Final = 480
HEIGHT: Final = 640
QUALITY: Final = 70  # a front camera's picture of this size has 30 to 50 KB


class Pictures:
    """Each is `next`'s once; a comment segment makes its bytes, and so its hash, unlike any other's."""

    def __init__(self, seed: int, pool: int = POOL) -> None:
        rng = np.random.default_rng(seed)
        self._pool = [_picture(rng) for _ in range(pool)]
        self._count = 0
        self._seed = seed

    def next(self, player: int) -> bytes:
        """A picture for this player's phone."""
        self._count += 1
        words = f"{self._seed}-{player}-{self._count}".encode()
        jpeg = self._pool[(player + self._count) % len(self._pool)]
        return jpeg[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + jpeg[2:]


def _picture(rng: np.random.Generator) -> bytes:
    """Soft light and shade with a camera's noise, so that it is as large as a photograph."""
    coarse = rng.integers(40, 215, (8, 6, 3), dtype=np.uint8)
    soft = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    noise = rng.normal(0, 6, (HEIGHT, WIDTH, 1))
    grainy = np.clip(np.asarray(soft, dtype=np.float32) + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grainy).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
