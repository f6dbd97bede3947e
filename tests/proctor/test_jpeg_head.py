"""The markers of a JPEG: what cameras send passes, what is none or would be a burden does not."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from proctor.jpeg_head import SCANS_MAX, SEGMENTS_MAX, NoJpeg, sides
from proctor.pictures import BadPicture, check_head


def jpeg(width: int = 320, height: int = 240, mode: str = "RGB", **how: object) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert(mode).save(out, "JPEG", **how)
    return out.getvalue()


GOOD = jpeg()
COMMENT = b"\xff\xfe\x00\x04ab"
FRAME_AT = GOOD.index(b"\xff\xc0")
SCAN_AT = GOOD.index(b"\xff\xda")


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        jpeg(mode="L"),
        jpeg(progressive=True),
        jpeg(optimize=True),
        jpeg(restart_marker_rows=1),
        jpeg(exif=b"Exif\x00\x00MM\x00*" + bytes(60_000)),
        GOOD[:2] + COMMENT * 20 + GOOD[2:],
        GOOD[:2] + b"\xff\xff\xff" + GOOD[2:],
    ],
    ids=["plain", "grey", "progressive", "optimised", "restarts", "much metadata", "comments", "fill bytes"],
)
def test_what_a_camera_sends_passes_with_its_sides(data: bytes) -> None:
    assert sides(data) == (320, 240)


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (4000, 3000)])
def test_the_sides_are_those_of_the_picture(size: tuple[int, int]) -> None:
    assert sides(jpeg(*size)) == size


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8", b"\x89PNG\r\n", b"GIF89a", b"<html>", b"\xff\xd8\x00\xff\xd9"]
)
def test_something_else_is_no_jpeg(data: bytes) -> None:
    with pytest.raises(NoJpeg) as caught:
        sides(data)
    assert caught.value.code == "not_a_jpeg"


@pytest.mark.parametrize(
    "data",
    [
        GOOD[:-2],
        GOOD[: len(GOOD) // 2],
        GOOD[:SCAN_AT] + b"\xff\xd9",
        GOOD[: SCAN_AT + 4] + b"\xff\xd9",
        GOOD[:FRAME_AT] + GOOD[SCAN_AT:],
        GOOD[:FRAME_AT] + b"\xff\xc9" + GOOD[FRAME_AT + 2 :],
        GOOD[:FRAME_AT] + b"\xff\xc3" + GOOD[FRAME_AT + 2 :],
        GOOD[: FRAME_AT + 4] + b"\x0c" + GOOD[FRAME_AT + 5 :],
        GOOD[: FRAME_AT + 9] + b"\x04" + GOOD[FRAME_AT + 10 :],
        GOOD[: FRAME_AT + 2] + b"\xff\xff" + GOOD[FRAME_AT + 4 :],
        GOOD[: FRAME_AT + 2] + b"\x00\x00" + GOOD[FRAME_AT + 4 :],
        GOOD[:SCAN_AT] + GOOD[FRAME_AT:],
        GOOD[:2] + COMMENT * (SEGMENTS_MAX + 1) + GOOD[2:],
        GOOD[:-2] + b"\xff\xda" * (SCANS_MAX + 1) + b"\xff\xd9",
        b"\xff\xd8\xff" + b"\xff" * 1000 + b"\xd9",
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 200_000 + b"\xff\xd9",
        jpeg(mode="CMYK"),
    ],
    ids=[
        "no end", "half", "no scan", "nothing in the scan", "no frame", "arithmetic coding", "lossless", "12 bits",
        "four components by lie", "a length beyond the end", "no length", "two frames", "endless comments",
        "endless scans", "fill bytes to the end", "a megabyte of empty segments", "for printing",
    ],
)  # fmt: skip
def test_what_is_not_whole_or_would_be_a_burden_is_broken(data: bytes) -> None:
    with pytest.raises(NoJpeg) as caught:
        sides(data)
    assert caught.value.code == "picture_broken"


@settings(max_examples=50)
@given(st.binary(max_size=300), st.integers(0, len(GOOD) - 1), st.booleans())
def test_whatever_comes_there_is_an_answer(noise: bytes, at: int, whole: bool) -> None:
    data = GOOD[:at] + noise + (GOOD[at:] if whole else b"\xff\xd9")
    with contextlib.suppress(NoJpeg):
        assert all(0 <= side < 65536 for side in sides(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (jpeg(100, 240), "picture_size"),
        (jpeg(320, 2000), "picture_size"),
        (b"%PDF", "not_a_jpeg"),
        (GOOD[:300], "picture_broken"),
    ],
)
def test_a_picture_that_is_not_kept_says_why(data: bytes, code: str) -> None:
    with pytest.raises(BadPicture) as caught:
        check_head(data)
    assert caught.value.code == code


def test_too_many_bytes_are_not_looked_at() -> None:
    with pytest.raises(BadPicture, match="picture_too_large"):
        check_head(GOOD, bytes_max=len(GOOD) - 1)
