"""Cases at work: the pure fold of `proctor.cases` on the database, and what a case means for its attempt.

A case and its attempt live in two journals, so what one demands of the other is made whole by doing it again: holding
the score back, telling the physician and voiding the attempt are harmless when repeated, and `mend` repeats them.
"""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from exam_engine import store as exam_store
from exam_engine.errors import NotFound, PersonError, Refused, Unavailable
from exam_engine.house import House
from exam_engine.messages import TEXT_CHARS_MAX, Annul, EndHold, ForceHandIn, Hold, LockIdentity
from exam_engine.messages import Notify as NotifyAttempt
from exam_engine.service import Known
from proctor import case_store, cases
from proctor.case_store import Taken
from proctor.cases import Case, CaseCommand, CaseOpened, CasePhase, CaseRefused, Notify, OpenCase
from proctor.policy import Proctoring
from proctor.rules import RULES, Incident
from proctor.store import Row, Runner

TRIES_MAX: Final = 5
NOTIFY_MAX: Final = 200
MEND_MAX: Final = 1_000
OVER: Final = frozenset({"submitted", "marked", "released", "annulled"})

log = structlog.get_logger()


async def open_by_rule(house: House, known: Known, incident: Incident) -> None:
    """One case per attempt and rule; further incidents of the rule become evidence of it."""
    allegation = cases.Allegation(RULES[incident.rule].allegation)
    keys = ((incident.rule, incident.ordinal),)
    request = f"rule {known.attempt_id} {incident.rule}"
    command = OpenCase(allegation=allegation, incidents=keys, pictures=incident.pictures)
    case_id, new = await open_case(house, known, command, by=0, request=request)
    if not new:
        attach = cases.Attach(incidents=keys, pictures=incident.pictures)
        with contextlib.suppress(Refused):  # the physician has answered already: no more is put before him
            await give(house, case_id, attach, by=0)


async def open_case(house: House, known: Known, command: OpenCase, by: int, request: str) -> tuple[int, bool]:
    """Open a case, or find the one this request opened before: its number, and whether it is new. Raises Refused."""
    now, attempt = house.clock.now(), known.attempt
    try:
        (event,) = cases.decide(None, command, by, now, attempt.policy.proctoring)
    except CaseRefused as refusal:
        raise Refused(refusal.code, **refusal.facts) from refusal
    assert isinstance(event, CaseOpened)
    async with house.pool.acquire() as connection, connection.transaction():
        made = await case_store.begin(
            connection, request, known.attempt_id, attempt.sitting, attempt.person, event, now
        )
        if made is not None:
            await _link(connection, known.attempt_id, made, command.incidents)
    case_id = int(await house.pool.fetchval(case_store.BY_REQUEST, request)) if made is None else made
    await ask(house, known.attempt_id, Hold(case=case_id), 0)
    if attempt.phase in OVER:
        await give(house, case_id, Notify(), by=0)
    house.bus.stir(attempt.sitting, known.attempt_id)
    return case_id, made is not None


async def give(house: House, case_id: int, command: CaseCommand, by: int) -> Case:
    """Give a command to a case and carry out what follows for its attempt. Raises NotFound, Refused."""
    line = await line_of(house, case_id)
    policy = await policy_of(house, line["sitting_id"])
    for _ in range(TRIES_MAX):
        case, version = await load(house, case_id)
        now = house.clock.now()
        try:
            events = cases.decide(case, command, by, now, policy)
        except CaseRefused as refusal:
            raise Refused(refusal.code, **refusal.facts) from refusal
        try:
            async with house.pool.acquire() as connection, connection.transaction():
                for event in events:
                    case = await case_store.append(connection, case_id, case, version, event, by, now)
                    version += 1
                if isinstance(command, cases.Attach):
                    await _link(connection, line["attempt_id"], case_id, command.incidents)
        except Taken:
            continue  # somebody else was quicker: look again
        await _follow(house, line, case)
        return case
    raise Refused("busy")


