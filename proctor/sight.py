"""What a face model saw in one picture: plain numbers, no verdict. Everything that judges starts from here."""

import msgspec


class Face(msgspec.Struct, frozen=True, gc=False):
    """One face. `box` is left, top, width, height in pixels of the picture as looked at.

    `landmarks` are x, y of: eye on the picture's left, eye on its right, nose, mouth corner left, mouth corner right.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: tuple[float, float, float, float, float, float, float, float, float, float]


class Quality(msgspec.Struct, frozen=True, gc=False):
    """How usable the largest face is, measured on its aligned chip (vision.md §4).

    `face_px` width of the face's box; `luma` mean brightness 0-255; `clipped` share of pixels at or above 250;
    `sharpness` Laplacian variance / variance x 100 (clean pictures 1.6 and more, blurred ones below 1).
    """

    face_px: float
    luma: float
    clipped: float
    sharpness: float


class Sight(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything seen in one picture. `faces` come largest first; what follows is about the largest.

    `turn` is y5: how far the nose is from the middle of eyes and mouth, in eye distances; negative towards the
    picture's left. `vector` is 128 float32 (little endian, length 1) or empty without a usable face; vectors of
    different `model`s can't be compared. `luma` and `spread` are mean and standard deviation of the whole picture's
    brightness; `thumb` is the picture as 32 x 32 grey bytes, to tell a frozen feed.
    """

    width: int
    height: int
    model: str
    faces: tuple[Face, ...] = ()
    quality: Quality | None = None
    turn: float | None = None
    vector: bytes = b""
    luma: float = 0.0
    spread: float = 0.0
    thumb: bytes = b""
