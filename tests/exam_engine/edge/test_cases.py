"""Cases with due process: opened, told, answered, decided by a second person, appealed to a third, and what they do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from exam_engine import workers
from exam_engine.casework import mend, notify_some
from exam_engine.messages import Hold
from proctor import case_store, store
from tests.candidate import Person, Staff
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import (
    STRANGER,
    Eyes,
    Watched,
    door_open,
    evidence,
    refused,
    seeing,
    settled,
    sight,
    watched,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "多次离开考试页面，详见证据"
REASON = "经核实的情况说明"
REPLY_H, APPEAL_DAYS = 72, 15


class Cast(NamedTuple):
    """Everybody due process needs, logged in."""

    invigilator: Staff
    chief: Staff
    chief_two: Staff
    agency: Staff
    province: Staff
    candidate: Watched


@pytest.fixture(scope="module")
def eyes(server: Server) -> Iterator[Eyes]:
    with seeing(server) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server, eyes: Eyes) -> AsyncIterator[Cast]:
    assert server.house.vision is eyes
    await server.add_staff("chief-two", "chief")
    async with AsyncExitStack() as stack:
        names = ("invigilator", "chief", "chief-two", "agency", "province")
        one, chief, two, agency, province = [await stack.enter_async_context(server.staff(name)) for name in names]
        yield Cast(one, chief, two, agency, province, await stack.enter_async_context(watched(server)))


async def sitting(server: Server, cast: Cast, **proctoring: Any) -> int:
    """The candidate has begun a new exam, which both chiefs are assigned to."""
    sitting_id = await server.five_items(door_open(**proctoring))
    await server.house.pool.execute(
        "INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts WHERE login = 'chief-two'",
        sitting_id,
    )
    await cast.candidate.begin(sitting_id)
    return sitting_id


async def handed_in(cast: Cast) -> None:
    await cast.candidate.commands(cast.candidate.answer(1, "a"), cast.candidate.hand_in())


async def opened(person: Staff, attempt_id: int, **more: Any) -> int:
    """A case about this candidate; its number."""
    asked = {"request_id": f"case-{attempt_id}", "allegation": "leaving", "text": WORDS} | more
    view = await person.post(f"/api/desk/attempts/{attempt_id}/cases", asked)
    return int(view["case"]["case_id"])


async def told(server: Server, cast: Cast, **proctoring: Any) -> tuple[int, int]:
    """A case of the invigilator about a candidate who has handed in and was told; sitting and case."""
    sitting_id = await sitting(server, cast, **proctoring)
    await handed_in(cast)
    case_id = await opened(cast.invigilator, cast.candidate.attempt_id)
    return sitting_id, case_id


async def decide(person: Staff, case_id: int, verdict: str, measure: str = "none") -> Any:
    asked = {"verdict": verdict, "measure": measure, "reason": REASON}
    return await person.post(f"/api/desk/cases/{case_id}/decision", asked)


async def decide_appeal(person: Staff, case_id: int, verdict: str) -> Any:
    return await person.post(f"/api/desk/cases/{case_id}/appeal-decision", {"verdict": verdict, "reason": REASON})


async def say(person: Person, case_id: int, what: str, text: str = "我去接了一个急诊电话") -> Any:
    """The physician's reply or appeal; the case as he then reads it."""
    cases = (await person.post(f"/api/cases/{case_id}/{what}", {"text": text}))["cases"]
    return next(case for case in cases if case["case_id"] == case_id)


async def see(person: Staff, case_id: int) -> Any:
    return await person.get(f"/api/desk/cases/{case_id}")


async def row_of(server: Server, attempt_id: int) -> tuple[str, bool, bool]:
    """Phase, held, barred."""
    row = await server.house.pool.fetchrow(
        "SELECT phase, held, barred FROM exam.attempts WHERE attempt_id = $1", attempt_id
    )
    assert row is not None
    return row["phase"], row["held"], row["barred"]


async def is_released(server: Server, attempt_id: int) -> None:
    """Wait until the workers have released the score; they look every half second."""
    await server.written(attempt_id, "released")


# --- opening -----------------------------------------------------------------------------------------------------


