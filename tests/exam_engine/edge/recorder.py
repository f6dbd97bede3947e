"""A line that keeps every byte the server sends: what a curious candidate could read, headers and all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

CHUNK_BYTES = 64 * 1024


@dataclass
class Recorder:
    """What came down the line so far."""

    base_url: str = ""
    received: bytearray = field(default_factory=bytearray)

    async def _serve(self, host: str, port: int, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        reader, writer = await asyncio.open_connection(host, port)

        async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, *, keep: bool) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(CHUNK_BYTES):
                    if keep:
                        self.received += data
                    target.write(data)
                    await target.drain()
            target.close()

        await asyncio.gather(pass_on(up, writer, keep=False), pass_on(reader, down, keep=True))


@contextlib.asynccontextmanager
async def recorded(base_url: str) -> AsyncIterator[Recorder]:
    """A recorder before this server; talk to its `base_url` instead."""
    host, _, port = base_url.removeprefix("http://").partition(":")
    recorder = Recorder()
    lines: set[asyncio.Task[None]] = set()

    def accept(up: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(recorder._serve(host, int(port), up, down))
        lines.add(line)
        line.add_done_callback(lines.discard)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    recorder.base_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield recorder
    finally:
        listening.close()
        await asyncio.gather(*lines)
