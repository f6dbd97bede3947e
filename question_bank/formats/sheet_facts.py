"""What a sheet says besides the values of its cells: merged cells, hidden rows, formatted pieces of texts, pictures.

The library that reads values row by row passes these over, and an item would be wrong without them in silence. They are
read from the sheet's own XML, and only where it speaks of them.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from question_bank.formats.markup import tree
from question_bank.formats.reading import Unreadable
from question_bank.formats.rich_text import Run, coded

MERGED_MAX: Final = 20_000
MARKS: Final = (b"mergeCell", b"hidden", b"inlineStr")  # without one of them the XML need not be walked through
SHIFTS: Final = {"superscript": "sup", "subscript": "sub"}
_CHUNK: Final = 1 << 20


class Merged(NamedTuple):
    """A rectangle of cells that are one; rows and columns from 1."""

    column: int
    row: int
    last_column: int
    last_row: int


class Facts(NamedTuple):
    """`inline`: texts whose pieces differ in format, by row and column. `pictures`: rows where one stands.

    `aside`: kinds of things that belong to no cell.
    """

    merged: tuple[Merged, ...] = ()
    hidden: frozenset[int] = frozenset()
    inline: Mapping[tuple[int, int], tuple[Run, ...]] = {}
    pictures: frozenset[int] = frozenset()
    aside: tuple[str, ...] = ()


def facts_of(archive: zipfile.ZipFile, path: str) -> Facts:
    """The facts of the sheet in the file `path` of a workbook. Raises Unreadable, and whatever a broken file raises."""
    content = archive.read(path)
    walker = _Walker()
    if any(mark in content for mark in MARKS):
        walker.walk(content)
    pictures, aside = _drawn(archive, path)
    return Facts(tuple(walker.merged), frozenset(walker.hidden), walker.inline, frozenset(pictures), aside)


def _drawn(archive: zipfile.ZipFile, path: str) -> tuple[set[int], tuple[str, ...]]:
    """The rows where pictures stand, and what else is laid over the sheet or hangs on it."""
    pictures: set[int] = set()
    aside: dict[str, None] = {}
    for kind, target in _related(archive, path):
        if kind == "comments" or kind.endswith("/threadedComment"):
            aside["comments of cells"] = None
        elif kind == "drawing" and target in archive.namelist():
            for anchor in tree(archive.read(target), target).nodes():
                if next(anchor.deep("pic"), None) is not None:
                    pictures.add(int(anchor.text_at("from", "row") or 0) + 1)
                elif anchor.name.endswith("Anchor"):
                    aside["drawings and charts of the sheet"] = None
    return pictures, tuple(aside)


def _related(archive: zipfile.ZipFile, path: str) -> Iterator[tuple[str, str]]:
    """The kind and the file of everything a sheet refers to."""
    folder, name = posixpath.split(path)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return
    for node in tree(archive.read(relations), relations).nodes("Relationship"):
        target = node.get("Target")
        whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        yield node.get("Type").rpartition("/")[2], whole


class _Walker:
    """The XML of a sheet, looked through once."""

    def __init__(self) -> None:
        self.merged: list[Merged] = []
        self.hidden: set[int] = set()
        self.inline: dict[tuple[int, int], tuple[Run, ...]] = {}
        self._row = self._column = 0
        self._runs: list[Run] | None = None  # of the inline text that is open
        self._run = Run("")
        self._texts: list[str] | None = None  # of the piece that is open

    def walk(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        for start in range(0, len(content), _CHUNK):
            parser.Parse(content[start : start + _CHUNK], False)
        parser.Parse(b"", True)

    def _doctype(self, *_: object) -> None:
        raise Unreadable("The sheet declares a document type: such XML can hold entities and is not read.")

    def _start(self, name: str, attributes: dict[str, Any]) -> None:
        local = name.rpartition(" ")[2]
        if local == "c":
            self._cell(attributes)
        elif local == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
            if attributes.get("hidden") in ("1", "true"):
                self.hidden.add(self._row)
        elif local == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif self._runs is not None:
            self._piece(local, attributes)

    def _cell(self, attributes: dict[str, Any]) -> None:
        place = attributes.get("r")
        row, column = coordinate_to_tuple(place) if place else (self._row, self._column + 1)
        self._row, self._column = row, column
        self._runs = [] if attributes.get("t") == "inlineStr" else None

    def _merge(self, ref: str) -> None:
        first, row, last, last_row = range_boundaries(ref)
        if None in (first, row, last, last_row) or len(self.merged) >= MERGED_MAX:
            raise Unreadable(f"The sheet has more than {MERGED_MAX} merged cells, or one of them is none.")
        self.merged.append(Merged(int(first or 0), int(row or 0), int(last or 0), int(last_row or 0)))

    def _piece(self, local: str, attributes: dict[str, Any]) -> None:
        on = attributes.get("val", "1") not in ("0", "false", "none")
        if local == "r":
            self._run = Run("")
        elif local == "t":
            self._texts = []
        elif local == "vertAlign":
            self._run = self._run._replace(shift=SHIFTS.get(attributes.get("val", ""), ""))
        elif local == "strike":
            self._run = self._run._replace(struck=on)
        elif local in ("b", "i", "u"):
            self._run = self._run._replace(strong=self._run.strong or on)

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if local == "t" and self._texts is not None and self._runs is not None:
            self._runs.append(self._run._replace(text=coded("".join(self._texts))))
            self._texts = None
        elif local == "is" and self._runs is not None:
            if any(run[1:] != Run("")[1:] for run in self._runs):
                self.inline[self._row, self._column] = tuple(self._runs)
            self._runs, self._run = None, Run("")

    def _data(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)
