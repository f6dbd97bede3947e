"""Pictures of items: PNG, JPEG and WebP of authors, decoded within limits and encoded anew.

What is kept holds no metadata and nothing beside the picture. PNG stays PNG while it is small, since the thin lines of
an ECG suffer in a JPEG; everything else becomes a JPEG. The same picture has the same name.
"""

import io
import warnings
from hashlib import sha256
from typing import Final

import msgspec
from PIL import Image, ImageOps

from exam_engine.registration.document_kinds import BadDocument, must_have_few_scans
from exam_engine.registration.document_pictures import opaque

PICTURE_BYTES_MAX: Final = 10 * 1024 * 1024
SIDE_MIN: Final = 16  # pixels
SIDE_MAX: Final = 8_000
PIXELS_MAX: Final = 40_000_000
KEPT_SIDE_MAX: Final = 1_600  # more than a phone shows, also when it is enlarged
PNG_KEPT_BYTES_MAX: Final = 600 * 1024
QUALITY: Final = 88
STARTS: Final = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"RIFF": "WEBP"}


class BadPicture(Exception):
    """A file that is no picture we keep. `code`: picture_kind, item_picture_size or item_picture_broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Kept(msgspec.Struct, frozen=True):
    """A picture as it is kept and served."""

    name: str
    media: str
    width: int
    height: int
    data: bytes


def clean(data: bytes) -> Kept:
    """The same picture anew. Raises BadPicture, whatever the file does to the decoder."""
    kind = next((kind for start, kind in STARTS.items() if data.startswith(start)), None)
    if kind is None or (kind == "WEBP" and data[8:12] != b"WEBP"):
        raise BadPicture("picture_kind")
    try:
        return _encoded(_opened(data, kind), kind)
    except BadPicture:
        raise
    except BadDocument as bad:
        raise BadPicture("item_picture_broken") from bad
    except Exception as error:  # decoders say in many ways that a file is broken
        raise BadPicture("item_picture_broken") from error


def _opened(data: bytes, kind: str) -> Image.Image:
    if kind == "JPEG":
        must_have_few_scans(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sizes and profiles; sizes are checked here
        try:
            image = Image.open(io.BytesIO(data), formats=[kind])
        except Image.DecompressionBombError as error:
            raise BadPicture("item_picture_size") from error
        with image:
            width, height = image.size
            if not (min(width, height) >= SIDE_MIN and max(width, height) <= SIDE_MAX and width * height <= PIXELS_MAX):
                raise BadPicture("item_picture_size")
            if getattr(image, "n_frames", 1) > 1:
                raise BadPicture("picture_kind")  # it moves
            image.draft(None, (KEPT_SIDE_MAX, KEPT_SIDE_MAX))
            ImageOps.exif_transpose(image, in_place=True)
            return opaque(image)


def _encoded(picture: Image.Image, kind: str) -> Kept:
    picture.thumbnail((KEPT_SIDE_MAX, KEPT_SIDE_MAX))
    picture.info.clear()  # a comment or a profile would be written again
    if kind != "JPEG" and len(data := _saved(picture, "PNG", optimize=True)) <= PNG_KEPT_BYTES_MAX:
        return Kept(sha256(data).hexdigest(), "image/png", *picture.size, data)
    data = _saved(picture, "JPEG", quality=QUALITY)
    return Kept(sha256(data).hexdigest(), "image/jpeg", *picture.size, data)


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
