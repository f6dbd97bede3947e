"""A plan of papers with its certificate: forms, or papers on the fly with a sample of them.

For every kind of physician a blueprint tells apart there is a supply of its own; forms are made, and samples drawn, for
each. The certificate shows the figures of the kind that fares worst by each measure: it holds for all of them.
"""

import random
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from question_bank.aim import Aim, aim, problems
from question_bank.audience import Person, Share, share
from question_bank.blueprint import Blueprint, check
from question_bank.certificate import Certificate, Drawn
from question_bank.checking import broken, sets_of
from question_bank.fair_plan import BAND, FairPlan, prepare_fair, space_of
from question_bank.fairness import Story, certify
from question_bank.forms import ImpossibleForms, Wish, bound, make_forms
from question_bank.item import Problem
from question_bank.parameters import Known
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint, shortage
from question_bank.supply import Supply, pool_digest, supply

SECONDS_MAX: Final = 600.0
BROKEN_MAX: Final = 20  # named; one is too many


class FormBody(msgspec.Struct, frozen=True):
    """One form as it is stored: its items and their versions, in the order of the pool; beside them their sections."""

    number: int
    refs: tuple[tuple[int, int], ...]
    sections: tuple[int, ...] = ()  # from 1; empty: the paper has none
    category: str = ""
    specialty: str = ""
    level: str = ""


class Order(NamedTuple):
    """What is planned. `overlap_max`: a share of a paper. `avoid`: items that must not come in forms."""

    blueprint: Blueprint
    mode: str
    seed: int
    pass_share: float
    forms: int = 4
    overlap_max: float = 0.25
    uses_max: int = 0
    sample: int = 2000
    avoid: frozenset[int] = frozenset()
    seconds_max: float = SECONDS_MAX


class Planned(NamedTuple):
    forms: tuple[FormBody, ...]
    certificate: Certificate


Clock = Callable[[], float]


class Clocks(NamedTuple):
    """Seconds: of the wall, for limits, and of computing, for rates that others on the machine don't change."""

    wall: Clock
    computing: Clock


Progress = Callable[[int], None]  # per cent


def plan_papers(
    order: Order, pool: Pool, known: Known, people: Sequence[Person], clocks: Clocks, progress: Progress
) -> Planned:
    """The plan of an order for these kinds of people.

    Raises ImpossibleBlueprint (forms: its problems say what gave way) and TimeoutError.
    """
    if found := check(order.blueprint):
        raise ImpossibleBlueprint(found)
    certificates, forms, whose = list[Certificate](), list[FormBody](), list[Drawn]()
    for number, person in enumerate(people):
        part = share(order.blueprint, pool, person)
        if part:
            whose.append(drawn(part, order.blueprint))
            if part.problem:
                raise ImpossibleBlueprint([Problem("audience_short", part.problem)])

        def report(done: float, number: int = number) -> None:
            progress(round(100 * (number + done) / len(people)))

        make = _forms if order.mode == "forms" else _fly
        made, certificate = make(order, pool, known, part, clocks, report)
        certificates.append(certificate)
        before = len(forms)
        forms += [_of_person(form, person, before) for form in made]
    whole = msgspec.structs.replace(_worst(certificates), audience=tuple(whose))
    return Planned(tuple(forms), whole)


def _of_person(form: FormBody, person: Person, before: int) -> FormBody:
    """Numbered after the forms `before` it, for people of this kind."""
    whom = {"category": person.category, "specialty": person.specialty, "level": person.level}
    return msgspec.structs.replace(form, number=before + form.number, **whom)


def _worst(found: Sequence[Certificate]) -> Certificate:
    """The one that misses most goals, and of those the one with the widest spread of scores."""

    def badness(each: Certificate) -> tuple[int, int, float]:
        missed = sum(goal.applies and not goal.met for goal in each.goals)
        return len(each.broken), missed, each.expected.difference

    return max(found, key=badness)


