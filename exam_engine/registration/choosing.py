"""选择考核程序, carried out: ticks and evidence as a draft, the choice, and taking it back (domain.md §3.5).

In the caller's transaction, with the file's lock held; `filing.py` moves the parts that follow.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from exam_engine.errors import Invalid, Refused
from exam_engine.registration import application as core
from exam_engine.registration import evidence, filing, procedure, store
from exam_engine.registration.application import GENERAL, NONE, SIMPLE_APPLIED, Application
from exam_engine.registration.filing import By
from exam_engine.registration.forms import files_of
from exam_engine.registration.review import Subject
from exam_engine.registration.settling import settle
from exam_engine.store import Runner

PROCEDURE: Final = "procedure"  # the subject of moves of the choice itself


async def save_procedure(
    runner: Runner, app: Application, values: Mapping[str, Any], version: int, now: datetime
) -> Application:
    """Keep ticks and evidence of 选择考核程序 as a draft."""
    _procedure_at(app, version)
    refused = core.may_choose(app, now)
    if refused:
        raise Refused(refused)
    return await _set_procedure(runner, app, NONE, filing.fitting(procedure.FORM, values))


async def choose(
    runner: Runner, app: Application, choice: str, values: Mapping[str, Any], version: int, by: By, now: datetime
) -> Application:
    """【申请简易程序】 or 【不符合以上条件，执行一般程序】. Raises Refused, Invalid."""
    _procedure_at(app, version)
    refused = core.may_choose(app, now)
    if refused:
        raise Refused(refused)
    if choice not in ("simple", GENERAL):
        raise Invalid("no_such_procedure")
    kept, to = app.procedure_body, GENERAL
    if choice == "simple":
        kept, to = _simple(app, values), SIMPLE_APPLIED
    app = await _set_procedure(runner, app, to, kept)
    if to == SIMPLE_APPLIED:
        await evidence.mark_used(runner, files_of(procedure.FORM, kept))
    await _note_choice(runner, app, f"choose_{choice}", NONE, to, by, now)
    if Subject.EVALUATION not in app.parts:
        await filing.add_part(runner, app, Subject.EVALUATION, {}, now)
    await filing.describe(runner, app)
    await settle(runner, app.identity.person_id, app.cycle.cycle, now)
    return await filing.again(runner, app)


def _simple(app: Application, values: Mapping[str, Any]) -> dict[str, Any]:
    if app.simple_refused:
        raise Refused("simple_refused")
    kept = filing.fitting(procedure.FORM, values)
    found = procedure.check(kept, core.practice(app), app.cycle, app.policy)
    hard = [each for each in found if not each.soft]
    if hard:
        raise Refused("form_incomplete", count=len(hard), field=hard[0].field)
    return kept


async def take_back(runner: Runner, app: Application, version: int, by: By, now: datetime) -> Application:
    """Choose again, before the self-evaluation is handed in. Raises Refused."""
    _procedure_at(app, version)
    if not core.may_take_back(app):
        raise Refused("procedure_fixed")
    app = await _set_procedure(runner, app, NONE, app.procedure_body)
    await _note_choice(runner, app, "take_back", SIMPLE_APPLIED, NONE, by, now)
    await filing.describe(runner, app)
    return app


def _procedure_at(app: Application, version: int) -> None:
    if app.procedure_version != version:
        raise Refused("changed_meanwhile", version=app.procedure_version)


async def _set_procedure(runner: Runner, app: Application, to: str, body: Mapping[str, Any]) -> Application:
    await evidence.must_be_own(runner, app.identity.person_id, files_of(procedure.FORM, body))
    await runner.execute(store.SET_PROCEDURE, app.application_id, to, app.simple_refused, store.as_text(body))
    return await filing.again(runner, app)


async def _note_choice(
    runner: Runner, app: Application, event: str, before: str, after: str, by: By, now: datetime
) -> None:
    states = (before, after)
    await store.add_move(runner, app.application_id, PROCEDURE, event, states, now, by.signature(), "", {})
