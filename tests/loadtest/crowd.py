"""A real server with a cast of test data, and a stage to play before it in this process."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec

from exam_engine import casting
from loadtest.asking import Asking
from loadtest.cast import Cast
from loadtest.clockwork import Clockwork
from loadtest.history import History
from loadtest.phone import Phone
from loadtest.pictures import Pictures
from loadtest.stage import Stage, host_and_port
from loadtest.steps import Script, Step
from loadtest.tally import Tally
from tests.exam_engine.edge.server import Server

WAIT_S = 30


async def cast_of(server: Server, count: int, *, begun: bool = True, desks: int = 0) -> Cast:
    """Physicians with sessions; `begun`: their attempts run already, by a device of the cast."""
    pool = server.house.pool
    sitting_id = await casting.make_sitting(pool, "humanities", "压力测试", 60, None)
    people = await casting.add_people(pool, count, sitting_id)
    persons = [person for person, _ in people]
    attempts = await casting.begin_attempts(server.house, sitting_id, persons, lambda _done: None) if begun else []
    logins = await casting.add_desks(pool, desks, sitting_id)
    return msgspec.json.decode(await casting.describe(pool, sitting_id, people, attempts, logins), type=Cast)


class Scene:
    """Phones that play before a server. `histories` of those who are done, by player."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.histories: dict[int, History] = {}
        self._done = asyncio.Event()
        stage.written = self._written

    def phone(self, player: int, steps: Iterable[Step], kind: type[Phone] = Phone, *, logs_in: bool = False) -> Phone:
        """Of this player; `play` begins."""
        script = Script(player=player, begin_s=0.0, read_rules_s=0.0, habit="test", steps=[], logs_in=logs_in)
        return kind(self.stage, script, iter(steps))

    async def over(self, count: int) -> None:
        """Return when so many are done."""
        async with asyncio.timeout(WAIT_S):
            while len(self.histories) < count:
                self._done.clear()
                await self._done.wait()

    def errors(self) -> dict[str, int]:
        """What went wrong since this was asked last."""
        return self.stage.tally.turn(0, 0.0).errors

    def write(self, folder: Path) -> None:
        """As a generator process does."""
        lines = [msgspec.json.encode(history) for history in self.histories.values()]
        (folder / "histories-0.jsonl").write_bytes(b"\n".join(lines) + b"\n")

    def _written(self, history: History) -> None:
        self.histories[history.player] = history
        self._done.set()


@asynccontextmanager
async def scene(server: Server, cast: Cast) -> AsyncIterator[Scene]:
    """Put away in the end, with all that is under way."""
    host, port = host_and_port(server.base_url)
    asking = Asking(host, port)
    stage = Stage(
        cast=cast, host=host, port=port, clockwork=Clockwork(), tally=Tally(), asking=asking, rng=Random(1),
        written=lambda _history: None, pictures=Pictures(1, pool=2), linger_s=0.2,
    )  # fmt: skip
    try:
        yield Scene(stage)
    finally:
        stage.over = True
        await stage.cancel()
        stage.clockwork.stop()
        asking.close()
        assert stage.bugs == []
