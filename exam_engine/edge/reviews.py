"""The desks of 卫生机构审核 and 考核机构复核: queue, file, decision."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from exam_engine import store as exam_store
from exam_engine.edge import documents
from exam_engine.edge.accounts import audit
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.own_file import moves_of, wake
from exam_engine.edge.review_shapes import (
    ApprovedLine,
    ApprovedMany,
    ApproveMany,
    Change,
    ConductRow,
    Decided,
    DecideReview,
    Opinion,
    ReviewCounts,
    ReviewDetail,
    ReviewPage,
    ReviewRow,
    StateCount,
    Undo,
)
from exam_engine.errors import Invalid, NotFound, PersonError, Refused
from exam_engine.registration import application as core
from exam_engine.registration import evidence, filing, procedure, province_store, review, review_store, store
from exam_engine.registration.application import Application, Part
from exam_engine.registration.choosing import PROCEDURE
from exam_engine.registration.filing import By
from exam_engine.registration.forms import files_of
from exam_engine.registration.review import Act, Event, Level, Rating, State, Subject
from exam_engine.store import Row, Runner

REVIEWERS: Final = frozenset({"institution", "agency", "province"})
SEERS: Final = REVIEWERS | {"nation"}
REOPENERS: Final = frozenset({"province"})
CLOSERS: Final = frozenset({"institution", "province"})
OPEN_FOR: Final = timedelta(minutes=30)  # so long it is said who has a file on the screen
ACTS: Final = {"approve": Event.APPROVE, "return": Event.RETURN, "refuse": Event.REFUSE}

endpoints = Endpoints()


# --- the queue ---------------------------------------------------------------------------------------------------


def _scope(call: Call) -> "int | str | None":
    """What the caller's queue is cut to. Raises Refused for an account that belongs nowhere."""
    me = call.me
    if me.role == "nation":
        return None
    scope = me.province if me.role == "province" else me.organisation_id
    if scope is None:
        raise Refused("no_organisation")
    return scope


@endpoints.add(
    "GET",
    "/api/desk/reviews",
    roles=SEERS,
    answer=ReviewPage,
    query=("subject", "state", "q", "category", "department", "procedure", "flag", "mine", "after"),
)
async def review_queue(call: Call) -> ReviewPage:
    """Files of the caller's scope, page by page."""
    query = call.request.query
    names = ("subject", "state", "q", "category", "department", "procedure", "flag", "after")
    asked = {name: query.get(name, "")[:80] for name in names}
    if any("\0" in text for text in asked.values()):
        raise Invalid("wrong_value")
    wanted = review_store.Filter(**asked, mine=query.get("mine") == "1")
    sql, values = review_store.queue(call.me.role, _scope(call), wanted)
    rows = await call.house.pool.fetch(sql, *values)
    shown = rows[: review_store.PAGE]
    more = len(rows) > len(shown)
    return ReviewPage(
        rows=[_row(call, row) for row in shown],
        next=review_store.key(shown[-1]["moved_at"], shown[-1]["file_id"]) if more else None,
    )


def _row(call: Call, row: Row) -> ReviewRow:
    level = review_store.level_of(call.me.role)
    turn = review.owner(Subject(row["subject"]), State(row["state"]))
    barred = _barred(call, row) if level is not None and turn is level else ""
    fresh = row["opened_at"] is not None and call.house.clock.now() - row["opened_at"] < OPEN_FOR
    return ReviewRow(
        file_id=row["file_id"],
        subject=row["subject"],
        state=row["state"],
        version=row["version"],
        name=row["name"],
        id_number=masked_number(row["id_number"]),
        institution=row["institution"],
        department=row["department"],
        category=row["category"],
        procedure=row["procedure"],
        flags=list(row["flags"]),
        submitted_at=row["submitted_at"],
        moved_at=row["moved_at"],
        due_at=row["due_at"],
        opened_by=row["opened_by"] if fresh else "",
        mine=level is not None and turn is level and not barred,
        refused_by=barred,
    )


def _barred(call: Call, row: Row) -> str:
    if row["person_id"] == call.me.person_id:
        return "own_file"
    return "reviewed_before" if call.me.role == "agency" and row["org_person"] == call.me.person_id else ""


@endpoints.add("GET", "/api/desk/reviews/counts", roles=SEERS, answer=ReviewCounts)
async def count_reviews(call: Call) -> ReviewCounts:
    """How many files are in which state."""
    pool = call.house.pool
    cycle = (await province_store.current_cycle(pool)).cycle
    match call.me.role:
        case "institution":
            rows = await pool.fetch(review_store.COUNTS_OF_INSTITUTION, cycle, _scope(call))
        case "agency":
            rows = await pool.fetch(review_store.COUNTS_OF_AGENCY, cycle, _scope(call))
        case "province":
            rows = await pool.fetch(review_store.COUNTS_OF_PROVINCE, cycle, _scope(call))
        case _:
            rows = await pool.fetch(review_store.COUNTS_OF_ALL, cycle)
    turn = review_store.WAITING_STATE.get(call.me.role)
    counts = [StateCount(**row) for row in rows]
    return ReviewCounts(waiting=sum(each.count for each in counts if each.state == turn), counts=counts)


