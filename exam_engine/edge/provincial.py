"""What provinces and the nation decide for everybody: cycles, policies, windows of exams, texts of the notice."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import asyncpg
import msgspec

from exam_engine import store as exam_store
from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import DECIDERS, NATION, plain, province_of, reason_of, scope_of
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.review_shapes import (
    Cycles,
    CycleView,
    MoveWindow,
    NoticeRow,
    Notices,
    PolicyView,
    PublishNotice,
    SetPolicy,
    SittingWindow,
)
from exam_engine.errors import Invalid, NotFound, Refused, Unavailable
from exam_engine.registration import province_store as store
from exam_engine.registration.dictionaries import ALL_SPECIALTIES
from exam_engine.registration.policy import Cycle, ProvincePolicy, Window

CYCLE_NUMBER_MAX: Final = 8999
CYCLE_NAME_MAX: Final = 60
YEARS: Final = range(2000, 2101)
WINDOW_AROUND: Final = timedelta(days=2 * 366)  # further from its cycle a window is a slip of the hand
NOTICES_MAX: Final = 60  # shown, whole
LOCK_WAIT: Final = "SET LOCAL lock_timeout = '3s'"  # opening a cycle must not queue in front of a running exam

endpoints = Endpoints()


# --- cycles ------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/cycles", roles=DECIDERS, answer=Cycles)
async def see_cycles(call: Call) -> Cycles:
    """The cycles, the newest first."""
    return await _cycles(call)


async def _cycles(call: Call) -> Cycles:
    rows = await call.house.pool.fetch(store.CYCLES)
    return Cycles(cycles=[CycleView(**dict(row)) for row in rows])


@endpoints.add("POST", "/api/desk/cycles", roles=NATION, body=CycleView, answer=Cycles)
async def open_cycle(call: Call) -> Cycles:
    """Open a cycle."""
    asked = call.body
    assert isinstance(asked, CycleView)
    name = _checked_cycle(asked)
    try:
        async with call.house.pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_WAIT)
            await connection.execute(store.LOCK_CYCLES)
            if await store.cycle(connection, asked.cycle) is not None:
                raise Refused("cycle_exists", cycle=asked.cycle)
            overlapping = await connection.fetchval(store.OVERLAPPING, asked.starts_on, asked.ends_on)
            if overlapping is not None:
                raise Refused("cycle_overlaps", cycle=overlapping)
            await connection.execute(exam_store.OPEN_CYCLE, asked.cycle, name)
            await connection.execute(store.SET_CYCLE_DAYS, asked.cycle, asked.starts_on, asked.ends_on)
            facts = {"name": name, "starts_on": asked.starts_on, "ends_on": asked.ends_on}
            await audit(call, call.me, "cycle_opened", f"cycle {asked.cycle}", runner=connection, **facts)
    except asyncpg.LockNotAvailableError as error:
        raise Unavailable("try_again", retry_after_s=5) from error
    return await _cycles(call)


def _checked_cycle(asked: CycleView) -> str:
    """Its name as it is kept; raises Invalid."""
    if not 1 <= asked.cycle <= CYCLE_NUMBER_MAX:
        raise Invalid("cycle_number", max=CYCLE_NUMBER_MAX)
    if not asked.starts_on < asked.ends_on or asked.starts_on.year not in YEARS or asked.ends_on.year not in YEARS:
        raise Invalid("cycle_days")
    name = plain(asked.name, least=2)
    if len(name) > CYCLE_NAME_MAX:
        raise Invalid("text_long", max=CYCLE_NAME_MAX)
    return name


# --- policies ----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/policies/{cycle_id}", roles=DECIDERS, answer=PolicyView, query=("province",))
async def see_policy(call: Call) -> PolicyView:
    """What a province decided for a cycle, and its exams' windows."""
    return await _policy_view(call, province_of(call, call.request.query.get("province")))


async def _policy_view(call: Call, province: str) -> PolicyView:
    pool = call.house.pool
    cycle = await _cycle(call)
    version, policy = await store.policy(pool, cycle.cycle, province)
    windows = await pool.fetch(store.WINDOWS, cycle.cycle, province)
    return PolicyView(
        cycle=cycle.cycle,
        province=province,
        version=version,
        policy=policy,
        sittings=[SittingWindow(**dict(row)) for row in windows],
    )


async def _cycle(call: Call) -> Cycle:
    """The cycle of the path; raises NotFound."""
    number = call.path["cycle_id"]
    found = await store.cycle(call.house.pool, number) if number <= CYCLE_NUMBER_MAX else None
    if found is None:
        raise NotFound("no_such_cycle")
    return found


@endpoints.add("PUT", "/api/desk/policies/{cycle_id}", roles=DECIDERS, body=SetPolicy, answer=PolicyView)
async def set_policy(call: Call) -> PolicyView:
    """Decide for a province and cycle."""
    asked = call.body
    assert isinstance(asked, SetPolicy)
    province, cycle = province_of(call, asked.province), await _cycle(call)
    _check_policy(asked.policy, cycle)
    key = (cycle.cycle, province)
    async with call.house.pool.acquire() as connection, connection.transaction():
        version, known = store.read_policy(await connection.fetchrow(store.POLICY_LOCKED, *key))
        if version != asked.version:
            raise Refused("changed_meanwhile")
        body = msgspec.json.encode(asked.policy).decode()
        if version == 0:
            written = await connection.fetchval(store.ADD_POLICY, *key, body)
        else:
            written = await connection.fetchval(store.SET_POLICY, *key, version, body)
        if written is None:
            raise Refused("changed_meanwhile")
        if _gates(known) != _gates(asked.policy):
            await connection.execute(store.UNSETTLE, *key)
        facts = {"province": province, "version": written, **_changes(known, asked.policy)}
        await audit(call, call.me, "policy_set", f"cycle {cycle.cycle}", runner=connection, **facts)
    return await _policy_view(call, province)


