"""The agency's release page: how the scores lie, what a pass line would do, and the order to release."""

import asyncio
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import web
from openpyxl import Workbook

from exam_engine import store
from exam_engine.edge.accounts import audit
from exam_engine.edge.desk import check_scope
from exam_engine.edge.http import RELEASERS, Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.shapes import PassPreview, ReleaseOrder, ResultRow, Results
from exam_engine.errors import Invalid, Refused

BINS: Final = 10
PREVIEW_STEP_PERCENT: Final = 2
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a case holds back, and which cases: a release goes past it until they are closed.
HELD: Final = """
SELECT a.attempt_id, coalesce(array_agg(c.case_id ORDER BY c.case_id) FILTER (WHERE c.holds), '{}') AS cases
FROM exam.attempts a LEFT JOIN proctor.cases c USING (attempt_id) WHERE a.sitting_id = $1 AND a.held GROUP BY 1
"""

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/results", roles=RELEASERS, answer=Results)
async def results(call: Call) -> Results:
    """Everything the release page shows."""
    sitting_id = call.path["sitting_id"]
    await check_scope(call, sitting_id)
    return await _results(call, sitting_id)


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/release", roles=RELEASERS, body=ReleaseOrder, answer=Results)
async def release(call: Call) -> Results:
    """Order the release at a pass line; workers carry it out, the page shows how far they are."""
    sitting_id, order = call.path["sitting_id"], call.body
    assert isinstance(order, ReleaseOrder)
    await check_scope(call, sitting_id)
    sitting = await call.house.registry.sitting(sitting_id)
    if order.pass_points > sitting.points_full:
        raise Invalid("pass_line_too_high", points_max=sitting.points_full)
    ordered = await call.house.pool.fetchval(store.ADD_RELEASE, sitting_id, call.me.account_id, order.pass_points)
    if ordered is None:
        raise Refused("already_ordered")
    await audit(call, call.me, "release", f"sitting {sitting_id}", pass_points=order.pass_points)
    return await _results(call, sitting_id)


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/results.xlsx", roles=RELEASERS, media=XLSX)
async def results_sheet(call: Call) -> web.Response:
    """The same as a spreadsheet."""
    sitting_id = call.path["sitting_id"]
    await check_scope(call, sitting_id)
    found = await _results(call, sitting_id)
    await audit(call, call.me, "results_exported", f"sitting {sitting_id}", rows=len(found.rows))
    data = await asyncio.to_thread(_sheet, found)
    name = f"results-{sitting_id}.xlsx"
    return web.Response(body=data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _results(call: Call, sitting_id: int) -> Results:
    pool = call.house.pool
    sitting = await call.house.registry.sitting(sitting_id)
    rows = await pool.fetch(store.ROSTER, sitting_id)
    order = await pool.fetchrow(store.RELEASE_OF, sitting_id)
    facts = _facts(await pool.fetch(store.SUBMITTED_FACTS, sitting_id))
    points_max = sitting.points_full
    held = {row["attempt_id"]: list(row["cases"]) for row in await pool.fetch(HELD, sitting_id)}
    listed = [_row(row, facts.get(row["attempt_id"], {}), points_max, held.get(row["attempt_id"])) for row in rows]
    counted = [row for row in rows if row["points"] is not None and row["phase"] != "annulled"]
    scores = [row["points"] for row in counted]
    phases = Counter(row["phase"] for row in rows)
    return Results(
        sitting_id=sitting_id,
        title=sitting.title,
        pass_points=order["pass_points"] if order else sitting.pass_points,
        points_max=points_max,
        phases=dict(phases),
        ordered=order is not None,
        released=phases["released"],
        releasable=sum(1 for row in rows if row["phase"] == "marked" and row["attempt_id"] not in held),
        held=len(held),
        histogram=histogram(scores, points_max),
        preview=preview(scores, points_max, [row["points"] for row in counted if row["attempt_id"] in held]),
        rows=listed,
    )


def histogram(scores: list[int], points_max: int) -> list[int]:
    """Counts of scores in ten equal bins of the full score; the full score itself is in the last."""
    bins = [0] * BINS
    for points in scores:
        bins[min(BINS - 1, points * BINS // points_max)] += 1
    return bins


def preview(scores: list[int], points_max: int, held: Sequence[int] = ()) -> list[PassPreview]:
    """How many would pass at each line from 40 to 80 percent; `held`: the scores among them that are held back."""
    lines = [points_max * percent // 100 for percent in range(40, 81, PREVIEW_STEP_PERCENT)]
    return [
        PassPreview(
            pass_points=line,
            passing=sum(1 for points in scores if points >= line),
            held=sum(1 for points in held if points >= line),
        )
        for line in lines
    ]


def _facts(rows: list[store.Row]) -> dict[int, dict[str, Any]]:
    facts: dict[int, dict[str, Any]] = {}
    for row in rows:
        known = facts.setdefault(row["attempt_id"], {"late": 0})
        if row["kind"] == "came_late":
            known["late"] += 1
        else:
            known.update(msgspec.json.decode(row["body"]))
    return facts


def _row(row: store.Row, facts: dict[str, Any], points_max: int, held_by: list[int] | None) -> ResultRow:
    return msgspec.convert(
        {
            "attempt_id": row["attempt_id"],
            "person_id": row["person_id"],
            "name": row["name"],
            "id_number": masked_number(row["id_number"]),
            "phase": row["phase"],
            "points": row["points"],
            "points_max": None if row["points"] is None else points_max,
            "unanswered": facts.get("unanswered"),
            "ending": facts.get("ending"),
            "late": facts.get("late", 0),
            "passed": row["passed"],
            "held_by": held_by,
        },
        ResultRow,
    )


def _sheet(found: Results) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("成绩")
    sheet.append(["姓名", "证件号", "状态", "得分", "满分", "未作答", "迟到作答", "交卷方式", "结果", "待核案件"])
    for row in found.rows:
        passed = "" if row.passed is None else "合格" if row.passed else "不及格"
        cells = [
            row.name, row.id_number, row.phase, row.points, row.points_max, row.unanswered, row.late, row.ending,
            passed, "、".join(map(str, row.held_by or [])),
        ]  # fmt: skip
        sheet.append([_plain(cell) for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(cell: object) -> Any:
    """Text that a spreadsheet would take for a formula stays text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@" and cell else cell
