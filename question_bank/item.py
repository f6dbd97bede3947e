"""Items of the bank, and what makes one valid.

An item is one numbered question with its own point. Items that share a case (A3, A4) or their options (B1) form a
*set*: they carry the same `set_code`, are drawn together and never split (domain.md §6.2). Nothing here raises for a
bad item: a bad item is described by its `Problem`s, so that an importer can tell the author all of them at once.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain
from typing import Final

import msgspec

STEM_LENGTH_MAX: Final = 2_000  # characters; the longest stem seen in a public bank has 252
CASE_LENGTH_MAX: Final = 4_000  # characters
OPTION_LENGTH_MAX: Final = 1_000  # characters
EXPLANATION_LENGTH_MAX: Final = 4_000  # characters
TOPIC_LENGTH_MAX: Final = 200  # characters
NAME_LENGTH_MAX: Final = 80  # characters of a code, a set code or a pool
OPTION_COUNT_MIN: Final = 2
OPTION_COUNT_MAX: Final = 26  # an option id is one letter
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
DIFFICULTIES: Final = (1, 2, 3)  # easy, medium, hard
CATEGORIES: Final = ("clinical", "dental", "public_health", "tcm")  # 执业类别
LEVELS: Final = ("physician", "assistant")  # 执业级别
SPECIALTY_COUNT_MAX: Final = 30
ENEMY_COUNT_MAX: Final = 50
PICTURE_COUNT_MAX: Final = 4
ALT_LENGTH_MAX: Final = 300  # characters

_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class ItemType(StrEnum):
    """The national item types (domain.md §6.2)."""

    A1 = "A1"  # one sentence, best answer
    A2 = "A2"  # short case, best answer
    A3 = "A3"  # one case, 2-3 independent questions
    A4 = "A4"  # one case that unfolds
    B1 = "B1"  # options first, several stems
    X = "X"  # several right answers


CASED: Final = frozenset({ItemType.A3, ItemType.A4})
IN_SETS: Final = CASED | {ItemType.B1}
SET_SIZES: Final = {ItemType.A3: (2, 3), ItemType.A4: (2, 6), ItemType.B1: (2, 10)}  # items of a set: least, most


class ItemStatus(StrEnum):
    """Where an item is in its life; only an active one may be drawn."""

    DRAFT = "draft"
    REVIEW = "review"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Picture(msgspec.Struct, frozen=True):
    """A picture shown below the stem. `name` is the SHA-256 of its bytes, 64 hex digits; `alt` says what is on it."""

    name: str
    alt: str


class Option(msgspec.Struct, frozen=True):
    """One choice. `id` is a lower-case letter that stays with its text however the options are shuffled."""

    id: str
    text: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `item_id` is 0 until the bank has stored it; `key` has the right option ids, sorted: "b", "acd"."""

    item_id: int = 0
    version: int = 1
    code: str  # the author's own name for it, unique in its pool
    pool: str  # "humanities", "professional", ...
    type: ItemType
    topic: str  # a path from the general to the special: 专业/内科/心血管
    difficulty: int = 2
    stem: str
    options: tuple[Option, ...]
    key: str
    explanation: str = ""
    fixed_order: bool = False  # "all of the above" must stay last
    set_code: str = ""  # "" when the item stands alone
    case: str = ""  # shared by the items of an A3 or A4 set
    status: ItemStatus = ItemStatus.DRAFT
    category: str = ""  # 执业类别 the item is for: "clinical", ...; "" everybody
    specialties: tuple[str, ...] = ()  # 报考专业 codes it is for, sorted; empty: all of its category
    level: str = ""  # 执业级别: "physician", "assistant"; "" both
    enemies: tuple[str, ...] = ()  # codes of items of its pool that give its answer away: never in one paper
    pictures: tuple[Picture, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """One reason why something is not valid: a code for programs, a short sentence for people."""

    code: str
    text: str


def normal(text: str) -> str:
    """`text` without what no reader would call a difference: full-width forms and spaces.

    Case and superscripts stay: f waves are fibrillation and F waves flutter, 10² is not 102.
    """
    return "".join(unicodedata.normalize("NFC", text).translate(_HALF_WIDTH).split())


def problems(item: Item) -> list[Problem]:
    """Every reason why `item` is not valid by itself; empty when it is. Between the items of a set: `set_problems`."""
    found = (_names(item), _texts(item), _options(item), _key(item), _membership(item), _audience(item), _shown(item))
    return [*chain.from_iterable(found)]


def doubts(item: Item) -> list[Problem]:
    """What an author should look at although the item can be used: two wrong options that say the same."""
    return [problem for problem, matters in _twins(item) if not matters]


def set_problems(items: Sequence[Item]) -> list[Problem]:
    """Every reason why these items, in this order, are not one valid set; empty when they are."""
    if not items:
        return [Problem("set_empty", "A set needs items.")]
    return [*_one_kind(items), *_size(items), *_shared(items)]


def _names(item: Item) -> Iterator[Problem]:
    for field, text in (("code", item.code), ("pool", item.pool)):
        if not 1 <= len(text) <= NAME_LENGTH_MAX or text != text.strip():
            yield Problem(
                f"{field}_bad",
                f"The {field} must have 1 to {NAME_LENGTH_MAX} characters, none of them a space at an end.",
            )
    if len(item.set_code) > NAME_LENGTH_MAX:
        yield Problem("set_bad", f"The set code is longer than {NAME_LENGTH_MAX} characters.")
    steps = item.topic.split("/")
    if len(item.topic) > TOPIC_LENGTH_MAX or any(not step or step != step.strip() for step in steps):
        yield Problem("topic_bad", f"The topic must be a path like 专业/内科, at most {TOPIC_LENGTH_MAX} characters.")
    if item.difficulty not in DIFFICULTIES:
        yield Problem("difficulty_bad", "The difficulty must be 1 (easy), 2 or 3 (hard).")


def _texts(item: Item) -> Iterator[Problem]:
    if not item.stem.strip():
        yield Problem("stem_empty", "The stem is empty.")
    limits = (
        ("stem", item.stem, STEM_LENGTH_MAX),
        ("case", item.case, CASE_LENGTH_MAX),
        ("explanation", item.explanation, EXPLANATION_LENGTH_MAX),
    )
    for field, text, length_max in limits:
        if len(text) > length_max:
            yield Problem(f"{field}_long", f"The {field} has {len(text)} characters, more than {length_max}.")


def _options(item: Item) -> Iterator[Problem]:
    if not OPTION_COUNT_MIN <= len(item.options) <= OPTION_COUNT_MAX:
        yield Problem(
            "option_count",
            f"An item needs {OPTION_COUNT_MIN} to {OPTION_COUNT_MAX} options, this has {len(item.options)}.",
        )
    if [option.id for option in item.options] != list(LETTERS[: len(item.options)]):
        yield Problem("option_ids", "The option ids must be a, b, c, ... in this order.")
    for option in item.options:
        if not option.text.strip():
            yield Problem("option_empty", f"Option {option.id.upper()} is empty.")
        elif len(option.text) > OPTION_LENGTH_MAX:
            yield Problem("option_long", f"Option {option.id.upper()} is longer than {OPTION_LENGTH_MAX} characters.")
    yield from (problem for problem, matters in _twins(item) if matters)


def _twins(item: Item) -> Iterator[tuple[Problem, bool]]:
    """Options that say the same, and whether that matters: with a right one among them nobody can be marked fairly."""
    first: dict[str, str] = {}
    for option in item.options:
        twin = first.setdefault(normal(option.text), option.id) if option.text.strip() else option.id
        if twin != option.id:
            text = f"Options {twin.upper()} and {option.id.upper()} say the same."
            yield Problem("option_twice", text), bool({twin, option.id} & set(item.key))


def _key(item: Item) -> Iterator[Problem]:
    known = {option.id for option in item.options}
    if not item.key:
        yield Problem("key_empty", "The answer is missing.")
    elif not set(item.key) <= known:
        yield Problem("key_unknown", f"The answer {item.key.upper()} names an option that is not there.")
    elif item.key != "".join(sorted(set(item.key))):
        yield Problem("key_order", "The answer must name each option once, in order.")
    elif item.type is ItemType.X and len(item.key) < 2:
        yield Problem("key_single", "An X item needs two or more right options.")
    elif item.type is not ItemType.X and len(item.key) > 1:
        yield Problem("key_several", f"An {item.type} item has one right option, this names {item.key.upper()}.")


def _membership(item: Item) -> Iterator[Problem]:
    if item.type in IN_SETS and not item.set_code:
        yield Problem("set_missing", f"{item.type} items come in sets: the set code is missing.")
    if item.type not in IN_SETS and item.set_code:
        yield Problem("set_not_allowed", f"An {item.type} item stands alone: it can't be in set {item.set_code}.")
    if item.type in CASED and not item.case.strip():
        yield Problem("case_missing", f"An {item.type} item needs the text of its case.")


def _audience(item: Item) -> Iterator[Problem]:
    if item.category not in ("", *CATEGORIES):
        yield Problem("category_unknown", f"The category must be one of {', '.join(CATEGORIES)}, or empty.")
    if item.level not in ("", *LEVELS):
        yield Problem("level_unknown", f"The level must be one of {', '.join(LEVELS)}, or empty.")
    yield from _codes("specialties", item.specialties, SPECIALTY_COUNT_MAX)
    yield from _codes("enemies", item.enemies, ENEMY_COUNT_MAX)
    if item.code in item.enemies:
        yield Problem("enemy_itself", "An item can't be its own enemy.")


def _codes(field: str, codes: Sequence[str], count_max: int) -> Iterator[Problem]:
    if len(codes) > count_max or any(not 1 <= len(code) <= NAME_LENGTH_MAX for code in codes):
        yield Problem(f"{field}_bad", f"At most {count_max} {field}, each a code of 1 to {NAME_LENGTH_MAX} characters.")
    if list(codes) != sorted(set(codes)):
        yield Problem(f"{field}_order", f"The {field} must name each code once, in order.")


def _shown(item: Item) -> Iterator[Problem]:
    if len(item.pictures) > PICTURE_COUNT_MAX:
        yield Problem("picture_count", f"An item has at most {PICTURE_COUNT_MAX} pictures, this {len(item.pictures)}.")
    for picture in item.pictures:
        if not re.fullmatch("[0-9a-f]{64}", picture.name):
            yield Problem("picture_name", "A picture is named by the SHA-256 of its bytes.")
        if not 1 <= len(picture.alt.strip()) <= ALT_LENGTH_MAX:
            yield Problem("picture_alt", f"A picture needs 1 to {ALT_LENGTH_MAX} characters that say what is on it.")


def _one_kind(items: Sequence[Item]) -> Iterator[Problem]:
    for field in ("pool", "set_code", "type"):
        values = sorted({str(getattr(item, field)) for item in items})
        if len(values) > 1:
            yield Problem(
                "set_mixed", f"The items of a set must have the same {field}, these have {' and '.join(values)}."
            )


def _size(items: Sequence[Item]) -> Iterator[Problem]:
    least, most = SET_SIZES.get(items[0].type, (1, 1))
    if not least <= len(items) <= most:
        yield Problem("set_size", f"An {items[0].type} set has {least} to {most} items, this has {len(items)}.")


def _shared(items: Sequence[Item]) -> Iterator[Problem]:
    first = items[0]
    if first.type in CASED and any(item.case != first.case for item in items):
        yield Problem("set_case", "The items of a case set must share one case text.")
    shown = (first.options, first.fixed_order)
    if first.type is ItemType.B1 and any((item.options, item.fixed_order) != shown for item in items):
        yield Problem("set_options", "The items of a B1 set must share the same options and fixed_order.")
    if len({normal(item.stem) for item in items}) < len(items):
        yield Problem("set_stem_twice", "Two items of the set have the same stem.")
