"""The streams of a PDF written anew: unpacked within limits and packed again, so that nothing lies behind the data.

Pictures inside (JPEG, JPEG 2000) keep their pixels as they are and lose what is no pixel: metadata, thumbnails, and
whatever follows their end. ISO 32000-1 §7.4 (filters), ITU-T T.81 annex B (JPEG), T.800 annexes A and I (JPEG 2000).
"""

import struct
import zlib
from typing import Final

import msgspec
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, StreamDecodeLevel

from exam_engine.registration.document_kinds import BadDocument, must_have_few_scans

STREAM_BYTES_MAX: Final = 64 * 1024 * 1024  # one stream unpacked; A4 in grey at 600 dpi is 35 MB
SIDE_MAX: Final = 20_000  # pixels; A3 at 600 dpi is 9921
PIXELS_MAX: Final = 100_000_000
LEVEL: Final = 6
PACKED: Final = frozenset(
    {"/FlateDecode", "/LZWDecode", "/ASCIIHexDecode", "/ASCII85Decode", "/RunLengthDecode"}
)  # fmt: skip
PICTURES: Final = frozenset({"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"})
SHORT: Final = {
    "/Fl": "/FlateDecode", "/LZW": "/LZWDecode", "/AHx": "/ASCIIHexDecode", "/A85": "/ASCII85Decode",
    "/RL": "/RunLengthDecode", "/DCT": "/DCTDecode", "/CCF": "/CCITTFaxDecode",
}  # fmt: skip
JPEG_KEPT: Final = frozenset({0xE0, 0xEE})  # JFIF and Adobe: how the colours are meant
JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
JP2_KEPT: Final = frozenset({b"jP  ", b"ftyp", b"jp2h", b"jp2c"})


class Rewritten(msgspec.Struct, frozen=True):
    """`filter_` "" and no `parms`: plain data. `unpacked`: bytes that were looked at."""

    data: bytes
    filter_: str
    parms: Object | None
    unpacked: int


def rewritten(stream: Object, scratch: Pdf) -> Rewritten:
    """The same stream, packed anew. Raises BadDocument, pikepdf.PdfError."""
    filters, parms = _chain(stream)
    last = filters[-1] if filters else ""
    if not all(name in PACKED for name in filters[:-1]) or last not in PACKED | PICTURES | {""}:
        raise BadDocument("document_broken", "filter")
    if filters == ["/FlateDecode"]:  # nearly all of them; what a predictor did to the data stays
        data = inflated(stream.read_raw_bytes())
        if data is not None:
            return Rewritten(zlib.compress(data, LEVEL), last, parms[0], len(data))
    if last in PACKED | {""}:
        data = _within(stream.read_bytes(StreamDecodeLevel.specialized))
        return Rewritten(zlib.compress(data, LEVEL), "/FlateDecode", None, len(data))
    data = _within(_unwrapped(stream, filters[:-1], parms[:-1], scratch))
    match last:
        case "/DCTDecode":
            data = bare_jpeg(data)
        case "/JPXDecode":
            data = bare_jpeg2000(data)
    return Rewritten(data, last, parms[-1], len(data))


def _chain(stream: Object) -> tuple[list[str], list[Object | None]]:
    """The names of the filters in the order they unpack, and the parameters of each."""
    filters = _listed(stream.get("/Filter"))
    parms = _listed(stream.get("/DecodeParms", stream.get("/DP")))
    names = [SHORT.get(str(name), str(name)) for name in filters]
    parms += [None] * (len(names) - len(parms))
    return names, [one if isinstance(one, Dictionary) else None for one in parms]


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, Array) else [value]


def _unwrapped(stream: Object, filters: list[str], parms: list[Object | None], scratch: Pdf) -> bytes:
    """The data before its last filter, which packs pictures."""
    raw = stream.read_raw_bytes()
    if not filters:
        return raw
    plain = [Dictionary({key: one[key] for key in ("/EarlyChange",) if key in one}) if one else None for one in parms]
    inner = Stream(scratch, raw, Filter=Array([Name(name) for name in filters]), DecodeParms=Array(plain))
    return inner.read_bytes(StreamDecodeLevel.specialized)


def inflated(raw: bytes) -> bytes | None:
    """What a whole zlib stream holds; None if it is damaged (qpdf may know better). Raises BadDocument over a bomb."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(raw, STREAM_BYTES_MAX + 1)
    except zlib.error:
        return None
    _within(data)
    return data if unpacker.eof else None


def _within(data: bytes) -> bytes:
    if len(data) > STREAM_BYTES_MAX:
        raise BadDocument("document_broken", "stream too long")
    return data


def must_be_drawable(width: int, height: int) -> None:
    """Raises BadDocument if no viewer should have to decode a picture of these sides."""
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX and width * height <= PIXELS_MAX):
        raise BadDocument("document_size", f"{width}x{height}")


def bare_jpeg(data: bytes) -> bytes:
    """A JPEG of its pixels alone: no EXIF, no comments, nothing behind its end. Raises BadDocument."""
    if not data.startswith(b"\xff\xd8"):
        raise BadDocument("document_broken", "jpeg")
    must_have_few_scans(data)
    kept, at = bytearray(b"\xff\xd8"), 2
    while True:
        marker, end = _segment(data, at)
        if marker == 0xD9:
            return bytes(kept + b"\xff\xd9")
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            must_be_drawable(width, height)
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in JPEG_KEPT:
            kept += data[at:end]
        at = end


def _segment(data: bytes, at: int) -> tuple[int, int]:
    """The marker at `at` and where its segment ends, with the coded data that follows the start of a scan."""
    if at + 4 > len(data):
        if data[at : at + 2] == b"\xff\xd9" or at >= len(data):  # many scanners forget the end
            return 0xD9, at
        raise BadDocument("document_broken", "jpeg cut off")
    first, marker = data[at], data[at + 1]
    if first != 0xFF:
        raise BadDocument("document_broken", "jpeg marker")
    if marker == 0xFF:  # a fill byte
        return 0x01, at + 1
    if marker == 0xD9 or marker in JPEG_ALONE:
        return marker, at + 2
    (length,) = struct.unpack_from(">H", data, at + 2)
    end = at + 2 + max(2, length)
    return marker, _scan_end(data, end) if marker == 0xDA else end


def _scan_end(data: bytes, at: int) -> int:
    """Where the next marker is: coded data has a zero behind each FF, but for restart markers."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
    return len(data)


def bare_jpeg2000(data: bytes) -> bytes:
    """A JPEG 2000 picture without boxes that are not part of it. Raises BadDocument."""
    if data.startswith(b"\xff\x4f\xff\x51"):  # the codestream alone
        _must_be_drawable_2000(data)
        return data
    kept, at, pictures = bytearray(), 0, 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            (length,), head = struct.unpack_from(">Q", data, at + 8), 16
        end = len(data) if length == 0 else at + length
        if length != 0 and (length < head or end > len(data)):
            raise BadDocument("document_broken", "jpeg 2000 box")
        if kind == b"jp2c":
            _must_be_drawable_2000(data[at + head : end])
            pictures += 1
        if kind in JP2_KEPT:
            kept += data[at:end]
        at = end
    if pictures != 1:
        raise BadDocument("document_broken", "jpeg 2000")
    return bytes(kept)


def _must_be_drawable_2000(codestream: bytes) -> None:
    if len(codestream) < 24 or not codestream.startswith(b"\xff\x4f\xff\x51"):
        raise BadDocument("document_broken", "jpeg 2000 codestream")
    width, height, left, top = struct.unpack_from(">IIII", codestream, 8)
    must_be_drawable(width - left, height - top)
