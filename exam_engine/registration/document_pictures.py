"""JPEG and PNG as documents: decoded within limits, upright, without transparency, encoded anew.

What is kept holds no metadata (EXIF, place, thumbnail, comments) and nothing before, behind or between the picture.
"""

import io
import warnings
from typing import Final

from PIL import Image, ImageOps

from exam_engine.registration.document_kinds import JPEG, PNG, BadDocument, Cleaned, Purpose, must_have_few_scans

SIDE_MIN: Final = 32  # pixels
SIDE_MAX: Final = 8000
PIXELS_MAX: Final = 50_000_000  # the largest cameras of phones
KEPT_SIDE_MAX: Final = 2400  # A4 at 200 dpi
PHOTO_MIN: Final = (295, 413)  # a one-inch photo at 300 dpi (domain.md §4.1 photo)
PNG_KEPT_BYTES_MAX: Final = 2 * 1024 * 1024  # above, it is a photograph and better off as a JPEG
QUALITY: Final = 88
GREY: Final = frozenset({"1", "L"})
GREY_16: Final = frozenset({"I", "I;16", "I;16B", "I;16L"})
FORMATS: Final = {JPEG: "JPEG", PNG: "PNG"}


def clean_picture(data: bytes, media: str, purpose: Purpose) -> Cleaned:
    """The same picture anew; a photo is always a JPEG. Raises BadDocument, and anything over a broken file."""
    picture = _upright(data, media)
    if purpose == "photo" and not (picture.width >= PHOTO_MIN[0] and picture.height >= PHOTO_MIN[1]):
        raise BadDocument("photo_size")
    picture.thumbnail((KEPT_SIDE_MAX, KEPT_SIDE_MAX))
    picture.info.clear()  # a comment or a profile would be written again
    if media == PNG and purpose != "photo":
        kept = _encoded(picture, "PNG")
        if len(kept) <= PNG_KEPT_BYTES_MAX:
            return Cleaned(PNG, kept)
    return Cleaned(JPEG, _encoded(picture, "JPEG", quality=QUALITY))


def _upright(data: bytes, media: str) -> Image.Image:
    if media == JPEG:
        must_have_few_scans(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sizes and profiles; sizes are checked here
        try:
            image = Image.open(io.BytesIO(data), formats=[FORMATS[media]])
        except Image.DecompressionBombError as error:
            raise BadDocument("document_size") from error
        with image:
            sides = image.size
            if not all(SIDE_MIN <= side <= SIDE_MAX for side in sides) or sides[0] * sides[1] > PIXELS_MAX:
                raise BadDocument("document_size", f"{sides[0]}x{sides[1]}")
            image.draft(None, (KEPT_SIDE_MAX, KEPT_SIDE_MAX))  # a large JPEG is decoded smaller at once
            ImageOps.exif_transpose(image, in_place=True)  # a large picture should not be in memory three times
            return opaque(image)


def opaque(picture: Image.Image) -> Image.Image:
    """In grey or colour, on white: transparency would be shown differently by each viewer, or lost on a dark page."""
    if picture.has_transparency_data:
        shown = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(shown, mask=shown.getchannel("A"))
        return white
    if picture.mode in GREY_16:
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture.convert("L" if picture.mode in GREY else "RGB")


def _encoded(picture: Image.Image, format_: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_, **options)
    return out.getvalue()