# --- one file ----------------------------------------------------------------------------------------------------


async def scoped_file(call: Call, runner: Runner, file_id: int) -> Row:
    """The file's row, if it is in the caller's scope; else there is no such file."""
    row = await runner.fetchrow(review_store.ROW, file_id)
    scope = _scope(call)
    column = {"institution": "institution_id", "agency": "agency_id", "province": "province"}.get(call.me.role)
    if row is None or (column is not None and row[column] != scope):
        raise NotFound("no_such_file")
    return row


async def _locked(call: Call, runner: Runner, file_id: int) -> tuple[Application, Subject]:
    row = await scoped_file(call, runner, file_id)
    app = await store.load(runner, row["application_id"], lock=True)
    assert app is not None
    await scoped_file(call, runner, file_id)  # while we waited it may have gone to somebody else
    return app, Subject(row["subject"])


def by_staff(call: Call) -> By:
    """The caller as whoever moves somebody's file."""
    me = call.me
    return By(
        level=Level(me.role),
        account_id=me.account_id,
        person_id=me.person_id,
        organisation_id=me.organisation_id,
        address=call.address(),
    )


@endpoints.add("POST", "/api/desk/reviews/{file_id}/open", roles=SEERS, answer=ReviewDetail)
async def open_review(call: Call) -> ReviewDetail:
    """One file whole; opening it is on record."""
    file_id, now = call.path["file_id"], call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app, subject = await _locked(call, connection, file_id)
        if review_store.level_of(call.me.role) is not None:
            app = await filing.open_part(connection, app, subject, by_staff(call), now)
        seen = f"file {file_id} person {app.identity.person_id}"
        await audit(call, call.me, "file_opened", seen, runner=connection)
        row = await scoped_file(call, connection, file_id)
    return await _detail(call, app, subject, row, now)


async def _detail(call: Call, app: Application, subject: Subject, row: Row, now: datetime) -> ReviewDetail:
    pool, part = call.house.pool, app.parts[subject]
    # What was never handed in is its physician's alone: who it is and where it stands can be seen, not what he writes.
    handed_in = part.body is not None
    form, values = core.form_of(app, subject), part.body or {}
    with_procedure = subject is Subject.EVALUATION and app.procedure in (core.SIMPLE_APPLIED, core.SIMPLE)
    files = files_of(form, values)
    if with_procedure and handed_in:
        files += files_of(procedure.FORM, app.procedure_body)
    person_id, number = app.identity.person_id, app.identity.id_number
    acts, refused = _acts(call, app, subject, now)
    history = [subject.value, PROCEDURE] if subject is Subject.EVALUATION else [subject.value]
    return ReviewDetail(
        row=_row(call, row),
        id_number=number,
        phone=str(_handed_in(app, Subject.PROFILE).get("phone") or ""),
        form=form,
        values=values,
        shown={"name": app.identity.name, "id_type": app.identity.id_type, "id_number": number}
        | {"institution": row["institution"]},
        changes=_changes(app, subject, part, values),
        problems=core.problems(app, subject, values, now) if handed_in else [],
        computed=msgspec.to_builtins(core.practice(app)),
        procedure_form=procedure.FORM if with_procedure else None,
        procedure_values=app.procedure_body if with_procedure and handed_in else {},
        conduct=[ConductRow(**each) for each in await pool.fetch(store.CONDUCT_OF, number)],
        registry=dict(app.identity.registry),
        documents=await documents.views_of(call.house, call.me, person_id, files),
        shared_documents=await evidence.shared_with_others(pool, person_id, files),
        org_opinion=await _opinion(pool, part.org_opinion),
        agy_opinion=await _opinion(pool, part.agy_opinion),
        moves=await moves_of(pool, app.application_id, history, names=True),
        acts=acts,
        refused_by=refused,
        eligible=core.eligible(app),
        reason=part.reason,
    )


def _handed_in(app: Application, subject: Subject) -> dict[str, Any]:
    part = app.parts.get(subject)
    return part.body or {} if part is not None else {}


def _acts(call: Call, app: Application, subject: Subject, now: datetime) -> tuple[list[str], str]:
    if review_store.level_of(call.me.role) is None:
        return [], "only_looking"
    return review.may(core.standing(app, subject, now), by_staff(call).actor(), now)


