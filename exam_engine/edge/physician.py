"""The physician's side over HTTP: paper list, entering, portrait, paper, and the socket's twin."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiohttp import web
from msgspec import Raw

from exam_engine import store
from exam_engine.attempt import Attempt
from exam_engine.edge.faces import must_have_agreed, refused_picture
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.lingering import Lingering, Stay
from exam_engine.edge.shapes import (
    AttemptView,
    BatchOutcome,
    CommandBatch,
    CommandResult,
    EnteredAttempt,
    PaperList,
    PaperListEntry,
    PaperView,
    Portrait,
    ToldEvent,
)
from exam_engine.edge.views import attempt_view, clock_of, device_of, identity_of
from exam_engine.entering import enter
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.house import House
from exam_engine.messages import DeviceCommand, Phase, Start, TakePortrait
from exam_engine.registry import Owner
from exam_engine.service import Known, Result
from exam_engine.sitting import Kind, Sitting
from proctor.pictures import JPEG_BYTES_MAX, BadPicture, StoreAway
from proctor.store import add_picture

EVENTS_MAX: Final = 500  # more is cheaper as a snapshot
# What the candidate's device is not told: the score before the release, and a case before he is heard on it.
HIDDEN_KINDS: Final = frozenset({"marked", "held", "hold_ended"})
UNFINISHED: Final = frozenset({"entered", "identity", "ready", "running"})
_DEVICE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")

LINGERING: Final = web.AppKey("lingering", Lingering)

endpoints = Endpoints()


@endpoints.add("GET", "/api/papers", roles=PHYSICIAN, answer=PaperList)
async def paper_list(call: Call) -> PaperList:
    """试卷列表: what this physician may sit, and how it stands."""
    now = call.house.clock.now()
    rows = await call.house.pool.fetch(store.PAPER_LIST, call.me.person_id)
    return PaperList(now=now, papers=[_paper_list_entry(row, now) for row in rows])


def _paper_list_entry(row: store.Row, now: datetime) -> PaperListEntry:
    sitting = store.read_sitting(row)
    status = paper_status(sitting, row["phase"], now)
    if row["state"] != "open" and row["phase"] in (None, "annulled"):
        status = row["state"]
    released = status == "released"
    return PaperListEntry(
        sitting_id=sitting.sitting_id,
        kind=sitting.kind,
        round=sitting.round,
        title=sitting.title,
        item_count=sitting.item_count,
        minutes=sitting.policy.minutes + row["extra_minutes"],
        opens_at=sitting.opens_at,
        closes_at=sitting.closes_at,
        status=status,
        why=row["why"],
        can_enter=_can_enter(sitting, status, now),
        attempt_id=row["attempt_id"],
        points=row["points"] if released else None,
        points_max=sitting.points_full if released else None,
        pass_points=(row["released_pass_points"] or sitting.pass_points) if released else None,
        passed=row["passed"] if released else None,
    )


def paper_status(sitting: Sitting, phase: str | None, now: datetime) -> str:
    """not_yet_open, ready, in_progress, submitted, released, absent or annulled (domain.md §3.8)."""
    if phase in ("submitted", "marked"):
        return "submitted"
    if phase in ("released", "running"):
        return "in_progress" if phase == "running" else "released"
    if now < sitting.opens_at:
        return "not_yet_open"
    if now >= sitting.closes_at:
        return "annulled" if phase == "annulled" else "absent"
    return "in_progress" if phase in UNFINISHED else "ready"


def _can_enter(sitting: Sitting, status: str, now: datetime) -> bool:
    if status in ("ready", "in_progress"):
        return True
    again = sitting.kind is Kind.PRACTICE and status in ("submitted", "released")
    return again and sitting.opens_at <= now < sitting.closes_at


@endpoints.add("POST", "/api/sittings/{sitting_id}/enter", roles=PHYSICIAN, answer=EnteredAttempt)
async def enter_sitting(call: Call) -> EnteredAttempt:
    """【进入】: open the attempt, or go on with the one there is."""
    attempt_id = await enter(call.house, call.path["sitting_id"], call.me.person_id)
    return EnteredAttempt(attempt_id=attempt_id)


@endpoints.add("GET", "/api/attempts/{attempt_id}", roles=PHYSICIAN, answer=AttemptView, query=("device",))
async def see_attempt(call: Call) -> AttemptView:
    """The snapshot a device resumes from."""
    owner = await own_attempt(call)
    return await snapshot(call, owner, device_asking(call))


@endpoints.add("GET", "/api/attempts/{attempt_id}/paper", roles=PHYSICIAN, answer=PaperView, query=("device",))
async def see_paper(call: Call) -> PaperView:
    """The paper, without its keys, to the device that holds the running attempt."""
    await own_attempt(call)
    house, attempt_id, device = call.house, call.path["attempt_id"], device_asking(call)
    held = house.service.held(attempt_id)
    # Whoever held the attempt a moment ago has had the paper; a refusal is only said on fresh state.
    if held is None or not may_read(held.attempt, device):
        attempt = (await lingering(call).look(attempt_id)).attempt
        if attempt.phase is not Phase.RUNNING:
            raise Refused("not_running", phase=attempt.phase)
        if not may_read(attempt, device):
            raise Refused("superseded")
    return await house.papers.show(attempt_id)


def may_read(attempt: Attempt, device: str) -> bool:
    """Whether this device may have the paper: it holds the attempt, and the attempt runs."""
    return attempt.phase is Phase.RUNNING and device_of(attempt, device) == "mine"


@endpoints.add(
    "POST",
    "/api/attempts/{attempt_id}/portrait",
    roles=PHYSICIAN,
    body=bytes,
    media="image/jpeg",
    bytes_max=JPEG_BYTES_MAX,
    answer=Portrait,
    query=("device",),
)
async def take_portrait(call: Call) -> Portrait:
    """头像采集: keep the portrait and, as the policy says, accept it or ask a person."""
    await own_attempt(call)
    house, attempt_id, device = call.house, call.path["attempt_id"], device_asking(call)
    await must_have_agreed(house, call.me.person_id)
    async with house.service.holding(attempt_id) as known:
        await house.service.look(attempt_id)
        if known.attempt.phase not in UNFINISHED:
            raise Refused("already_submitted")
        try:
            kept = await house.pictures.put(call.me.person_id, call.body)
        except (BadPicture, StoreAway) as error:
            raise refused_picture(error) from error
        purpose = "again" if known.attempt.phase is Phase.RUNNING else "entry"
        await add_picture(house.pool, attempt_id, kept.name, purpose)
        # Where a model is to judge it does so in an entry check: a single picture is for a person to judge.
        await house.service.handle(attempt_id, TakePortrait(device=device, picture=kept.name, why="single"))
        attempt, version = known.attempt, known.version
    return Portrait(picture=kept.name, phase=attempt.phase, identity=identity_of(attempt), version=version)


@endpoints.add("POST", "/api/attempts/{attempt_id}/commands", roles=PHYSICIAN, body=CommandBatch, answer=BatchOutcome)
async def give_commands(call: Call) -> BatchOutcome:
    """The socket's twin: a batch of commands in order, and what happened since."""
    await own_attempt(call)
    house, attempt_id, batch = call.house, call.path["attempt_id"], call.body
    assert isinstance(batch, CommandBatch)
    stay, _ = await lingering(call).stay(attempt_id)
    known = stay.known
    results = await house.service.handle_all(attempt_id, batch.commands, device=batch.device) if batch.commands else []
    entries = await house.journal.load(attempt_id, batch.since)
    if entries and entries[-1].version > known.version:
        await house.service.look(attempt_id)
    await _has(house, stay, batch.since)
    told = [
        ToldEvent(version=e.version, at=e.at, event=Raw(e.body.encode())) for e in entries if e.kind not in HIDDEN_KINDS
    ]
    return BatchOutcome(
        results=[command_result(result, command) for result, command in zip(results, batch.commands, strict=True)],
        events=told if len(told) <= EVENTS_MAX else None,
        version=known.version,
        last_seq=known.attempt.last_seq,
        clock=clock_of(known.attempt, house.clock.now()),
        paper=await started_paper(house, known, batch.commands, batch.device),
    )


