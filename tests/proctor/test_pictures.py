"""Evidence: only what is truly a JPEG gets in, nothing hidden comes along, and a file opens in its own place only."""

import io
import itertools
import resource
import shutil
import struct
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from proctor.keys import PersonKeys
from proctor.pictures import (
    JPEG_BYTES_MAX,
    KEPT_SIDE_MAX,
    SIDE_MAX,
    SIDE_MIN,
    BadPicture,
    Freed,
    Kept,
    Pictures,
    Sent,
    StoreAway,
    clean_jpeg,
)

SECRET = b"a secret of thirty-two bytes....."
MARKER = b"PRIVATE-MARKER-3141"
PERSONS = itertools.count(1)


def drawn(width: int = 200, height: int = 160, mode: str = "RGB") -> Image.Image:
    """A picture in which up, down, left and right differ: the upper half light, its left quarter dark."""
    picture = Image.new(mode, (width, height), 30 if mode == "L" else (30, 60, 90))
    picture.paste(200 if mode == "L" else (220, 210, 200), (0, 0, width, height // 2))
    picture.paste(0 if mode == "L" else (0, 0, 0), (0, 0, width // 4, height // 4))
    return picture


def jpeg(picture: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (picture or drawn()).save(out, "JPEG", **options)
    return out.getvalue()


def other(format_: str) -> bytes:
    out = io.BytesIO()
    drawn().save(out, format_)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.copy()


def refusal(data: bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return f"accepted {len(clean_jpeg(data))} bytes"
        except BadPicture as bad:
            return bad.code


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def with_sides(width: int, height: int) -> bytes:
    """A JPEG whose header claims other sides than it has."""
    data = bytearray(jpeg())
    frame = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC2))
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


# --- what gets in ------------------------------------------------------------------------------------------------


def test_a_jpeg_comes_out_as_a_jpeg_of_the_same_picture() -> None:
    clean = opened(clean_jpeg(jpeg()))

    assert (clean.format or "JPEG", clean.mode, clean.size) == ("JPEG", "RGB", (200, 160))
    assert clean_jpeg(jpeg()).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_grey_or_a_printers_jpeg_becomes_a_plain_one(mode: str) -> None:
    picture = drawn(mode="L") if mode == "L" else drawn().convert("CMYK")

    assert opened(clean_jpeg(jpeg(picture))).mode == "RGB"


def test_a_progressive_jpeg_is_accepted() -> None:
    assert opened(clean_jpeg(jpeg(progressive=True))).size == (200, 160)


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((KEPT_SIDE_MAX, KEPT_SIDE_MAX), (KEPT_SIDE_MAX, KEPT_SIDE_MAX)),
        ((1920, 1080), (960, 540)),
        ((1080, 1920), (540, 960)),
        ((SIDE_MAX, SIDE_MIN), (960, 28)),
    ],
)
def test_a_large_picture_is_kept_no_larger_than_a_face_check_needs(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    assert opened(clean_jpeg(jpeg(drawn(*size), quality=30))).size == kept


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((SIDE_MIN - 1, 200), "picture_size"),
        ((200, SIDE_MIN - 1), "picture_size"),
        ((SIDE_MAX + 1, 200), "picture_size"),
        ((1, 1), "picture_size"),
    ],
)
def test_a_picture_too_small_or_too_large_for_a_face_is_refused(size: tuple[int, int], code: str) -> None:
    assert refusal(jpeg(drawn(*size), quality=10)) == code


def test_a_picture_of_the_smallest_side_is_accepted() -> None:
    assert opened(clean_jpeg(jpeg(drawn(SIDE_MIN, SIDE_MIN)))).size == (SIDE_MIN, SIDE_MIN)


@pytest.mark.parametrize("format_", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_another_kind_of_picture_is_refused_whatever_it_is_called(format_: str) -> None:
    assert refusal(other(format_)) == "not_a_jpeg"


@pytest.mark.parametrize("format_", ["PNG", "GIF", "TIFF"])
def test_another_kind_of_picture_behind_the_first_bytes_of_a_jpeg_is_refused(format_: str) -> None:
    assert refusal(b"\xff\xd8\xff" + other(format_)) == "picture_broken"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"<svg/>", b"<script>alert(1)</script>", b"\x00" * 1000])
def test_what_is_no_picture_at_all_is_refused(data: bytes) -> None:
    assert refusal(data) == "not_a_jpeg"


