"""The clients' line, as a process of its own: one address, the serving processes behind it, and weather between.

    python -m loadtest.proxy --port 0 --seed 7

It says `{"port": …}` and then obeys one JSON object a line on standard input (`Order`), answering each with its
`Figures`. It ends with the end of its standard input: it does not outlive whoever started it.
"""

import argparse
import asyncio
import resource
import sys
from typing import Any, Final, Literal

import msgspec
import uvloop

from loadtest.link import End, Figures, Line, Link
from loadtest.weather import Weather

HOST: Final = "127.0.0.1"
BACKLOG: Final = 4096
AGAIN_S: Final = 0.1  # while nobody serves at all
PATIENCE_S: Final = 3.0  # then the client hears that nobody does
GONE_S: Final = 0.5  # who refused is asked last for so long


class Order(msgspec.Struct, omit_defaults=True):
    """What to do; what is left out stays as it is.

    `backends` are the ports that serve. `cut` is the share of open connections to cut: by a reset, or `silent` for
    `for_s` as in a tunnel, after which they go on; with a share of 1 newcomers share the silence. `refuse` resets every
    newcomer.
    """

    backends: list[int] | None = None
    weather: Weather | None = None
    cut: float = 0.0
    how: Literal["reset", "silent"] = "reset"
    for_s: float = 0.0
    refuse: bool | None = None


class Proxy(Line):
    """All connections. A newcomer goes to who has the fewest; one who refuses is passed over."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._links: set[Link] = set()
        self._backends: dict[int, int] = {}  # port: connections
        self._refused_at: dict[int, float] = {}
        self._refuse = False
        self._dark_until = 0.0

    def obey(self, order: Order) -> Figures:
        """Do it; returns the figures after it."""
        if order.backends is not None:
            self._backends = {port: self._backends.get(port, 0) for port in order.backends}
        if order.weather is not None:
            self.weather = order.weather
        if order.refuse is not None:
            self._refuse = order.refuse
        if order.cut:
            self._cut(order)
        self.figures.open = len(self._links)
        return self.figures

    def accept(self) -> End:
        """The end of a new connection that looks at the client."""
        return Link(self, self._come, self._over).front

    def end(self) -> None:
        """Cut everybody off."""
        for link in list(self._links):
            link.abort()

    def _cut(self, order: Order) -> None:
        links = list(self._links)
        chosen = self.rng.sample(links, round(len(links) * min(order.cut, 1.0)))
        self.figures.cut += len(chosen)
        until = self.loop.time() + order.for_s
        if order.how == "silent" and order.cut >= 1:
            self._dark_until = until
        for link in chosen:
            if order.how == "silent":
                link.hold(until)
            else:
                link.abort()

    def _come(self, link: Link) -> None:
        self.figures.accepted += 1
        self._links.add(link)
        if self._refuse:
            self.figures.refused += 1
            link.abort()
        else:
            opens_at = max(self._dark_until, self.loop.time() + 2 * self.weather.latency_s)
            link.front.lane.open(opens_at)
            link.connecting = self.loop.create_task(self._connect(link, opens_at))

    def _over(self, link: Link) -> None:
        self._links.discard(link)
        self._leave(link)

    async def _connect(self, link: Link, opens_at: float) -> None:
        """Find somebody who serves, after the time that a handshake takes."""
        if opens_at > self.loop.time():
            await asyncio.sleep(opens_at - self.loop.time())
        patient_until = self.loop.time() + PATIENCE_S
        while self.loop.time() < patient_until:
            for port in self._in_order():
                if await self._reached(link, port):
                    return
            await asyncio.sleep(AGAIN_S)
        self.figures.refused += 1
        link.connecting = None
        link.abort()

    async def _reached(self, link: Link, port: int) -> bool:
        self._backends[port] = self._backends.get(port, 0) + 1
        link.port = port
        try:
            await self.loop.create_connection(lambda: link.back, HOST, port)
        except OSError:
            self._leave(link)
            self._refused_at[port] = self.loop.time()
            self.figures.retried += 1
            return False
        return True

    def _in_order(self) -> list[int]:
        now = self.loop.time()

        def last(port: int) -> tuple[bool, int]:
            return now - self._refused_at.get(port, now - GONE_S) < GONE_S, self._backends[port]

        return sorted(self._backends, key=last)

    def _leave(self, link: Link) -> None:
        """It is not connected to a backend any more, or never came to be."""
        if link.port in self._backends:
            self._backends[link.port] -= 1
        link.port = 0


async def run(port: int, seed: int) -> None:
    """Serve until standard input ends."""
    proxy = Proxy(seed)
    orders = asyncio.StreamReader()
    await proxy.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    server = await proxy.loop.create_server(proxy.accept, HOST, port, backlog=BACKLOG, reuse_address=True)
    _say({"port": server.sockets[0].getsockname()[1]})
    while line := await orders.readline():
        _say(proxy.obey(msgspec.json.decode(line, type=Order)))
    server.close()
    proxy.end()


def _say(told: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """For `python -m loadtest.proxy`."""
    options = argparse.ArgumentParser(description="The clients' line: one address, and weather.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(run(given.port, given.seed))


if __name__ == "__main__":
    main()
