"""Lines of a spreadsheet file (.xlsx), as they come: the first sheet that is not hidden.

A spreadsheet is a ZIP archive of XML made by a stranger, and a province's has 300,000 lines. So no tree of it is built:
expat walks through, and everything it may have to hold at once (a text, a tag, the table of shared strings, what the
parts unpack to) has a limit. Dates are numbers with a style that says so; a formula is not a value and is reported.
"""

import posixpath
import struct
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO, Final
from xml.parsers import expat

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from exam_engine.registration.sheet_lines import CELL_CHARS_MAX, COLUMNS_MAX, LINES_MAX, BadSheet, Line

CHUNK: Final = 256 * 1024
TAG_BYTES_MAX: Final = 1024 * 1024  # what expat keeps until a tag ends
SMALL_PART_MAX: Final = 16 * 1024 * 1024  # workbook, relations, styles
EXACT_BELOW: Final = 10**15  # a number of more digits has lost its last ones (an ID number typed as a number)
# Built-in formats that are dates or times, also those of Chinese spreadsheets (27-36, 50-58).
DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# What a broken or encrypted archive raises.
BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError),
    *(EOFError, LookupError, ValueError, OverflowError, RuntimeError),
)

_Start = Callable[[str, Mapping[str, str]], object]
_End = Callable[[str], object]


