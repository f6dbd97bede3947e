"""A calibrated pool from a seed: the shape of a real one, texts that say nothing."""

import random

import msgspec

from question_bank.blueprint import load
from question_bank.item import Item, ItemStatus, ItemType, Option
from question_bank.parameters import DEFAULT_P, Known, Parameters, difficulty_of

OPTIONS = tuple(Option(letter, f"选项 {letter}") for letter in "abcde")
SIZES = {ItemType.A3: (2, 3), ItemType.A4: (3, 5), ItemType.B1: (2, 4)}
SHARES = ((ItemType.A1, 40), (ItemType.A2, 30), (ItemType.A3, 4), (ItemType.A4, 2.5), (ItemType.B1, 3.3))  # of units
ENEMIES_SHARE = 0.02
CALIBRATED_SHARE = 0.9


def big_pool(count: int, seed: int = 1, *, calibrated: float = CALIBRATED_SHARE) -> tuple[list[Item], Known]:
    """About `count` items that fit the national professional blueprint, and what is known of their difficulty."""
    rng = random.Random(seed)
    topics = [(q.topic, max(1, q.least)) for q in load("professional").topics if _leaf(q.topic)]
    items: list[Item] = []
    while len(items) < count:
        kind = rng.choices([kind for kind, _ in SHARES], [share for _, share in SHARES])[0]
        topic = rng.choices([topic for topic, _ in topics], [weight for _, weight in topics])[0]
        items += _unit(len(items) + 1, kind, topic, rng)
    return _with_enemies(items, rng), _known(items, rng, calibrated)


def _leaf(topic: str) -> bool:
    return topic not in ("公共", "专业/内科")


def _unit(first: int, kind: ItemType, topic: str, rng: random.Random) -> list[Item]:
    size = rng.randint(*SIZES[kind]) if kind in SIZES else 1
    return [
        Item(
            item_id=number,
            code=f"c{number}",
            pool="professional",
            type=kind,
            topic=topic,
            difficulty=rng.choices((1, 2, 3), (3, 5, 2))[0],
            stem=f"题干 {number}",
            options=OPTIONS,
            key="a",
            set_code=f"S{first}" if size > 1 else "",
            case="病例" if kind in {ItemType.A3, ItemType.A4} else "",
            status=ItemStatus.ACTIVE,
        )
        for number in range(first, first + size)
    ]


def _with_enemies(items: list[Item], rng: random.Random) -> list[Item]:
    for _ in range(int(len(items) * ENEMIES_SHARE / 2)):
        one, other = rng.sample(range(len(items)), 2)
        if items[one].set_code != items[other].set_code or not items[one].set_code:
            items[one] = msgspec.structs.replace(items[one], enemies=(items[other].code,))
    return items


def _known(items: list[Item], rng: random.Random, share: float) -> Known:
    """Parameters scattered around what the author thought."""
    known = {}
    for item in items:
        a = min(2.5, max(0.3, rng.lognormvariate(-0.1, 0.3)))
        b = difficulty_of(DEFAULT_P[item.difficulty]) + rng.gauss(0, 0.6)
        if rng.random() < share:
            known[item.item_id, item.version] = Parameters(a, b, rng.randint(200, 5000))
    return known
