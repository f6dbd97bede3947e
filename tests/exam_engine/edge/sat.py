"""Physicians who sit an exam in no time: the same entering, commands and marking, without sockets."""

from collections.abc import Callable

import msgspec

from exam_engine import workers
from exam_engine.entering import enter
from exam_engine.messages import Answer, HandIn, Start, TakePortrait
from exam_engine.papers import read_paper
from exam_engine.sitting import Policy
from exam_engine.store import PAPER
from question_bank import store as bank
from question_bank.blueprint import Blueprint
from question_bank.item import LETTERS, Item, ItemStatus, ItemType, Option
from question_bank.paper import PaperEntry
from tests.exam_engine.edge.server import Server

PICTURE = "2" * 64
Chooser = Callable[[int, Item], str]  # (number from 1 in the bank's order, item) -> option ids of the bank


async def same_five(server: Server, policy: Policy | None = None) -> int:
    """A sitting in which everybody gets the same five items, each with five options and the key c."""
    pool, house = "same-five", server.house
    options = tuple(Option(letter, f"选项{letter}") for letter in "abcde")
    items = [
        Item(code=f"S{n}", pool=pool, type=ItemType.A1, topic="公共", stem=f"第{n}道同样的题", options=options, key="c",
             status=ItemStatus.ACTIVE)
        for n in range(1, 6)
    ]  # fmt: skip
    async with house.pool.acquire() as connection, connection.transaction():
        await bank.save(connection, items, "测试命题员")
    sitting_id = await server.five_items(policy)
    blueprint = Blueprint(code="same", pool=pool, item_count=5, types={"A1": 5})
    await house.pool.execute(
        """UPDATE exam.sittings SET pool = $2, points_per_item = 1, pass_points = 3, blueprint = $3::json
           WHERE sitting_id = $1""",
        sitting_id, pool, msgspec.json.encode(blueprint).decode(),
    )  # fmt: skip
    return sitting_id


async def sit(server: Server, sitting_id: int, person_id: int, choose: Chooser, device: str = "device-sat") -> int:
    """Enter, answer all, hand in; the attempt."""
    house = server.house
    attempt_id = await enter(house, sitting_id, person_id)
    paper = read_paper(await house.pool.fetchval(PAPER, attempt_id))
    items = await bank.by_reference(house.pool, {(entry.item_id, entry.version) for entry in paper.entries})
    order = sorted(paper.entries, key=lambda entry: entry.item_id)
    await house.service.handle(attempt_id, TakePortrait(device, PICTURE))
    await house.service.handle(attempt_id, Start(), device=device)
    seq = 0
    for no, entry in enumerate(paper.entries, 1):
        chosen = choose(order.index(entry) + 1, items[entry.item_id, entry.version])
        if chosen:
            seq += 1
            await house.service.handle(attempt_id, Answer(seq, no, letters(entry, chosen)), device=device)
    await house.service.handle(attempt_id, HandIn(seq + 1), device=device)
    return attempt_id


def letters(entry: PaperEntry, chosen: str) -> str:
    """Options of the bank as letters by place."""
    return "".join(sorted(LETTERS[entry.order.index(option)] for option in chosen))


async def mark_all(server: Server) -> None:
    """Everything handed in is marked when this is over."""
    while await workers.mark_some(server.house):
        pass


async def release(server: Server, sitting_id: int, pass_points: int) -> None:
    """The agency's order, and its work."""
    await server.house.pool.execute(
        """INSERT INTO exam.releases (sitting_id, account_id, pass_points)
           SELECT $1, account_id, $2 FROM people.accounts WHERE login = 'agency'""",
        sitting_id, pass_points,
    )  # fmt: skip
    while await workers.release_some(server.house):
        pass


async def rescore_all(server: Server) -> None:
    """Every approved rescore is carried out when this is over."""
    while await workers.mark_and_rescore(server.house):
        pass


async def physicians(server: Server) -> list[int]:
    """The demonstration's, by number."""
    rows = await server.house.pool.fetch(
        "SELECT person_id FROM people.accounts WHERE login LIKE 'physician%' ORDER BY login"
    )
    return [row[0] for row in rows]
