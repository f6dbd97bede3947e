"""Moves of items, carried out: decided by `question_bank.life`, written here in the caller's transaction.

A set is one: what moves an item moves the others of its set as well, and what they share (a case, the options of B1)
is the same in all their working copies. Who calls gets the lines of what moved, for the audit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from exam_engine.errors import Forbidden, Invalid, NotFound, PersonError, Refused
from question_bank import life_store as store
from question_bank.item import CASED, ENEMY_COUNT_MAX, Item, ItemStatus, ItemType, Problem, problems, set_problems
from question_bank.life import NEW, Actor, Draft, Event, Move, NotAllowed, Standing, decide
from question_bank.life_store import Held
from question_bank.store import Connection, Runner, body

KINDS: Final = {"refused": Refused, "forbidden": Forbidden, "invalid": Invalid}


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who moves, from where, and when."""

    role: str
    account_id: int
    person_id: int
    name: str
    address: str
    now: datetime

    def actor(self) -> Actor:
        """As the table of moves knows him."""
        return Actor(self.role, self.account_id, self.person_id)


class Moved(msgspec.Struct, frozen=True):
    """A line for the audit: which item, what happened, between which states."""

    item_id: int
    event: Event
    was: str
    now: str
    version: int | None


class Fault(msgspec.Struct, frozen=True):
    """Why a working copy can't be handed in. `item_id` 0: the set as a whole."""

    item_id: int
    problem: Problem


async def hold(connection: Connection, item_id: int, province: str | None) -> tuple[Held, list[Held]]:
    """The item and all of its set, locked until the end of the transaction. Raises NotFound."""
    ids = [row["item_id"] for row in await connection.fetch(store.SET_OF, item_id, province)]
    await connection.execute(store.LOCK, ids)
    again = [row["item_id"] for row in await connection.fetch(store.SET_OF, item_id, province)]
    if item_id not in again:
        raise NotFound("no_such_bank_item")
    if again != ids:
        raise Refused("changed_meanwhile")
    return named(await store.held(connection, ids), item_id)


async def look(runner: Runner, item_id: int, province: str | None) -> tuple[Held, list[Held]]:
    """The item and all of its set. Raises NotFound."""
    ids = [row["item_id"] for row in await runner.fetch(store.SET_OF, item_id, province)]
    if item_id not in ids:
        raise NotFound("no_such_bank_item")
    return named(await store.held(runner, ids), item_id)


def named(members: Sequence[Held], item_id: int) -> tuple[Held, list[Held]]:
    """The one that was asked for, and all."""
    return next(one for one in members if one.item_id == item_id), list(members)


def must_be(one: Held, revision: int) -> None:
    """Raise Refused if somebody else has changed it since it was read."""
    if one.revision != revision:
        raise Refused("changed_meanwhile", revision=one.revision)


def faults(members: Sequence[Held], *, reviewed: bool = False) -> list[Fault]:
    """What keeps these items of one set, or the one alone, from being handed in; `reviewed`: from being approved."""
    items = [_would_be(one, reviewed=reviewed) for one in members if one.status is not ItemStatus.RETIRED]
    found = [Fault(item.item_id, problem) for item in items for problem in problems(item)]
    if items and items[0].set_code:
        found += [Fault(0, problem) for problem in set_problems(items)]
    return found


def _would_be(one: Held, *, reviewed: bool) -> Item:
    """What it would say afterwards: what still lies open is not what a reviewer approves."""
    if reviewed and one.draft is Draft.OPEN and one.in_force is not None:
        return one.in_force
    return one.latest


def standing(one: Held, members: Sequence[Held]) -> Standing:
    """How the item stands, with what its set lacks."""
    reviewed = one.draft is Draft.REVIEW
    return one.standing([fault.problem.code for fault in faults(members, reviewed=reviewed)])


def allowed(stands: Standing, event: Event, by: By, reason: str = "") -> Move:
    """Where a move leads. Raises Refused, Forbidden or Invalid."""
    try:
        return decide(stands, event, by.actor(), reason)
    except NotAllowed as no:
        raise person_error(no) from no


def person_error(no: NotAllowed) -> PersonError:
    """What a person is told."""
    return KINDS[no.kind](no.code, **no.facts)


# --- a working copy is written ---------------------------------------------------------------------------------------


