"""Pixels and what is measured of them: only JPEGs within their limits, and numbers one can work out by hand."""

import io

import numpy as np
import pytest
from PIL import Image

from proctor.measuring import SIDE_MAX, THUMB, decoded, light, quality
from tests.proctor.astronaut import frame, jpeg


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 100)).save(out, "PNG")
    return out.getvalue()


def test_a_jpeg_comes_out_as_red_green_blue() -> None:
    red = np.zeros((120, 160, 3), np.uint8)
    red[:, :, 0] = 250
    pixels = decoded(jpeg(red))
    assert pixels.shape == (120, 160, 3)
    assert pixels[60, 80].tolist() == pytest.approx([250, 0, 0], abs=3)


def test_a_grey_jpeg_has_three_equal_colours() -> None:
    out = io.BytesIO()
    Image.new("L", (160, 120), 90).save(out, "JPEG")
    assert decoded(out.getvalue()).shape == (120, 160, 3)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"text", png(), jpeg(frame())[:20]])
def test_what_is_no_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        decoded(data)


def test_a_picture_too_large_is_refused_by_its_header_alone() -> None:
    huge = bytearray(jpeg(frame()))
    at = next(i for i in range(len(huge)) if huge[i] == 0xFF and huge[i + 1] == 0xC0)
    huge[at + 5 : at + 9] = (SIDE_MAX + 1).to_bytes(2, "big") * 2
    with pytest.raises(ValueError, match="too large"):
        decoded(bytes(huge))


def test_the_light_of_a_picture_half_black_and_half_white() -> None:
    halves = np.zeros((100, 200, 3), np.uint8)
    halves[:, 100:] = 200
    luma, spread, thumb = light(halves)
    assert (luma, spread) == (100, 100)
    grey = np.frombuffer(thumb, np.uint8).reshape(THUMB, THUMB)
    assert (grey[:, :16].max(), grey[:, 16:].min()) == (0, 200)


def test_quality_is_measured_without_the_border_of_the_chip() -> None:
    chip = np.full((150, 150, 3), 255, np.uint8)
    chip[20:-20, 20:-20] = 100
    measured = quality(chip, 120.0)
    assert (measured.face_px, measured.luma, measured.clipped, measured.sharpness) == (120.0, 100.0, 0.0, 0.0)


def test_the_clipped_share_and_the_sharpness_of_a_chip() -> None:
    chip = np.zeros((150, 150, 3), np.uint8)
    chip[:, 75:] = 250
    edge = quality(chip, 80.0)
    assert edge.clipped == pytest.approx(0.5)
    chip[:, ::2] = 0
    stripes = quality(chip, 80.0)
    assert stripes.sharpness > 10 * edge.sharpness > 0