class XlsxLines:
    """One file; `unpacked_max` bounds what its sheet and its texts may unpack to, each (bytes)."""

    def __init__(self, file: BinaryIO, unpacked_max: int) -> None:
        """Raises BadSheet."""
        self._unpacked_max = unpacked_max
        self._done, self._size = 0, 1
        try:
            self._archive = zipfile.ZipFile(file)
            self._open()
        except BROKEN as error:
            raise BadSheet("sheet_unreadable") from error

    def _open(self) -> None:
        book = _related(self._archive, "", "/officeDocument").get("/officeDocument", ["xl/workbook.xml"])[0]
        parts = _related(self._archive, book, "/worksheet", "/sharedStrings", "/styles")
        sheet_id, self._epoch = self._first_sheet(book)
        self._sheet = parts["id"][parts["ids"].index(sheet_id)] if sheet_id in parts["ids"] else parts["/worksheet"][0]
        self._dates = _date_styles(self._archive, parts["/styles"][0]) if parts["/styles"] else frozenset[str]()
        self._strings = _Strings()
        if parts["/sharedStrings"]:
            self._read_strings(parts["/sharedStrings"][0])

    def _first_sheet(self, book: str) -> tuple[str, datetime]:
        """The relation of the first sheet that is shown, and the day dates are counted from."""
        found: list[str] = []
        epoch = WINDOWS_EPOCH

        def start(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal epoch
            if name == "sheet" and attributes.get("state", "visible") == "visible":
                found.extend(value for key, value in attributes.items() if key.endswith(":id"))
            elif name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                epoch = MAC_EPOCH

        for _ in _walk(self._archive, book, SMALL_PART_MAX, start):
            pass
        return (found or [""])[0], epoch

    def _read_strings(self, path: str) -> None:
        text = _Text()

        def end(name: str) -> None:
            if name == "si":
                self._strings.add(text.take())
            else:
                text.end(name)

        for _ in _walk(self._archive, path, self._unpacked_max, text.start, end, text.data):
            pass

    def lines(self) -> Iterator[Line]:
        """The lines that hold anything; raises BadSheet."""
        reader = _SheetReader(self._strings, self._dates, self._epoch)
        try:
            self._size = max(1, self._archive.getinfo(self._sheet).file_size)
            walk = _walk(self._archive, self._sheet, self._unpacked_max, reader.start, reader.end, reader.text.data)
            for self._done in walk:
                yield from reader.lines
                reader.lines.clear()
        except BROKEN as error:
            raise BadSheet("sheet_broken", row=reader.number + 1) from error

    def fraction(self) -> float:
        """How much of the sheet was gone through."""
        return min(1.0, self._done / self._size)


class _Strings:
    """The table of shared texts in one piece: a million of them as objects would take four times the memory."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def add(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __getitem__(self, index: int) -> str:
        if index < 0:
            raise IndexError
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogatepass")


class _Text:
    """The text of the cell or shared string at hand: what is `inside` `v` and `t`, without phonetic guides (`rPh`)."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.inside = False
        self._phonetic = False

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        if name == "t":
            self.inside = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self.inside = False
        elif name == "rPh":
            self._phonetic = False

    def data(self, piece: str) -> None:
        if self.inside:
            self._length += len(piece)
            if self._length > CELL_CHARS_MAX:
                raise BadSheet("sheet_cell_too_long", limit=CELL_CHARS_MAX)
            self._pieces.append(piece)

    def take(self) -> str:
        if not self._pieces:
            return ""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        return text


class _SheetReader:
    """What expat tells of a sheet, made into lines."""

    def __init__(self, strings: _Strings, dates: frozenset[str], epoch: datetime) -> None:
        self.lines: list[Line] = []
        self.number = 0
        self.text = _Text()
        self._strings, self._dates, self._epoch = strings, dates, epoch
        self._rows = 0
        self._column = -1
        self._columns: dict[str, int] = {}
        self._attributes: Mapping[str, str] = {}
        self._formula = False
        self._values: list[str] = []
        self._troubles: dict[int, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._column = self._place(attributes.get("r", ""))
            self._attributes = attributes
            self._formula = False
        elif name == "v":
            self.text.inside = True
        elif name == "row":
            self._start_row(attributes.get("r", ""))
        elif name == "f":
            self._formula = True
        else:
            self.text.start(name, attributes)

    def end(self, name: str) -> None:
        if name == "v":
            self.text.inside = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if self._values:
                self.lines.append(Line(self.number, self._values, self._troubles))
        else:
            self.text.end(name)

    def _start_row(self, number: str) -> None:
        self._rows += 1
        self.number = int(number) if number else self.number + 1
        if self._rows > LINES_MAX or not 0 < self.number <= LINES_MAX:
            raise BadSheet("sheet_too_many_rows", limit=LINES_MAX)
        self._column = -1
        self._values, self._troubles = [], {}

    def _place(self, reference: str) -> int:
        """The column of a cell from 0; the next one if it does not say."""
        if not reference:
            return self._column + 1
        letters = reference.rstrip("0123456789")
        if letters not in self._columns:
            self._columns[letters] = column_index_from_string(letters) - 1
        return self._columns[letters]

    def _end_cell(self) -> None:
        raw, values, column = self.text.take(), self._values, self._column
        if not (raw or self._formula) or column >= COLUMNS_MAX:
            return
        value, trouble = ("", "formula") if self._formula else self._value(raw)
        while len(values) <= column:
            values.append("")
        values[column] = value
        if trouble:
            self._troubles[column] = trouble

    def _value(self, raw: str) -> tuple[str, str]:
        """What a person sees in the cell, and what is wrong with it."""
        match self._attributes.get("t", "n"):
            case "s":
                return self._strings[int(raw)], ""
            case "n":
                return self._number(raw)
            case "e":
                return "", "cell_error"
            case "d":
                return raw[:10], ""
            case "b":
                return ("TRUE" if raw == "1" else "FALSE"), ""
            case _:
                return raw, ""

    def _number(self, raw: str) -> tuple[str, str]:
        if self._attributes.get("s", "") in self._dates:
            return _day(raw, self._epoch)
        if raw.isdigit() and raw.isascii():
            return raw, ""
        number = float(raw)
        if abs(number) >= EXACT_BELOW:
            return raw, "number_lost_digits"
        return (str(int(number)) if number.is_integer() else raw), ""


@lru_cache(maxsize=10_000)
def _day(raw: str, epoch: datetime) -> tuple[str, str]:
    """A number that is shown as a date, as one."""
    try:
        day = from_excel(float(raw), epoch)
    except (ValueError, OverflowError):
        return "", "cell_error"
    return (day.date().isoformat(), "") if isinstance(day, datetime) else (str(day), "")


def _date_styles(archive: zipfile.ZipFile, path: str) -> frozenset[str]:
    """Which styles of cells show a number as a date; `""` if the first does, which cells without a style have."""
    formats: set[int] = set(DATE_FORMATS)
    styles: list[int] = []
    inside = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside
        if name == "numFmt":
            number = int(attributes["numFmtId"])
            (formats.add if is_date_format(attributes.get("formatCode", "")) else formats.discard)(number)
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            styles.append(int(attributes.get("numFmtId", "0")))

    def end(name: str) -> None:
        nonlocal inside
        if name == "cellXfs":
            inside = False

    for _ in _walk(archive, path, SMALL_PART_MAX, start, end):
        pass
    dates = {str(index) for index, number in enumerate(styles) if number in formats}
    return frozenset(dates | {""} if "0" in dates else dates)


def _related(archive: zipfile.ZipFile, part: str, *kinds: str) -> dict[str, list[str]]:
    """The paths of what a part refers to, by the ends of their kinds; all together in "id", their names in "ids"."""
    folder, name = posixpath.split(part)
    found: dict[str, list[str]] = {kind: [] for kind in (*kinds, "id", "ids")}

    def start(element: str, attributes: Mapping[str, str]) -> None:
        if element != "Relationship" or attributes.get("TargetMode") == "External":
            return
        kind = next((kind for kind in kinds if attributes["Type"].endswith(kind)), "")
        if kind:
            path = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
            found[kind].append(path)
            if kind == kinds[0]:
                found["id"].append(path)
                found["ids"].append(attributes["Id"])

    for _ in _walk(archive, posixpath.join(folder, "_rels", f"{name}.rels"), SMALL_PART_MAX, start):
        pass
    return {kind: paths for kind, paths in found.items() if paths or kind != "/officeDocument"}


def _walk(
    archive: zipfile.ZipFile,
    path: str,
    bytes_max: int,
    start: _Start,
    end: _End | None = None,
    text: Callable[[str], object] | None = None,
) -> Iterator[int]:
    """Tell the elements of a part to the functions, by their names without prefix; yields how many bytes were read."""
    info = archive.getinfo(path)
    if info.file_size > bytes_max:  # the archive's own word, and no more than that comes out of it
        raise BadSheet("sheet_too_large", limit=bytes_max)
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # those of the .xlsx format
        raise BadSheet("sheet_unreadable")
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(name: str, attributes: Mapping[str, str]) -> None:
        """The first element says whether names have a prefix; few have, and millions need not be asked."""
        if ":" in name:
            parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
            parser.EndElementHandler = end and (lambda name: end(name.rpartition(":")[2]))
        else:
            parser.StartElementHandler = start
            parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        parser.StartElementHandler(name, attributes)

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = _refuse_doctype
    read = 0
    with archive.open(info) as file:
        while chunk := file.read(CHUNK):
            parser.Parse(chunk, False)
            read += len(chunk)
            if read - parser.CurrentByteIndex > TAG_BYTES_MAX:
                raise BadSheet("sheet_unreadable")
            yield read
    parser.Parse(b"", True)
    yield read


def _refuse_doctype(*_: object) -> None:
    raise BadSheet("sheet_unreadable")
