"""The desk: sittings, the live board, acts on candidates and what became of them, one candidate's timeline."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Raw
from msgspec.structs import replace

from exam_engine import store
from exam_engine.edge.accounts import audit
from exam_engine.edge.boards import AWAY_MS, Boards, say_bye, watch
from exam_engine.edge.faces import refused_picture
from exam_engine.edge.http import ACTORS, WATCHERS, Call, Endpoints, same_origin
from exam_engine.edge.masks import masked_number
from exam_engine.edge.shapes import (
    ActOutcome,
    ActRequest,
    ActTarget,
    Awaited,
    BoardSnapshot,
    DeskSitting,
    DeskSittings,
    Done,
    ExtraTime,
    PastAct,
    PastActs,
    People,
    Timeline,
    TimelineEvent,
)
from exam_engine.edge.shared_frames import Line
from exam_engine.errors import Forbidden, Invalid, NotFound, PersonError, Refused
from exam_engine.journal import DATABASE_AWAY
from exam_engine.messages import Annul, Extend, Warn
from proctor import links
from proctor.evidence_store import record_view
from proctor.pictures import BadPicture, StoreAway
from proctor.store import belongs

PROCTORS: Final = frozenset({"invigilator", "chief", "agency"})  # who may see faces (domain.md §7.5)
ANNULLERS: Final = frozenset({"chief", "province"})
PROVINCE: Final = frozenset({"province"})
AT_ONCE_MAX: Final = 200  # attempts acted on at the same time
FRAME_BYTES_MAX: Final = 1024

BOARDS: Final = web.AppKey("boards", Boards)
endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings", roles=WATCHERS, answer=DeskSittings)
async def desk_sittings(call: Call) -> DeskSittings:
    """The sittings inside this account's scope, with how many attempts are in each phase."""
    me = call.me
    rows = await call.house.pool.fetch(store.SITTINGS_OF_STAFF, me.account_id, me.role, me.organisation_id, me.province)
    return DeskSittings(now=call.house.clock.now(), sittings=[_desk_sitting(row) for row in rows])


def _desk_sitting(row: store.Row) -> DeskSitting:
    sitting = store.read_sitting(row)
    return DeskSitting(
        sitting_id=sitting.sitting_id,
        kind=sitting.kind,
        round=sitting.round,
        title=sitting.title,
        opens_at=sitting.opens_at,
        closes_at=sitting.closes_at,
        item_count=sitting.item_count,
        minutes=sitting.policy.minutes,
        pass_points=sitting.pass_points,
        points_max=sitting.points_full,
        expected=row["expected"],
        phases=msgspec.json.decode(row["phases"], type=dict[str, int]),
        released=row["ordered"],
    )


async def check_scope(call: Call, sitting_id: int) -> None:
    """Raise NotFound unless the sitting is inside the caller's scope."""
    if not await store.may_see_sitting(call.house.pool, call.me, sitting_id):
        raise NotFound("no_such_sitting")


def _account_of_rooms(call: Call) -> int:
    """`?rooms=mine`: the account whose rooms are asked for; 0: everybody."""
    asked = call.request.query.get("rooms", "")
    if asked not in ("", "mine"):
        raise Invalid("wrong_shape")
    return call.me.account_id if asked else 0


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/board", roles=WATCHERS, answer=BoardSnapshot, query=("rooms",))
async def see_board(call: Call) -> web.Response:
    """The board as of now, for a desk that can't have the socket; rooms=mine: of the rooms one holds."""
    await check_scope(call, call.path["sitting_id"])
    account_id = _account_of_rooms(call)
    async with call.request.app[BOARDS].board(call.path["sitting_id"]) as board:
        body = await board.snapshot(await board.scope_of(account_id) if account_id else None)
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/live", roles=WATCHERS, query=("rooms",))
async def watch_board(call: Call) -> web.StreamResponse:
    """The board's socket (WebSocket; BoardPart, BoardSnapshot, then BoardDelta); rooms=mine: of the rooms one holds."""
    if not same_origin(call.request):
        raise Forbidden("foreign_page")
    await check_scope(call, call.path["sitting_id"])
    account_id = _account_of_rooms(call)
    socket = web.WebSocketResponse(compress=True, max_msg_size=FRAME_BYTES_MAX, heartbeat=30.0)
    if not socket.can_prepare(call.request):
        raise Forbidden("socket_only")
    await socket.prepare(call.request)
    try:
        line = Line(socket, call.request.transport)
        await watch(call.request.app[BOARDS], call.path["sitting_id"], line, account_id)
    except DATABASE_AWAY:
        await say_bye(socket, "restart", AWAY_MS)
    return socket


# --- acts ------------------------------------------------------------------------------------------------------


