"""Pools, topics, search, and items that are nearly the same."""

import asyncio
import json
import re
from typing import Final

import asyncpg
from aiohttp import web

from exam_engine.edge.accounts import audit
from exam_engine.edge.bank_desk import BANK, NATIONAL, NOBODY, pool_of, row_of, scope_of
from exam_engine.edge.bank_shapes import (
    BankItemPage,
    Difference,
    DuplicatePair,
    DuplicateReport,
    Facets,
    NearAsked,
    NearRow,
    NearRows,
    PoolRow,
    Pools,
    SetPool,
    SharedCode,
    TopicRow,
    Topics,
)
from exam_engine.edge.http import Call, Endpoints
from exam_engine.errors import Forbidden, Invalid, Refused
from exam_engine.messages import TEXT_PATTERN
from exam_engine.near import Known, Near
from exam_engine.registration.dictionaries import ALL_SPECIALTIES, PROVINCES
from question_bank import finding_store as store
from question_bank.duplicates import LEAST, Pair, Text
from question_bank.finding_store import PAGE, BadFilter, Filter
from question_bank.item import CATEGORIES

LEAST_RANGE: Final = range(30, 101)
NEAR_MAX: Final = 20
PAIRS_MAX: Final = 1_000
STEM_SHOWN: Final = 300  # characters
FIELDS_LENGTH_MAX: Final = 200
NEARS_MAX, NEARS_S = 240, 60  # while somebody types
REPORTS_MAX, REPORTS_S = 20, 600

NEAR: Final = web.AppKey("near", Near)
endpoints = Endpoints()


# --- pools -----------------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/bank/pools", roles=BANK, answer=Pools)
async def see_pools(call: Call) -> Pools:
    """The caller's pools, with counts."""
    return await _pools(call)


async def _pools(call: Call) -> Pools:
    rows = await call.house.pool.fetch(store.POOLS, await scope_of(call))
    return Pools(pools=[_pool(row, call) for row in rows])


def _pool(row: asyncpg.Record, call: Call) -> PoolRow:
    values = dict(row) | {"counts": json.loads(row["counts"]), "mine": call.me.role == "author"}
    return PoolRow(**values)


@endpoints.add("POST", "/api/bank/pools", roles=BANK, body=SetPool, answer=Pools)
async def add_pool(call: Call) -> Pools:
    """Make a pool."""
    asked = _checked(call.body)
    scope = await scope_of(call)
    if scope == NOBODY:
        raise Forbidden("wrong_role", role=call.me.role)
    province = asked.province if scope is None else scope
    if province not in (NATIONAL, *PROVINCES):
        raise Invalid("no_such_province")
    values = (asked.pool, asked.title, asked.kind, asked.category, asked.specialty, asked.fallback, province)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.LOCK_POOLS)
        await _check_fallback(connection, asked, scope)
        if await connection.fetchval(store.ADD_POOL, *values, call.me.account_id) is None:
            raise Refused("pool_exists")
        facts = {"title": asked.title, "province": province, "fallback": asked.fallback}
        await audit(call, call.me, "pool_added", f"pool {asked.pool}", runner=connection, **facts)
    return await _pools(call)


def _checked(asked: object) -> SetPool:
    """Raises Invalid for what no dictionary knows."""
    assert isinstance(asked, SetPool)
    if asked.pool != asked.pool.strip() or "/" in asked.pool:
        raise Invalid("item_code_wrong")
    if asked.category not in ("", *CATEGORIES):
        raise Invalid("no_such_category")
    if asked.specialty not in ("", *ALL_SPECIALTIES):
        raise Invalid("no_such_specialty", specialty=asked.specialty[:40])
    return asked


async def _check_fallback(
    connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", asked: SetPool, scope: str | None
) -> None:
    """A fallback is a pool of the same scope or the nation's, and leads to no ring. Raises Invalid."""
    if not asked.fallback:
        return
    known = await connection.fetchrow(store.POOL, scope, asked.fallback)
    known = known or await connection.fetchrow(store.POOL, NATIONAL, asked.fallback)
    way = [row["pool"] for row in await connection.fetch(store.FALLBACKS, asked.fallback)]
    if known is None or asked.pool in way:
        raise Invalid("fallback_wrong")


@endpoints.add("PUT", "/api/bank/pools", roles=BANK, body=SetPool, answer=Pools)
async def set_pool(call: Call) -> Pools:
    """Describe a pool anew; its name, and whose it is, stay."""
    asked = _checked(call.body)
    await pool_of(call, asked.pool)
    async with call.house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.LOCK_POOLS)
        await _check_fallback(connection, asked, await scope_of(call))
        values = (asked.pool, asked.title, asked.kind, asked.category, asked.specialty, asked.fallback)
        await connection.execute(store.SET_POOL, *values)
        facts = {"title": asked.title, "kind": asked.kind, "fallback": asked.fallback}
        await audit(call, call.me, "pool_set", f"pool {asked.pool}", runner=connection, **facts)
    return await _pools(call)


