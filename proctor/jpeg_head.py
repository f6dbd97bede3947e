"""Whether bytes can be a JPEG worth keeping, told by their markers alone: nothing is decoded.

Eight hundred pictures come in a second, and most are only looked at by somebody later, if at all. What is told here in
microseconds: it begins and ends as a JPEG does, its segments lead to one frame header of a kind that cameras make, and
its sides lie within limits. Whether the picture itself is whole is known when it is decoded. The format is ITU-T T.81,
annex B.
"""

from typing import Final

SEGMENTS_MAX: Final = 100  # before the picture begins; a camera writes ten
SCANS_MAX: Final = 40  # a progressive picture has ten, and its thumbnail too: thousands would be a bomb
PRECISION: Final = 8  # bits of a sample
COMPONENTS: Final = frozenset({1, 3})  # grey and YCbCr; four are for printing
_START, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN: Final = b"\xff\xda"
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})  # Huffman: baseline, extended, progressive
_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_FRAME_BYTES: Final = 8  # of a frame header before its components; each of these has three more


class NoJpeg(Exception):
    """`code` says why: not_a_jpeg (something else), picture_broken (not whole, or of no kind a camera makes)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sides(data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises NoJpeg."""
    if not data.startswith(_START + b"\xff"):
        raise NoJpeg("not_a_jpeg")
    if not data.endswith(_END) or data.count(_SCAN) > SCANS_MAX:
        raise NoJpeg("picture_broken")
    found: tuple[int, int] | None = None
    at = len(_START)
    for _ in range(SEGMENTS_MAX):
        at, marker, length = _segment(data, at)
        if marker == _SCAN[1]:
            if found is None or at + length >= len(data) - len(_END):  # nothing comes after the scan's header
                break
            return found
        if marker in _FRAMES and found is None:
            found = _frame(data, at, length)
        elif marker in _FRAMES or marker in _OTHER_FRAMES:
            break
        at += length
    raise NoJpeg("picture_broken")


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """The segment that begins here: where its length stands, its marker, and its length (0 if it has none)."""
    if at + 2 > len(data) or data[at] != 0xFF:
        raise NoJpeg("picture_broken")
    while data[at + 1] == 0xFF:  # fill bytes; the last two bytes are the end marker, so this ends
        at += 1
    marker = data[at + 1]
    at += 2
    if marker in _ALONE:
        return at, marker, 0
    if marker in (0x00, _START[1], _END[1]) or at + 2 > len(data):
        raise NoJpeg("picture_broken")
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2 or at + length > len(data):
        raise NoJpeg("picture_broken")
    return at, marker, length


def _frame(data: bytes, at: int, length: int) -> tuple[int, int]:
    """Its sides; a height of 0, which is told later in the picture, is no camera's."""
    if length < _FRAME_BYTES or data[at + 2] != PRECISION or data[at + 7] not in COMPONENTS:
        raise NoJpeg("picture_broken")
    if length != _FRAME_BYTES + 3 * data[at + 7]:
        raise NoJpeg("picture_broken")
    height, width = int.from_bytes(data[at + 3 : at + 5], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
    return width, height
