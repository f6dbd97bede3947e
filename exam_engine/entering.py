"""【进入】: a new attempt with its frozen paper, or the one there already is."""

from exam_engine import store, timing
from exam_engine.chain import GENESIS
from exam_engine.errors import NotFound, Refused
from exam_engine.house import House
from exam_engine.messages import Entered, Phase
from exam_engine.papers import paper_digest, write_paper
from exam_engine.service import Known, make_entry
from exam_engine.sitting import Kind, Sitting
from question_bank.paper import Paper

TRIES_MAX = 3  # a double click loses the race for the number once, then finds the attempt
OVER = (Phase.SUBMITTED, Phase.MARKED, Phase.RELEASED)


async def enter(house: House, sitting_id: int, person_id: int) -> int:
    """The attempt of this person at this sitting, made now if need be. Raises NotFound, Refused."""
    entitled = await house.pool.fetchrow(store.ENTITLEMENT, sitting_id, person_id)
    if entitled is None:
        raise NotFound("no_such_sitting")
    sitting = await house.registry.sitting(sitting_id)
    for _ in range(TRIES_MAX):
        latest = await house.pool.fetchrow(store.LATEST_ATTEMPT, sitting_id, person_id)
        number, phase = 1, None
        if latest is not None:
            number, phase = latest["number"] + 1, latest["phase"]
            if latest["barred"]:
                raise Refused("barred")
            if phase in OVER and sitting.kind is not Kind.PRACTICE:
                raise Refused("already_submitted")
        if entitled["state"] != "open" and phase != Phase.RUNNING:  # who has begun goes on, whatever his file says now
            raise Refused("not_entitled", state=entitled["state"], why=entitled["why"])
        if latest is not None and phase not in (*OVER, Phase.ANNULLED):
            return int(latest["attempt_id"])
        made = await _open(house, sitting, person_id, entitled["extra_minutes"], number)
        if made is not None:
            return made
    raise Refused("busy")


async def _open(house: House, sitting: Sitting, person_id: int, extra_minutes: int, number: int) -> int | None:
    now = house.clock.now()
    match timing.window(sitting.opens_at, sitting.closes_at, now):
        case timing.Window.BEFORE:
            raise Refused("window_not_open", opens_at=sitting.opens_at.isoformat())
        case timing.Window.AFTER:
            raise Refused("window_closed", closes_at=sitting.closes_at.isoformat())
        case timing.Window.OPEN:
            pass
    paper = await house.papers.draw(sitting, person_id, now)
    attempt_id = await store.next_attempt_id(house.pool, sitting.cycle)
    event = await first_event(house, sitting, person_id, extra_minutes, paper)
    first = make_entry(GENESIS, attempt_id, 1, event, now)
    opened = await store.open_attempt(house.pool, sitting.sitting_id, person_id, number, write_paper(paper), first)
    if not opened:
        return None
    house.bus.announce(Known(attempt_id, first), [first])
    return attempt_id


async def first_event(house: House, sitting: Sitting, person_id: int, extra_minutes: int, paper: Paper) -> Entered:
    """What the journal of a new attempt begins with: the rules are those of now, whatever changes later."""
    return Entered(
        sitting=sitting.sitting_id,
        person=person_id,
        closes_at=sitting.closes_at,
        extra_minutes=extra_minutes,
        policy=sitting.policy,
        layout=await house.papers.layout(paper),
        paper=paper_digest(paper),
    )
