"""Parts of a result that its physician and the desks see alike: exams, recheck, suspension, history, notices."""

import msgspec
import segno

from exam_engine.edge import documents
from exam_engine.edge.http import Call, by_https
from exam_engine.edge.result_shapes import (
    ExamRow,
    PastResult,
    RecheckView,
    ResultMoveView,
    ResultNotice,
    SuspensionView,
)
from exam_engine.errors import NotFound
from exam_engine.registration.policy import Cycle
from exam_engine.results import list_store, notices, numbers, store
from exam_engine.results.store import Result
from exam_engine.sitting import Kind, Round
from exam_engine.store import Row, Runner

QR_SCALE = 4
SECRET_EVENTS = frozenset({"propose", "withdraw", "decide", "undo", "legs_changed", "keep"})


async def exams_of(runner: Runner, person_id: int, cycle: int) -> list[ExamRow]:
    """What he has sat, with points once they are released."""
    return [_exam(row) for row in await runner.fetch(store.EXAMS, person_id, cycle)]


def _exam(row: Row) -> ExamRow:
    released = row["phase"] == "released"
    status = {"running": "in_progress", "marked": "submitted"}.get(row["phase"], row["phase"])
    return ExamRow(
        kind=Kind(row["kind"]),
        round=Round(row["round"]),
        status="barred" if row["barred"] else status,
        at=row["at"],
        points=row["points"] if released else None,
        points_max=row["points_max"] if released else None,
        pass_points=row["pass_points"] if released else None,
        passed=row["passed"] if released else None,
        attempt_id=row["attempt_id"] if row["attempt_id"] > 0 else None,
        paper=row["attempt_id"] < 0,
    )


async def recheck_of(call: Call, result: Result) -> RecheckView | None:
    """The application for a recheck, with links to its files for the caller, who may see the result."""
    row = await call.house.pool.fetchrow(list_store.RECHECK_OF, result.result_id)
    if row is None:
        return None
    return RecheckView(
        recheck_id=row["recheck_id"],
        state=row["state"],
        text=row["text"],
        documents=await documents.views_of(call.house, call.me, result.person_id, row["documents"]),
        at=row["at"],
        due_at=row["due_at"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )


def suspension_of(result: Result) -> SuspensionView | None:
    """暂停执业, if it was recorded."""
    if result.suspended_from is None or result.suspended_until is None:
        return None
    return SuspensionView(
        from_on=result.suspended_from, until_on=result.suspended_until, arrangement=result.arrangement
    )


async def past_of(runner: Runner, person_id: int, cycle: int) -> list[PastResult]:
    """Results of his other cycles, the newest first; of what is not published only that it is pending."""
    return [_past(row) for row in await runner.fetch(store.PAST, person_id, cycle)]


def _past(row: Row) -> PastResult:
    published = row["notified_at"] is not None
    return PastResult(
        cycle=Cycle(row["cycle"], row["cycle_name"], row["starts_on"], row["ends_on"]),
        state=row["state"] if published or row["state"] in ("excluded", "archived") else "pending",
        outcome=row["outcome"] if published else "",
        notified_at=row["notified_at"],
        notice_number=row["notice_number"],
    )


async def moves_of(runner: Runner, result_id: int, *, own: bool) -> list[ResultMoveView]:
    """Its history; his own without names and without what was not published."""
    rows = await runner.fetch(store.MOVES_OF, result_id)
    return [
        ResultMoveView(**dict(row) | ({"by": ""} if own else {}))
        for row in rows
        if not own or row["event"] not in SECRET_EVENTS
    ]


async def notice_view(call: Call, result: Result) -> ResultNotice:
    """The notice in force of a result the caller may see. Raises NotFound."""
    row = await call.house.pool.fetchrow(store.NOTICE, result.notice_number)
    if row is None:
        raise NotFound("no_such_notice")
    notice = notices.read(row)
    code = notice.code(call.house.settings.secret_key)
    scheme = "https" if by_https(call.request) else "http"
    url = f"{scheme}://{call.request.host}/verify/notice/{notice.number}?c={code}"
    return ResultNotice(
        number=notice.number,
        code=numbers.shown(code),
        url=url,
        qr=segno.make(url, error="m").svg_inline(scale=QR_SCALE, border=2),
        void=bool(notice.replaced_by),
        replaced_by=notice.replaced_by,
        **msgspec.structs.asdict(notice.body),
    )