async def _has(house: House, stay: Stay, since: int) -> None:
    """The device has taken in the events up to this version; written if that is news."""
    version = min(since, stay.known.version)
    if version > stay.taken_in:
        stay.taken_in = version
        await house.taken_in.get((stay.known.attempt_id, version))


async def started_paper(house: House, known: Known, commands: Sequence[DeviceCommand], device: str) -> PaperView | None:
    """The paper, if a start among these commands, now committed, asked for it and `device` holds what runs."""
    if not any(isinstance(command, Start) and command.paper for command in commands):
        return None
    return await house.papers.show(known.attempt_id) if may_read(known.attempt, device) else None


def command_result(result: Result, command: object) -> CommandResult:
    """One line of a batch's outcome."""
    refusal = result.refusal
    return CommandResult(
        result=result.result,
        version=result.version,
        seq=getattr(command, "seq", 0),
        code=refusal.code if refusal else "",
        facts=refusal.facts if refusal else {},
    )


async def own_attempt(call: Call) -> Owner:
    """Whose the attempt of the path is, if it is the caller's; else it does not exist for him."""
    owner = await call.house.registry.owner(call.path["attempt_id"])
    if owner.person_id != call.me.person_id:
        raise NotFound("no_such_attempt")
    return owner


def lingering(call: Call) -> Lingering:
    """Attempts that stay in memory between the requests of their devices."""
    return call.request.app[LINGERING]


def device_asking(call: Call) -> str:
    """The device named in the query; raises Invalid."""
    device = call.request.query.get("device", "")
    if not _DEVICE.fullmatch(device):
        raise Invalid("device_missing")
    return device


async def snapshot(call: Call, owner: Owner, device: str) -> AttemptView:
    """The attempt as its physician's device may see it now."""
    house, attempt_id = call.house, call.path["attempt_id"]
    known = await lingering(call).look(attempt_id)
    sitting = await house.registry.sitting(owner.sitting_id)
    person = (owner.name, owner.id_number)
    return attempt_view(attempt_id, known.version, known.attempt, sitting, person, device, house.clock.now())
