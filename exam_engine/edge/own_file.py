"""The physician's registration file: its parts, drafts, handing in, and the choice of procedure."""

from typing import Any

import msgspec

from exam_engine.edge import documents
from exam_engine.edge.faces import CONSENT_VERSION, refused_picture
from exam_engine.edge.homes import current_cycle, identity_shown
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.registration_shapes import (
    AtVersion,
    ChooseProcedure,
    FileSaved,
    FileView,
    MoveView,
    PhotoHints,
    ProcedureView,
    SaveFile,
)
from exam_engine.enrolment import NotEnrolled, cleaned, hints_of, look
from exam_engine.errors import NotFound, Refused
from exam_engine.registration import (
    account_store,
    choosing,
    evidence,
    filing,
    procedure,
    profile,
    province_store,
    store,
)
from exam_engine.registration import application as core
from exam_engine.registration.application import Application, Part
from exam_engine.registration.document_kinds import DOCUMENT_BYTES_MAX
from exam_engine.registration.filing import By, Wake
from exam_engine.registration.forms import files_of
from exam_engine.registration.review import EDITABLE, Act, Event, Level, State, Subject
from exam_engine.store import Runner
from proctor import store as proctor
from proctor.pictures import BadPicture

PHOTOS_MAX, PHOTOS_S = 60, 3_600

endpoints = Endpoints()


def by_physician(call: Call) -> By:
    """The caller as whoever moves his own file."""
    me = call.me
    return By(level=Level.PHYSICIAN, account_id=me.account_id, person_id=me.person_id, address=call.address())


async def own_application(call: Call, runner: Runner, *, lock: bool = False) -> Application:
    """The caller's file of this cycle; to change it (`lock`) he has a password of his own and agreed to the notice.

    Raises Refused.
    """
    bound = await runner.fetchrow(account_store.ASSESSMENT_OF, call.me.account_id)
    cycle = await current_cycle(runner)
    if bound is None or cycle is None:
        raise Refused("not_bound")
    if lock and bound["password_hash"] is None:
        raise Refused("password_initial")
    app = await store.find(runner, call.me.person_id, cycle, lock=lock)
    if app is None:
        raise Refused("notice_missing")
    notice = await runner.fetchrow(province_store.NOTICE_IN_FORCE, bound["province"]) if lock else None
    if notice is not None:
        agreed = await runner.fetchrow(account_store.AGREEMENT, call.me.person_id, notice["notice_id"])
        if agreed is None:
            raise Refused("notice_missing")
    return app


def subject_of(call: Call) -> Subject:
    """The part named in the path; raises NotFound."""
    try:
        return Subject(call.request.match_info["subject"])
    except ValueError as error:
        raise NotFound("no_such_file") from error


# --- a part ------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/application/{subject}", roles=PHYSICIAN, answer=FileView)
async def see_file(call: Call) -> FileView:
    """One part of the caller's file: profile, evaluation, exemption, deferral or change."""
    subject = subject_of(call)
    return await _view(call, await own_application(call, call.house.pool), subject)


async def _view(call: Call, app: Application, subject: Subject) -> FileView:
    pool, now = call.house.pool, call.house.clock.now()
    part = app.parts.get(subject)
    form = core.form_of(app, subject)
    refused = core.refused_by(app, subject, now)
    editable = not refused and (
        part is None or part.state in EDITABLE or part.state in (State.APPROVED, State.REJECTED)
    )
    values = _values(app, subject, part, editable=editable)
    found = core.problems(app, subject, values, now) if editable else []
    files = files_of(form, values)
    hard = any(not each.soft for each in found)
    return FileView(
        subject=subject,
        state=part.state if part else "none",
        version=part.version if part else 1,
        form=form,
        values=values,
        shown=await _shown(pool, app) if subject is Subject.PROFILE else {},
        problems=found,
        computed=_computed(app),
        editable=editable,
        may_submit=editable and not hard and part is not None and part.state in EDITABLE,
        may_withdraw=part is not None
        and part.state is State.ORG_REVIEW
        and part.opened_by is None
        and not core.lost_by_withdrawal(app, subject, now),
        refused_by=refused,
        reason=part.reason if part else "",
        due_at=part.due_at if part else None,
        saved_at=part.saved_at if part else now,
        documents=await documents.views_of(call.house, call.me, app.identity.person_id, files),
        moves=await moves_of(pool, app.application_id, [subject], names=False),
    )


