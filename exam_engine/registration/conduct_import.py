"""Penalties, accidents and awards as authorities report them, brought in (domain.md R-105, R-302, R-303).

A record belongs to the province its physician is registered in, and only that province (or the nation) may report it.
The same record again changes nothing.
"""

import asyncio
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from exam_engine.registration import roster_store, sheet_words
from exam_engine.registration.id_numbers import WrongNumber, read_number
from exam_engine.registration.sheets import Column, Report, Row, Sheet
from exam_engine.store import Runner

ROWS_MAX: Final = 300_000
BATCH: Final = 5_000
COLUMNS: Final = (
    Column("id_number", "身份证号", ("证件号", "证件号码", "身份证号码"), required=True, chars_max=40),
    Column("kind", "类型", ("类别", "行为类型", "记录类型", "type"), required=True),
    Column("at", "日期", ("时间", "发生日期", "date"), required=True),
    Column("fact", "事实", ("内容", "事由"), required=True, chars_max=500),
    Column("source", "来源", ("认定单位", "作出单位"), chars_max=200),
)
_BETWEEN: Final = re.compile(r"[-:/—－：、·（(）)\s]+")


class Conduct(NamedTuple):
    """A record as reg.conduct keeps it, in the order roster_store.PUT_CONDUCT takes its columns."""

    id_number: str
    good: bool
    kind: str
    at: date
    fact: str
    source: str


def read_conduct(row: Row, today: date) -> Conduct | None:
    """The row as it is kept; None with its problems in `row`."""
    kind = read_kind(row.values["kind"])
    if kind is None and row.values["kind"]:
        row.wrong("kind", "unknown_word")
    at = row.day("at", today)
    id_number = _number(row, today)
    if row.problems or kind is None or at is None:
        return None
    fact, source = (" ".join(row.values[column].split()) for column in ("fact", "source"))
    return Conduct(id_number, kind[0], kind[1], at, fact, source)


def read_kind(text: str) -> tuple[bool, str] | None:
    """Good or not, and of which kind: `行政处罚`, `不良-处分`, `良好`; None for a word that says neither, or both."""
    parts = [part for part in _BETWEEN.split(unicodedata.normalize("NFKC", text).lower()) if part]
    found = [sheet_words.CONDUCT.get(part) for part in parts]
    known = [kind for kind in found if kind is not None]
    if not known or len(known) < len(parts) or len({good for good, _ in known}) > 1:
        return None
    exact = [kind for kind in known if kind[1] != "other"]
    return None if len(exact) > 1 else (exact or known)[0]


def _number(row: Row, today: date) -> str:
    text = row.values["id_number"]
    try:
        return read_number(text, today) if text else ""
    except WrongNumber as error:
        row.wrong("id_number", error.code)
        return ""


async def import_conduct(runner: Runner, sheet: Sheet, province: str | None, today: date) -> Report:
    """Bring in a file inside the caller's transaction. `province`: whose records, None: all. Raises BadSheet."""
    await runner.execute(roster_store.ONE_AT_A_TIME, roster_store.CONDUCT_LOCK)
    report, rows = Report(), sheet.rows()
    seen: set[tuple[object, ...]] = set()
    while batch := await asyncio.to_thread(lambda: list(islice(rows, BATCH))):
        report.total += len(batch)
        read = [(row, read_conduct(row, today)) for row in batch]
        numbers = list({found.id_number for _, found in read if found is not None})
        places = {each["id_number"]: each["province"] for each in await runner.fetch(roster_store.PLACES, numbers)}
        right = _right(report, read, places, province, seen)
        if right:
            await _put(runner, report, right, places)
    report.problems.sort(key=lambda problem: problem.row)
    return report


def _right(
    report: Report,
    read: Sequence[tuple[Row, Conduct | None]],
    places: Mapping[str, str],
    province: str | None,
    seen: set[tuple[object, ...]],
) -> list[Conduct]:
    """The records that go in; the others are reported."""
    right: list[Conduct] = []
    for row, found in read:
        if found is not None:
            place = places.get(found.id_number)
            if place is None:
                row.wrong("id_number", "not_registered")
            elif province is not None and place != province:
                row.wrong("id_number", "other_province")
            elif found[:5] in seen:
                row.wrong("id_number", "twice")
            else:
                seen.add(found[:5])
                right.append(found)
        if row.problems:
            report.refuse(row.problems)
    return right


async def _put(runner: Runner, report: Report, right: Sequence[Conduct], places: Mapping[str, str]) -> None:
    columns = zip(*right, strict=True)
    put = await runner.fetchrow(roster_store.PUT_CONDUCT, *columns, [places[found.id_number] for found in right])
    assert put is not None
    report.added += put["added"]
    report.changed += put["changed"]
    report.same += len(right) - put["added"] - put["changed"]
