"""A picture that goes over a phone's live socket in pieces, so that no answer waits behind all of it on a slow line."""

import asyncio
from typing import Final

from loadtest.words import Frame

PIECE_BYTES: Final = 16 * 1024
QUICK_S: Final = 0.5  # whose last picture was kept so soon sends all pieces of the next at once


class Carrying:
    """One picture under way: the n-th of its device, taken `ago_ms` before. `answer`: the server's word on it.

    Not `quick`: the next piece goes when the server has the one before.
    """

    __slots__ = ("_ago_ms", "_jpeg", "_n", "_parts", "_quick", "answer")

    def __init__(self, n: int, jpeg: bytes, ago_ms: int, *, quick: bool = False) -> None:
        self._quick = quick
        self._n, self._jpeg, self._ago_ms = n, memoryview(jpeg), ago_ms
        self._parts = -(-len(jpeg) // PIECE_BYTES)
        self.answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()

    def begin(self) -> list[bytes]:
        """The frames to send before anything was heard."""
        return [self._piece(part) for part in range(self._parts if self._quick else 1)]

    def _piece(self, part: int) -> bytes:
        ask = b"false" if self._quick else b"true"
        head = b'{"n":%d,"part":%d,"parts":%d,"ago_ms":%d,"ask":%b}\n' % (
            self._n, part, self._parts, self._ago_ms, ask
        )  # fmt: skip
        return b"".join((head, self._jpeg[part * PIECE_BYTES : (part + 1) * PIECE_BYTES]))

    def heard(self, frame: Frame) -> bytes:
        """What to send now that the server has said this; nothing if it is over, or about another picture."""
        if frame.n not in (self._n, 0) or self.answer.done():
            return b""
        if frame.type == "next_piece":
            return self._piece(frame.part) if 0 < frame.part < self._parts else b""
        self.answer.set_result(frame)
        return b""

    def broken(self) -> None:
        """The line is gone: nobody will say anything."""
        if not self.answer.done():
            self.answer.set_exception(ConnectionResetError("the line broke"))
