"""What the desks of results share: the caller's scope, his results, and acts on one of them."""

from typing import Final

from exam_engine.edge.accounts import audit
from exam_engine.edge.http import Call
from exam_engine.edge.result_shapes import FinalActed, LegsView
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.registration import province_store
from exam_engine.registration.filing import Wake
from exam_engine.registration.policy import Cycle
from exam_engine.results import store
from exam_engine.results.final import DECIDED, Act, Level
from exam_engine.results.moving import By, Moved, move
from exam_engine.results.store import Result
from exam_engine.store import Runner
from scoring.result import Legs

SEERS: Final = frozenset({"agency", "province", "nation"})
AGENCY: Final = frozenset({"agency"})
PROVINCE: Final = frozenset({"province"})
CYCLE_MAX: Final = 8999


def scope_of(call: Call) -> "int | str | None":
    """What the caller's lists are cut to: his agency, his province, or for the nation nothing. Raises Refused."""
    me = call.me
    if me.role == "nation":
        return None
    scope = me.province if me.role == "province" else me.organisation_id
    if scope is None:
        raise Refused("no_organisation")
    return scope


async def cycle_of(call: Call, number: int | None = None) -> Cycle:
    """The cycle that is asked about (`?cycle=` or `number`); none named: the current one. Raises Invalid, NotFound."""
    text = call.request.query.get("cycle", "")
    if number is None and not text:
        return await province_store.current_cycle(call.house.pool)
    if number is None:
        if not (text.isascii() and text.isdigit()) or len(text) > 4:
            raise Invalid("wrong_shape")
        number = int(text)
    found = await province_store.cycle(call.house.pool, number) if number <= CYCLE_MAX else None
    if found is None:
        raise NotFound("no_such_cycle")
    return found


async def scoped(call: Call, runner: Runner, result_id: int, *, lock: bool = False) -> Result:
    """A result of the caller's scope; else there is none of this number. Raises NotFound."""
    result = await store.load(runner, result_id, lock=lock)
    scope, role = scope_of(call), call.me.role
    if result is None or (role != "nation" and scope != (result.province if role == "province" else result.agency_id)):
        raise NotFound("no_such_result")
    return result


def by_staff(call: Call) -> By:
    """The caller as whoever moves somebody's result."""
    me = call.me
    return By(
        level=Level(me.role),
        account_id=me.account_id,
        person_id=me.person_id,
        organisation_id=me.organisation_id,
        address=call.address(),
    )


async def carry_out(call: Call, act: Act, version: int) -> FinalActed:
    """One act on the result of the path."""
    result_id, now = call.path["result_id"], call.house.clock.now()
    async with call.house.pool.acquire() as connection, connection.transaction():
        result = await scoped(call, connection, result_id, lock=True)
        moved = await move(connection, result, act, version, by_staff(call), now)
        await on_record(call, connection, act, result, moved)
    wake(call, moved.wake)
    return acted(moved)


async def on_record(call: Call, runner: Runner, act: Act, before: Result, moved: Moved) -> None:
    """The line of the audit log of an act."""
    after = moved.result
    facts = {
        "from": before.state.value,
        "to": after.state.value,
        "outcome": after.outcome,
        "reasons": list(after.reasons),
        "text": after.text,
        "reason": act.reason.strip(),
        "notice": after.notice_number if after.notice_number != before.notice_number else "",
    }
    await audit(call, call.me, f"result_{act.event.value}", f"result {after.result_id}", runner=runner, **facts)


def acted(moved: Moved) -> FinalActed:
    """Where it has led."""
    result = moved.result
    return FinalActed(
        result_id=result.result_id,
        state=result.state.value,
        outcome=result.outcome,
        version=result.version,
        may_undo=result.state in DECIDED and result.order_id is None,
    )


def wake(call: Call, news: Wake) -> None:
    """Those whose inbox has news, if they are looking."""
    call.house.bus.wake_inbox(persons=news.persons, organisations=news.organisations)


def legs_view(legs: Legs) -> LegsView:
    """The legs as they travel."""
    return LegsView(
        work=legs.work.value,
        ethics=legs.ethics.value,
        humanities=legs.humanities.value,
        professional=legs.professional.value,
        took_part=legs.took_part,
    )