async def begin(connection: Connection, item: Item, by: By) -> int:
    """A new item, as a draft; its number. Raises Refused when the code is taken."""
    item_id = await connection.fetchval(store.ADD, item.pool, item.code, item.set_code, by.now)
    if item_id is None:
        raise Refused("code_taken", item=item.code)
    kept = replace(item, item_id=item_id)
    who = ([by.person_id], [by.account_id])
    await connection.execute(store.KEEP_DRAFT, item_id, "draft", None, None, body(kept).decode(), by.name, *who, by.now)
    await connection.execute(store.DESCRIBE, [item_id])
    await _record(connection, item_id, None, Event.EDIT, ("", "draft"), by)
    return int(item_id)


async def save(connection: Connection, one: Held, members: Sequence[Held], content: Item, by: By) -> list[Moved]:
    """Keep a working copy, and what its set shares in the others'. Raises what `decide` raises, and set_fixed."""
    if any(other.draft is Draft.REVIEW for other in members):
        raise Refused("in_review" if one.draft is Draft.REVIEW else "set_in_review")
    if one.status not in NEW and content.set_code != one.set_code:
        raise Refused("set_fixed", set=one.set_code)
    moved = [await _keep(connection, one, content, by)]
    for other in members:
        shared = _shared(other.latest, content)
        if other.item_id != one.item_id and content.set_code == other.set_code and shared != other.latest:
            moved.append(await _keep(connection, other, shared, by))
    await connection.execute(store.DESCRIBE, [line.item_id for line in moved])
    return moved


def _shared(other: Item, content: Item) -> Item:
    """The other item with what the set of `content` shares."""
    if not content.set_code or content.type is not other.type:
        return other
    if content.type in CASED:
        return replace(other, case=content.case)
    if content.type is ItemType.B1:
        return replace(other, options=content.options, fixed_order=content.fixed_order)
    return other


async def _keep(connection: Connection, one: Held, content: Item, by: By) -> Moved:
    before = one.standing()
    move = allowed(before, Event.EDIT, by)
    kept = replace(content, item_id=one.item_id, pool=one.pool, code=one.code)
    # Whoever wrote the copy before is one of its writers still; the version it was begun from is another matter.
    old = (one.writers, one.accounts) if one.draft is not Draft.NONE else ((), ())
    await _keep_draft(connection, one, kept, by, state="draft", version=None, base=one.version, old=old)
    await _set(connection, one, move, by, set_code=kept.set_code, returned=one.returned, reason=one.reason)
    after = replace(before, status=move.status, draft=move.draft)
    if after.state != before.state:
        await _record(connection, one.item_id, None, Event.EDIT, (before.state, after.state), by)
    return Moved(one.item_id, Event.EDIT, before.state, after.state, None)


async def _keep_draft(
    connection: Connection,
    one: Held,
    item: Item,
    by: By,
    *,
    state: str,
    version: int | None,
    base: int | None,
    old: tuple[Sequence[int], Sequence[int]],
    wrote: bool = True,
) -> None:
    """Write the working copy. `wrote`: whoever does so is one of its writers from now on."""
    persons, accounts = ({*old[0]}, {*old[1]})
    author = one.author or by.name
    if wrote:
        persons, accounts, author = persons | {by.person_id}, accounts | {by.account_id}, by.name
    text = body(item).decode()
    await connection.execute(
        store.KEEP_DRAFT, one.item_id, state, base, version, text, author, sorted(persons), sorted(accounts), by.now
    )


async def _set(
    connection: Connection,
    one: Held,
    move: Move,
    by: By,
    *,
    version: int | None = None,
    set_code: str | None = None,
    returned: bool = False,
    reason: str = "",
    suspended_by: int | None = None,
) -> None:
    """The row of the item as it is after the move. Why it was suspended stays until it is active again."""
    if not reason and move.status is ItemStatus.SUSPENDED:
        reason = one.reason
    await connection.execute(
        store.SET_ITEM,
        one.item_id,
        move.status,
        move.draft,
        version or one.version,
        one.set_code if set_code is None else set_code,
        returned,
        reason,
        suspended_by,
        by.now,
    )


async def _record(
    connection: Connection,
    item_id: int,
    version: int | None,
    event: Event,
    states: tuple[str, str],
    by: By,
    reason: str = "",
) -> None:
    who = (by.account_id, by.person_id, by.role, by.address)
    await store.add_move(connection, item_id, version, event, states, by.now, who, reason, {})


# --- an item is moved ------------------------------------------------------------------------------------------------


