"""What an item has and other formats have no field for, as tags such as `exam:set=S1`: the round trip is exact.

Moodle XML and QTI packages hold tags (QTI: LOM keywords); GIFT holds them in the comment before a question. An item
with tags of ours is taken literally: nothing is guessed from its texts. Of the tags of others the difficulty is read,
where one is meant for sure.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from question_bank.formats.lists import joined, shown
from question_bank.item import Item, ItemStatus

OURS: Final = "exam:"
AUDIENCE: Final = ("category", "specialties", "level", "enemies", "pictures")
FIELDS: Final = ("type", "difficulty", "set", "fixed_order", "item_status", *AUDIENCE, "topic", "code", "case")
ALWAYS: Final = ("type", "difficulty", "set", "fixed_order", "item_status", *AUDIENCE)
HARDNESS: Final = {
    **dict.fromkeys(("very easy", "easy", "易", "容易", "简单"), "1"),
    **dict.fromkeys(("medium", "moderate", "中", "中等"), "2"),
    **dict.fromkeys(("hard", "difficult", "very difficult", "难", "困难"), "3"),
}
_DIFFICULTY: Final = re.compile(r"(?:difficulty|难度)\s*[:：=]\s*(.+)", re.IGNORECASE)


class Tagged(NamedTuple):
    """The fields that tags say, whether tags of ours are among them, and the tags that say nothing to us."""

    values: Mapping[str, str]
    literal: bool
    others: tuple[str, ...]


def fields_of(item: Item) -> dict[str, str]:
    """The fields of an item besides its texts; "" where it is as by default."""
    return {
        "type": item.type.value,
        "difficulty": str(item.difficulty),
        "set": item.set_code,
        "fixed_order": "yes" if item.fixed_order else "",
        "item_status": "" if item.status is ItemStatus.ACTIVE else item.status.value,
        "category": item.category,
        "specialties": joined(item.specialties),
        "level": item.level,
        "enemies": joined(item.enemies),
        "pictures": shown(item.pictures),
        "topic": item.topic,
        "code": item.code,
        "case": item.case,
    }


def tags_of(item: Item, *, besides: Iterable[str] = ()) -> list[str]:
    """The tags of an item; `besides`: fields that the format has no place of its own for."""
    wanted = (*ALWAYS, *besides)
    return [f"{OURS}{name}={value}" for name, value in fields_of(item).items() if value and name in wanted]


def read_tags(tags: Iterable[str]) -> Tagged:
    """The fields in the tags of a question."""
    values: dict[str, str] = {}
    ours: dict[str, str] = {}
    others = []
    for tag in tags:
        name, _, value = tag.removeprefix(OURS).partition("=")
        if tag.startswith(OURS) and name in FIELDS:
            ours[name] = value
        elif hardness := _hardness(tag.strip()):
            values["difficulty"] = hardness
        else:
            others.append(tag)
    return Tagged({**values, **ours}, bool(ours), tuple(others))


def _hardness(tag: str) -> str:
    named = _DIFFICULTY.fullmatch(tag)
    word = (named[1] if named else tag).strip().lower()
    return word if named and word in {"1", "2", "3"} else HARDNESS.get(word, "")