async def test_a_rule_opens_one_case_and_what_it_finds_later_becomes_evidence(server: Server, cast: Cast) -> None:
    await sitting(server, cast, leaves_warn=1, leaves_max=1, leaves_force=False)
    him = cast.candidate
    with server.later(minutes=30):
        for minutes in (9, 7, 5):
            await him.signals(him.signal("page_hidden", ago_s=60 * minutes, for_s=30))

    (case_id,) = (await evidence(cast.chief, him.attempt_id))["cases"]
    view = await see(cast.chief, case_id)
    assert [(row["rule"], row["ordinal"]) for row in view["incidents"]] == [("left_page", 2), ("left_page", 3)]
    assert [event["kind"] for event in view["events"]] == ["opened", "evidence_attached"]
    assert (view["case"]["opened_by"], view["case"]["allegation"], view["text"]) == ("", "leaving", "")


async def test_two_rules_open_a_case_each_and_both_hold_the_score(server: Server, eyes: Eyes, cast: Cast) -> None:
    await sitting(server, cast, leaves_warn=1, leaves_max=1, leaves_force=False, lock_after=2)
    him = cast.candidate
    with server.later(minutes=30):
        await him.signals(*(him.signal("page_hidden", ago_s=60 * minutes, for_s=30) for minutes in (9, 7)))
        for ago in (240_000, 120_000, 0):
            eyes.tell(him.attempt_id, sight(STRANGER))
            await him.capture(ago_ms=ago)
            await settled(server)

    cases = [await see(cast.chief, case) for case in (await evidence(cast.chief, him.attempt_id))["cases"]]
    assert [case["case"]["allegation"] for case in cases] == ["leaving", "substitution"]
    assert len(cases[1]["pictures"]) == 2
    await him.commands(him.hand_in())
    await server.written(him.attempt_id, "marked")
    await decide(cast.chief, cases[0]["case"]["case_id"], "dismiss")
    assert (await row_of(server, him.attempt_id))[:2] == ("marked", True)
    await decide(cast.chief, cases[1]["case"]["case_id"], "dismiss")
    await is_released(server, him.attempt_id)


