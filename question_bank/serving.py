"""Handing out parallel forms: which physician gets which, and the form as his paper.

Whoever has seen items before gets the form with the fewest of them. Among equals a keyed hash of person and plan
decides: the forms are used alike without anything being counted at a start, and nobody can foresee his form who does
not know the plan's seed.
"""

import random
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from question_bank.audience import Person
from question_bank.item import Item, ItemStatus
from question_bank.layout import lay_out
from question_bank.paper import Paper
from question_bank.planning import FormBody
from question_bank.pool import Pool


def person_of(form: FormBody) -> Person:
    """For whom a form is."""
    return Person(form.category, form.specialty, form.level)


def choose_form(forms: Sequence[FormBody], seen: frozenset[int], seed: int, person_id: int) -> FormBody:
    """The form for this person, who has seen the items of these ids in earlier papers."""

    def order(form: FormBody) -> tuple[int, bytes]:
        again = sum(item_id in seen for item_id, _ in form.refs)
        die = blake2b(f"{person_id}:{form.number}".encode(), key=seed.to_bytes(8, "big"), digest_size=8)
        return again, die.digest()

    return min(forms, key=order)


def form_paper(
    form: FormBody,
    items: Sequence[Item],
    seed: int,
    *,
    shuffle_items: bool,
    shuffle_options: bool,
) -> Paper:
    """The form laid out with `seed`. `items` are its own, in the versions it names, whatever became of them since."""
    units = Pool([msgspec.structs.replace(item, status=ItemStatus.ACTIVE) for item in items]).units
    section_of = dict(zip(form.refs, form.sections, strict=bool(form.sections)))
    firsts = ((unit.place, unit.items[0]) for unit in units)
    sections = {place: section_of[item.item_id, item.version] for place, item in firsts} if form.sections else None
    rng = random.Random(seed)  # noqa: S311  repeatable is the point; the seed is what must not be guessed
    entries = lay_out(units, rng, shuffle_items=shuffle_items, shuffle_options=shuffle_options, sections=sections)
    return Paper(seed, entries, form.number)