async def load(house: House, case_id: int) -> tuple[Case, int]:
    """The case as it stands, and its version. Raises NotFound."""
    found = await case_store.load(house.pool, case_id)
    if found is None:
        raise NotFound("no_such_case")
    return found[0], found[1]


async def line_of(house: House, case_id: int) -> Row:
    """The line of a case. Raises NotFound."""
    line = await house.pool.fetchrow(case_store.LINE, case_id)
    if line is None:
        raise NotFound("no_such_case")
    return line


async def policy_of(house: House, sitting_id: int) -> Proctoring:
    """The policy of due process of a sitting."""
    return (await house.registry.sitting(sitting_id)).policy.proctoring


async def notify_some(house: House) -> int:
    """Tell physicians whose exam is over of cases they don't know of; returns how many were told."""
    last, told = 0, 0
    while rows := await house.pool.fetch(case_store.TO_NOTIFY, last, NOTIFY_MAX):
        last = rows[-1]["case_id"]
        phases = await exam_store.phases_of(house.pool, [row["attempt_id"] for row in rows])
        for row in rows:
            if phases.get(row["attempt_id"]) in OVER:
                await give(house, row["case_id"], Notify(), by=0)
                told += 1
    return told


async def mend(house: House) -> int:
    """Carry out what is due, and repeat what a process that died may have left undone; returns how much it was."""
    now, done = house.clock.now(), 0
    for row in await house.pool.fetch(case_store.DUE_TO_VOID, now, MEND_MAX):
        case, _ = await load(house, row["case_id"])
        await ask(house, row["attempt_id"], Annul(reason=case.reason[:TEXT_CHARS_MAX], barred=True), case.decided_by)
        await house.pool.execute(case_store.VOIDED, row["case_id"])
        done += 1
    held = {row[0] for row in await house.pool.fetch(exam_store.HELD, MEND_MAX)}
    holding = await house.pool.fetch(case_store.HOLDING, MEND_MAX)
    for row in holding:
        if row["attempt_id"] not in held:
            await ask(house, row["attempt_id"], Hold(case=row["case_id"]), 0)
    for row in await house.pool.fetch(case_store.OF_ATTEMPTS, list(held)):
        if not row["holds"]:
            await ask(house, row["attempt_id"], EndHold(case=row["case_id"]), 0)
    return done


async def _follow(house: House, line: Row, case: Case) -> None:
    """What a step means for the attempt: its score is held back or let go. What is to be void, `mend` makes void."""
    attempt_id, case_id = line["attempt_id"], line["case_id"]
    holds = cases.holds_score(case) or case_store.void_at_of(case) is not None
    await ask(house, attempt_id, Hold(case=case_id) if holds else EndHold(case=case_id), 0)
    house.bus.stir(line["sitting_id"], attempt_id)


async def ask(
    house: House,
    attempt_id: int,
    command: Hold | EndHold | Annul | NotifyAttempt | LockIdentity | ForceHandIn,
    by: int = 0,
) -> None:
    """What a case or a rule asks of an attempt. What the attempt refuses (it is over) is not to be done."""
    try:
        await house.service.handle(attempt_id, command, by=by)
    except Unavailable:
        raise
    except PersonError as error:
        log.info("attempt_refused", attempt=attempt_id, code=error.code)


async def _link(connection: Runner, attempt_id: int, case_id: int, keys: Sequence[tuple[str, int]]) -> None:
    if keys:
        rules, ordinals = [rule for rule, _ in keys], [ordinal for _, ordinal in keys]
        await connection.execute(case_store.LINK_INCIDENTS, attempt_id, case_id, rules, ordinals)


def until_of(case: Case) -> datetime | None:
    """Until when the physician may speak, as the case stands."""
    if case.phase is CasePhase.NOTIFIED:
        return case.reply_until
    return case.appeal_until if case.phase is CasePhase.CONFIRMED else None
