"""Calibration of a sitting's items: by an order of somebody, or by itself once everything of it is released.

What is kept goes to bank.parameters, by item version, for the next papers to be made from. A later calibration takes
the place of an earlier one unless it rests on far fewer answers. What statistics suspect of the items goes to
bank.alarms, where their authors find it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
import structlog

from exam_engine import store
from exam_engine.errors import NotFound
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.sitting_sheets import Reading, SittingSheets
from question_bank import life_store
from question_bank.store import Connection
from scoring import rulings_store as orders
from scoring.calibration import MODEL, Calibrated, Parameters, calibrate
from scoring.marking import Scheme
from scoring.responses import Column
from scoring.sheets import columns_by
from scoring.sitting_statistics import sitting_statistics

PERSONS_MIN: Final = 100
# Sittings that closed, whose every paper is released or annulled, and that nobody has calibrated.
FINISHED: Final = """
SELECT s.sitting_id FROM exam.sittings s JOIN exam.releases r USING (sitting_id)
WHERE s.closes_at < $1 AND s.kind <> 'practice'
  AND NOT EXISTS (SELECT FROM score.calibrations c WHERE c.sitting_id = s.sitting_id)
  AND NOT EXISTS (SELECT FROM exam.attempts a WHERE a.sitting_id = s.sitting_id AND a.phase IN ('submitted', 'marked'))
  AND (SELECT count(*) FROM exam.attempts a WHERE a.sitting_id = s.sitting_id AND a.phase = 'released') >= $2
ORDER BY s.sitting_id LIMIT 1
"""
KEEP: Final = """
INSERT INTO bank.parameters (item_id, version, a, b, p, n, model)
SELECT *, $7 FROM unnest($1::bigint[], $2::integer[], $3::float8[], $4::float8[], $5::float8[], $6::integer[])
ON CONFLICT (item_id, version) DO UPDATE
SET a = excluded.a, b = excluded.b, p = excluded.p, n = excluded.n, model = excluded.model, at = now()
WHERE excluded.n * 2 >= parameters.n
"""

log = structlog.get_logger()


class KeptItem(msgspec.Struct, frozen=True):
    """What was found of an item version."""

    item_id: int
    version: int
    code: str
    a: float
    b: float
    p: float
    n: int


class Skipped(msgspec.Struct, frozen=True):
    """Why not: few_answers, all_alike, odd_slope, odd_level."""

    item_id: int
    version: int
    code: str
    why: str


class Report(msgspec.Struct, frozen=True):
    """Of one calibration."""

    persons: int
    rounds: int
    kept: list[KeptItem]
    skipped: list[Skipped]


async def calibrate_some(house: House) -> int:
    """The next order, or a sitting that is over; 1 if there was one."""
    pool, row = house.pool, await house.pool.fetchrow(orders.RUNNING_CALIBRATIONS)
    if row is None:
        sitting_id = await pool.fetchval(FINISHED, house.clock.now(), PERSONS_MIN)
        if sitting_id is not None:
            await pool.fetchval(orders.ORDER_CALIBRATION, sitting_id, None)
        return int(sitting_id is not None)
    try:
        report = await calibrate_sitting(pool, row["sitting_id"], house.clock.now())
        await _end(pool, row["calibration_id"], "done", report)
    except DATABASE_AWAY:
        raise
    except Exception:
        log.exception("calibration_failed", sitting=row["sitting_id"])
        await _end(pool, row["calibration_id"], "failed", Report(0, 0, [], []))
    return 1


async def _end(pool: "asyncpg.Pool[asyncpg.Record]", calibration_id: int, state: str, report: Report) -> None:
    kept, skipped = (msgspec.json.encode(each).decode() for each in (report.kept, report.skipped))
    await pool.execute(orders.END_CALIBRATION, calibration_id, state, report.persons, report.rounds, kept, skipped)


async def calibrate_sitting(pool: "asyncpg.Pool[asyncpg.Record]", sitting_id: int, now: datetime) -> Report:
    """Read, calibrate in a thread, write to the bank. Raises NotFound."""
    sitting = await store.sitting(pool, sitting_id)
    if sitting is None:
        raise NotFound("no_such_sitting")
    reading = await SittingSheets(pool).read(sitting_id, now)
    report, suspected = await asyncio.to_thread(_looked_at, reading, sitting.scheme)
    async with pool.acquire() as connection, connection.transaction():
        await keep(connection, report)
        await alarm(connection, f"sitting {sitting_id}", suspected)
    return report


def _looked_at(reading: Reading, scheme: Scheme) -> tuple[Report, list[tuple[int, int, str, str]]]:
    columns = columns_by(reading.sheets, reading.keys, scheme)
    return calibrated(reading, columns), suspicions(reading, columns)


def calibrated(reading: Reading, columns: tuple[Column, ...]) -> Report:
    """The items of what was read. An item that was asked in two sections is calibrated where it was asked more."""
    sheets = reading.sheets
    found: Calibrated = calibrate(sheets, columns)
    best: dict[tuple[int, int], Parameters] = {}
    for place, one in found.found.items():
        ref = sheets.asked[place].ref
        if ref not in best or best[ref].n < one.n:
            best[ref] = one
    code = {ref: item.code for ref, item in reading.items.items()}
    kept = [KeptItem(*ref, code[ref], one.a, one.b, one.p, one.n) for ref, one in sorted(best.items())]
    refs = ((sheets.asked[place].ref, why) for place, why in found.skipped.items())
    skipped = [Skipped(*ref, code[ref], why) for ref, why in sorted(refs) if ref not in best]
    return Report(found.persons, found.rounds, kept, skipped)


def suspicions(reading: Reading, columns: tuple[Column, ...]) -> list[tuple[int, int, str, str]]:
    """(item_id, version, code, evidence as JSON) of every alarm; of an item in two sections, the first of a code."""
    sheets = reading.sheets
    found = sitting_statistics(sheets, columns, reading.known).items
    alarms = [(sheets.asked[place].ref, each) for place, item in enumerate(found) for each in item.alarms]
    first = {(*ref, each.code): each.facts for ref, each in reversed(alarms)}
    return [(*name, msgspec.json.encode(facts).decode()) for name, facts in sorted(first.items())]


async def alarm(connection: Connection, source: str, suspected: Sequence[tuple[int, int, str, str]]) -> None:
    """Let these stand for `source`, and close what it said before and says no more."""
    columns = [list(column) for column in zip(*(each[:3] for each in suspected), strict=True)] or [[], [], []]
    await connection.execute(life_store.CLOSE_ALARMS, source, *columns)
    rows = [(item_id, version, code, source, evidence) for item_id, version, code, evidence in suspected]
    await connection.executemany(life_store.RAISE_ALARM, rows)


async def keep(runner: store.Runner, report: Report) -> None:
    """Write what was found to the bank."""
    columns = [[getattr(one, name) for one in report.kept] for name in ("item_id", "version", "a", "b", "p", "n")]
    await runner.execute(KEEP, *columns, MODEL)
