"""Physicians who are ready and press 【去考试】 at their own moments: open loop, nobody waits for anybody.

Run as a process of its own: `python -m tests.bench.starter` with its orders as JSON on standard input, the figures as
JSON on standard output. `line` says how they speak: "socket" as the page does (the start over the socket, the paper
comes with it), "asking" as pages of before did (the start over the socket, then the paper by a request of its own), or
"http" as where sockets can't be had. All latencies count from the intended moment.
"""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop

OPENING = 64  # pages opened at once, before anybody presses
DEVICE = "bench-device"
HELLO = json.dumps({"type": "hello", "device": DEVICE, "since": 0})


class Physician:
    """One who is ready. `done_s`: from the moment he meant to press until the whole paper was there."""

    def __init__(self, http: aiohttp.ClientSession, base: str, line: str, target: dict[str, Any]) -> None:
        self._http = http
        self._sockets, self._asks = line != "http", line == "asking"
        self._start = {"type": "start", "paper": not self._asks}
        self._url = f"{base}/api/attempts/{target['attempt_id']}"
        self._headers = {"Authorization": f"Bearer {target['token']}"}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.done_s = 0.0
        self.paper_bytes = 0

    async def open(self) -> None:
        """His page is open: it has had a look, and where there are sockets its own is there and greeted."""
        async with self._http.get(f"{self._url}?device={DEVICE}", headers=self._headers) as response:
            await response.read()
        if not self._sockets:
            return
        self._socket = await self._http.ws_connect(f"{self._url}/live", headers=self._headers, max_msg_size=0)
        await self._socket.send_str(HELLO)
        await self._socket.receive()

    async def press(self, meant_at_s: float) -> None:
        """【去考试】, until he sees the paper."""
        await asyncio.sleep(meant_at_s - time.perf_counter())
        paper = await (self._by_http() if self._socket is None else self._by_socket(self._socket))
        if self._asks:
            async with self._http.get(f"{self._url}/paper?device={DEVICE}", headers=self._headers) as response:
                paper = await response.text()
        assert '"items":[{"no":1,' in paper, paper
        self.done_s = time.perf_counter() - meant_at_s
        self.paper_bytes = len(paper.encode())

    async def _by_http(self) -> str:
        body = {"device": DEVICE, "commands": [self._start]}
        async with self._http.post(f"{self._url}/commands", json=body, headers=self._headers) as response:
            return await response.text()

    async def _by_socket(self, socket: aiohttp.ClientWebSocketResponse) -> str:
        await socket.send_json(self._start)
        wanted = '"ack"' if self._asks else '"paper"'
        while not (said := await socket.receive_str()).startswith(f'{{"type":{wanted}'):
            assert said.startswith(('{"type":"told"', '{"type":"ack"')), said
        return said

    async def close(self) -> None:
        """He goes."""
        if self._socket is not None:
            await self._socket.close()


async def main() -> None:
    """Everybody's page opens; a word on standard error; then they press, evenly over `over_s`."""
    orders = json.loads(sys.stdin.readline())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        people = [Physician(http, orders["base"], orders["line"], target) for target in orders["targets"]]
        for start in range(0, len(people), OPENING):
            await asyncio.gather(*(each.open() for each in people[start : start + OPENING]))
        sys.stdout.write("open\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)  # until the figures of before are taken
        cpu_s, begin_s, gap_s = time.process_time(), time.perf_counter() + 0.1, orders["over_s"] / len(people)
        await asyncio.gather(*(each.press(begin_s + place * gap_s) for place, each in enumerate(people)))
        figures = {
            "done_s": [each.done_s for each in people],
            "paper_bytes": sum(each.paper_bytes for each in people) // len(people),
            "cpu_s": time.process_time() - cpu_s,
        }
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
        await asyncio.gather(*(each.close() for each in people))


if __name__ == "__main__":
    uvloop.run(main())
