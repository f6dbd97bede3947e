"""我的监考记录: what was recorded about a physician, cases about him, and what he has to say to them."""

from aiohttp import web

from exam_engine import casework
from exam_engine.edge.faces import refused_picture
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.physician import own_attempt
from exam_engine.edge.proctor_shapes import (
    OwnCapture,
    OwnCase,
    OwnCases,
    OwnIncident,
    OwnLog,
    OwnNotice,
    Speech,
)
from exam_engine.errors import NotFound
from exam_engine.house import House
from proctor import case_store, store
from proctor.cases import Appeal, CasePhase, Reply, every_incident, every_picture, ruling_of
from proctor.pictures import BadPicture, StoreAway
from proctor.policy import Proctoring
from proctor.rules import RULES, Incident, notice_text
from proctor.store import Row

endpoints = Endpoints()


@endpoints.add("GET", "/api/attempts/{attempt_id}/log", roles=PHYSICIAN, answer=OwnLog)
async def own_log(call: Call) -> OwnLog:
    """我的监考记录: what was recorded, when, and why."""
    owner = await own_attempt(call)
    house, attempt_id = call.house, call.path["attempt_id"]
    known = await house.service.look(attempt_id)
    policy = known.attempt.policy.proctoring
    incidents = await house.pool.fetch(store.INCIDENTS, attempt_id)
    captures = await house.pool.fetch(store.CAPTURES, attempt_id)
    cases = await house.pool.fetch(case_store.OF_PERSON, owner.person_id)
    return OwnLog(
        attempt_id=attempt_id,
        incidents=[_incident(row, policy) for row in incidents],
        captures=[OwnCapture(at=row["at"], why=row["why"], kind=row["kind"]) for row in captures],
        notices=[
            OwnNotice(at=n.at, level=n.level, text=n.text, acknowledged=n.acknowledged) for n in known.attempt.notices
        ],
        cases=[
            found for row in cases if row["attempt_id"] == attempt_id and (found := await _case(house, row)) is not None
        ],
    )


def _incident(row: Row, policy: Proctoring) -> OwnIncident:
    """What an invigilator noted is told in his words, what a rule found in ours."""
    incident = Incident(
        rule=row["rule"], ordinal=row["ordinal"], level=row["level"], at=row["at"], for_ms=row["for_ms"]
    )
    text = row["note"] if row["rule"] not in RULES else notice_text(incident, policy) or RULES[row["rule"]].name
    return OwnIncident(
        rule=incident.rule,
        ordinal=incident.ordinal,
        level=incident.level,
        at=incident.at,
        for_ms=incident.for_ms,
        text=text,
    )


@endpoints.add("GET", "/api/cases", roles=PHYSICIAN, answer=OwnCases)
async def own_cases(call: Call) -> OwnCases:
    """Cases about the caller."""
    return await _own_cases(call)


async def _own_cases(call: Call) -> OwnCases:
    rows = await call.house.pool.fetch(case_store.OF_PERSON, call.me.person_id)
    return OwnCases(cases=[found for row in rows if (found := await _case(call.house, row)) is not None])


@endpoints.add("POST", "/api/cases/{case_id}/reply", roles=PHYSICIAN, body=Speech, answer=OwnCases)
async def reply_to_case(call: Call) -> OwnCases:
    """The physician's reply, once."""
    return await _say(call, Reply(text=_speech(call)))


@endpoints.add("POST", "/api/cases/{case_id}/appeal", roles=PHYSICIAN, body=Speech, answer=OwnCases)
async def appeal_case(call: Call) -> OwnCases:
    """The physician's appeal, once."""
    return await _say(call, Appeal(text=_speech(call)))


def _speech(call: Call) -> str:
    assert isinstance(call.body, Speech)
    return call.body.text


async def _say(call: Call, command: Reply | Appeal) -> OwnCases:
    line = await casework.line_of(call.house, call.path["case_id"])
    if line["person_id"] != call.me.person_id:
        raise NotFound("no_such_case")
    await casework.give(call.house, line["case_id"], command, by=0)
    return await _own_cases(call)


async def _case(house: House, line: Row) -> OwnCase | None:
    """A case as its physician may read it; None while he has not been told of it yet."""
    case, _ = await casework.load(house, line["case_id"])
    if case.phase is CasePhase.OPEN and case.notified_at is None:
        return None
    sitting = await house.registry.sitting(line["sitting_id"])
    rows = await house.pool.fetch(store.INCIDENTS, line["attempt_id"])
    keys = every_incident(case)
    until, now = casework.until_of(case), house.clock.now()
    open_to_him = until is not None and now < until
    return OwnCase(
        case_id=line["case_id"],
        attempt_id=line["attempt_id"],
        title=sitting.title,
        allegation=case.allegation,
        text="\n".join(filter(None, (case.text, *(attached.text for attached in case.attachments)))),
        phase=case.phase,
        opened_at=case.opened_at,
        pictures=every_picture(case),
        incidents=[_incident(row, sitting.policy.proctoring) for row in rows if (row["rule"], row["ordinal"]) in keys],
        reply=case.reply,
        decision=ruling_of(case),
        reason=case.reason,
        measure=case.measure,
        appeal=case.appeal,
        appeal_reason=case.appeal_reason,
        can_reply=case.phase is CasePhase.NOTIFIED,
        can_appeal=case.phase is CasePhase.CONFIRMED and open_to_him,
        until=until,
    )


@endpoints.add("GET", "/api/attempts/{attempt_id}/own-pictures/{picture}", roles=PHYSICIAN, media="image/jpeg")
async def own_picture(call: Call) -> web.Response:
    """A picture that is evidence in a case about the caller."""
    owner = await own_attempt(call)
    house, name = call.house, call.request.match_info["picture"]
    for line in await house.pool.fetch(case_store.OF_PERSON, owner.person_id):
        if line["attempt_id"] != call.path["attempt_id"]:
            continue
        case, _ = await casework.load(house, line["case_id"])
        told = case.phase is not CasePhase.OPEN or case.notified_at is not None
        jpeg = None
        if told and name in every_picture(case):
            try:
                jpeg = await house.pictures.get(owner.person_id, name)
            except (BadPicture, StoreAway) as error:
                raise refused_picture(error) from error
        if jpeg is not None:
            return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})
    raise NotFound("no_such_picture")
