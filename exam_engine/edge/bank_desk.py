"""What the endpoints of the author's desk share: whose pools, who acts, and contents as shapes and as items."""

from typing import Final, Literal

import asyncpg

from exam_engine.authoring import By, Moved
from exam_engine.edge.accounts import audit
from exam_engine.edge.bank_shapes import BankItemRow, ItemContent, PictureRef
from exam_engine.edge.http import Call
from exam_engine.errors import NotFound
from exam_engine.store import Row, Runner
from question_bank import finding_store
from question_bank.item import LETTERS, Item, ItemType, Option, Picture
from question_bank.life import Event

AUTHOR: Final = frozenset({"author"})
BANK: Final = frozenset({"author", "nation"})
NATIONAL: Final = "00"
NOBODY: Final = ""  # no pool is of this province

PLACE: Final = "SELECT kind, province FROM people.organisations WHERE organisation_id = $1"
DONE: Final = {
    Event.EDIT: "item_edited",
    Event.SUBMIT: "item_submitted",
    Event.WITHDRAW: "item_withdrawn",
    Event.APPROVE: "item_approved",
    Event.RETURN: "item_returned",
    Event.SUSPEND: "item_suspended",
    Event.REINSTATE: "item_reinstated",
    Event.RETIRE: "item_retired",
    Event.DISCARD: "item_discarded",
}


async def scope_of(call: Call) -> str | None:
    """Whose pools the caller sees: "00" the nation's, a province's, all of them (None), or nobody's ("")."""
    if call.me.role == "nation":
        return None
    place = await call.house.pool.fetchrow(PLACE, call.me.organisation_id)
    if place is None or place["kind"] not in ("nation", "province"):
        return NOBODY
    return NATIONAL if place["kind"] == "nation" else str(place["province"])


async def pool_of(call: Call, pool: str) -> Row:
    """The pool of this name, if it is the caller's to see. Raises NotFound."""
    row = await call.house.pool.fetchrow(finding_store.POOL, await scope_of(call), pool)
    if row is None:
        raise NotFound("no_such_pool")
    return row


def by(call: Call) -> By:
    """The caller, as the history has him."""
    me = call.me
    return By(
        role=me.role,
        account_id=me.account_id,
        person_id=me.person_id,
        name=me.name,
        address=call.address(),
        now=call.house.clock.now(),
    )


async def note(call: Call, runner: Runner, moved: list[Moved], **facts: object) -> None:
    """Put moves on record."""
    for line in moved:
        said = {"from": line.was, "to": line.now, "version": line.version, **facts}
        await audit(call, call.me, DONE[line.event], f"item {line.item_id}", runner=runner, **said)


async def rows_of(call: Call, item_ids: list[int]) -> list[BankItemRow]:
    """The rows of these items, by number."""
    rows = await call.house.pool.fetch(finding_store.BY_ID, call.me.person_id, item_ids)
    return [row_of(row) for row in rows]


def row_of(row: asyncpg.Record) -> BankItemRow:
    """A row of a list."""
    return BankItemRow(**dict(row))


def content_of(item: Item) -> ItemContent:
    """An item's content as it travels."""
    return ItemContent(
        type=item.type.value,
        topic=item.topic,
        difficulty=_difficulty(item),
        stem=item.stem,
        options=[option.text for option in item.options],
        key=item.key,
        explanation=item.explanation,
        fixed_order=item.fixed_order,
        set_code=item.set_code,
        case=item.case,
        category=item.category,
        specialties=list(item.specialties),
        level=item.level,
        pictures=[PictureRef(name=picture.name, alt=picture.alt) for picture in item.pictures],
    )


def _difficulty(item: Item) -> Literal[1, 2, 3]:
    match item.difficulty:
        case 1 | 3 as edge:
            return edge
        case _:
            return 2


def item_of(content: ItemContent, pool: str, code: str, item_id: int = 0) -> Item:
    """A content as an item; what is wrong with it is for `problems` to say."""
    return Item(
        item_id=item_id,
        code=code,
        pool=pool,
        type=ItemType(content.type),
        topic=content.topic.strip(),
        difficulty=content.difficulty,
        stem=content.stem,
        options=tuple(Option(letter, text) for letter, text in zip(LETTERS, content.options, strict=False)),
        key="".join(sorted(set(content.key))),
        explanation=content.explanation,
        fixed_order=content.fixed_order,
        set_code=content.set_code.strip(),
        case=content.case,
        category=content.category,
        specialties=tuple(sorted(set(content.specialties))),
        level=content.level,
        pictures=tuple(Picture(picture.name, picture.alt.strip()) for picture in content.pictures),
    )
