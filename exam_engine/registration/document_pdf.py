"""PDF as a document: built anew from what its pages need to be drawn, by a list of what may come along.

Nothing else is copied: no actions (scripts, launching, links), no embedded or referenced files, no forms, no outline,
no metadata, no layers, no data of the program that made it. What annotations and fields show (stamps, seals, ticks) is
drawn into the page first. ISO 32000-1 §7.7.3 (pages), §8 and §9 (what resources may hold).
"""

import io
import math
from typing import Final, cast

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream, String

from exam_engine.registration.document_kinds import CLEANED_BYTES_MAX, PDF, BadDocument, Cleaned
from exam_engine.registration.document_streams import STREAM_BYTES_MAX, must_be_drawable, rewritten

PAGES_MAX: Final = 50
OBJECTS_MAX: Final = 50_000
VALUES_MAX: Final = 500_000
UNPACKED_BYTES_MAX: Final = 192 * 1024 * 1024  # all streams together
DEPTH_MAX: Final = 100
PAGE_SIDE_MAX: Final = 14_400  # points: 5 m, as much as viewers take
TAIL: Final = 1024  # where the end of a PDF has to be (ISO 32000-1 annex H.3)
# Dictionaries whose keys are names that the page's own content uses.
CATEGORIES: Final = frozenset(
    {"/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/Properties"}
)  # fmt: skip
FREE: Final = frozenset({"/CharProcs", "/Colorants"})
_KEYS: Final = (
    # any of them; forms, groups and pictures (§8.9, §8.10, §11.6)
    "Type Subtype Resources BBox Matrix FormType Group S CS I K G BC "
    "Width Height ColorSpace BitsPerComponent ImageMask Mask Decode Interpolate SMask SMaskInData Intent Matte "
    # states (§8.4.5)
    "LW LC LJ ML D RI OP op OPM Font FL SM SA BM CA ca AIS TK TR "
    # functions, patterns, shadings, colours (§7.10, §8.6, §8.7)
    "FunctionType Domain Range Size BitsPerSample Order Encode C0 C1 N Functions Bounds "
    "PatternType PaintType TilingType XStep YStep Shading ExtGState "
    "ShadingType Background AntiAlias Coords Function Extend BitsPerCoordinate BitsPerFlag VerticesPerRow "
    "WhitePoint BlackPoint Gamma Alternate Colorants Process Components "
    # fonts (§9)
    "BaseFont FirstChar LastChar Widths FontDescriptor Encoding ToUnicode DescendantFonts FontBBox FontMatrix "
    "CharProcs CIDSystemInfo Registry Ordering Supplement DW W DW2 W2 CIDToGIDMap BaseEncoding Differences "
    "CMapName UseCMap WMode FontName FontFamily FontStretch FontWeight Flags ItalicAngle Ascent Descent Leading "
    "CapHeight XHeight StemV StemH AvgWidth MaxWidth MissingWidth FontFile FontFile2 FontFile3 CharSet CIDSet Style "
    "Panose Length1 Length2 Length3 "
    # how data is packed (§7.4)
    "Predictor Colors Columns EarlyChange EndOfLine EncodedByteAlign Rows EndOfBlock BlackIs1 "
    "DamagedRowsBeforeError ColorTransform JBIG2Globals"
)
KEPT: Final = frozenset("/" + key for key in _KEYS.split())


def limit_qpdf() -> None:
    """For the whole process: a bomb stays shut also where qpdf unpacks by itself.

    To be called while files can be opened: reading an encrypted document asks the system for random numbers, and qpdf
    has to have found where they come from.
    """
    pikepdf.new().save(io.BytesIO(), encryption=pikepdf.Encryption(owner="any"))
    pikepdf.settings.set_qpdf_limits(
        doc_max_warnings=200,
        parser_max_nesting=100,
        parser_max_container_size=VALUES_MAX,
        max_stream_filters=4,
        flate_max_memory=STREAM_BYTES_MAX,
        png_max_memory=STREAM_BYTES_MAX,
        run_length_max_memory=STREAM_BYTES_MAX,
        tiff_max_memory=STREAM_BYTES_MAX,
    )


def clean_pdf(data: bytes) -> Cleaned:
    """The same pages in a fresh file. Raises BadDocument, and anything over a broken one."""
    if b"%%EOF" not in data[-TAIL:]:
        raise BadDocument("document_broken", "no end")
    try:
        source = pikepdf.open(io.BytesIO(data), inherit_page_attributes=True)
    except pikepdf.PasswordError as error:
        raise BadDocument("document_locked") from error
    if source.is_encrypted:  # opens, but its maker restricted it
        raise BadDocument("document_locked")
    if len(source.objects) > OBJECTS_MAX:
        raise BadDocument("document_broken", "objects")
    _must_be_few(len(source.pages))
    _draw_annotations(source)
    target = pikepdf.new()
    copy = _Copy(target)
    for page in source.pages:
        target.pages.append(copy.page(page))
    return Cleaned(PDF, _saved(target), len(target.pages))


