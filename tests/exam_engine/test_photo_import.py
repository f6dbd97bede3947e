"""An import: a line for every file, whoever it is of, and nothing of people outside the caller's province."""

import io
import itertools
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest_asyncio

from exam_engine.known_faces import KnownFaces
from exam_engine.photo_files import INFLATED_MAX, FolderPhotos, PhotoFiles, ZipPhotos
from exam_engine.photo_import import AT_ONCE, Line, PhotoImport, Report
from tests.exam_engine.photo_samples import BLUE, GREEN, RED, House, PaintedEyes, painted, zipped

STAFF = 77
PEOPLE = itertools.count(1)


@pytest_asyncio.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=6) as pool:
        await pool.execute("DELETE FROM proctor.photos")
        yield House(pool, tmp_path / "pictures", PaintedEyes())


async def person(house: House, province: str | None = "11") -> str:
    """The ID number of a new person."""
    number = f"11010519{next(PEOPLE):02}01010019"[:18]
    organisation = None
    if province is not None:
        organisation = await house.pool.fetchval(
            """INSERT INTO people.organisations (kind, name, province) VALUES ('institution', $1, $2)
               RETURNING organisation_id""",
            f"测试医院{number}",
            province,
        )
    await house.pool.execute(
        "INSERT INTO people.persons (name, id_number, organisation_id) VALUES ($1, $2, $3)",
        f"测试{number[8:10]}",
        number,
        organisation,
    )
    return number


async def imported(
    house: House,
    files: PhotoFiles,
    province: str | None = None,
    *,
    replace: bool = True,
    known: KnownFaces | None = None,
) -> Report:
    report = Report()
    work = PhotoImport(house, files, report, province=province, by=STAFF, known=known or KnownFaces(), replace=replace)
    await work.run()
    return report


def archive(entries: dict[str, bytes]) -> ZipPhotos:
    return ZipPhotos(io.BytesIO(zipped(entries, zipfile.ZIP_DEFLATED)))


def said(report: Report) -> dict[str, str]:
    return {line.file: line.problem or " ".join((line.outcome, *line.doubts)) for line in report.files}


async def test_every_file_has_a_line_in_the_order_of_the_import(house: House) -> None:
    one, two, three, lookalike = [await person(house) for _ in range(4)]
    files = {
        f"{one}.jpg": painted(RED),
        f"甲/{two}.jpg": painted(GREEN),
        f"乙/{two}.JPG": painted(BLUE),
        "合影.jpg": painted(BLUE),
        "E99999999.jpg": painted(BLUE),
        f"{three}.jpg": b"no picture",
    }
    report = await imported(house, archive(files))
    assert said(report) == {
        f"{one}.jpg": "kept",
        f"甲/{two}.jpg": "duplicate_file",
        f"乙/{two}.JPG": "duplicate_file",
        "合影.jpg": "bad_name",
        "E99999999.jpg": "no_such_person",
        f"{three}.jpg": "not_a_jpeg",
    }
    assert [line.file for line in report.files] == list(files)
    assert (report.total, report.done, report.kept, report.pending, report.refused) == (6, 6, 1, 0, 5)
    assert report.files[0] == Line(file=f"{one}.jpg", outcome="kept", person=f"测试{one[8:10]}")
    report = await imported(house, archive({f"{lookalike}.jpg": painted(RED)}))
    assert (said(report), report.pending) == ({f"{lookalike}.jpg": "pending same_as_other"}, 1)


async def test_two_persons_with_one_face_in_the_same_import_are_noticed(house: House) -> None:
    numbers = [await person(house) for _ in range(2)]
    report = await imported(house, archive({f"{number}.jpg": painted(RED) for number in numbers}))
    assert sorted(said(report).values()) == ["kept", "pending same_as_other"]