@endpoints.add(
    "POST",
    "/api/desk/sittings/{sitting_id}/acts",
    roles=ACTORS,
    body=ActRequest,
    answer=ActOutcome,
    bytes_max=512 * 1024,
)
async def act(call: Call) -> ActOutcome:
    """Do something to one, many or all candidates; the same request_id again does nothing twice."""
    sitting_id, asked = call.path["sitting_id"], call.body
    assert isinstance(asked, ActRequest)
    await check_scope(call, sitting_id)
    if isinstance(asked.command, Annul) and call.me.role not in ANNULLERS:
        raise Forbidden("wrong_role", role=call.me.role)
    if not asked.everybody and not asked.attempt_ids:
        raise Invalid("nobody_named")
    act_id = await _act_id(call, sitting_id, asked)
    await _carry_out(call, sitting_id, asked, act_id)
    return await _outcome(call, act_id)


async def _act_id(call: Call, sitting_id: int, asked: ActRequest) -> int:
    command = msgspec.json.encode(asked.command).decode()
    me, pool = call.me, call.house.pool
    made = await pool.fetchval(store.ADD_ACT, sitting_id, me.account_id, asked.request_id, command, asked.everybody)
    if made is not None:
        await audit(call, me, f"act_{asked.command.__struct_config__.tag}", f"sitting {sitting_id}", act_id=made)
        return int(made)
    row = await pool.fetchrow(store.ACT_BY_REQUEST, me.account_id, asked.request_id)
    assert row is not None, "acts are never deleted"
    if row["sitting_id"] != sitting_id or row["command"] != command:
        raise Refused("request_id_reused")
    return int(row["act_id"])


async def _carry_out(call: Call, sitting_id: int, asked: ActRequest, act_id: int) -> None:
    """Give the command to everybody meant who has not had it by this act yet."""
    pool = call.house.pool
    done = {row["attempt_id"] for row in await pool.fetch(store.TARGETS, act_id)}
    if asked.everybody:
        meant = [row["attempt_id"] for row in await pool.fetch(store.ATTEMPTS_OPEN, sitting_id)]
    else:
        rows = await pool.fetch(store.ROSTER_SOME, sitting_id, asked.attempt_ids)
        meant = [row["attempt_id"] for row in rows]
        if len(meant) < len(set(asked.attempt_ids)):
            raise NotFound("no_such_attempt")
    left = [attempt_id for attempt_id in meant if attempt_id not in done]
    command = asked.command
    if isinstance(command, Warn | Extend):
        command = replace(command, act=act_id)
    for start in range(0, len(left), AT_ONCE_MAX):
        chunk = left[start : start + AT_ONCE_MAX]
        results = await asyncio.gather(*(_one(call, attempt_id, command) for attempt_id in chunk))
        await pool.execute(
            store.ADD_TARGETS, act_id, chunk, [version for version, _ in results], [code for _, code in results]
        )


async def _one(call: Call, attempt_id: int, command: Any) -> tuple[int | None, str | None]:
    try:
        result = await call.house.service.handle(attempt_id, command, by=call.me.account_id)
    except PersonError as error:
        return None, error.code
    return result.version, None


async def _outcome(call: Call, act_id: int) -> ActOutcome:
    rows = await call.house.pool.fetch(store.TARGETS, act_id)
    row = await call.house.pool.fetchrow(store.ACT, act_id)
    assert row is not None, "acts are never deleted"
    notice = msgspec.json.decode(row["command"])["type"] == "warn"
    received = await _received(call, [row for row in rows if row["version"] is not None], notice=notice)
    targets = [
        ActTarget(
            attempt_id=row["attempt_id"],
            name=row["name"],
            version=row["version"],
            refused=row["refused"],
            received=row["attempt_id"] in received,
        )
        for row in rows
    ]
    refused = sum(1 for target in targets if target.refused)
    return ActOutcome(act_id=act_id, sent=len(targets) - refused, refused=refused, targets=targets)


async def _received(call: Call, sent: Sequence[store.Row], *, notice: bool) -> set[int]:
    """Who has it: a notice is received when acknowledged, all else when the device says it has taken in the event."""
    if not notice:
        return {row["attempt_id"] for row in sent if row["taken_in"]}
    ids, versions = [row["attempt_id"] for row in sent], [row["version"] for row in sent]
    return {row["attempt_id"] for row in await call.house.pool.fetch(store.ACKNOWLEDGED, ids, versions)}


@endpoints.add("GET", "/api/desk/acts/{act_id}", roles=WATCHERS, answer=ActOutcome)
async def see_act(call: Call) -> ActOutcome:
    """What became of an act: sent, refused, received, per candidate."""
    row = await call.house.pool.fetchrow(store.ACT, call.path["act_id"])
    if row is None:
        raise NotFound("no_such_act")
    await check_scope(call, row["sitting_id"])
    return await _outcome(call, row["act_id"])


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/acts", roles=WATCHERS, answer=PastActs)
async def past_acts(call: Call) -> PastActs:
    """Past acts and announcements, newest first, with how many were reached."""
    sitting_id, pool = call.path["sitting_id"], call.house.pool
    await check_scope(call, sitting_id)
    acts = await pool.fetch(store.ACTS, sitting_id)
    sent: dict[int, list[store.Row]] = {}
    for row in await pool.fetch(store.ACT_TARGETS_OF_SITTING, sitting_id):
        sent.setdefault(row["act_id"], []).append(row)
    found = []
    for row in acts:
        notice = msgspec.json.decode(row["command"])["type"] == "warn"
        received = await _received(call, sent.get(row["act_id"], []), notice=notice)
        found.append(
            PastAct(
                act_id=row["act_id"],
                at=row["at"],
                by=row["name"],
                everybody=row["everybody"],
                command=Raw(row["command"].encode()),
                sent=row["sent"],
                refused=row["refused"],
                received=len(received),
            )
        )
    return PastActs(acts=found)


