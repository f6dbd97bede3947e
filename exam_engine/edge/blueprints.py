"""Blueprints at the desks: write them, see at once what the pool gives, publish.

A draft may be wrong in every way; it is saved as it is. What is published has been checked, and stays.
"""

import asyncio
from collections import Counter
from time import perf_counter
from typing import Final

from aiohttp import web

from exam_engine import blueprint_store as store
from exam_engine.bank_view import KeptPool, Pools, steps
from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import plain
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.paper_shapes import (
    Asked,
    BlueprintAtVersion,
    BlueprintDetail,
    BlueprintList,
    BlueprintNumber,
    BlueprintRow,
    Feasibility,
    NewBlueprint,
    PoolOutline,
    QuotaLine,
    SaveBlueprint,
    TopicCount,
    Trouble,
)
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.registration.dictionaries import PROVINCES
from exam_engine.store import Row, Runner
from question_bank.audience import Person, share
from question_bank.blueprint import Blueprint, check, decode
from question_bank.certificate import Drawn
from question_bank.feasibility import Outlook, outlook
from question_bank.item import DIFFICULTIES, NAME_LENGTH_MAX
from question_bank.item import Problem as ItemProblem
from question_bank.planning import drawn
from question_bank.store import counts as bank_counts

READERS: Final = frozenset({"agency", "province", "nation", "author"})
WRITERS: Final = frozenset({"province", "nation"})
POOLS: Final = web.AppKey("pools", Pools)

endpoints = Endpoints()


# --- seeing and writing ------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/blueprints", roles=READERS, answer=BlueprintList)
async def see_blueprints(call: Call) -> BlueprintList:
    """The blueprints of the nation and of the own province."""
    return BlueprintList(blueprints=await rows(call))


async def rows(call: Call) -> list[BlueprintRow]:
    """What the caller sees of them."""
    async with call.house.pool.acquire() as connection, connection.transaction():
        await store.add_defaults(connection)
        found = await connection.fetch(store.LIST, reading_scope(call))
    return [_row(call, row) for row in found]


@endpoints.add("POST", "/api/desk/blueprints", roles=WRITERS, body=NewBlueprint, answer=BlueprintDetail)
async def add_blueprint(call: Call) -> BlueprintDetail:
    """Begin a blueprint."""
    asked = call.body
    assert isinstance(asked, NewBlueprint)
    province = _province(call, asked.province)
    async with call.house.pool.acquire() as connection, connection.transaction():
        body = store.encoded(_storable(asked.body))
        kept = (province, asked.body.code, plain(asked.name), body, call.me.account_id)
        blueprint_id = await connection.fetchval(store.ADD, *kept)
        if blueprint_id is None:
            raise Refused("blueprint_exists")
        facts = {"province": province, "code": asked.body.code}
        await audit(call, call.me, "blueprint_added", f"blueprint {blueprint_id}", runner=connection, **facts)
        return await _detail(call, connection, blueprint_id)


@endpoints.add("GET", "/api/desk/blueprints/{blueprint_id}", roles=READERS, answer=BlueprintDetail)
async def see_blueprint(call: Call) -> BlueprintDetail:
    """One blueprint."""
    return await _detail(call, call.house.pool, call.path["blueprint_id"])


@endpoints.add("PUT", "/api/desk/blueprints/{blueprint_id}", roles=WRITERS, body=SaveBlueprint, answer=BlueprintDetail)
async def save_blueprint(call: Call) -> BlueprintDetail:
    """Save the draft of a blueprint."""
    asked = call.body
    assert isinstance(asked, SaveBlueprint)
    body = store.encoded(_storable(asked.body))
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _locked(call, connection, asked.version)
        if asked.body.code != row["code"]:
            raise Invalid("blueprint_code_fixed")
        blueprint_id = row["blueprint_id"]
        kept = (asked.body.code, plain(asked.name), body, call.me.account_id)
        await connection.execute(store.SAVE, blueprint_id, *kept)
        facts = {"from": store.digest(_canonical(row["body"])), "to": store.digest(body)}
        await audit(call, call.me, "blueprint_saved", f"blueprint {blueprint_id}", runner=connection, **facts)
        return await _detail(call, connection, blueprint_id)


