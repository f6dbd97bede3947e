"""Pictures of items: clean, small, the same for the same; whatever is none is refused."""

import io

import pytest
from PIL import Image, PngImagePlugin

from exam_engine.item_pictures import BadPicture, clean


def made(kind: str, size: tuple[int, int] = (400, 300), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    picture = Image.new(mode, size, 0)
    picture.paste(255, (10, 10, 60, 60)) if mode in ("L", "1") else picture.paste("red", (10, 10, 60, 60))
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "media"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/png")])
def test_a_picture_is_kept_anew_and_named_by_what_is_kept(kind: str, media: str) -> None:
    kept = clean(made(kind))
    assert (kept.media, kept.width, kept.height) == (media, 400, 300)
    assert clean(made(kind)).name == kept.name
    assert clean(kept.data).media == media


def test_a_large_one_is_made_smaller_and_one_with_holes_is_put_on_white() -> None:
    assert max(clean(made("PNG", (4000, 1000))).width, 0) == 1600
    kept = clean(made("PNG", mode="RGBA"))
    shown = Image.open(io.BytesIO(kept.data))
    assert (shown.mode, shown.getpixel((300, 200))) == ("RGB", (255, 255, 255))


def test_nothing_but_the_picture_is_kept() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "secret-of-the-author")
    kept = clean(made("PNG", pnginfo=info) + b"secret-behind-the-picture")
    assert b"secret" not in kept.data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_kind"),
        (b"%PDF-1.7", "picture_kind"),
        (b"RIFF\0\0\0\0WAVE", "picture_kind"),
        (made("PNG")[:50], "item_picture_broken"),
        (made("JPEG")[:300], "item_picture_broken"),
        (made("PNG", (10, 400)), "item_picture_size"),
        (made("PNG", (8001, 20), "1"), "item_picture_size"),
        (made("PNG", (7000, 7000), "1"), "item_picture_size"),
    ],
)
def test_what_is_no_picture_we_keep_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadPicture) as caught:
        clean(data)
    assert caught.value.code == code


def test_a_picture_that_moves_is_refused() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(BadPicture):
        clean(out.getvalue())