def _forms(
    order: Order, pool: Pool, known: Known, part: Share | None, clocks: Clocks, report: Callable[[float], None]
) -> tuple[list[FormBody], Certificate]:
    began = clocks.wall()
    stock = supply(order.blueprint, pool, known, part, order.avoid)
    aimed = _aimed(stock, order)
    overlap = int(order.overlap_max * order.blueprint.item_count)
    wish = Wish(order.forms, order.seed, aimed.target, aimed.cut, overlap, order.uses_max, order.seconds_max)
    try:
        made = make_forms(stock, wish, clocks.wall, lambda done, wanted: report(done / wanted))
        single = bound(stock, wish._replace(forms=1, uses_max=1), order.seconds_max)
    except ImpossibleForms as error:
        raise ImpossibleBlueprint(error.problems) from error
    took = clocks.wall() - began
    story = _story(order, stock, aimed, pool, known, part, made.forms)._replace(
        bound=made.bound,
        single_bound=single,
        overlap_bound=overlap,
        made_in_s=took,
        papers_per_s=order.forms / max(took, 1e-9),
    )
    bodies = [FormBody(number, _refs(stock, form), _sections(stock, form)) for number, form in enumerate(made.forms, 1)]
    return bodies, certify(stock, made.forms, story)


def _fly(
    order: Order, pool: Pool, known: Known, part: Share | None, clocks: Clocks, report: Callable[[float], None]
) -> tuple[list[FormBody], Certificate]:
    began = clocks.wall()
    plan = prepare_fair(order.blueprint, pool, known, order.pass_share, part)
    report(0.3)
    papers, took = sample_of(plan, order.seed, order.sample, clocks.computing, lambda done: report(0.3 + 0.6 * done))
    single = bound(plan.supply, Wish(1, 0, plan.aim.target, plan.aim.cut, 0, 1), order.seconds_max)
    story = _story(order, plan.supply, plan.aim, pool, known, part, papers)._replace(
        bound=plan.rates.bound,
        single_bound=single,
        made_in_s=clocks.wall() - began,
        papers_per_s=len(papers) / max(took, 1e-9),
    )
    return [], certify(plan.supply, papers, story)


def sample_of(
    plan: FairPlan, seed: int, count: int, clock: Clock, report: Callable[[float], None]
) -> tuple[list[list[int]], float]:
    """Papers of `count` seeds that follow from `seed`, and the seconds it took, with laying them out."""
    rng, papers, began = random.Random(seed), [], clock()  # noqa: S311  a sample that can be drawn again
    for number in range(count):
        own = random.Random(rng.getrandbits(53))  # noqa: S311  as a draw makes one of its seed
        places = plan.choose(frozenset(), own)
        plan.paper(places, number, own, shuffle_items=True, shuffle_options=True)
        papers.append(places)
        if number % 100 == 0:
            report(number / count)
    return papers, clock() - began


def _aimed(stock: Supply, order: Order) -> Aim:
    found = aim(stock, order.blueprint.expected, order.pass_share)
    if found is None:
        raise ImpossibleBlueprint(shortage(space_of(stock)))
    if wrong := problems(found, order.blueprint.expected):
        raise ImpossibleBlueprint(wrong)
    return found


def _story(
    order: Order,
    stock: Supply,
    aimed: Aim,
    pool: Pool,
    known: Known,
    part: Share | None,
    papers: Sequence[Sequence[int]],
) -> Story:
    sets = sets_of([item for unit in pool.units for item in unit.items])
    wrong: list[str] = []
    for number, paper in enumerate(papers, 1):
        items = [item for place in paper for item in stock.units[place].items]
        wrong += [f"paper {number}: {rule}" for rule in broken(order.blueprint, items, sets, part)]
    return Story(
        mode=order.mode,
        seed=order.seed,
        blueprint=order.blueprint.code,
        pass_share=order.pass_share,
        cut=aimed.cut,
        target=aimed.target,
        pool_items=pool.item_count,
        pool_digest=pool_digest(pool, known),
        bound=0.0,
        single_bound=0.0,
        expected_bound=2 * BAND,
        overlap_bound=0,
        audience=(),
        broken=tuple(wrong[:BROKEN_MAX]),
        made_in_s=0.0,
        papers_per_s=0.0,
    )


def _refs(stock: Supply, form: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple((item.item_id, item.version) for place in form for item in stock.units[place].items)


def _sections(stock: Supply, form: Sequence[int]) -> tuple[int, ...]:
    found = tuple(stock.sections[place] for place in form for _ in stock.units[place].items)
    return found if any(found) else ()


def drawn(part: Share, blueprint: Blueprint) -> Drawn:
    """Where people of one kind draw their own part from, as it is certified."""
    held = dict(part.held)
    assert blueprint.audience is not None
    return Drawn(
        category=part.person.category,
        specialty=part.person.specialty,
        level=part.person.level,
        step=part.step,
        fell_back=part.fell_back,
        own=held[part.step],
        common=sum(held.values()) - held["specialty"],
        needs=blueprint.audience.own,
        problem=part.problem,
    )
