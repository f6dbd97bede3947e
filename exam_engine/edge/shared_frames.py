"""Frames that go to many sockets: written once, packed once, and the same bytes to everybody.

aiohttp packs (permessage-deflate, RFC 7692) for each socket anew; with fifty desks that was most of a board's cost.
Here a frame is packed alone, pointing back at no frame before it, so that its bytes fit every socket that takes
packed frames of the usual window. What else is said on such a socket has to be packed alone too (`say`): aiohttp's
own running compressor does not know of the frames that went past it, and would point back into them.
"""

import asyncio
import struct
import zlib
from typing import Final

from aiohttp import ClientConnectionResetError, WSMsgType, web

WINDOW_BITS: Final = 15  # what browsers take; a socket with a smaller window has its frames packed for itself
LEVEL: Final = 1  # 200 MB/s and a fifth of the size; level 6 saves a tenth more for three times the work
PACKED_MIN: Final = 512  # bytes; a smaller frame is packed as it is sent
UNSENT_MAX: Final = 64 * 1024  # bytes that may wait in one socket before more is put into it
LOOK_S: Final = 0.02  # how often a full socket is looked at
_FIN_TEXT_PACKED: Final = 0x80 | 0x40 | WSMsgType.TEXT
_TAIL: Final = b"\x00\x00\xff\xff"  # left out at the end of every packed message, RFC 7692 §7.2.1


class Frame:
    """One text message for many. It is packed when the first socket needs it so."""

    __slots__ = ("_packed", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._packed = b""

    def packed(self) -> bytes:
        """The message as it goes over the line, with its header."""
        if not self._packed:
            packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS)
            packed = packer.compress(self.text) + packer.flush(zlib.Z_SYNC_FLUSH)
            payload = packed.removesuffix(_TAIL)
            self._packed = _header(len(payload)) + payload
        return self._packed


class Line:
    """One socket that such frames go to. All of it raises ConnectionError when the other side is gone."""

    __slots__ = ("_transport", "socket")

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.WriteTransport | None) -> None:
        self.socket = socket
        self._transport = transport

    async def send(self, frame: Frame) -> None:
        """Send it, then wait until little is left unsent: a slow desk takes memory for one frame and no more."""
        transport = self._transport
        if transport is None or transport.is_closing() or self.socket.closed:
            raise ClientConnectionResetError("gone")
        if self.socket.compress == WINDOW_BITS and len(frame.text) >= PACKED_MIN:
            transport.write(frame.packed())
        else:
            await say(self.socket, frame.text)
        while transport.get_write_buffer_size() > UNSENT_MAX:
            await asyncio.sleep(LOOK_S)
            if transport.is_closing():
                raise ClientConnectionResetError("gone")


async def say(socket: web.WebSocketResponse, text: bytes) -> None:
    """One small message to one socket, packed alone."""
    await socket.send_frame(text, WSMsgType.TEXT, int(socket.compress) or None)


def _header(length: int) -> bytes:
    """The header of an unmasked message of one piece (RFC 6455 §5.2)."""
    if length < 126:
        return struct.pack("!BB", _FIN_TEXT_PACKED, length)
    if length < 1 << 16:
        return struct.pack("!BBH", _FIN_TEXT_PACKED, 126, length)
    return struct.pack("!BBQ", _FIN_TEXT_PACKED, 127, length)