def _values(app: Application, subject: Subject, part: Part | None, *, editable: bool) -> dict[str, Any]:
    """The draft while it may be edited, else what was handed in. A change begins with the profile as it is."""
    if subject is Subject.CHANGE and editable and (part is None or part.state not in EDITABLE):
        profile_ = app.profile_values()
        return {code: profile_[code] for code in profile.CHANGEABLE if code in profile_}
    if part is None:
        return {}
    return part.draft if editable or part.body is None else part.body


async def _shown(runner: Runner, app: Application) -> dict[str, str]:
    name = await runner.fetchval(account_store.ORGANISATION_NAME, app.institution_id)
    return identity_shown(app.identity, name or "")


def _computed(app: Application) -> dict[str, int]:
    return msgspec.to_builtins(core.practice(app))  # type: ignore[no-any-return]


async def moves_of(runner: Runner, application_id: int, subjects: list[str], *, names: bool) -> list[MoveView]:
    """The history of parts of a file; the physician is told roles, staff are told names too."""
    rows = await runner.fetch(store.MOVES_OF, application_id, subjects)
    return [MoveView(**(dict(row) | ({} if names else {"by": ""}))) for row in rows]


@endpoints.add("PUT", "/api/application/{subject}", roles=PHYSICIAN, body=SaveFile, answer=FileSaved)
async def save_file(call: Call) -> FileSaved:
    """Save the draft as one types."""
    asked: SaveFile = call.body
    subject, now = subject_of(call), call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app = await own_application(call, connection, lock=True)
        app = await filing.save(connection, app, subject, asked.values, asked.version, by_physician(call), now)
    part = app.parts[subject]
    return FileSaved(
        version=part.version,
        saved_at=part.saved_at,
        problems=core.problems(app, subject, part.draft, now),
        computed=_computed(app),
    )


@endpoints.add("POST", "/api/application/{subject}/submit", roles=PHYSICIAN, body=AtVersion, answer=FileView)
async def submit_file(call: Call) -> FileView:
    """【提交】: hand it in for review."""
    return await _move(call, Event.SUBMIT)


@endpoints.add("POST", "/api/application/{subject}/withdraw", roles=PHYSICIAN, body=AtVersion, answer=FileView)
async def withdraw_file(call: Call) -> FileView:
    """Take it back, before a reviewer has opened it."""
    return await _move(call, Event.WITHDRAW)


async def _move(call: Call, event: Event) -> FileView:
    asked: AtVersion = call.body
    subject, now = subject_of(call), call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app = await own_application(call, connection, lock=True)
        moved = await filing.move(connection, app, subject, Act(event=event), asked.version, by_physician(call), now)
    wake(call, moved.wake)
    return await _view(call, moved.application, subject)


def wake(call: Call, news: Wake) -> None:
    """After the commit: whoever has his inbox open looks again."""
    call.house.bus.wake_inbox(persons=news.persons, organisations=news.organisations)