async def move(
    connection: Connection, one: Held, members: Sequence[Held], event: Event, reason: str, by: By
) -> list[Moved]:
    """Carry out a move of an item, and of those of its set that can make it. Raises what `decide` raises."""
    if event is Event.EDIT:
        raise Invalid("wrong_shape")
    decided = [(one, allowed(standing(one, members), event, by, reason))]
    for other in members:
        if other.item_id != one.item_id:
            try:
                decided.append((other, decide(standing(other, members), event, by.actor(), reason)))
            except NotAllowed as no:
                if no.kind == "forbidden":  # of one of them he is a writer: he is no stranger to the set
                    raise person_error(no) from no
    moved = [await _carry_out(connection, each, step, by) for each, step in decided]
    await connection.execute(store.DESCRIBE, [line.item_id for line in moved])
    return moved


async def _carry_out(connection: Connection, one: Held, step: Move, by: By) -> Moved:
    before = one.standing()
    version = one.draft_version if one.draft is Draft.REVIEW else one.version
    match step.event:
        case Event.SUBMIT:
            version = await _submit(connection, one, step, by)
        case Event.WITHDRAW | Event.RETURN:
            await _give_back(connection, one, step, by)
        case Event.APPROVE:
            await connection.execute(store.DROP_DRAFT, one.item_id)
            await _set(connection, one, step, by, version=one.draft_version)
        case Event.DISCARD:
            await _discard(connection, one, step, by)
        case Event.SUSPEND:
            await _set(connection, one, step, by, reason=step.reason, suspended_by=by.person_id)
        case Event.REINSTATE:
            await _set(connection, one, step, by)
        case _:
            await connection.execute(store.DROP_DRAFT, one.item_id)
            await _set(connection, one, step, by, reason=step.reason)
    now = replace(before, status=step.status, draft=step.draft).state
    await _record(connection, one.item_id, version, step.event, (before.state, now), by, step.reason)
    return Moved(one.item_id, step.event, before.state, now, version)


async def _submit(connection: Connection, one: Held, step: Move, by: By) -> int:
    """Freeze what is handed in. Whoever hands it in answers for it like its writers."""
    item = one.working
    assert item is not None, "what is handed in says something"
    persons = sorted({*one.writers, by.person_id})
    version = await store.freeze(connection, item, one.author or by.name, persons)
    await _keep_draft(
        connection, one, item, by, state="review", version=version, base=one.version, old=(persons, one.accounts)
    )
    await _set(connection, one, step, by, suspended_by=one.suspended_by)
    return version


async def _give_back(connection: Connection, one: Held, step: Move, by: By) -> None:
    item = one.working
    assert item is not None, "what is with a reviewer says something"
    old = (one.writers, one.accounts)
    await _keep_draft(connection, one, item, by, state="draft", version=None, base=one.version, old=old, wrote=False)
    returned = step.event is Event.RETURN
    await _set(connection, one, step, by, returned=returned, reason=step.reason, suspended_by=one.suspended_by)


async def _discard(connection: Connection, one: Held, step: Move, by: By) -> None:
    await connection.execute(store.DROP_DRAFT, one.item_id)
    gone = None
    if one.status in NEW:
        gone = await connection.fetchrow(store.DROP_ITEM, one.item_id)
    if gone is not None:
        await connection.execute(store.DROP_ENEMIES_OF, gone["pool"], gone["code"])
        return
    last = await connection.fetchval(store.LAST_VERSION, one.item_id)
    await _set(connection, one, step, by, version=one.version or last, suspended_by=one.suspended_by)


# --- enemies ---------------------------------------------------------------------------------------------------------


async def set_enemies(connection: Connection, one: Held, enemies: Sequence[str], by: By) -> None:
    """Say which items may never meet this one. Raises Refused (enemy_itself, enemy_unknown, too_many_enemies)."""
    wanted = sorted(set(enemies))
    if one.code in wanted:
        raise Refused("enemy_itself")
    known = {row["code"] for row in await connection.fetch(store.CODES, one.pool, wanted)}
    if unknown := [code for code in wanted if code not in known]:
        raise Refused("enemy_unknown", item=unknown[0])
    before = [row["code"] for row in await connection.fetch(store.ENEMIES, one.pool, one.code)]
    await connection.execute(store.DROP_ENEMIES, one.pool, one.code, wanted)
    await connection.execute(store.ADD_ENEMIES, one.pool, one.code, wanted)
    most = await connection.fetchval(store.MOST_ENEMIES, one.pool, one.code, wanted, ENEMY_COUNT_MAX)
    if most is not None:
        raise Refused("too_many_enemies", item=most, max=ENEMY_COUNT_MAX)
    await connection.execute(store.TOUCH, one.item_id, by.now)
    who, state = (by.account_id, by.person_id, by.role, by.address), one.standing().state
    facts = {"from": before, "to": wanted}
    await store.add_move(connection, one.item_id, None, "enemies", (state, state), by.now, who, "", facts)
