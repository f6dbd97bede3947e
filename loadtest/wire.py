"""One WebSocket of a phone or a board: the protocol core of `websockets` itself, right on the transport.

The library's ready-made connection has a queue and several futures for each socket and wants a task that reads it.
Measured with 1,500 of them on uvloop: 10.9 KB and 53 µs for a message and its answer, before the task; its sans-I/O
core (`ClientProtocol`) on a protocol of ours speaks the same in 5.8 KB and 40 µs, and calls its owner without a task.
"""

import asyncio
import contextlib
import socket
from typing import Final, Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

IP_BIND_ADDRESS_NO_PORT: Final = 24  # linux/in.h; Python names it from 3.12 on
CONNECT_S: Final = 8.0  # a line that is not there by then is given up, as the page does
BIG: Final = 64 * 1024 * 1024  # a board of ten thousand is one frame


class Owner(Protocol):
    """Who hears of it; each call once, but `heard`."""

    def opened(self) -> None: ...
    def heard(self, text: bytes) -> None: ...
    def gone(self, why: str) -> None:
        """`why`: cut, closed:<code> or http:<status>; never called after the owner let go himself."""


async def _connected(source: str, host: str, port: int) -> socket.socket:
    """A socket from this own address, whose port is chosen when it is known where it leads.

    Asked for a port before that, the kernel looks for one that nobody uses at all, and with ten thousand in use this
    was a sixth of what a generator did.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        with contextlib.suppress(OSError):  # elsewhere than on Linux there is no such option
            made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        made.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(made, (host, port))
    except BaseException:
        made.close()
        raise
    return made


class Line(asyncio.Protocol):
    """Made, then `reach`ed: `opened` follows, or `gone`."""

    __slots__ = ("_core", "_headers", "_owner", "_parts", "_transport")

    def __init__(self, owner: Owner, uri: WebSocketURI, headers: dict[str, str]) -> None:
        self._owner: Owner | None = owner
        self._core = ClientProtocol(uri, max_size=BIG)
        self._headers = headers
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] | None = None

    # --- what the loop says ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands.

        Who let go while it was being made is seen to by `reach`: hung up here, uvloop would close the socket's number,
        and Python's socket would not hear of it and close it again some time later, when it is somebody else's line.
        """
        self._transport = cast("asyncio.Transport", transport)
        if self._owner is None:
            return
        request = self._core.connect()
        request.headers.update(self._headers)
        self._headers = {}
        self._core.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Ask the core what it means."""
        core = self._core
        core.receive_data(data)
        self._flush()
        for event in core.events_received():
            if isinstance(event, Frame):
                self._frame(event)
            elif isinstance(event, Response):
                self._shaken()
        if core.close_expected() and self._transport is not None and core.state is State.CLOSED:
            self._transport.close()

    def eof_received(self) -> None:
        """The server says no more."""
        self._core.receive_eof()

    def connection_lost(self, _error: Exception | None) -> None:
        """It is over, whoever ended it."""
        self._transport = None
        self._tell_gone()

    # --- what the owner says ----------------------------------------------------------------------------------------

    async def reach(self, source: str, within_s: float = CONNECT_S) -> None:
        """Connect; never raises. `source` is the own address, "" for any: one has only some 28,000 ports."""
        uri, loop = self._core.uri, asyncio.get_running_loop()
        try:
            if source:
                async with asyncio.timeout(within_s):
                    made = await _connected(source, uri.host, uri.port)
                await loop.create_connection(lambda: self, sock=made)  # it leads there: nothing to wait for
            else:
                async with asyncio.timeout(within_s):
                    await loop.create_connection(lambda: self, uri.host, uri.port)
        except (OSError, TimeoutError):
            self._tell_gone()
        if self._owner is None and self._transport is not None:  # let go while it was being made
            self._transport.abort()

    def send(self, text: bytes) -> None:
        """One text frame; into the void if the line is gone, as it is with any network."""
        if self._transport is not None and self._core.state is State.OPEN:
            self._core.send_text(text)
            self._flush()

    def send_bytes(self, data: bytes) -> None:
        """One binary frame, as `send`."""
        if self._transport is not None and self._core.state is State.OPEN:
            self._core.send_binary(data)
            self._flush()

    def close(self) -> None:
        """Say goodbye; the owner hears no more."""
        self._owner = None
        if self._transport is not None and self._core.state is State.OPEN:
            self._core.send_close(1000)
            self._flush()
        elif self._transport is not None:
            self._transport.abort()

    def abort(self) -> None:
        """Without a word, as a lost network does; the owner hears no more."""
        self._owner = None
        if self._transport is not None:
            self._transport.abort()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self._core.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()

    def _shaken(self) -> None:
        if self._core.handshake_exc is None and self._owner is not None:
            self._owner.opened()

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            if self._owner is not None:
                self._owner.heard(bytes(frame.data))
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._parts = [*(self._parts or ()), bytes(frame.data)]
            if frame.fin:
                whole, self._parts = b"".join(self._parts), None
                if self._owner is not None:
                    self._owner.heard(whole)

    def _tell_gone(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.gone(self._why())

    def _why(self) -> str:
        refusal = self._core.handshake_exc
        if isinstance(refusal, InvalidStatus):
            return f"http:{refusal.response.status_code}"
        said = self._core.close_rcvd
        return "cut" if said is None else f"closed:{said.code}"
