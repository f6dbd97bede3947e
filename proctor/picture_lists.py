"""What the commands are pointed at: lists of pairs, lists of persons, folders. Checked before anything is looked at."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

YES, NO = frozenset({"1", "true", "yes", "y"}), frozenset({"0", "false", "no", "n"})
PICTURE_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
NUMBERED: Final = re.compile(r"(?P<person>.+)_\d{4}")  # as LFW names its files


class BadList(Exception):
    """What was given can't be used; `str()` is one line for a person."""


class Pair(msgspec.Struct, frozen=True):
    """Two pictures, and whether they are of one person."""

    a: Path
    b: Path
    same: bool


class Portrait(msgspec.Struct, frozen=True):
    """A picture; `person` is "" when nobody says who it is."""

    file: Path
    person: str


def read_pairs(file: Path, root: Path | None = None) -> list[Pair]:
    """The pairs of a CSV with the columns file_a, file_b, same; paths are relative to `root`, else to its folder.

    Raises BadList: not there, no such columns, empty, a picture that is not there, or pairs of one kind only.
    """
    folder = root or file.parent
    pairs = [
        Pair(folder / row["file_a"], folder / row["file_b"], _truth(row["same"], number, file))
        for number, row in _rows(file, ("file_a", "file_b", "same"))
    ]
    for kind, words in ((True, "one person"), (False, "two people")):
        if all(pair.same is not kind for pair in pairs):
            raise BadList(f"{file} has no pair of {words}: both kinds are needed")
    _all_there([path for pair in pairs for path in (pair.a, pair.b)])
    return pairs


def read_portraits(place: Path | None) -> list[Portrait]:
    """The pictures of a folder and those below it, or of a CSV with the columns person, file; by default one astronaut.

    In a folder the name says who it is, if it ends in a number of four digits: Name_0001.jpg. Raises BadList.
    """
    if place is None:
        return [Portrait(_astronaut(), "")]
    if not place.is_dir():
        rows = _rows(place, ("person", "file"))
        portraits = [Portrait(place.parent / row["file"], row["person"].strip()) for _, row in rows]
        _all_there([portrait.file for portrait in portraits])
        return portraits
    files = sorted(path for path in place.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS and path.is_file())
    if not files:
        raise BadList(f"no picture in {place} ({', '.join(sorted(PICTURE_ENDINGS))})")
    return [Portrait(file, _named(file)) for file in files]


def _rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows with their line numbers; at least one, each with all of these columns filled."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise BadList(
                    f"{file} has no column {', '.join(missing)}: its first line must name {', '.join(columns)}"
                )
            rows = [(reader.line_num, row) for row in reader]
    except OSError as problem:
        raise BadList(f"{file} can't be read: {problem.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise BadList(f"{file} is no CSV in UTF-8") from None
    if not rows:
        raise BadList(f"{file} has no rows")
    for number, row in rows:
        if not all((row[column] or "").strip() for column in columns):
            raise BadList(f"{file}, line {number}: {', '.join(columns)} must all be filled")
        yield number, row


def _truth(word: str, number: int, file: Path) -> bool:
    said = word.strip().lower()
    if said not in YES | NO:
        raise BadList(f"{file}, line {number}: same is {word!r}, not 1 or 0")
    return said in YES


def _all_there(paths: Sequence[Path]) -> None:
    for path in dict.fromkeys(paths):
        if not path.is_file():
            raise BadList(f"no such picture: {path}")


def _named(file: Path) -> str:
    found = NUMBERED.fullmatch(file.stem)
    return found["person"] if found else ""


def _astronaut() -> Path:
    """The photograph that comes with scikit-image, a development extra."""
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise BadList(
            "say which pictures: a folder, or a CSV of person,file (scikit-image would bring one to try with)"
        )
    return Path(found.origin).parent / "data" / "astronaut.png"
