"""Papers at the edge of the database: draw one, show one, mark one.

The pure parts are `question_bank.fair_plan`, `question_bank.serving` and `scoring.marking`; this file brings them the
items. Items by (item_id, version) never change, so they are kept in memory once read; what papers are drawn by is made
anew now and then, since items may be suspended while a window is open. A sitting whose plan in force has forms hands
those out; any other draws each paper on the fly.
"""

import asyncio
import functools
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import asyncpg
import msgspec

from exam_engine import plan_store, store
from exam_engine.edge.paper_shapes import PlanAsked
from exam_engine.edge.shapes import ItemView, OptionView, PaperView, PictureView
from exam_engine.errors import Refused
from exam_engine.gathering import Gathered
from exam_engine.messages import Layout
from exam_engine.plan_jobs import pass_share, person, read_forms, without
from exam_engine.sitting import Kind, Sitting
from question_bank import parameter_store
from question_bank import store as bank
from question_bank.audience import Person, share
from question_bank.blueprint import Blueprint, decode
from question_bank.fair_plan import FairPlan, prepare_fair
from question_bank.item import CASED, LETTERS, Item
from question_bank.paper import Paper, PaperEntry, digest
from question_bank.parameters import Known
from question_bank.planning import FormBody
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint
from question_bank.serving import choose_form, form_paper, person_of
from scoring.marking import Scheme, Score, mark

PLAN_KEEP = timedelta(seconds=60)
PLANS_MAX: Final = 64  # kept: sittings, and kinds of people where papers differ by them
SEED_BITS: Final = 53

NEVER: Final = datetime.min.replace(tzinfo=UTC)
Ref = tuple[int, int]


class _Kept(NamedTuple):
    """What papers of a sitting are drawn by, for one kind of person."""

    at: datetime
    refs: frozenset[Ref]
    plan: FairPlan


_Key = tuple[int, Person, str]  # sitting, for whom, by which blueprint