def test_a_picture_of_too_many_bytes_is_refused_before_it_is_looked_at() -> None:
    assert refusal(jpeg() + b"\0" * JPEG_BYTES_MAX) == "picture_too_large"
    assert refusal(b"x" * (JPEG_BYTES_MAX + 1)) == "picture_too_large"


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_picture_that_breaks_off_is_refused(part: float) -> None:
    data = jpeg(drawn(640, 480), quality=90)

    assert refusal(data[: int(len(data) * part)]) == "picture_broken"


@pytest.mark.parametrize("sides", [(65_535, 65_535), (20_000, 20_000), (10_000, 10_000), (65_535, 1), (5_000, 5_000)])
def test_a_header_that_promises_huge_sides_is_refused_before_memory_is_taken(sides: tuple[int, int]) -> None:
    assert refusal(with_sides(*sides)) in ("picture_size", "picture_broken")


def test_a_header_without_height_is_refused() -> None:
    assert refusal(with_sides(200, 0)) in ("picture_size", "picture_broken")


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_jpeg_with_bytes_changed_is_accepted_or_refused_and_never_anything_else(
    changes: list[tuple[int, int]],
) -> None:
    data = bytearray(jpeg())
    for place, byte in changes:
        data[3 + place % (len(data) - 3)] = byte

    verdict = refusal(bytes(data))

    assert verdict.startswith("accepted") or verdict in ("picture_size", "picture_broken")


# --- what stays outside ------------------------------------------------------------------------------------------


def test_what_hangs_behind_the_picture_is_cut_off() -> None:
    hidden = jpeg() + MARKER * 20

    assert MARKER not in clean_jpeg(hidden)
    assert clean_jpeg(hidden) == clean_jpeg(jpeg())