async def test_people_of_other_provinces_do_not_exist_for_the_caller(house: House) -> None:
    mine, other, nobodys = await person(house, "11"), await person(house, "35"), await person(house, None)
    files = {f"{number}.jpg": painted(colour) for number, colour in ((mine, RED), (other, GREEN), (nobodys, BLUE))}
    report = await imported(house, archive(files), "11")
    assert list(said(report).values()) == ["kept", "no_such_person", "no_such_person"]
    assert [line.person for line in report.files[1:]] == ["", ""]
    assert list(said(await imported(house, archive(files), "")).values()) == ["no_such_person"] * 3
    assert list(said(await imported(house, archive(files))).values()) == ["kept"] * 3


async def test_a_folder_is_imported_like_a_zip(house: House, tmp_path: Path) -> None:
    number = await person(house)
    folder = tmp_path / "照片"
    folder.mkdir()
    (folder / f"{number[:17]} {number[17]}.jpg").write_bytes(painted(RED))
    assert list(said(await imported(house, FolderPhotos(folder))).values()) == ["kept"]


async def test_the_same_import_again_changes_nothing(house: House) -> None:
    numbers = [await person(house) for _ in range(9)]
    colours = [(index * 25, 250 - index * 25, (index * 97) % 256) for index in range(9)]
    files = {f"{number}.jpg": painted(colour) for number, colour in zip(numbers, colours, strict=True)}
    known = KnownFaces()
    first = await imported(house, archive(files), known=known)
    rows = await house.pool.fetch("SELECT photo_id, status FROM proctor.photos ORDER BY photo_id")
    again = await imported(house, archive(files), known=known)
    assert (said(again), again.done) == (said(first), 9)
    assert await house.pool.fetch("SELECT photo_id, status FROM proctor.photos ORDER BY photo_id") == rows


async def test_without_replacing_who_has_a_photo_keeps_it(house: House) -> None:
    number = await person(house)
    await imported(house, archive({f"{number}.jpg": painted(RED)}))
    report = await imported(house, archive({f"{number}.jpg": painted(RED, side=310)}), replace=False)
    assert said(report) == {f"{number}.jpg": "has_photo"}


async def test_a_process_that_has_to_end_stops_between_files_and_says_so(house: House) -> None:
    numbers = [await person(house) for _ in range(12)]
    files = archive(
        {f"{number}.jpg": painted((20 * index, 90, 250 - 20 * index)) for index, number in enumerate(numbers)}
    )
    report = Report()
    work = PhotoImport(
        house, files, report, province=None, by=STAFF, known=KnownFaces(), replace=True,
        stopping=lambda: report.done >= 4,
    )  # fmt: skip
    await work.run()
    assert (report.problem, report.total, report.done, len(report.files)) == ("stopped", 12, 4, 4)


async def test_a_bomb_ends_the_import_and_leaves_what_was_before(house: House) -> None:
    number = await person(house)
    files = {f"{number}.jpg": painted(RED)}
    others = [await person(house) for _ in range(8)]
    files |= {f"{other}.jpg": painted(GREEN) for other in others}
    photos = archive(files)
    # Files are taken AT_ONCE at a time, and which of those is read first is anybody's: all of the first lot fit.
    photos._inflated = INFLATED_MAX - sum(len(data) for data in list(files.values())[:AT_ONCE])
    report = await imported(house, photos)
    assert report.problem == "zip_bomb"
    assert said(report)[f"{number}.jpg"] == "kept"
    assert report.done < report.total


async def test_a_model_that_is_away_is_said_for_every_file(house: House) -> None:
    numbers = [await person(house) for _ in range(5)]
    eyes = PaintedEyes()
    eyes.away = "down"
    house.vision = eyes
    report = await imported(house, archive({f"{number}.jpg": painted(RED) for number in numbers}))
    assert (set(said(report).values()), report.problem, house.files()) == ({"model_away"}, "", 0)


async def test_a_database_that_is_away_ends_the_import(house: House) -> None:
    number = await person(house)
    await house.pool.close()
    report = await imported(house, archive({f"{number}.jpg": painted(RED), "合影.jpg": b""}))
    assert (report.problem, said(report)[f"{number}.jpg"]) == ("database_away", "database_away")
