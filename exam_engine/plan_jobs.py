"""Making plans of papers: gather what they depend on, let a process of its own work, write down what comes of it."""

import asyncio
import sys
from collections.abc import Collection, Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from exam_engine import plan_store as store
from exam_engine.edge.paper_shapes import PlanAsked
from exam_engine.store import Runner
from question_bank import parameter_store
from question_bank import store as bank
from question_bank.audience import Person
from question_bank.blueprint import Blueprint, decode, points_max
from question_bank.certificate import digest
from question_bank.item import Item
from question_bank.plan_worker import PlanJob, PlanNews
from question_bank.planning import FormBody, Order

COMMAND: Final = (sys.executable, "-m", "question_bank.plan_worker")
LINE_BYTES_MAX: Final = 64 << 20
HEARD_EVERY_S: Final = 10.0
ITEM_LEVELS: Final = {"1": "physician", "2": "assistant"}  # of a profile, as items say it

log = structlog.get_logger()


async def gather(
    pool: "asyncpg.Pool[asyncpg.Record]", sitting_id: int, mode: str, seed: int, asked: PlanAsked
) -> PlanJob:
    """What a plan of this sitting depends on, as it is now."""
    row = await pool.fetchrow(store.TO_PLAN, sitting_id)
    assert row is not None
    blueprint = decode(row["blueprint"].encode())
    order = Order(
        blueprint=blueprint,
        mode=mode,
        seed=seed,
        pass_share=pass_share(row["pass_points"], blueprint, row["points_per_item"]),
        forms=asked.forms,
        overlap_max=asked.overlap_max,
        uses_max=asked.uses_max,
        sample=asked.sample,
        avoid=await first_items(pool, sitting_id) if mode == "forms" else frozenset(),
    )
    items = without(await bank.active_items(pool, row["pool"]), asked.left_out)
    known = await parameter_store.of_pool(pool, row["pool"])
    people = await people_of(pool, sitting_id, blueprint)
    return PlanJob(order, items, [(*ref, found) for ref, found in known.items()], people)


async def wish_of(runner: Runner, sitting_id: int, asked: PlanAsked) -> PlanAsked:
    """The wish with the items that are worn out by now."""
    if not asked.papers_max:
        return asked
    rows = await runner.fetch(store.WORN, sitting_id, asked.papers_max)
    return msgspec.structs.replace(asked, left_out=tuple(row["item_id"] for row in rows))


def without(items: list[Item], left_out: Collection[int]) -> list[Item]:
    """The items less those left out, and less the sets that one of them is in."""
    gone = set(left_out)
    sets = {item.set_code for item in items if item.item_id in gone and item.set_code}
    return [item for item in items if item.item_id not in gone and item.set_code not in sets] if gone else items


def pass_share(pass_points: int, blueprint: Blueprint, points_per_item: int) -> float:
    """The pass line as a share of all points, away from the ends where there is no cut."""
    return min(0.95, max(0.05, pass_points / points_max(blueprint, points_per_item)))


async def people_of(pool: "asyncpg.Pool[asyncpg.Record]", sitting_id: int, blueprint: Blueprint) -> list[Person]:
    """For whom its papers differ; nobody in particular while nobody is entitled."""
    if blueprint.audience is None:
        return [Person()]
    found = {person(row) for row in await pool.fetch(store.PEOPLE, sitting_id)}
    return sorted(found) or [Person()]


def person(row: "asyncpg.Record | None") -> Person:
    """A row with category, specialty and level of a profile."""
    if row is None:
        return Person()
    return Person(row["category"], row["specialty"], ITEM_LEVELS.get(row["level"], ""))


async def first_items(pool: "asyncpg.Pool[asyncpg.Record]", sitting_id: int) -> frozenset[int]:
    """The items of the first round's forms, if this is a make-up."""
    bodies = [read_forms(row["forms"]) for row in await pool.fetch(store.FIRST_FORMS, sitting_id)]
    return frozenset(item_id for forms in bodies for form in forms for item_id, _ in form.refs)


def read_forms(body: str) -> list[FormBody]:
    """The forms of a plan as they are stored."""
    return msgspec.json.decode(body, type=list[FormBody])


async def make(
    pool: "asyncpg.Pool[asyncpg.Record]", plan_id: int, job: PlanJob, command: Sequence[str] = COMMAND
) -> None:
    """Let a process make the plan and write down its news; it is stopped when this is cancelled."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES_MAX
    )
    last = PlanNews()
    try:
        assert process.stdin is not None
        process.stdin.write(msgspec.msgpack.encode(job))
        await process.stdin.drain()
        process.stdin.close()
        last = await _follow(pool, plan_id, process)
    finally:
        if process.returncode is None:
            if not last.failed and last.certificate is None:
                process.kill()
            await process.wait()
    await write(pool, plan_id, last)


async def _follow(pool: "asyncpg.Pool[asyncpg.Record]", plan_id: int, process: asyncio.subprocess.Process) -> PlanNews:
    """The last news of the process; in between its progress is kept, and that it lives."""
    assert process.stdout is not None
    alive = asyncio.create_task(_say_alive(pool, plan_id))
    try:
        async for line in process.stdout:
            news = msgspec.json.decode(line, type=PlanNews)
            if news.failed or news.certificate is not None:
                return news
            await pool.execute(store.HEARD, plan_id, news.progress)
        return PlanNews(failed="interrupted")
    finally:
        alive.cancel()


async def _say_alive(pool: "asyncpg.Pool[asyncpg.Record]", plan_id: int) -> None:
    """One form may take a minute: whoever looks for abandoned plans should not find this one."""
    while True:
        await asyncio.sleep(HEARD_EVERY_S)
        await pool.execute(store.ALIVE, plan_id)


async def write(pool: "asyncpg.Pool[asyncpg.Record]", plan_id: int, news: PlanNews) -> None:
    """Write down what came of it."""
    if news.certificate is None:
        await pool.execute(store.FAILED, plan_id, news.failed or "interrupted", news.said)
        log.warning("plan_failed", plan=plan_id, code=news.failed, said=news.said)
        return
    forms = msgspec.json.encode(news.forms or ()).decode()
    certificate = msgspec.json.encode(news.certificate, order="deterministic").decode()
    await pool.execute(store.MADE, plan_id, forms, certificate, digest(news.certificate))