# --- one candidate ---------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/attempts/{attempt_id}/timeline", roles=WATCHERS, answer=Timeline)
async def timeline(call: Call) -> Timeline:
    """One candidate's journal, without what he chose."""
    attempt_id, house = call.path["attempt_id"], call.house
    owner = await house.registry.owner(attempt_id)
    await check_scope(call, owner.sitting_id)
    sitting = await house.registry.sitting(owner.sitting_id)
    entries = await house.journal.load(attempt_id)
    bodies = [msgspec.json.decode(entry.body, type=dict[str, Any]) for entry in entries]
    named = sorted({body["by"] for body in bodies if body.get("by")})
    names = {row["account_id"]: row["name"] for row in await house.pool.fetch(store.ACCOUNT_NAMES, named)}
    known = await house.service.look(attempt_id)
    return Timeline(
        attempt_id=attempt_id,
        name=owner.name,
        id_number=masked_number(owner.id_number),
        title=sitting.title,
        phase=known.attempt.phase,
        events=[
            TimelineEvent(
                version=entry.version,
                at=entry.at,
                kind=entry.kind,
                by=names.get(body.get("by", 0)),
                event=Raw(msgspec.json.encode(_without_secrets(entry.kind, body))),
            )
            for entry, body in zip(entries, bodies, strict=True)
        ],
    )


def _without_secrets(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Invigilators see that somebody answered, not what; and no score (domain.md §1 INV)."""
    hidden = {"points", "points_max"} if kind in ("marked", "corrected") else {"choice", "layout", "paper"}
    return {name: value for name, value in body.items() if name not in hidden}


@endpoints.add(
    "GET",
    "/api/desk/attempts/{attempt_id}/pictures/{picture}",
    roles=PROCTORS,
    media="image/jpeg",
    query=("link",),
)
async def see_picture(call: Call) -> web.Response:
    """One picture of one candidate, by a link made for this account; the view is on record before it is shown."""
    house, attempt_id, name = call.house, call.path["attempt_id"], call.request.match_info["picture"]
    owner = await house.registry.owner(attempt_id)
    await check_scope(call, owner.sitting_id)
    link, secret, account = call.request.query.get("link", ""), house.settings.secret_key, call.me.account_id
    if not links.check(secret, link, account, attempt_id, name, house.clock.now()):
        raise Forbidden("link_old")
    picture = None
    if await belongs(house.pool, attempt_id, owner.person_id, name):
        try:
            picture = await house.pictures.get(owner.person_id, name)
        except (BadPicture, StoreAway) as error:
            raise refused_picture(error) from error
    if picture is None:
        raise NotFound("no_such_picture")
    await record_view(house.pool, account, owner.person_id, name, attempt_id)
    # Kept by the browser no longer than the link works.
    headers = {"Cache-Control": f"private, max-age={links.LINK_S}"}
    return web.Response(body=picture, content_type="image/jpeg", headers=headers)


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/people", roles=WATCHERS, answer=People)
async def awaited_people(call: Call) -> People:
    """Who may sit and has not entered yet."""
    await check_scope(call, call.path["sitting_id"])
    rows = await call.house.pool.fetch(store.AWAITED, call.path["sitting_id"])
    people = [
        Awaited(
            person_id=row["person_id"],
            name=row["name"],
            id_number=masked_number(row["id_number"]),
            extra_minutes=row["extra_minutes"],
        )
        for row in rows
    ]
    return People(total=rows[0]["total"] if rows else 0, people=people)


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/extra-time", roles=PROVINCE, body=ExtraTime, answer=Done)
async def give_extra_time(call: Call) -> Done:
    """Extra minutes for one person, before he enters."""
    sitting_id, asked = call.path["sitting_id"], call.body
    assert isinstance(asked, ExtraTime)
    await check_scope(call, sitting_id)
    facts = {"minutes": asked.minutes, "reason": asked.reason}
    async with call.house.pool.acquire() as connection, connection.transaction():
        changed = await connection.fetchval(store.SET_EXTRA_MINUTES, sitting_id, asked.person_id, asked.minutes)
        if changed is None:
            raise Refused("not_entitled_or_entered")
        subject = f"sitting {sitting_id} person {asked.person_id}"
        await audit(call, call.me, "extra_time", subject, runner=connection, **facts)
    return Done()