class Papers:
    """One per process."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._items: dict[Ref, Item] = {}
        self._plans: dict[_Key, _Kept] = {}
        self._forms: dict[int, tuple[str, int, list[FormBody]]] = {}
        self._planning = asyncio.Lock()
        self._finding = asyncio.Lock()
        self._frozen = Gathered[int, Paper](self.of_attempts)

    async def draw(self, sitting: Sitting, person_id: int, now: datetime) -> Paper:
        """A new paper for this person; items of his earlier papers are avoided. Raises Refused."""
        seen: set[int] = set()
        if sitting.kind is not Kind.PRACTICE:
            for row in await self._pool.fetch(store.ITEMS_SEEN, person_id, sitting.pool):
                seen.update(entry.item_id for entry in read_paper(row[0]).entries)
        formed = await self._form(sitting, person_id, frozenset(seen))
        if formed is not None:
            return formed
        plan = await self._plan(sitting, person_id, now)
        draw = functools.partial(
            plan.draw,
            secrets.randbits(SEED_BITS),
            frozenset(seen),
            shuffle_items=sitting.policy.shuffle_items,
            shuffle_options=sitting.policy.shuffle_options,
        )
        # Avoiding items in a small bank may need the exact solver: some 30 ms that must not hold up the others.
        return await asyncio.to_thread(draw) if seen else draw()

    async def warm(self, sitting: Sitting, now: datetime) -> None:
        """Prepare what papers of a sitting are drawn by, before its first physician waits for it. Raises Refused."""
        body = await self._pool.fetchval(store.BLUEPRINT, sitting.sitting_id)
        if decode(body.encode()).audience is None:  # else each kind of person has a plan of his own
            await self._plan(sitting, 0, now)

    async def _form(self, sitting: Sitting, person_id: int, seen: frozenset[int]) -> Paper | None:
        """A form of the plan in force, laid out for this person; None when papers are drawn on the fly."""
        plan_id = await self._pool.fetchval(plan_store.CURRENT, sitting.sitting_id)
        if plan_id is None:
            return None
        if plan_id not in self._forms:
            row = await self._pool.fetchrow(plan_store.BODY, plan_id)
            assert row is not None
            self._forms[plan_id] = row["mode"], row["seed"], read_forms(row["forms"])
        mode, seed, forms = self._forms[plan_id]
        if mode != "forms":
            return None
        whom = (
            await self._person(sitting, person_id) if any(person_of(form) != Person() for form in forms) else Person()
        )
        mine = [form for form in forms if person_of(form) == whom]
        if not mine:  # nobody of his kind was entitled when the forms were made
            return None
        form = choose_form(mine, seen, seed, person_id)
        found = await self._find_refs(form.refs)
        return form_paper(
            form,
            [found[ref] for ref in form.refs],
            secrets.randbits(SEED_BITS),
            shuffle_items=sitting.policy.shuffle_items,
            shuffle_options=sitting.policy.shuffle_options,
        )

    async def _person(self, sitting: Sitting, person_id: int) -> Person:
        return person(await self._pool.fetchrow(plan_store.PERSON, sitting.sitting_id, person_id))

    async def layout(self, paper: Paper) -> Layout:
        """What the attempt's core must know of a paper."""
        items = await self._find(paper.entries)
        return layout_of(paper, items)

    async def of_attempt(self, attempt_id: int) -> Paper:
        """The frozen paper of an attempt."""
        paper = await self._frozen.get(attempt_id)
        assert paper is not None, "every attempt has a paper"
        return paper

    async def of_attempts(self, attempt_ids: Sequence[int]) -> dict[int, Paper]:
        """The frozen papers of many attempts."""
        return {row[0]: read_paper(row[1]) for row in await self._pool.fetch(store.PAPERS, attempt_ids)}

    async def show(self, attempt_id: int) -> PaperView:
        """The paper as its physician sees it: no key, no explanation, no bank number of an item."""
        paper = await self.of_attempt(attempt_id)
        items = await self._find(paper.entries)
        views = [item_view(no, entry, items[entry.item_id, entry.version]) for no, entry in enumerate(paper.entries, 1)]
        return PaperView(attempt_id=attempt_id, items=views)

    async def score(self, paper: Paper, answers: dict[int, str], scheme: Scheme) -> Score:
        """Mark one set of answers by position with the scheme of the sitting.

        What a candidate chose are letters by place, A the first option shown: the bank's own option ids never
        leave, since in many a bank the right one is always the first. The frozen paper tells which is which.
        """
        items = await self._find(paper.entries)
        keys = {ref: items[ref].key for ref in items}
        chosen = {no: bank_ids(paper.entries[no - 1], choice) for no, choice in answers.items()}
        return mark(paper.entries, chosen, keys, scheme)

    async def _plan(self, sitting: Sitting, person_id: int, now: datetime) -> FairPlan:
        body = await self._pool.fetchval(store.BLUEPRINT, sitting.sitting_id)
        blueprint = decode(body.encode())
        whom = await self._person(sitting, person_id) if blueprint.audience else Person()
        key = (sitting.sitting_id, whom, body)
        kept = self._plans.get(key)
        if kept is not None and now - kept.at < PLAN_KEEP:
            return kept.plan
        async with self._planning:
            kept = self._plans.get(key)
            if kept is not None and now - kept.at < PLAN_KEEP:
                return kept.plan
            plan = await self._make_plan(sitting, blueprint, whom, kept)
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            self._plans[key] = plan._replace(at=now)
            return plan.plan

    async def _make_plan(self, sitting: Sitting, blueprint: Blueprint, whom: Person, kept: "_Kept | None") -> "_Kept":
        """What to draw by from the items that may be drawn now; what there is if they are still the same."""
        items = await self._allowed(sitting)
        refs = frozenset((item.item_id, item.version) for item in items)
        if kept is not None and kept.refs == refs:
            return kept
        known = await parameter_store.of_pool(self._pool, sitting.pool)
        share_of = pass_share(sitting.pass_points, blueprint, sitting.points_per_item)
        try:
            plan = await asyncio.to_thread(_prepare, blueprint, items, known, share_of, whom)
        except ImpossibleBlueprint as error:
            raise Refused("no_paper", detail=str(error)[:300]) from error
        self._items.update({(item.item_id, item.version): item for item in items})
        return _Kept(NEVER, refs, plan)

    async def _allowed(self, sitting: Sitting) -> list[Item]:
        """The items that may be drawn, less those that the plan in force leaves out."""
        items = await bank.active_items(self._pool, sitting.pool)
        asked = await self._pool.fetchval(plan_store.LEFT_OUT, sitting.sitting_id)
        return items if asked is None else without(items, msgspec.json.decode(asked, type=PlanAsked).left_out)

    async def _find(self, entries: Sequence[PaperEntry]) -> dict[Ref, Item]:
        return await self._find_refs([(entry.item_id, entry.version) for entry in entries])

    async def _find_refs(self, refs: Sequence[Ref]) -> dict[Ref, Item]:
        kept = self._items
        try:
            return {ref: kept[ref] for ref in refs}
        except KeyError:
            pass
        async with self._finding:  # a process that has just started needs the same items for everybody
            missing = {ref for ref in refs if ref not in kept}
            if missing:
                kept.update(await bank.by_reference(self._pool, missing))
        return {ref: kept[ref] for ref in refs}


def _prepare(blueprint: Blueprint, items: list[Item], known: Known, share_of: float, whom: Person) -> FairPlan:
    pool = Pool(items)
    return prepare_fair(blueprint, pool, known, share_of, share(blueprint, pool, whom))


def read_paper(body: str) -> Paper:
    """A stored paper."""
    return msgspec.json.decode(body, type=Paper)


def write_paper(paper: Paper) -> str:
    """A paper as it is stored."""
    return msgspec.json.encode(paper).decode()


def paper_digest(paper: Paper) -> str:
    """What the journal's first entry says of the paper."""
    return digest(paper)


def bank_ids(entry: PaperEntry, choice: str) -> str:
    """The bank's option ids of a choice given in letters by place."""
    return "".join(sorted(entry.order[ord(letter) - ord("a")] for letter in choice))


def layout_of(paper: Paper, items: dict[Ref, Item]) -> Layout:
    """One character per item in each string, as the attempt's core wants it."""
    entries = paper.entries
    return Layout(
        options="".join(LETTERS[len(items[e.item_id, e.version].options) - 1] for e in entries),
        multiple="".join("x" if e.multiple else "-" for e in entries),
        chain="".join(LETTERS[e.group % 26] if e.chain else "-" for e in entries),
    )


def item_view(no: int, entry: PaperEntry, item: Item) -> ItemView:
    """An item as a candidate is shown it, in the order of options that his paper has."""
    texts = {option.id: option.text for option in item.options}
    return ItemView(
        no=no,
        type=item.type,
        stem=item.stem,
        case=item.case if item.type in CASED else "",
        group=entry.group,
        chain=entry.chain,
        multiple=entry.multiple,
        options=[OptionView(id=LETTERS[place], text=texts[bank_id]) for place, bank_id in enumerate(entry.order)],
        pictures=[PictureView(name=picture.name, alt=picture.alt) for picture in item.pictures],
    )
