"""Moves of the registration file, carried out: decided by `review.py`, written here in the caller's transaction.

Everything a move brings with it is written in one piece: the part, the line of its history, the messages, the
procedure, the entitlements. Whom to wake at open pages comes back, for after the commit (`Moved.wake`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from exam_engine.errors import Forbidden, Invalid, NotFound, Refused
from exam_engine.registration import account_store, evidence, inbox_store, profile, store
from exam_engine.registration import application as core
from exam_engine.registration.application import NONE, SIMPLE, SIMPLE_APPLIED, Application, Part
from exam_engine.registration.forms import Form, WrongValue, files_of, fits
from exam_engine.registration.review import (
    EDITABLE,
    Act,
    Actor,
    Event,
    Level,
    Move,
    State,
    Subject,
    Told,
    decide,
)
from exam_engine.registration.settling import settle
from exam_engine.store import Runner

DECISIONS: Final = frozenset({Event.APPROVE, Event.RETURN, Event.REFUSE, Event.CONDITIONS_NOT_MET})
SHARED_DOCUMENT, RETURNED_BEFORE = "shared_document", "returned_before"  # flags that only the way of a file shows


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who moves: the account and the human behind it, as what, for whom, from where."""

    level: Level
    account_id: int | None = None
    person_id: int = 0
    organisation_id: int | None = None
    address: str = ""

    def actor(self) -> Actor:
        """As the table of moves knows him."""
        return Actor(level=self.level, person_id=self.person_id)

    def signature(self) -> tuple[int | None, str, int | None, str]:
        """As a line of the history has him."""
        return self.account_id, self.level.value, self.organisation_id, self.address


SYSTEM: Final = By(level=Level.SYSTEM)


class Wake(msgspec.Struct, kw_only=True):
    """Whose inbox has news."""

    persons: list[int] = []
    organisations: list[int] = []


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    application: Application
    part: Part
    wake: Wake


# --- a part is written -------------------------------------------------------------------------------------------


async def begin(
    runner: Runner, person_id: int, cycle: int, province: str, institution_id: int, now: datetime, *, faceless: bool
) -> Application:
    """The file of a person in a cycle, made with its first draft if there is none."""
    application_id = await runner.fetchval(store.ADD_APPLICATION, person_id, cycle, province, institution_id, faceless)
    app = await store.find(runner, person_id, cycle, lock=True)
    assert app is not None
    if application_id is not None:
        draft = profile.prefilled(core.known(app))
        if phone := await runner.fetchval(account_store.PHONE_OF, person_id):
            draft["phone"] = phone
        await add_part(runner, app, Subject.PROFILE, draft, now)
        app = await again(runner, app)
    return app


async def add_part(runner: Runner, app: Application, subject: Subject, draft: Mapping[str, Any], now: datetime) -> None:
    """A part with its first draft, if there is none yet."""
    values = app.profile_values()
    await runner.execute(
        store.ADD_FILE,
        app.application_id,
        subject,
        store.as_text(draft),
        now,
        str(values.get("department") or ""),
        str(values.get("category") or ""),
    )


async def again(runner: Runner, app: Application) -> Application:
    """The file as it is now, within the same transaction."""
    found = await store.load(runner, app.application_id)
    assert found is not None
    return found


async def save(
    runner: Runner, app: Application, subject: Subject, values: Mapping[str, Any], version: int, by: By, now: datetime
) -> Application:
    """Keep a draft. Raises Refused (not now, or another device saved since), Invalid (a value of another kind)."""
    part = app.parts.get(subject)
    if part is None:
        refused = core.refused_by(app, subject, now)
        if refused:
            raise Refused(refused)
        await add_part(runner, app, subject, {}, now)
        app = await again(runner, app)
        part = app.parts[subject]
    if part.version != version:
        raise Refused("changed_meanwhile", version=part.version)
    form = core.form_of(app, subject)
    kept = fitting(form, values)
    await evidence.must_be_own(runner, app.identity.person_id, files_of(form, kept))
    if "photo" in kept and await runner.fetchval(PURPOSE, kept["photo"]) != "photo":
        raise Invalid("wrong_value", field="photo")
    await evidence.mark_used(runner, files_of(form, kept))  # a draft may lie for longer than what nobody uses is kept
    standing = core.standing(app, subject, now)
    move = decide(standing, Act(event=Event.SAVE), by.actor(), now)
    await runner.execute(store.SAVE_DRAFT, part.file_id, store.as_text(kept), move.to, now)
    if move.to is not part.state:
        await store.add_move(
            runner, app.application_id, subject, Event.SAVE, (part.state, move.to), now, by.signature(), "", {}
        )
    return await again(runner, app)


