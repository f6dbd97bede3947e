"""A picture that comes over the candidate's socket in pieces, put together again; pure.

Each is a binary frame: a line of JSON (`messages.Piece`), then bytes. One socket has one unfinished picture at most,
and pieces come in order; what does not fit is refused, once for each picture, and the socket goes on. All sockets of a
process share a `Room`, and who lets a picture lie unfinished loses it, so that half pictures can't fill the memory.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from exam_engine.capture_turns import Room
from exam_engine.errors import Invalid, PersonError, TooLarge, Unavailable
from exam_engine.messages import PIECE_BYTES_MAX, NextPiece, PictureRefused, Piece, read_piece
from proctor.pictures import JPEG_BYTES_MAX

HEAD_BYTES_MAX: Final = 200  # the longest head has some 80
UNFINISHED_S: Final = 60.0  # 41 KB in that time are 6 kbit/s
FULL_S: Final = 10


class Picture(msgspec.Struct, frozen=True):
    """One whose last piece has come."""

    n: int
    jpeg: bytes
    why: str
    taken_at: datetime


class Pieces:
    """Of one socket. `busy`: a picture of it is being kept; whoever keeps it says so."""

    __slots__ = ("_begun_at", "_first", "_parts", "_refused", "_room", "_size", "busy")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._first: Piece | None = None  # the head of the unfinished picture's first piece
        self._begun_at: datetime | None = None
        self._parts: list[memoryview] = []
        self._size = 0
        self._refused = 0  # of this picture no more needs to be said
        self.busy = False

    def take(self, frame: bytes, now: datetime) -> Picture | NextPiece | PictureRefused | None:
        """What to do with a frame, or to say of it; None: nothing, nobody asked or it was refused already."""
        line = frame.find(b"\n", 0, HEAD_BYTES_MAX)
        try:
            head = read_piece(frame[: max(0, line)])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._refused = _number_in(frame[: max(0, line)])
            return refused(self._refused, Invalid("wrong_shape", detail=str(error)[:200]))
        if head.part > 0 and head.n == self._refused:
            return None
        try:
            return self._add(head, memoryview(frame)[line + 1 :], now)
        except PersonError as error:
            self.drop()
            self._refused = head.n
            return refused(head.n, error)

    def drop(self) -> None:
        """Forget the unfinished picture."""
        self._room.give_back(self._size)
        self._first, self._begun_at, self._parts, self._size = None, None, [], 0

    def drop_old(self, now: datetime) -> None:
        """Forget it if it was begun too long ago."""
        if self._begun_at is not None and now - self._begun_at > timedelta(seconds=UNFINISHED_S):
            self.drop()

    def _add(self, head: Piece, piece: memoryview, now: datetime) -> Picture | NextPiece | None:
        if head.part == 0:
            self.drop()
            self._first, self._begun_at, self._refused = head, now, 0
        first = self._first
        if first is None or (head.n, head.part, head.parts) != (first.n, len(self._parts), first.parts):
            raise Invalid("wrong_shape", detail="part")
        if not 0 < len(piece) <= PIECE_BYTES_MAX or head.part >= head.parts:
            raise Invalid("wrong_shape", detail="piece")
        if self._size + len(piece) > JPEG_BYTES_MAX:
            raise TooLarge("body_too_large", limit=JPEG_BYTES_MAX)
        if not self._room.take(len(piece)):
            raise Unavailable("try_again", retry_after_s=FULL_S)
        self._parts.append(piece)
        self._size += len(piece)
        if len(self._parts) < first.parts:
            return NextPiece(head.n, len(self._parts)) if head.ask else None
        return self._whole(first)

    def _whole(self, first: Piece) -> Picture:
        assert self._begun_at is not None, "it has a first piece"
        # As of its first piece: a hand-in between two of them must not make it late.
        taken_at = self._begun_at - timedelta(milliseconds=first.ago_ms)
        whole = Picture(first.n, b"".join(self._parts), first.why, taken_at)
        self.drop()
        return whole


class _Numbered(msgspec.Struct, frozen=True):
    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]


def _number_in(head: bytes) -> int:
    """Of which picture this is, if at least that can be read; else 0."""
    try:
        return msgspec.json.decode(head, type=_Numbered).n
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


def refused(n: int, error: PersonError) -> PictureRefused:
    """The same word as over HTTP."""
    return PictureRefused(n=n, code=error.code, status=error.status, facts=dict(error.facts))