@endpoints.add(
    "POST",
    "/api/desk/blueprints/{blueprint_id}/publish",
    roles=WRITERS,
    body=BlueprintAtVersion,
    answer=BlueprintDetail,
)
async def publish_blueprint(call: Call) -> BlueprintDetail:
    """Publish the draft: a number that stays as it is."""
    asked = call.body
    assert isinstance(asked, BlueprintAtVersion)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _locked(call, connection, asked.version)
        body = _canonical(row["body"])
        if wrong := check(decode(body.encode())):
            raise Refused("blueprint_wrong", problem=wrong[0].code, detail=wrong[0].text)
        if store.digest(body) == row["digest"]:
            raise Refused("nothing_changed")
        blueprint_id, number = row["blueprint_id"], row["published"] + 1
        kept = (row["name"], body, store.digest(body), call.me.account_id)
        await connection.execute(store.PUBLISH, blueprint_id, number, *kept)
        facts = {"number": number, "digest": store.digest(body)}
        await audit(call, call.me, "blueprint_published", f"blueprint {blueprint_id}", runner=connection, **facts)
        return await _detail(call, connection, blueprint_id)


@endpoints.add("DELETE", "/api/desk/blueprints/{blueprint_id}", roles=WRITERS, answer=BlueprintList)
async def delete_blueprint(call: Call) -> BlueprintList:
    """Drop a blueprint that was never published."""
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await _locked(call, connection, None)
        if row["published"]:
            raise Refused("blueprint_published")
        await connection.execute(store.DELETE, row["blueprint_id"])
        subject = f"blueprint {row['blueprint_id']}"
        await audit(call, call.me, "blueprint_dropped", subject, runner=connection, code=row["code"])
    return BlueprintList(blueprints=await rows(call))


# --- what the pool gives -----------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/blueprints/check", roles=READERS, body=Asked, answer=Feasibility)
async def check_blueprint(call: Call) -> Feasibility:
    """What the pool gives for a blueprint, quota by quota."""
    asked = call.body
    assert isinstance(asked, Asked)
    began = perf_counter()
    kept = await call.request.app[POOLS].get(asked.body.pool)
    found, lines = await asyncio.to_thread(_look, asked, kept)
    took_ms = round(1000 * (perf_counter() - began))
    return Feasibility(
        fits=found.fits,
        troubles=[Trouble(code=each.code, text=each.text) for each in found.troubles],
        quotas=[
            QuotaLine(
                rule=each.limit.rule,
                name=each.limit.what,
                section=each.limit.section,
                needs=each.limit.least,
                most=each.limit.most,
                has=each.has,
                gives=each.gives,
                state=each.state,
            )
            for each in found.quotas
        ],
        pool_items=kept.pool.item_count,
        usable=found.usable,
        calibrated=found.calibrated,
        expected_least=found.reach[0],
        expected_most=found.reach[1],
        expected=found.expected,
        cut=found.cut,
        information=found.information,
        disjoint_max=found.disjoint_max,
        audience=lines,
        pool_digest=kept.digest,
        took_ms=took_ms,
    )


def _look(asked: Asked, kept: KeptPool) -> tuple[Outlook, list[Drawn]]:
    person = Person(asked.category, asked.specialty, asked.level)
    sound = not check(asked.body)
    part = share(asked.body, kept.pool, person) if sound else None
    try:
        found = outlook(asked.body, kept.pool, kept.known, part, asked.pass_share)
    except TimeoutError:
        problem = ItemProblem("too_long", "The solver did not come to an end.")
        found = Outlook(fits=False, troubles=(problem,), quotas=(), usable=0, calibrated=0)
    return found, [drawn(part, asked.body)] if part else []