@endpoints.add(
    "POST",
    "/api/application/photo",
    roles=PHYSICIAN,
    body=bytes,
    answer=PhotoHints,
    media="image/*",
    bytes_max=DOCUMENT_BYTES_MAX,
)
async def upload_photo(call: Call) -> PhotoHints:
    """The photo of the profile, looked at by the face model; the exam's reference once the profile is enrolled."""
    house, person_id = call.house, call.me.person_id
    await own_application(call, house.pool)
    await house.throttle.take(f"profile-photo:{person_id}", PHOTOS_MAX, PHOTOS_S)
    row = await evidence.keep(house, person_id, call.body, title="photo", purpose="photo")
    [view] = await documents.views_of(house, call.me, person_id, [row["document_id"]])
    if await proctor.consent(house.pool, person_id, CONSENT_VERSION) != "agreed":
        return PhotoHints(document=view, looked=False, hints=[])  # nobody's face is looked at who did not agree to it
    try:
        jpeg = await cleaned(await evidence.read(house, row["document_id"]), DOCUMENT_BYTES_MAX)
        looked = await look(house, person_id, jpeg, urgent=True)
    except NotEnrolled as error:
        if error.problem == "model_away":
            return PhotoHints(document=view, looked=False, hints=[])
        raise refused_picture(BadPicture(error.problem)) from error
    if looked.sight is None:
        return PhotoHints(document=view, looked=False, hints=[])
    return PhotoHints(document=view, looked=True, hints=list(hints_of(looked)))


# --- the procedure -----------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/procedure", roles=PHYSICIAN, answer=ProcedureView)
async def see_procedure(call: Call) -> ProcedureView:
    """选择考核程序: the conditions, and what speaks against each."""
    return await _procedure(call, await own_application(call, call.house.pool))


async def _procedure(call: Call, app: Application) -> ProcedureView:
    now, known = call.house.clock.now(), core.practice(app)
    values = app.procedure_body
    refused = core.may_choose(app, now)
    evaluation = app.parts.get(Subject.EVALUATION)
    files = files_of(procedure.FORM, values)
    return ProcedureView(
        procedure=app.procedure,
        version=app.procedure_version,
        form=procedure.FORM,
        values=values,
        conditions=procedure.conditions(known, app.policy),
        years=known.years,
        months=known.months,
        bad_records=known.bad_records,
        simple_refused=app.simple_refused,
        reason=evaluation.reason if evaluation and app.simple_refused else "",
        problems=procedure.check(values, known, app.cycle, app.policy) if not refused else [],
        may_choose=not refused,
        may_change=core.may_take_back(app),
        refused_by=refused,
        documents=await documents.views_of(call.house, call.me, app.identity.person_id, files),
    )


@endpoints.add("PUT", "/api/procedure", roles=PHYSICIAN, body=SaveFile, answer=FileSaved)
async def save_procedure(call: Call) -> FileSaved:
    """Save the ticks and evidence as a draft."""
    asked: SaveFile = call.body
    now = call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app = await own_application(call, connection, lock=True)
        app = await choosing.save_procedure(connection, app, asked.values, asked.version, now)
    found = procedure.check(app.procedure_body, core.practice(app), app.cycle, app.policy)
    return FileSaved(version=app.procedure_version, saved_at=now, problems=found, computed=_computed(app))


@endpoints.add("POST", "/api/procedure", roles=PHYSICIAN, body=ChooseProcedure, answer=ProcedureView)
async def choose_procedure(call: Call) -> ProcedureView:
    """【申请简易程序】 or 【不符合以上条件，执行一般程序】: choose the procedure."""
    asked: ChooseProcedure = call.body
    by, now = by_physician(call), call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app = await own_application(call, connection, lock=True)
        app = await choosing.choose(connection, app, asked.choice, asked.values, asked.version, by, now)
    return await _procedure(call, app)


@endpoints.add("POST", "/api/procedure/change", roles=PHYSICIAN, body=AtVersion, answer=ProcedureView)
async def change_procedure(call: Call) -> ProcedureView:
    """Take the application for the simple procedure back, before the self-evaluation is handed in."""
    asked: AtVersion = call.body
    by, now = by_physician(call), call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        app = await own_application(call, connection, lock=True)
        app = await choosing.take_back(connection, app, asked.version, by, now)
    return await _procedure(call, app)