def _must_be_few(pages: int) -> None:
    if pages > PAGES_MAX:
        raise BadDocument("document_pages", str(pages))
    if pages == 0:
        raise BadDocument("document_broken", "no page")


def _draw_annotations(source: Pdf) -> None:
    """Put what annotations and fields look like into the pages' content."""
    form = source.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and form.get("/NeedAppearances", False):
        source.generate_appearance_streams()
    source.flatten_annotations("screen")


def _saved(target: Pdf) -> bytes:
    out = io.BytesIO()
    target.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    if out.tell() > CLEANED_BYTES_MAX:
        raise BadDocument("document_too_large")
    return out.getvalue()


class _Copy:
    """Copies what is listed into `target`; each indirect object once, so that loops end."""

    def __init__(self, target: Pdf) -> None:
        self._target = target
        self._done: dict[tuple[tuple[int, int], str], Object] = {}
        self._values = 0
        self._unpacked = 0

    def page(self, page: Page) -> Page:
        fresh = Dictionary(Type=Name.Page, MediaBox=_box(page.mediabox), CropBox=_box(page.cropbox))
        fresh.Rotate = int(page.rotation)
        fresh.Resources = self.copy(page.resources, "resources", 0)
        group = page.obj.get("/Group")
        if isinstance(group, Dictionary):
            fresh.Group = self.copy(group, "", 0)
        if "/Contents" in page.obj:
            page.contents_coalesce()
            content = page.obj.Contents.read_bytes()
            self._count(unpacked=len(content))
            fresh.Contents = Stream(self._target, content)
        return Page(self._target.make_indirect(fresh))

    def copy(self, value: object, role: str, depth: int) -> object:
        """`role` says which keys a dictionary may have: "resources", "free" (any names) or "" (KEPT)."""
        self._count(values=1)
        if depth > DEPTH_MAX:
            raise BadDocument("document_broken", "depth")
        match value:
            case Array():
                return Array([self.copy(one, "", depth + 1) for one in value])
            case Stream():
                return self._stream(value, depth)
            case Dictionary():
                return self._dictionary(value, role, depth)
            case Name():
                return Name(str(value))
            case String():
                return String(bytes(value))
            case _:
                return value  # numbers, truth and nothing are Python's own

    def _dictionary(self, value: Object, role: str, depth: int) -> Object:
        key = (value.objgen, role)
        if value.is_indirect and key in self._done:
            return self._done[key]
        fresh = Dictionary()
        if value.is_indirect:
            fresh = self._done[key] = self._target.make_indirect(fresh)
        self._fill(fresh, value, role, depth)
        return fresh

    def _fill(self, fresh: Object, value: Object, role: str, depth: int) -> None:
        allowed = CATEGORIES if role == "resources" else KEPT
        for key in sorted(value.keys()):  # the same document has to become the same file
            if role == "free" or key in allowed:
                fresh[key] = self.copy(value[key], _role(role, key), depth + 1)

    def _stream(self, value: Object, depth: int) -> Object:
        key = (value.objgen, "stream")
        if key in self._done:
            return self._done[key]
        fresh = self._done[key] = Stream(self._target, b"")
        if value.get("/Subtype") == Name.Image:
            must_be_drawable(int(value.Width), int(value.Height))
        new = rewritten(value, self._target)
        self._count(unpacked=new.unpacked)
        parms = cast("Dictionary", self.copy(new.parms, "", depth + 1)) if new.parms is not None else None
        fresh.write(new.data, filter=Name(new.filter_) if new.filter_ else None, decode_parms=parms)
        self._fill(fresh, value, "", depth)
        return fresh

    def _count(self, *, values: int = 0, unpacked: int = 0) -> None:
        self._values += values
        self._unpacked += unpacked
        if self._values > VALUES_MAX or self._unpacked > UNPACKED_BYTES_MAX:
            raise BadDocument("document_broken", "too much in it")


def _role(role: str, key: str) -> str:
    if role == "resources" or (role == "" and key in FREE):
        return "free"
    return "resources" if key == "/Resources" else ""


def _box(given: Array) -> Array:
    """The corners of a page, left, bottom, right, top. Raises BadDocument unless a viewer can show it."""
    left, bottom, right, top = (float(corner) for corner in given)
    sides = (abs(right - left), abs(top - bottom))
    if not all(math.isfinite(side) and 1 <= side <= PAGE_SIDE_MAX for side in sides):
        raise BadDocument("document_size", f"{sides[0]:.0f}x{sides[1]:.0f} points")
    return Array([left, bottom, right, top])