@endpoints.add("GET", "/api/desk/blueprints/outline", roles=READERS, answer=PoolOutline, query=("pool",))
async def see_outline(call: Call) -> PoolOutline:
    """Topics, types and difficulties of a pool, counted."""
    names = await bank_counts(call.house.pool)
    name = call.request.query.get("pool", "") or next(iter(names), "")
    if len(name) > NAME_LENGTH_MAX or "\0" in name:
        raise Invalid("wrong_shape")
    kept = await call.request.app[POOLS].get(name)
    items = [item for unit in kept.pool.units for item in unit.items]
    topics = sorted({item.topic for item in items})
    types: dict[str, Counter[str]] = {topic: Counter() for topic in topics}
    levels: dict[str, Counter[int]] = {topic: Counter() for topic in topics}
    for item in items:
        types[item.topic][item.type.value] += 1
        levels[item.topic][item.difficulty] += 1
    return PoolOutline(
        pool=name,
        items=len(items),
        calibrated=kept.calibrated,
        topics=[
            TopicCount(
                topic=topic,
                items=types[topic].total(),
                types=dict(sorted(types[topic].items())),
                difficulties=[levels[topic][level] for level in DIFFICULTIES],
            )
            for topic in topics
        ],
        audience=steps(kept.pool),
        pools=list(names),
    )


# --- helpers -----------------------------------------------------------------------------------------------------


def reading_scope(call: Call) -> str | None:
    """The province whose blueprints the caller sees beside the nation's; None: all."""
    return None if call.me.role in ("nation", "author") else call.me.province or store.NATION


def _province(call: Call, named: str) -> str:
    own = store.NATION if call.me.role == "nation" else call.me.province
    province = named or own
    known = province == store.NATION or province in PROVINCES
    if province is None or not known or (call.me.role != "nation" and province != own):
        raise NotFound("no_such_province")
    return province


def _mine(call: Call, province: str) -> bool:
    return call.me.role == "nation" or (call.me.role == "province" and call.me.province == province)


def _storable(body: Blueprint) -> Blueprint:
    """A blueprint with names that can be kept; raises Invalid."""
    for name in (body.code, body.pool):
        if not 1 <= len(plain(name)) <= NAME_LENGTH_MAX:
            raise Invalid("text_long", max=NAME_LENGTH_MAX)
    for text in (*(part.title for part in body.sections), *(quota.topic for quota in body.topics)):
        if "\0" in text:
            raise Invalid("text_wrong")
    return body


def _canonical(body: str) -> str:
    return store.encoded(decode(body.encode()))


async def _locked(call: Call, runner: Runner, version: int | None) -> Row:
    """The blueprint of the path, to be written by the caller; raises NotFound, Refused when it is another version."""
    row = await runner.fetchrow(store.LOCKED, reading_scope(call), call.path["blueprint_id"])
    if row is None or not _mine(call, row["province"]):
        raise NotFound("no_such_blueprint")
    if version not in (None, row["version"]):
        raise Refused("changed_meanwhile")
    return row


async def _detail(call: Call, runner: Runner, blueprint_id: int) -> BlueprintDetail:
    row = await runner.fetchrow(store.ONE, reading_scope(call), blueprint_id)
    if row is None:
        raise NotFound("no_such_blueprint")
    numbers = [BlueprintNumber(**dict(each)) for each in await runner.fetch(store.NUMBERS, blueprint_id)]
    return BlueprintDetail(row=_row(call, row), body=decode(row["body"].encode()), numbers=numbers)


def _row(call: Call, row: Row) -> BlueprintRow:
    body = decode(row["body"].encode())
    return BlueprintRow(
        blueprint_id=row["blueprint_id"],
        province=row["province"],
        code=row["code"],
        name=row["name"],
        pool=body.pool,
        item_count=body.item_count,
        version=row["version"],
        published=row["published"],
        changed=store.digest(store.encoded(body)) != row["digest"],
        mine=_mine(call, row["province"]),
        at=row["at"],
        by=row["by"],
    )
