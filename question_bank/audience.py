"""For whom the items of a paper are: those for everybody, and the physician's own by specialty (domain.md §6.5).

An item is of one *step* for a physician: `specialty` if it names his specialty, `category` if it is for all of his
category, `common` if it is for everybody; one of another specialty, category or level is not for him. His own part of
the paper comes from the first step of the blueprint's order that holds enough; which one it was is part of what is
certified. The other part comes from the wider steps. Where the own part has fallen back so far that both parts come
from the same items, the two quotas are one and the sections that tell them apart share the items by a fixed rule.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from question_bank.blueprint import STEPS, Audience, Blueprint, TopicQuota
from question_bank.item import Item
from question_bank.pool import Pool


class Person(NamedTuple):
    """For whom a paper is: codes of items' categories, specialties and levels; "" is somebody of none."""

    category: str = ""
    specialty: str = ""
    level: str = ""


class Share(NamedTuple):
    """How a pool is shared out for a person. `apart`: own and common items are told apart by two quotas.

    `held`: items of each step. `problem`: why there is no paper for him; "" when there is.
    """

    person: Person
    step: str
    fell_back: bool
    apart: bool
    topics: tuple[TopicQuota, ...]
    held: tuple[tuple[str, int], ...]
    parts: tuple[int, int]  # items of a paper: common, own
    problem: str = ""

    def source(self, item: Item) -> str:
        """Whether the item counts as "common" or "own"; "" when it is not for him at all."""
        step = step_of(item, self.person)
        if not step or (step == "specialty" and self.step != "specialty"):
            return ""
        if self.apart:
            return "own" if step == self.step else "common"
        common, own = self.parts
        return "own" if crc32((item.set_code or item.code).encode()) % max(1, common + own) < own else "common"


def step_of(item: Item, person: Person) -> str:
    """The narrowest step by which the item is for this person; "" when it is not."""
    if item.level not in ("", person.level) or item.category not in ("", person.category):
        return ""
    if item.specialties:
        return "specialty" if person.specialty in item.specialties else ""
    return "category" if item.category else "common"


def share(blueprint: Blueprint, pool: Pool, person: Person) -> Share | None:
    """How `pool` serves this person; None when the blueprint does not ask for whom its papers are."""
    rule = blueprint.audience
    if rule is None:
        return None
    steps = (step_of(item, person) for unit in pool.units for item in unit.items)
    held = Counter(step for step in steps if step)
    step, problem = _chosen(rule, held, person)
    wider = sum(held[each] for each in STEPS[STEPS.index(step) + 1 :])
    return Share(
        person,
        step,
        fell_back=step != rule.order[0],
        apart=rule.own > 0 and wider >= rule.common,
        topics=rule.own_topics.get(person.specialty, ()) if step == "specialty" else (),
        held=tuple((each, held[each]) for each in STEPS),
        parts=(rule.common, rule.own),
        problem=problem,
    )


def _chosen(rule: Audience, held: Counter[str], person: Person) -> tuple[str, str]:
    """The step his own part is drawn from, and what is wrong with it."""
    for step in rule.order:
        if held[step] >= max(rule.own, rule.times_min * rule.own):
            return step, ""
    largest = max(rule.order, key=lambda step: held[step])
    if rule.short == "largest" and held[largest] >= rule.own:
        return largest, ""
    said = ", ".join(f"{step} {held[step]}" for step in rule.order)
    whom = person.specialty or person.category or "everybody"
    return largest, f"own items for {whom}: needs {rule.own}, the pool has {said}"


def persons(blueprint: Blueprint, asked: Iterable[Person]) -> list[Person]:
    """For whom papers differ: nobody in particular when the blueprint has no audience."""
    return sorted(set(asked)) if blueprint.audience else [Person()]