def test_where_and_by_what_it_was_taken_is_cut_off() -> None:
    exif = Image.Exif()
    exif[0x010F] = MARKER.decode()  # the maker of the camera
    exif[0x9286] = MARKER.decode()  # a comment of the user
    exif.get_ifd(0x8825)[1] = "N"  # the place

    clean = clean_jpeg(jpeg(exif=exif))

    assert MARKER in jpeg(exif=exif)
    assert MARKER not in clean
    assert not dict(opened(clean).getexif())


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("a comment", segment(0xFE, MARKER)),
        ("XMP", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + MARKER + b"</x>")),
        ("a colour profile", segment(0xE2, b"ICC_PROFILE\0\x01\x01" + MARKER * 8)),
        ("Photoshop's", segment(0xED, b"Photoshop 3.0\0" + MARKER)),
        ("somebody's own", segment(0xEB, MARKER)),
        ("a thumbnail", segment(0xE0, b"JFXX\0\x10" + MARKER)),
    ],
)
def test_nothing_said_beside_the_picture_is_kept(name: str, hidden: bytes) -> None:
    data = jpeg()
    spoken = data[:2] + hidden + data[2:]

    assert MARKER in spoken
    assert MARKER not in clean_jpeg(spoken), name


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [(1, None), (3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_270), (8, Image.Transpose.ROTATE_90)],
)
def test_a_picture_that_a_phone_took_sideways_is_kept_upright(
    orientation: int, upright: Image.Transpose | None
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    right = drawn() if upright is None else drawn().transpose(upright)

    clean = opened(clean_jpeg(jpeg(exif=exif, quality=95)))

    assert clean.size == right.size
    corners = [(20, 20), (clean.width - 20, 20), (20, clean.height - 20), (clean.width - 20, clean.height - 20)]
    differences = [
        abs(a - b) for corner in corners for a, b in zip(_pixel(clean, corner), _pixel(right, corner), strict=True)
    ]
    assert max(differences) < 30


def _pixel(picture: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    found = picture.getpixel(place)
    assert isinstance(found, tuple)
    return tuple(int(part) for part in found)


# --- keeping -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def pool(database_url: str) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture
def keys(pool: "asyncpg.Pool[asyncpg.Record]") -> PersonKeys:
    return PersonKeys(pool, SECRET)


@pytest.fixture
def pictures(tmp_path: Path, keys: PersonKeys) -> Pictures:
    return Pictures(tmp_path, keys)


@pytest.fixture
def person() -> int:
    """Somebody no other test knows."""
    return next(PERSONS)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def place(folder: Path, person: int, name: str) -> Path:
    spread = sha256(str(person).encode()).hexdigest()
    return folder / spread[:2] / spread[2:4] / str(person) / name


@contextmanager
def disk_that_takes(bytes_max: int) -> Iterator[None]:
    """The kernel refuses to write more than so many bytes into a file, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_what_was_put_is_what_one_gets(pictures: Pictures, person: int) -> None:
    clean = clean_jpeg(jpeg())

    kept = await pictures.put(person, jpeg())

    assert kept == Kept(sha256(clean).hexdigest(), clean)
    assert await pictures.get(person, kept.name) == clean


async def test_the_same_picture_twice_is_one_file_written_once(pictures: Pictures, person: int, tmp_path: Path) -> None:
    await pictures.put(person, jpeg())
    (before,) = [file.read_bytes() for file in files(tmp_path)]
    await pictures.put(person, jpeg())

    assert [file.read_bytes() for file in files(tmp_path)] == [before]


async def test_the_same_picture_of_two_persons_is_two_files_of_different_content(
    pictures: Pictures, tmp_path: Path
) -> None:
    one, other_ = next(PERSONS), next(PERSONS)
    names = {(await pictures.put(person, jpeg())).name for person in (one, other_)}
    first, second = (file.read_bytes() for file in files(tmp_path))

    assert len(names) == 1
    assert first[-1000:] != second[-1000:]


async def test_what_lies_on_the_disk_is_no_picture(pictures: Pictures, person: int, tmp_path: Path) -> None:
    await pictures.put(person, jpeg())

    (file,) = files(tmp_path)
    data = file.read_bytes()
    assert b"\xff\xd8\xff" not in data[:64]
    assert b"JFIF" not in data
    assert clean_jpeg(jpeg())[:40] not in data
    assert file.stat().st_mode & 0o077 == 0


async def test_files_are_spread_over_many_folders(pictures: Pictures, tmp_path: Path) -> None:
    persons = [next(PERSONS) for _ in range(20)]
    kept = [await pictures.put(person, jpeg()) for person in persons]

    assert files(tmp_path) == sorted(
        place(tmp_path, person, one.name) for person, one in zip(persons, kept, strict=True)
    )
    assert len(list(tmp_path.iterdir())) > 10


async def test_a_file_put_in_the_place_of_another_picture_does_not_open(
    pictures: Pictures, person: int, tmp_path: Path
) -> None:
    first, second = await pictures.put(person, jpeg()), await pictures.put(person, jpeg(drawn(300, 300)))
    shutil.copy(place(tmp_path, person, second.name), place(tmp_path, person, first.name))

    assert await pictures.get(person, first.name) is None
    assert await pictures.get(person, second.name) == second.jpeg


async def test_a_file_put_in_the_place_of_another_person_s_does_not_open(pictures: Pictures, tmp_path: Path) -> None:
    one, other_ = next(PERSONS), next(PERSONS)
    kept = await pictures.put(one, jpeg())
    await pictures.put(other_, jpeg())
    shutil.copy(place(tmp_path, one, kept.name), place(tmp_path, other_, kept.name))

    assert await pictures.get(other_, kept.name) is None
    assert await pictures.get(one, kept.name) == kept.jpeg


async def test_a_picture_of_somebody_else_is_not_there(pictures: Pictures, person: int) -> None:
    kept = await pictures.put(person, jpeg())

    assert await pictures.get(next(PERSONS), kept.name) is None


@pytest.mark.parametrize("place_", [0, 1, 2, 3, 14, 15, 500, -1])
async def test_a_file_with_one_bit_changed_does_not_open_and_is_mended_when_put_again(
    pictures: Pictures, person: int, tmp_path: Path, place_: int
) -> None:
    kept = await pictures.put(person, jpeg())
    (file,) = files(tmp_path)
    data = bytearray(file.read_bytes())
    data[place_] ^= 1
    file.write_bytes(bytes(data))

    assert await pictures.get(person, kept.name) is None
    await pictures.put(person, jpeg())
    assert await pictures.get(person, kept.name) == kept.jpeg


@pytest.mark.parametrize("length", [0, 1, 3, 14, 15, 20, 31])
async def test_a_file_that_breaks_off_does_not_open(
    pictures: Pictures, person: int, tmp_path: Path, length: int
) -> None:
    kept = await pictures.put(person, jpeg())
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:length])

    assert await pictures.get(person, kept.name) is None


async def test_with_another_secret_nothing_opens_and_nothing_is_written_over(
    pictures: Pictures, pool: "asyncpg.Pool[asyncpg.Record]", person: int, tmp_path: Path
) -> None:
    kept = await pictures.put(person, jpeg())
    stranger = Pictures(tmp_path, PersonKeys(pool, b"another secret of 32 bytes......."))

    assert await stranger.get(person, kept.name) is None
    with pytest.raises(StoreAway, match="another secret"):
        await stranger.put(person, jpeg())
    assert await pictures.get(person, kept.name) == kept.jpeg


async def test_after_shredding_old_pictures_are_gone_and_new_ones_are_kept(
    pictures: Pictures, keys: PersonKeys, person: int
) -> None:
    old = await pictures.put(person, jpeg())
    bystander = next(PERSONS)
    other_ = await pictures.put(bystander, jpeg())
    await keys.shred(person)

    assert await pictures.get(person, old.name) is None
    new = await pictures.put(person, jpeg(drawn(300, 300)))
    assert await pictures.get(person, new.name) == new.jpeg
    assert await pictures.get(person, old.name) is None
    assert await pictures.get(bystander, other_.name) == other_.jpeg


async def test_a_picture_that_was_shredded_can_be_taken_again(
    pictures: Pictures, keys: PersonKeys, person: int
) -> None:
    kept = await pictures.put(person, jpeg())
    await keys.shred(person)

    assert await pictures.put(person, jpeg()) == kept
    assert await pictures.get(person, kept.name) == kept.jpeg


async def test_a_picture_nobody_took_is_not_there(pictures: Pictures, person: int) -> None:
    assert await pictures.get(person, "0" * 64) is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "", "a" * 63, "/" + "a" * 63, "..".ljust(64, "/"), "a" * 63 + ".", "a" * 64 + "\n"]
)
async def test_a_name_that_is_a_path_is_our_own_error(pictures: Pictures, person: int, name: str) -> None:
    with pytest.raises(AssertionError):
        await pictures.get(person, name)


async def test_a_bad_picture_leaves_nothing_behind(
    pictures: Pictures, pool: "asyncpg.Pool[asyncpg.Record]", person: int, tmp_path: Path
) -> None:
    with pytest.raises(BadPicture):
        await pictures.put(person, other("PNG"))

    assert files(tmp_path) == []
    assert await pool.fetchval("SELECT count(*) FROM proctor.keys WHERE person_id = $1", person) == 0


# --- kept as they came -------------------------------------------------------------------------------------------


def hiding(data: bytes) -> bytes:
    """The same picture with something beside the image."""
    return data[:2] + b"\xff\xfe\x00\x08secret" + data[2:]


async def test_what_is_kept_as_it_came_is_clean_when_it_is_shown(
    pictures: Pictures, person: int, tmp_path: Path
) -> None:
    sent = hiding(jpeg())
    (name,) = await pictures.keep_many([Sent(person, sent)])
    assert isinstance(name, str)

    assert name == sha256(sent).hexdigest()
    assert await pictures.get_as_kept(person, name) == sent
    shown = await pictures.get(person, name)
    assert shown == clean_jpeg(sent)
    assert b"secret" not in place(tmp_path, person, name).read_bytes()
    assert place(tmp_path, person, name).stat().st_mode & 0o077 == 0


async def test_many_are_kept_at_once_and_the_same_again_changes_nothing(pictures: Pictures, tmp_path: Path) -> None:
    persons = [next(PERSONS) for _ in range(5)]
    sent = [Sent(person, jpeg(drawn(200 + 10 * n, 200))) for n, person in enumerate(persons)]
    names = await pictures.keep_many([*sent, sent[0]])
    assert await pictures.keep_many(sent) == names[:5]

    assert len(files(tmp_path)) == 5
    for one, name in zip(sent, names, strict=False):
        assert isinstance(name, str)
        assert await pictures.get_as_kept(one.person_id, name) == one.jpeg


async def test_a_file_that_says_it_is_clean_and_is_not_does_not_open(
    pictures: Pictures, person: int, tmp_path: Path
) -> None:
    (name,) = await pictures.keep_many([Sent(person, hiding(jpeg()))])
    assert isinstance(name, str)
    file = place(tmp_path, person, name)
    file.write_bytes(b"\x01" + file.read_bytes()[1:])

    assert await pictures.get(person, name) is None
    assert await pictures.get_as_kept(person, name) is None


async def test_what_turns_out_to_be_no_picture_is_never_shown(pictures: Pictures, person: int) -> None:
    (name,) = await pictures.keep_many([Sent(person, b"\xff\xd8\xff no picture \xff\xd9")])
    assert isinstance(name, str)

    with pytest.raises(BadPicture):
        await pictures.get(person, name)


async def test_a_picture_that_was_shredded_can_be_kept_again(pictures: Pictures, keys: PersonKeys, person: int) -> None:
    sent = Sent(person, jpeg())
    (name,) = await pictures.keep_many([sent])
    assert isinstance(name, str)
    await keys.shred(person)
    assert await pictures.get(person, name) is None

    assert await pictures.keep_many([sent]) == [name]
    assert await pictures.get_as_kept(person, name) == sent.jpeg


async def test_on_a_full_disk_each_that_does_not_fit_says_so_and_the_others_are_kept(
    pictures: Pictures, person: int, tmp_path: Path
) -> None:
    small, large = jpeg(), jpeg(Image.effect_noise((640, 480), 100), quality=95)
    assert len(small) < 20_000 < len(large)
    with disk_that_takes(20_000):
        kept, lost = await pictures.keep_many([Sent(person, small), Sent(person, large)])

    assert isinstance(kept, str)
    assert isinstance(lost, StoreAway)
    assert [file.name for file in files(tmp_path)] == [kept]


# --- the disk says no --------------------------------------------------------------------------------------------


async def test_on_a_full_disk_the_store_is_away_and_nothing_half_written_stays(
    pictures: Pictures, person: int, tmp_path: Path
) -> None:
    noisy = jpeg(Image.effect_noise((640, 480), 100), quality=95)
    with disk_that_takes(20_000), pytest.raises(StoreAway, match="File too large"):
        await pictures.put(person, noisy)

    assert files(tmp_path) == []
    kept = await pictures.put(person, noisy)  # somebody made room
    assert await pictures.get(person, kept.name) == kept.jpeg


async def test_without_its_folder_the_store_is_away(keys: PersonKeys, person: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    pictures = Pictures(tmp_path / "file" / "pictures", keys)

    for work in (
        pictures.put(person, jpeg()),
        pictures.get(person, "0" * 64),
        pictures.delete(person, ["0" * 64]),
        pictures.clear(person),
    ):
        with pytest.raises(StoreAway):
            await work


async def test_where_there_is_no_store_nothing_counts_as_deleted(keys: PersonKeys, person: int, tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "not mounted", keys)

    with pytest.raises(StoreAway):
        await pictures.delete(person, ["0" * 64])
    with pytest.raises(StoreAway):
        await pictures.clear(person)


# --- deleting ----------------------------------------------------------------------------------------------------


async def test_a_deleted_picture_is_gone_and_the_others_stay(pictures: Pictures, person: int, tmp_path: Path) -> None:
    kept = [await pictures.put(person, jpeg(drawn(side, 200))) for side in (200, 210, 220)]
    sizes = [place(tmp_path, person, one.name).stat().st_size for one in kept]

    assert await pictures.sizes(person, [kept[0].name, "0" * 64]) == Freed(1, sizes[0])
    assert await pictures.delete(person, [kept[0].name, "0" * 64]) == Freed(1, sizes[0])
    assert await pictures.delete(person, [kept[0].name]) == Freed(0, 0)
    assert [await pictures.get(person, one.name) is None for one in kept] == [True, False, False]
    assert await pictures.delete(person, [one.name for one in kept]) == Freed(2, sizes[1] + sizes[2])
    assert not place(tmp_path, person, "x").parent.exists()


async def test_clearing_removes_what_no_row_names_too_and_nobody_else_s(
    pictures: Pictures, person: int, tmp_path: Path
) -> None:
    bystander = next(PERSONS)
    kept, stays = await pictures.put(person, jpeg()), await pictures.put(bystander, jpeg())
    place(tmp_path, person, "tmp_of_a_killed_process").write_bytes(b"half")

    freed = await pictures.clear(person)

    assert freed.files == 2
    assert await pictures.get(person, kept.name) is None
    assert files(tmp_path) == [place(tmp_path, bystander, stays.name)]
    assert await pictures.clear(person) == Freed(0, 0)
    assert await pictures.put(person, jpeg()) == kept