def fitting(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a form keeps them; raises Invalid for one of another kind."""
    try:
        return fits(form, values)
    except WrongValue as wrong:
        raise Invalid("wrong_value", field=wrong.field) from wrong


# --- a part is moved ---------------------------------------------------------------------------------------------


async def move(
    runner: Runner, app: Application, subject: Subject, act: Act, version: int | None, by: By, now: datetime
) -> Moved:
    """Carry out an act on a part of a file whose lock is held. Raises what `decide` raises, and changed_meanwhile."""
    part = app.parts.get(subject)
    if part is None:
        raise NotFound("no_such_file")
    if version is not None and part.version != version:
        raise Refused("changed_meanwhile", version=part.version, state=part.state)
    decided = decide(core.standing(app, subject, now), act, by.actor(), now)
    changed = _after(app, subject, part, decided, by, now)
    if decided.event is Event.SUBMIT:
        changed = await _file_documents(runner, app, subject, changed)
    await store.save_part(runner, changed)
    facts = {"version": part.version + 1}
    if decided.rating is not None:
        facts |= msgspec.to_builtins(decided.rating)
    states = (part.state, decided.to)
    await store.add_move(
        runner, app.application_id, subject, decided.event, states, now, by.signature(), decided.reason, facts
    )
    wake = Wake()
    app = await again(runner, app)
    app = await _effects(runner, app, subject, decided, now, wake)
    await _tell(runner, app, subject, decided.told, changed.reason, changed.due_at, wake)
    return Moved(application=app, part=app.parts[subject], wake=wake)


def _after(app: Application, subject: Subject, part: Part, decided: Move, by: By, now: datetime) -> Part:
    """The part as it is after the move."""
    changed = msgspec.structs.replace(
        part, state=decided.to, moved_at=now, due_at=None, reason=decided.reason, decided_by=None
    )
    match decided.event:
        case Event.SUBMIT:
            returned = part.state in (State.ORG_RETURNED, State.AGY_RETURNED)
            decided_before = part.org_opinion is not None or part.agy_opinion is not None  # somebody has read it
            found = core.problems(app, subject, part.draft, now)
            flags = core.flags(app, subject, part.draft, found)
            if returned or RETURNED_BEFORE in part.flags:  # somebody looks whether it was put right
                flags.append(RETURNED_BEFORE)
            return msgspec.structs.replace(
                changed,
                body=part.draft,
                before=part.body if decided_before else part.before,
                submitted_at=now,
                org_person=None,
                org_opinion=None,
                agy_opinion=None,
                flags=flags,
            )
        case Event.APPROVE | Event.RETURN | Event.REFUSE | Event.CONDITIONS_NOT_MET:
            return _decided(app, subject, changed, decided, by, now)
        case Event.UNDO if by.level is Level.INSTITUTION:
            return msgspec.structs.replace(changed, org_person=None, org_opinion=None, draft=part.body or part.draft)
        case Event.UNDO | Event.REOPEN:
            due_at = _correction(app, subject, now) if decided.to in EDITABLE else None
            return msgspec.structs.replace(changed, agy_opinion=None, due_at=due_at)
        case _:
            return changed


async def _file_documents(runner: Runner, app: Application, subject: Subject, part: Part) -> Part:
    """What is handed in stays; the same file handed in by somebody else is for the reviewer to know."""
    files = files_of(core.form_of(app, subject), part.body or {})
    await evidence.mark_used(runner, files)
    shared = await evidence.shared_with_others(runner, app.identity.person_id, files)
    return msgspec.structs.replace(part, flags=[*part.flags, SHARED_DOCUMENT]) if shared else part


def _decided(app: Application, subject: Subject, part: Part, decided: Move, by: By, now: datetime) -> Part:
    opinion = {"by": by.account_id, "at": now.isoformat(), "reason": decided.reason}
    if decided.rating is not None:
        opinion |= msgspec.to_builtins(decided.rating)
    first = by.level is Level.INSTITUTION
    due_at = _correction(app, subject, now) if decided.to in EDITABLE else None
    return msgspec.structs.replace(
        part,
        decided_by=by.person_id,
        due_at=due_at,
        reason=decided.reason or (decided.rating.comment if decided.rating and decided.to is State.REJECTED else ""),
        org_person=by.person_id if first and decided.event is Event.APPROVE else part.org_person,
        org_opinion=opinion if first else part.org_opinion,
        agy_opinion=part.agy_opinion if first else opinion,
    )


def _correction(app: Application, subject: Subject, now: datetime) -> datetime:
    """Until when a returned file may be handed in again: the window's end, but never less than the days for it."""
    least = now + timedelta(days=app.policy.correction_days)
    window = core.window_of(app, subject)
    return max(least, window.closes_at) if window else least


async def _effects(
    runner: Runner, app: Application, subject: Subject, decided: Move, now: datetime, wake: Wake
) -> Application:
    """What follows from a move beyond its own part."""
    approved = decided.to is State.APPROVED
    if subject is Subject.PROFILE:
        values = app.profile_values()
        photo = values.get("photo")
        due = approved and photo is not None and not app.faceless
        await runner.execute(store.SET_PHOTO, app.application_id, photo, due)
    elif subject is Subject.EVALUATION:
        app = await _fix_procedure(runner, app, decided)
    elif subject is Subject.CHANGE and approved:
        await _take_over(runner, app)
        app = await again(runner, app)
    elif subject is Subject.DEFERRAL and approved:
        deferred = await move(runner, app, Subject.PROFILE, Act(event=Event.DEFER), None, SYSTEM, now)
        app = deferred.application
        wake.persons += deferred.wake.persons
    await describe(runner, app)
    if await settle(runner, app.identity.person_id, app.cycle.cycle, now):
        wake.persons.append(app.identity.person_id)
    return app


async def _fix_procedure(runner: Runner, app: Application, decided: Move) -> Application:
    to = {"fixed": SIMPLE, "refused": NONE}.get(decided.simple)
    if to is None and decided.event in (Event.UNDO, Event.REOPEN) and app.procedure == SIMPLE:
        to = SIMPLE_APPLIED
    if to is None:
        return app
    refused = app.simple_refused or to == NONE
    await runner.execute(store.SET_PROCEDURE, app.application_id, to, refused, store.as_text(app.procedure_body))
    return await again(runner, app)


async def _take_over(runner: Runner, app: Application) -> None:
    """An approved change becomes part of the profile; its history keeps what was there before."""
    own, change = app.parts[Subject.PROFILE], app.parts[Subject.CHANGE]
    new = {code: value for code, value in (change.body or {}).items() if code in profile.CHANGEABLE}
    values = app.profile_values() | new
    await store.save_part(runner, msgspec.structs.replace(own, draft=values, body=values, before=own.body))


async def describe(runner: Runner, app: Application) -> None:
    """Bring what queues show of a file up to date: department, category, procedure."""
    values = app.profile_values()
    department, category = str(values.get("department") or ""), str(values.get("category") or "")
    await runner.execute(store.DESCRIBE_FILES, app.application_id, department, category, app.procedure)


async def _tell(
    runner: Runner,
    app: Application,
    subject: Subject,
    told: tuple[Told, ...],
    reason: str,
    due_at: datetime | None,
    wake: Wake,
) -> None:
    facts: dict[str, object] = {"subject": subject.value, "reason": reason, "name": app.identity.name}
    if due_at is not None:
        facts["due_at"] = due_at
    person_id = app.identity.person_id
    for each in told:
        if each.whom is Level.PHYSICIAN:
            await inbox_store.tell(runner, person_id, each.code, facts)
            wake.persons.append(person_id)
            continue
        organisation_id = await _organisation(runner, app, each.whom)
        if organisation_id is not None:
            await inbox_store.tell_organisation(runner, organisation_id, each.code, facts)
            wake.organisations.append(organisation_id)


async def _organisation(runner: Runner, app: Application, whom: Level) -> int | None:
    if whom is Level.PROVINCE:
        found: int | None = await runner.fetchval(OFFICE, app.province)
        return found
    return app.institution_id if whom is Level.INSTITUTION else app.agency_id


PURPOSE: Final = "SELECT purpose FROM reg.documents WHERE document_id = $1"
OFFICE: Final = """
SELECT organisation_id FROM people.organisations WHERE kind = 'province' AND province = $1 AND NOT disabled
ORDER BY organisation_id LIMIT 1
"""


async def open_part(runner: Runner, app: Application, subject: Subject, by: By, now: datetime) -> Application:
    """A reviewer whose turn it is has the file on the screen: its physician can't take it back any more."""
    part = app.parts[subject]
    try:
        decide(core.standing(app, subject, now), Act(event=Event.OPEN), by.actor(), now)
    except (Refused, Forbidden):
        return app  # somebody else's turn, or never his: looking is free
    if part.opened_by is None:
        states = (part.state, part.state)
        await store.add_move(
            runner, app.application_id, subject, Event.OPEN, states, now, by.signature(), "", {"version": part.version}
        )
    await runner.execute(store.OPEN_FILE, part.file_id, by.account_id, now)
    return await again(runner, app)