def _changes(app: Application, subject: Subject, part: Part, values: dict[str, Any]) -> list[Change]:
    """What is another than the time before; for a 变更申请, than the profile it wants to change."""
    before = part.before
    if subject is Subject.CHANGE and part.state is not State.APPROVED:
        profile = app.profile_values()
        before = {code: profile.get(code) for code in values if code in profile}
    if before is None:
        return []
    codes = list(dict.fromkeys([*before, *values]))
    return [
        Change(field=code, before=before.get(code), after=values.get(code))
        for code in codes
        if before.get(code) != values.get(code)
    ]


async def _opinion(runner: Runner, kept: dict[str, Any] | None) -> Opinion | None:
    if kept is None:
        return None
    named = await runner.fetch(exam_store.ACCOUNT_NAMES, [kept["by"]])
    return Opinion(
        by=named[0]["name"] if named else "",
        at=datetime.fromisoformat(kept["at"]),
        work=kept.get("work"),
        ethics=kept.get("ethics"),
        conditions_met=kept.get("conditions_met"),
        comment=kept.get("comment") or kept.get("reason") or "",
        reason_code=kept.get("reason_code") or "",
    )


# --- decisions ---------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/reviews/{file_id}/decide", roles=REVIEWERS, body=DecideReview, answer=Decided)
async def decide_review(call: Call) -> Decided:
    """通过, 退回 or 不通过: decide a file."""
    asked: DecideReview = call.body
    event = ACTS.get(asked.act)
    if event is None:
        raise Invalid("no_such_act")
    rating = None if asked.rating is None else Rating(**msgspec.structs.asdict(asked.rating))
    return await _move(call, Act(event=event, reason=asked.reason, rating=rating), asked.version)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/undo", roles=REVIEWERS, body=Undo, answer=Decided)
async def undo_review(call: Call) -> Decided:
    """Take one's own last act back, before the next level has opened it."""
    return await _move(call, Act(event=Event.UNDO, reason=call.body.reason), call.body.version)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/reopen", roles=REOPENERS, body=Undo, answer=Decided)
async def reopen_review(call: Call) -> Decided:
    """Open again what an agency has passed or refused, with a reason."""
    return await _move(call, Act(event=Event.REOPEN, reason=call.body.reason), call.body.version)


@endpoints.add("POST", "/api/desk/reviews/{file_id}/close", roles=CLOSERS, body=Undo, answer=Decided)
async def close_review(call: Call) -> Decided:
    """Close the file of who left the profession or died."""
    return await _move(call, Act(event=Event.CLOSE, reason=call.body.reason), call.body.version)


async def _move(call: Call, act: Act, version: int) -> Decided:
    now, file_id = call.house.clock.now(), call.path["file_id"]
    async with call.house.pool.acquire() as connection, connection.transaction():
        app, subject = await _locked(call, connection, file_id)
        moved = await filing.move(connection, app, subject, act, version, by_staff(call), now)
        facts = {"part": subject.value, "to": moved.part.state.value, "reason": act.reason.strip()}
        await audit(call, call.me, f"file_{act.event.value}", f"file {file_id}", runner=connection, **facts)
    wake(call, moved.wake)
    acts, _ = _acts(call, moved.application, subject, now)
    return Decided(
        file_id=file_id, state=moved.part.state, version=moved.part.version, may_undo=Event.UNDO.value in acts
    )


@endpoints.add("POST", "/api/desk/reviews/approve", roles=REVIEWERS, body=ApproveMany, answer=ApprovedMany)
async def approve_many(call: Call) -> ApprovedMany:
    """Approve profiles without flags together: each for itself, so that one that can't holds up no other."""
    asked: ApproveMany = call.body
    lines = []
    for each in {one.file_id: one for one in asked.files}.values():
        try:
            lines.append(await _approve_plain(call, each.file_id, each.version, len(asked.files)))
        except PersonError as error:
            lines.append(ApprovedLine(file_id=each.file_id, state="", version=each.version, refused=error.code))
    return ApprovedMany(lines=lines)


async def _approve_plain(call: Call, file_id: int, version: int, together: int) -> ApprovedLine:
    now = call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app, subject = await _locked(call, connection, file_id)
        if together > app.policy.batch_max:
            raise Refused("batch_too_large", max=app.policy.batch_max)
        if subject is not Subject.PROFILE or app.parts[subject].flags:
            raise Refused("needs_a_look")
        moved = await filing.move(connection, app, subject, Act(event=Event.APPROVE), version, by_staff(call), now)
        facts = {"part": subject.value, "to": moved.part.state.value, "together": together}
        await audit(call, call.me, "file_approve", f"file {file_id}", runner=connection, **facts)
    wake(call, moved.wake)
    return ApprovedLine(file_id=file_id, state=moved.part.state, version=moved.part.version, refused="")