async def test_the_same_request_opens_one_case_however_often_it_is_sent(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    numbers = await asyncio.gather(*(opened(cast.invigilator, cast.candidate.attempt_id) for _ in range(5)))
    other = await opened(cast.chief, cast.candidate.attempt_id)

    assert len(set(numbers)) == 1
    assert other != numbers[0], "somebody else's request is another one"
    audits = await server.house.pool.fetch(
        "SELECT 1 FROM people.audit WHERE act = 'open_case' AND subject = $1", f"attempt {cast.candidate.attempt_id}"
    )
    assert len(audits) == 2


async def test_a_case_is_opened_with_evidence_of_its_own_candidate_only(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    him = cast.candidate
    await him.signals(him.signal("paste"))
    name = (await him.capture())["picture"]
    await settled(server)
    (row,) = (await evidence(cast.invigilator, him.attempt_id))["incidents"]
    async with watched(server) as other:
        await other.begin(await server.five_items(door_open()))
        for more, code in (
            ({"incident_ids": [row["incident_id"]]}, "no_such_incident"),
            ({"pictures": [name]}, "no_such_picture"),
        ):
            with refused(400, code):
                await opened(cast.invigilator, other.attempt_id, **more)
    case_id = await opened(cast.invigilator, him.attempt_id, incident_ids=[row["incident_id"]], pictures=[name])
    view = await see(cast.chief, case_id)
    assert ([i["incident_id"] for i in view["incidents"]], view["pictures"]) == ([row["incident_id"]], [name])
    for text in ("", "短"):
        with refused(400, "wrong_shape"):
            await opened(cast.invigilator, him.attempt_id, text=text, request_id="too-short-a-text")


# --- hearing him -------------------------------------------------------------------------------------------------


async def test_the_physician_is_told_when_his_exam_is_over_and_reads_only_his_own(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    him = cast.candidate
    case_id = await opened(cast.invigilator, him.attempt_id)
    await notify_some(server.house)
    assert case_id not in {case["case_id"] for case in (await him.get("/api/cases"))["cases"]}
    with refused(409, "not_notified"):
        await say(him, case_id, "reply")
    await handed_in(cast)
    await notify_some(server.house)

    (case,) = (await him.log())["cases"]
    assert (case["case_id"], case["phase"], case["can_reply"], case["text"]) == (case_id, "notified", True, WORDS)
    async with watched(server) as other:
        assert (await other.get("/api/cases"))["cases"] == []
        for what in ("reply", "appeal"):
            with refused(404, "no_such_case"):
                await say(other, case_id, what)


async def test_pictures_are_shown_to_the_physician_only_as_evidence_he_was_told_of(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    him = cast.candidate
    with server.later(minutes=5):
        names = [(await him.capture(ago_ms=ago))["picture"] for ago in (60_000, 0)]
    await settled(server)
    path = f"/api/attempts/{him.attempt_id}/own-pictures"
    await opened(cast.invigilator, him.attempt_id, pictures=names[:1])
    with refused(404, "no_such_picture"):
        await him.get_bytes(f"{path}/{names[0]}")
    await handed_in(cast)
    await notify_some(server.house)

    assert (await him.get_bytes(f"{path}/{names[0]}")).startswith(b"\xff\xd8\xff")
    with refused(404, "no_such_picture"):
        await him.get_bytes(f"{path}/{names[1]}")
    async with watched(server) as other:
        with refused(404, "no_such_attempt"):
            await other.get_bytes(f"{path}/{names[0]}")


async def test_he_answers_once_and_nothing_new_is_put_before_him_afterwards(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    attach = f"/api/desk/cases/{case_id}/evidence"
    await cast.invigilator.post(attach, {"text": "补充：邻座证言"})
    await notify_some(server.house)
    kinds = [event["kind"] for event in (await see(cast.chief, case_id))["events"]]
    assert kinds == ["opened", "notified", "evidence_attached", "notified"], "he is told of that too"
    replied = await say(cast.candidate, case_id, "reply")
    again = await say(cast.candidate, case_id, "reply")

    assert (replied["phase"], replied["can_reply"], again["reply"]) == ("replied", False, replied["reply"])
    assert "补充：邻座证言" in replied["text"]
    with refused(409, "already_replied"):
        await say(cast.candidate, case_id, "reply", "我改主意了，其实是这样")
    with refused(409, "evidence_closed"):
        await cast.invigilator.post(attach, {"text": "还有一件事"})
    assert (await see(cast.chief, case_id))["can"] == ["dismiss", "confirm"]


async def test_nobody_is_found_guilty_before_he_has_spoken_or_had_his_time(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    view = await see(cast.chief, case_id)
    with refused(409, "reply_pending"):
        await decide(cast.chief, case_id, "confirm", "void")

    assert (view["can"], view["why_not"]) == (["attach", "dismiss"], "reply_pending")
    with server.later(hours=REPLY_H, seconds=1):
        assert (await decide(cast.chief, case_id, "confirm", "warning"))["case"]["phase"] == "confirmed"
        with refused(409, "already_decided"):
            await say(cast.candidate, case_id, "reply")


# --- deciding ----------------------------------------------------------------------------------------------------


async def test_who_opened_a_case_does_not_decide_it(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    await handed_in(cast)
    case_id = await opened(cast.chief, cast.candidate.attempt_id)
    assert (await see(cast.chief, case_id))["why_not"] == "own_case"
    with refused(409, "own_case"):
        await decide(cast.chief, case_id, "dismiss")
    with refused(403, "wrong_role"):
        await decide(cast.invigilator, case_id, "dismiss")
    with refused(403, "wrong_role"):
        await decide(cast.province, case_id, "dismiss")

    assert (await decide(cast.chief_two, case_id, "dismiss"))["decision"] == "dismiss"


async def test_what_is_dismissed_releases_the_score_by_itself(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    him = cast.candidate
    await server.written(him.attempt_id, "marked")
    for _ in range(3):
        await workers.release_some(server.house)
    assert (await row_of(server, him.attempt_id))[:2] == ("marked", True)
    assert (await him.view())["score"] is None

    await decide(cast.chief, case_id, "dismiss")

    await is_released(server, him.attempt_id)
    assert (await him.view())["score"] is not None
    (case,) = (await him.log())["cases"]
    assert (case["decision"], case["reason"], case["can_appeal"]) == ("dismiss", REASON, False)
    with refused(409, "not_confirmed"):
        await say(him, case_id, "appeal")


async def test_of_two_who_decide_at_once_one_does(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    await say(cast.candidate, case_id, "reply")
    outcomes = await asyncio.gather(
        decide(cast.chief, case_id, "dismiss"),
        decide(cast.chief_two, case_id, "confirm", "warning"),
        decide(cast.agency, case_id, "dismiss"),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if not isinstance(outcome, dict)} == {"already_decided"}  # type: ignore[union-attr]
    assert [event["kind"] for event in (await see(cast.chief, case_id))["events"]].count("decided") == 1


@pytest.mark.parametrize("measure", ["none", "warning"])
async def test_a_case_confirmed_without_voiding_lets_the_score_go(server: Server, cast: Cast, measure: str) -> None:
    _, case_id = await told(server, cast)
    await say(cast.candidate, case_id, "reply")
    await decide(cast.chief, case_id, "confirm", measure)

    await is_released(server, cast.candidate.attempt_id)


async def test_dismissing_with_a_measure_is_no_decision(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    with refused(409, "measure_without_confirmation"):
        await decide(cast.chief, case_id, "dismiss", "void")


async def test_what_is_to_be_void_waits_for_the_time_of_appeal_and_bars_from_another_go(
    server: Server, cast: Cast
) -> None:
    sitting_id, case_id = await told(server, cast)
    him = cast.candidate
    await server.written(him.attempt_id, "marked")
    await say(him, case_id, "reply")
    await decide(cast.chief, case_id, "confirm", "void")
    with server.later(days=APPEAL_DAYS, seconds=-60):
        await mend(server.house)
        assert await row_of(server, him.attempt_id) == ("marked", True, False)
    with server.later(days=APPEAL_DAYS, seconds=60):
        with refused(409, "appeal_too_late"):
            await say(him, case_id, "appeal")
        await mend(server.house)
    await mend(server.house)

    assert await row_of(server, him.attempt_id) == ("annulled", False, True)
    annulled = await server.written(him.attempt_id, "annulled")
    chief = (await cast.chief.get("/api/session"))["account_id"]
    assert (annulled["reason"], annulled["by"], annulled["barred"]) == (REASON, chief, True)
    assert [entry.kind for entry in await server.journal(him.attempt_id)].count("annulled") == 1
    with refused(409, "barred"):
        await him.enter(sitting_id)


async def test_who_was_annulled_for_a_failure_may_enter_again(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    first = cast.candidate.attempt_id
    await cast.chief.act(sitting_id, {"type": "annul", "reason": "设备故障"}, first)
    await cast.candidate.enter(sitting_id)

    assert cast.candidate.attempt_id != first


# --- appeal ------------------------------------------------------------------------------------------------------


async def appealed(server: Server, cast: Cast) -> int:
    """Confirmed as void by the agency's reviewer, and appealed."""
    _, case_id = await told(server, cast)
    await server.written(cast.candidate.attempt_id, "marked")
    await say(cast.candidate, case_id, "reply")
    await decide(cast.agency, case_id, "confirm", "void")
    case = await say(cast.candidate, case_id, "appeal")
    assert (case["phase"], case["can_appeal"]) == ("appealed", False)
    return case_id


async def test_an_appeal_is_judged_by_a_third_person(server: Server, cast: Cast) -> None:
    case_id = await appealed(server, cast)
    assert (await see(cast.agency, case_id))["why_not"] == "own_decision"
    with refused(409, "own_decision"):
        await decide_appeal(cast.agency, case_id, "uphold")
    with refused(403, "wrong_role"):
        await decide_appeal(cast.chief, case_id, "uphold")
    assert (await see(cast.province, case_id))["can"] == ["decide_appeal"]

    await decide_appeal(cast.province, case_id, "overturn")

    await is_released(server, cast.candidate.attempt_id)
    (case,) = (await cast.candidate.log())["cases"]
    assert (case["phase"], case["measure"], case["appeal_reason"]) == ("overturned", "none", REASON)
    with refused(409, "already_appealed"):
        await say(cast.candidate, case_id, "appeal", "我还是不服，请再看一次")


async def test_while_an_appeal_is_open_nothing_is_made_void_however_late_it_is(server: Server, cast: Cast) -> None:
    case_id = await appealed(server, cast)
    with server.later(days=200):
        await mend(server.house)
        assert await row_of(server, cast.candidate.attempt_id) == ("marked", True, False)
        await decide_appeal(cast.province, case_id, "uphold")
        for _ in range(2):  # first void, then let go of the score there is no more
            await mend(server.house)
    assert await row_of(server, cast.candidate.attempt_id) == ("annulled", False, True)


async def test_of_two_appeals_at_once_with_different_words_one_is_heard(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    await say(cast.candidate, case_id, "reply")
    await decide(cast.chief, case_id, "confirm", "void")
    outcomes = await asyncio.gather(
        *(say(cast.candidate, case_id, "appeal", f"第{n}种说法的申诉") for n in range(3)), return_exceptions=True
    )

    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 1


# --- what a killed process leaves undone ---------------------------------------------------------------------------


async def test_a_case_whose_process_died_before_the_score_was_held_holds_it_all_the_same(
    server: Server, cast: Cast
) -> None:
    _, case_id = await told(server, cast)
    him = cast.candidate
    await server.house.pool.execute("UPDATE exam.attempts SET held = false WHERE attempt_id = $1", him.attempt_id)
    await mend(server.house)
    kinds = [entry.kind for entry in await server.journal(him.attempt_id)]

    assert kinds.count("held") == 1, "the journal knows it already: the truth is not the line"
    assert case_id


async def test_a_hold_whose_case_was_decided_is_let_go_by_the_workers(server: Server, cast: Cast) -> None:
    _, case_id = await told(server, cast)
    him = cast.candidate
    await decide(cast.chief, case_id, "dismiss")
    await server.house.service.handle(him.attempt_id, Hold(case=case_id))  # a process that was late
    await mend(server.house)

    await is_released(server, him.attempt_id)


# --- lists -------------------------------------------------------------------------------------------------------


async def test_the_list_ends_at_the_scope_and_can_be_narrowed_and_turned_over(server: Server, cast: Cast) -> None:
    sitting_id, first = await told(server, cast)
    second = await opened(cast.chief, cast.candidate.attempt_id)
    await decide(cast.chief, first, "dismiss")

    async def numbers(person: Staff, query: str) -> list[int]:
        return [case["case_id"] for case in (await person.get(f"/api/desk/cases?{query}"))["cases"]]

    assert await numbers(cast.invigilator, f"sitting={sitting_id}") == [second, first]
    assert await numbers(cast.invigilator, f"sitting={sitting_id}&state=open") == [second]
    assert await numbers(cast.invigilator, f"sitting={sitting_id}&state=closed") == [first]
    assert await numbers(cast.invigilator, f"sitting={sitting_id}&before={second}") == [first]
    assert set(await numbers(cast.agency, "")) >= {first, second}
    await server.add_staff(f"stranger-{sitting_id}", "invigilator")
    async with server.staff(f"stranger-{sitting_id}") as stranger:
        assert await numbers(stranger, "") == []
        assert await numbers(stranger, f"sitting={sitting_id}") == []
    with refused(400, "wrong_shape"):
        await numbers(cast.chief, "before=yesterday")


async def test_every_step_is_kept_with_who_took_it_and_can_not_be_changed(server: Server, cast: Cast) -> None:
    case_id = await appealed(server, cast)
    await decide_appeal(cast.province, case_id, "uphold")
    events = (await see(cast.chief, case_id))["events"]

    assert [(event["kind"], event["by"]) for event in events] == [
        ("opened", "测试监考员"),
        ("notified", ""),
        ("replied", ""),
        ("decided", "测试考核机构复核员"),
        ("appealed", ""),
        ("appeal_decided", "测试省级管理员"),
    ]
    pool = server.house.pool
    for change in ("UPDATE proctor.case_events SET by = 1", "DELETE FROM proctor.case_events"):
        with pytest.raises(Exception, match="refused"):
            await pool.execute(f"{change} WHERE case_id = $1", case_id)
    assert len(await pool.fetch(case_store.EVENTS, case_id)) == 6
    assert await pool.fetchval(store.BELONGS, 1, 1, "a" * 64) is False