def _check_policy(policy: ProvincePolicy, cycle: Cycle) -> None:
    for name in ("registration", "evaluation", "exemption"):
        window = getattr(policy, name)
        if window is not None:
            _check_near(window, cycle, name)
    for line in (*policy.other_conditions, *policy.other_exemptions):
        plain(line)


def _check_near(window: Window, cycle: Cycle, name: str) -> None:
    earliest, latest = cycle.starts_on - WINDOW_AROUND, cycle.ends_on + WINDOW_AROUND
    if not earliest <= window.opens_at.date() <= window.closes_at.date() <= latest:
        raise Refused("window_outside", window=name)


def _gates(policy: ProvincePolicy) -> tuple[object, ...]:
    """What decides of somebody's entitlements."""
    return policy.exam_order, policy.makeup


def _changes(known: ProvincePolicy, wanted: ProvincePolicy) -> dict[str, object]:
    """What was decided differently, from and to."""
    old, new = msgspec.to_builtins(known), msgspec.to_builtins(wanted)
    changed = [name for name in new if new[name] != old[name]]
    return {"from": {name: old[name] for name in changed}, "to": {name: new[name] for name in changed}}


# --- windows of exams --------------------------------------------------------------------------------------------


@endpoints.add("PUT", "/api/desk/sittings/{sitting_id}/window", roles=DECIDERS, body=MoveWindow, answer=SittingWindow)
async def move_window(call: Call) -> SittingWindow:
    """Move the window of an exam."""
    asked, sitting_id = call.body, call.path["sitting_id"]
    assert isinstance(asked, MoveWindow)
    reason, window, audience = reason_of(asked.reason), _window(asked), _audience(asked)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(store.SITTING_LOCKED, sitting_id, scope_of(call))
        if row is None:
            raise NotFound("no_such_sitting")
        if row["planned"]:  # the plan of the make-up holds its batches, and tells people when they change
            raise Refused("makeup_planned")
        cycle = await store.cycle(connection, row["cycle"])
        assert cycle is not None
        _check_near(window, cycle, "exam")
        running = 0 if window.is_open(call.house.clock.now()) else await connection.fetchval(store.RUNNING, sitting_id)
        if running:
            raise Refused("exam_running", running=running)
        await connection.execute(store.MOVE_WINDOW, sitting_id, window.opens_at, window.closes_at, audience)
        await connection.execute(store.UNSETTLE, row["cycle"], row["province"])
        facts = {
            "province": row["province"],
            "from": _said(row["opens_at"], row["closes_at"], row["audience"]),
            "to": _said(window.opens_at, window.closes_at, audience),
            "reason": reason,
        }
        await audit(call, call.me, "window_moved", f"sitting {sitting_id}", runner=connection, **facts)
        moved = await connection.fetchrow(store.WINDOW, sitting_id)
        assert moved is not None
    return SittingWindow(**dict(moved))


def _window(asked: MoveWindow) -> Window:
    try:
        return Window(asked.opens_at, asked.closes_at)
    except ValueError as error:
        raise Invalid("window_wrong") from error


def _audience(asked: MoveWindow) -> list[str]:
    """The specialties an exam is for, in the order of the dictionary; raises Invalid for what is none."""
    if unknown := set(asked.audience) - set(ALL_SPECIALTIES):
        raise Invalid("no_such_specialty", specialty=min(unknown)[:40])
    return [code for code in ALL_SPECIALTIES if code in asked.audience]


def _said(opens_at: datetime, closes_at: datetime, audience: list[str]) -> dict[str, object]:
    return {"opens_at": opens_at, "closes_at": closes_at, "audience": audience}


# --- 用户告知书 --------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/notices", roles=DECIDERS, answer=Notices)
async def see_notices(call: Call) -> Notices:
    """The texts of the notice, the newest first."""
    rows = await call.house.pool.fetch(store.NOTICES, scope_of(call), NOTICES_MAX)
    return Notices(notices=[NoticeRow(**dict(row)) for row in rows])


@endpoints.add("POST", "/api/desk/notices", roles=DECIDERS, body=PublishNotice, answer=NoticeRow)
async def publish_notice(call: Call) -> NoticeRow:
    """Publish a new text: everybody is asked again."""
    asked, me = call.body, call.me
    assert isinstance(asked, PublishNotice)
    province = scope_of(call) or store.NATION
    title, body = plain(asked.title), plain(asked.body, least=20)
    digest = digest_of(title, body)
    try:
        async with call.house.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(store.ADD_NOTICE, province, title, body, digest, me.account_id)
            assert row is not None
            subject = f"notice {row['notice_id']}"
            facts = {"province": province, "from": row["version"] - 1, "to": row["version"], "digest": digest}
            await audit(call, me, "notice_published", subject, runner=connection, **facts)
    except asyncpg.UniqueViolationError as error:  # two at once: one wins, the other reads that text first
        raise Refused("changed_meanwhile") from error
    return NoticeRow(**dict(row), province=province, title=title, body=body, digest=digest, by=me.name, agreed=0)


def digest_of(title: str, body: str) -> str:
    """What somebody agrees to: SHA-256 of the text, in hex."""
    return sha256(f"{title}\n{body}".encode()).hexdigest()