@endpoints.add("GET", "/api/bank/topics", roles=BANK, answer=Topics, query=("pool",))
async def see_topics(call: Call) -> Topics:
    """The tree of topics of a pool, with counts."""
    pool = (await pool_of(call, query(call, "pool")))["pool"]
    rows = await call.house.pool.fetch(store.TOPICS, pool)
    found = store.tree([(row["topic"], row["status"], row["count"]) for row in rows])
    return Topics(
        pool=pool, topics=[TopicRow(topic=topic, own=own, counts=below) for topic, (own, below) in found.items()]
    )


@endpoints.add("GET", "/api/bank/facets", roles=BANK, answer=Facets, query=("pool",))
async def see_facets(call: Call) -> Facets:
    """What occurs in a pool, for filters."""
    pool = (await pool_of(call, query(call, "pool")))["pool"]
    by_name: dict[str, list[SharedCode]] = {}
    for row in await call.house.pool.fetch(store.FACETS, pool):
        by_name.setdefault(row["name"], []).append(SharedCode(value=row["value"], count=row["count"]))
    return Facets(
        pool=pool,
        types=by_name.get("type", []),
        difficulties=by_name.get("difficulty", []),
        categories=by_name.get("category", []),
        specialties=by_name.get("specialty", []),
        levels=by_name.get("level", []),
        authors=by_name.get("author", []),
    )


# --- search ----------------------------------------------------------------------------------------------------------


def query(call: Call, name: str) -> str:
    """A value of the query; raises Invalid for one that no text could be."""
    text = call.request.query.get(name, "").strip()
    if len(text) > FIELDS_LENGTH_MAX or not re.match(TEXT_PATTERN, text):
        raise Invalid("wrong_shape")
    return text


def wanted_of(call: Call) -> Filter:
    """The filters of the query."""
    return Filter(**{name: query(call, name) for name in Filter.__struct_fields__})


@endpoints.add("GET", "/api/bank/items", roles=BANK, answer=BankItemPage, query=(*Filter.__struct_fields__, "after"))
async def find_items(call: Call) -> BankItemPage:
    """Items by text and filters, the last changed first."""
    wanted, scope, after = wanted_of(call), await scope_of(call), query(call, "after")
    pool, person_id = call.house.pool, call.me.person_id
    try:
        sql, values = store.page(person_id, scope, wanted, after)
        counted = None if after else store.count(person_id, scope, wanted)
    except BadFilter as bad:
        raise Invalid(str(bad)) from bad
    rows = [row_of(row) for row in await pool.fetch(sql, *values)]
    total = None if counted is None else await pool.fetchval(counted[0], *counted[1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return BankItemPage(rows=rows[:PAGE], next=store.key(last.changed_at, last.item_id) if last else None, total=total)


# --- near-equal items ------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/bank/near", roles=BANK, body=NearAsked, answer=NearRows)
async def near_items(call: Call) -> NearRows:
    """Items of the pool that are nearly what is being typed."""
    asked = call.body
    assert isinstance(asked, NearAsked)
    await pool_of(call, asked.pool)
    await call.house.throttle.take(f"near:{call.me.account_id}", NEARS_MAX, NEARS_S)
    near = call.request.app[NEAR]
    text = Text(asked.item_id, asked.stem, asked.case, tuple(asked.options))
    async with near.known(asked.pool) as known:
        pairs = await asyncio.to_thread(known.index.near, text, LEAST, NEAR_MAX)
        return NearRows(compared=len(known.index), rows=[_near(known, pair.theirs, pair) for pair in pairs])


def _near(known: Known, text: Text, pair: Pair) -> NearRow:
    card = known.cards[text.item_id]
    return NearRow(
        item_id=text.item_id,
        code=card.code,
        status=card.status,
        stem=text.stem[:STEM_SHOWN],
        stem_percent=pair.stem_percent,
        options_percent=pair.options_percent,
        verdict=pair.verdict,
        differences=[Difference(kind=each.kind, ours=each.ours, theirs=each.theirs) for each in pair.differences],
    )


@endpoints.add("GET", "/api/bank/duplicates", roles=BANK, answer=DuplicateReport, query=("pool", "least"))
async def see_duplicates(call: Call) -> DuplicateReport:
    """All pairs of a pool that are nearly the same; least: percent of the stem they share (60)."""
    pool = (await pool_of(call, query(call, "pool")))["pool"]
    least = _least(query(call, "least"))
    await call.house.throttle.take(f"duplicates:{call.me.account_id}", REPORTS_MAX, REPORTS_S)
    async with call.request.app[NEAR].known(pool) as known:
        begun = asyncio.get_running_loop().time()
        report = await asyncio.to_thread(known.index.report, least)
        took_s = asyncio.get_running_loop().time() - begun
        pairs, compared = report.pairs, len(known.index)
        shown = [
            DuplicatePair(ours=_near(known, pair.ours, pair), theirs=_near(known, pair.theirs, pair))
            for pair in pairs[:PAIRS_MAX]
        ]
    return DuplicateReport(
        pool=pool,
        compared=compared,
        total=len(pairs),
        same=sum(pair.verdict == "same" for pair in pairs),
        complete=report.complete,
        took_ms=int(took_s * 1000),
        pairs=shown,
    )


def _least(text: str) -> int:
    if not text:
        return LEAST
    if not (text.isascii() and text.isdigit()) or int(text[:4]) not in LEAST_RANGE:
        raise Invalid("wrong_shape")
    return int(text)
