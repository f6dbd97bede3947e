"""A whole cycle: items, blueprint, forms, two hundred attempts, a wrong key, the rescore, release, make-up, notice."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.async_api import expect

from tests.candidate import Person, Staff
from tests.journey.album import Album
from tests.journey.conftest import DESK, PHONE, NewPage
from tests.journey.crowd import POOL, WRONG, Sitter, all_sit, bank_file, crowd
from tests.journey.desk import Desk
from tests.journey.exam_server import PASSWORD, ExamServer

PEOPLE: Final = 200
WAIT_S: Final = 180
LINE: Final = 12  # right answers of twenty that pass: sixty points of a hundred
TITLE: Final = "人文医学（全程）"
REASON: Final = "命题组核对教材后确认原答案有误"


async def until(look: Callable[[], Awaitable[Any]], what: str) -> Any:
    """What `look` finds, once it finds something: loops of the server bring it about."""
    deadline = time.monotonic() + WAIT_S
    while not (found := await look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.2)
    return found


async def put(person: Person, path: str, body: object) -> Any:
    """Replace something."""
    async with person.http.put(person.base_url + path, json=body) as response:
        return await person._answer(response)


@pytest.mark.timeout(600)  # two hundred people sit it, beside whatever else the machine does
async def test_a_cycle_from_the_items_to_the_verified_notice(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    rng = random.Random(20261123)
    staff = {
        name: Staff(server.base_url, name, PASSWORD) for name in ("author", "author2", "nation", "province", "agency")
    }
    sitters: list[Sitter] = []
    try:
        for one in staff.values():
            await one.__aenter__()
        author, other, nation, province, agency = staff.values()

        await _fill_bank(author, other)
        blueprint = await _blueprint(nation)
        sitting = await _sitting(province, blueprint, TITLE, "first", plus_days=(0, 3))
        await _forms(province, sitting)

        sitters = await crowd(server, PEOPLE, rng)
        await until(lambda: _entitled(sitters, sitting), "entitlements")
        await all_sit(sitters, sitting, rng)

        # Statistics of the window find the wrong key; the desk shows it.
        statistics = await until(lambda: _counted(author, sitting), "statistics")
        wrong = next(item for item in statistics["items"] if item["code"] == f"C-{WRONG:03d}")
        assert "wrong_key" in [alarm["code"] for alarm in wrong["alarms"]]
        assert statistics["reliability"] is not None
        desk = Desk(await new_page(DESK), server.base_url)
        await _see_statistics(desk, sitting, album)

        # Who draws which form is chance, so what the right key changes is counted from what each of them chose.
        rescored = await _rescore(author, nation, sitting, wrong)
        scores = [(sitter.rights(mistyped=True), sitter.rights(mistyped=False)) for sitter in sitters]
        assert rescored["up"] == sum(after > before for before, after in scores) > 0
        assert rescored["down"] == sum(after < before for before, after in scores)
        assert rescored["gains"] == sum(before < LINE <= after for before, after in scores)
        assert rescored["loses"] == sum(after < LINE <= before for before, after in scores)
        assert rescored["loses_released"] == 0

        released = await _release(agency, sitting)
        failed = [row for row in released["rows"] if row["passed"] is False]
        assert 0 < len(failed) < PEOPLE

        makeup = await _makeup(province, len(failed))
        again = [one for one in sitters if one.person_id in {row["person_id"] for row in failed}]
        await until(lambda: _entitled(again, makeup), "seats of the make-up")
        for sitter in again:
            sitter.ability, sitter.seq = 3.0, 0  # they have learnt
        await all_sit(again, makeup, rng)
        await until(lambda: _marked(agency, makeup, len(again)), "marks of the make-up")
        await _release(agency, makeup)

        result = await _finals(agency, sitters[0])
        await _see_notice(await new_page(PHONE), sitters[0], result, album)
    finally:
        for person in (*sitters, *staff.values()):
            await person.http.close()


async def _fill_bank(author: Staff, other: Staff) -> None:
    """Import the items as drafts, hand them in, and let another person approve them."""
    await author.post("/api/bank/pools", {"pool": POOL, "title": TITLE, "kind": "humanities"})
    path = f"/api/bank/imports?pool={POOL}&name=cycle.jsonl&format=jsonl"
    headers = {"Content-Type": "application/octet-stream"}
    async with author.http.post(author.base_url + path, data=bank_file(), headers=headers) as response:
        job = await author._answer(response)
    see = f"/api/bank/imports/{job['import_id']}"

    async def standing(state: str) -> Any:
        found = await author.get(see)
        assert found["state"] != "failed", found["problem"]
        return found if found["state"] == state else None

    read = await until(lambda: standing("read"), "the file")
    assert (read["new"], read["refused_count"], read["blocked"]) == (40, 0, 0)
    await author.post(f"{see}/confirm", {})
    await until(lambda: standing("done"), "the import")
    for who, event, status in ((author, "submit", "review"), (other, "approve", "active")):
        page = await who.get(f"/api/bank/items?pool={POOL}")
        items = [{"item_id": row["item_id"], "revision": row["revision"]} for row in page["rows"]]
        moved = await who.post("/api/bank/moves", {"items": items, "event": event})
        assert {(line["status"], line["refused"]) for line in moved["lines"]} == {(status, "")}


async def _blueprint(nation: Staff) -> int:
    """Half the pool for a paper; each topic and difficulty has its share."""
    topics = [{"topic": f"人文/{name}", "count": 5} for name in ("法规", "伦理", "沟通", "心理")]
    body = {"code": "cycle-hum", "pool": POOL, "item_count": 20, "types": {"A1": 20}, "topics": topics}
    seen = await nation.post("/api/desk/blueprints/check", {"body": body})
    assert seen["fits"], seen["troubles"]
    short = {**body, "topics": [*topics, {"topic": "人文/法规/刑法", "count": 1}]}
    assert not (await nation.post("/api/desk/blueprints/check", {"body": short}))["fits"]
    made = await nation.post("/api/desk/blueprints", {"name": TITLE, "body": body})
    row = made["row"]
    await nation.post(f"/api/desk/blueprints/{row['blueprint_id']}/publish", {"version": row["version"]})
    return int(row["blueprint_id"])


async def _sitting(province: Staff, blueprint: int, title: str, round_: str, plus_days: tuple[int, int]) -> int:
    """An exam of everybody, open at once, announced."""
    choices = await province.get("/api/desk/sittings/choices")
    opens = datetime.now(UTC) + timedelta(days=plus_days[0], seconds=2)
    body = {
        "cycle": 1, "kind": "humanities", "round": round_, "title": title, "blueprint_id": blueprint,
        "agency_id": next(one["agency_id"] for one in choices["agencies"] if one["name"] == "测试考核机构"),
        "opens_at": opens.isoformat(), "closes_at": (opens + timedelta(days=plus_days[1])).isoformat(),
        "points_per_item": 5, "pass_points": 60,
        "policy": {**choices["policy"], "identity": "at_once", "identity_again": "at_once"},
    }  # fmt: skip
    made = (await province.post("/api/desk/sittings", {"body": body}))["row"]
    announced = await province.post(f"/api/desk/sittings/{made['sitting_id']}/announce", {"version": made["version"]})
    assert announced["row"]["state"] in ("announced", "open")
    return int(made["sitting_id"])


async def _forms(province: Staff, sitting: int) -> None:
    """Four parallel forms, proven equal, approved."""
    path = f"/api/desk/sittings/{sitting}/plans"
    asked = {"mode": "forms", "forms": 4, "seed": 7, "overlap_max": 0.6, "uses_max": 3}
    made = await province.post(path, asked)

    async def ready() -> Any:
        found = await province.get(f"/api/desk/plans/{made['plan_id']}")
        assert found["plan"]["state"] != "failed", found["plan"]["said"]
        return found if found["plan"]["state"] == "draft" else None

    plan = await until(ready, "the forms")
    goals = {goal["code"]: goal for goal in plan["certificate"]["goals"]}
    assert goals["expected_difference"]["met"]
    assert goals["expected_difference"]["reached"] <= 0.5
    assert plan["certificate"]["broken"] == []
    body = {"digest": plan["plan"]["digest"], "reason": REASON}
    await province.post(f"/api/desk/plans/{made['plan_id']}/approve", body)


async def _entitled(sitters: list[Sitter], sitting: int) -> bool:
    """Whether all of them may enter."""
    for sitter in sitters:
        papers = (await sitter.get("/api/papers"))["papers"]
        if not any(paper["sitting_id"] == sitting and paper["status"] == "ready" for paper in papers):
            return False
    return True


async def _counted(author: Staff, sitting: int) -> Any:
    found = await author.get(f"/api/desk/sittings/{sitting}/statistics")
    return found if found["counted"] == PEOPLE else None


async def _marked(agency: Staff, sitting: int, count: int) -> bool:
    phases = (await agency.get(f"/api/desk/sittings/{sitting}/results"))["phases"]
    return bool(phases.get("marked", 0) == count)


async def _see_statistics(desk: Desk, sitting: int, album: Album) -> None:
    """The author's page: the alarm with its evidence, and the item's distractors."""
    await desk.page.goto(f"{desk.base_url}/desk/login")
    await desk.part("login").fill("author")
    await desk.part("password").fill(PASSWORD)
    await desk.part("submit").click()
    await expect(desk.part("menu-item_stats")).to_be_visible()
    await desk.page.goto(f"{desk.base_url}/desk/item-statistics/{sitting}")
    row = desk.part(f"item-C-{WRONG:03d}")
    await expect(row.get_by_test_id("alarm-wrong_key")).to_be_visible()
    await album.take(desk.page, "statistics")
    await row.get_by_role("button").click()
    await expect(desk.part("options")).to_be_visible()
    await album.take(desk.page, "wrong-key")
    await desk.part("ruling-key").check()
    await desk.part("ruling-keys").fill("b")
    await desk.part("ruling-try").click()
    await expect(desk.part("what-if")).to_be_visible()
    await album.take(desk.page, "what-if")


async def _rescore(author: Staff, nation: Staff, sitting: int, wrong: dict[str, Any]) -> Any:
    """The author proposes the right key, the nation approves; every touched paper has a new score."""
    ruling = {"item_id": wrong["item_id"], "version": wrong["version"], "act": "key", "keys": ["b"]}
    seen = await author.post(f"/api/desk/sittings/{sitting}/what-if", {"rulings": [ruling]})
    body = {"edition": seen["edition"], "rulings": [ruling], "reason": REASON}
    made = await author.post(f"/api/desk/sittings/{sitting}/proposals", body)
    path = f"/api/desk/proposals/{made['proposal_id']}"
    assert "approve" not in (await author.get(path))["acts"]
    await nation.post(f"{path}/decision", {"approve": True, "reason": REASON, "loses_released": 0})

    async def done() -> Any:
        found = await nation.get(path)
        return found if found["state"] == "done" else None

    applied = await until(done, "the rescore")
    assert applied["progress"]["changed"] == seen["up"] + seen["down"] > 0
    assert applied["progress"]["gained"] == seen["gains"]
    return seen


async def _release(agency: Staff, sitting: int) -> Any:
    """At the line of sixty; everybody marked is released."""
    path = f"/api/desk/sittings/{sitting}"
    await agency.post(f"{path}/release", {"pass_points": 60})

    async def done() -> Any:
        found = await agency.get(f"{path}/results")
        return found if found["releasable"] == 0 and found["released"] > 0 else None

    return await until(done, "the release")


async def _makeup(province: Staff, failed: int) -> int:
    """Plan the unified make-up for all who failed: two online rooms, seats by the solver, published at once."""

    async def waiting() -> Any:
        overview = await province.get("/api/desk/makeup?cycle=1")
        found = next((one for one in overview["kinds"] if one["kind"] == "humanities"), None)
        return found if found is not None and found["people"] >= failed else None

    await until(waiting, "those who failed")
    plan = await province.post("/api/desk/makeup/plans", {"cycle": 1, "kind": "humanities"})
    path = f"/api/desk/makeup/plans/{plan['plan_id']}"
    opens = datetime.now(UTC) + timedelta(seconds=5)
    window = {
        "title": "统一补考", "opens_at": opens.isoformat(), "closes_at": (opens + timedelta(days=2)).isoformat(),
        "slots": [
            {"place": f"线上第{room}组", "online": True, "capacity": failed} for room in (1, 2)
        ],
    }  # fmt: skip
    plan = await put(province, f"{path}/slots", {"version": plan["version"], "windows": [window]})
    plan = (await province.post(f"{path}/solve", {"version": plan["version"]}))["plan"]
    assert plan["people"] >= failed
    await province.post(f"{path}/publish", {"version": plan["version"], "override": "演练，经省定考办批准即时开考"})

    async def made() -> Any:
        rows = (await province.get("/api/desk/sittings"))["sittings"]
        found = [row for row in rows if row["round"] == "makeup" and row["title"].startswith(TITLE)]
        return found[0]["sitting_id"] if found else None

    return int(await until(made, "the exam of the make-up"))


async def _finals(agency: Staff, sitter: Sitter) -> Any:
    """Results are proposed by themselves, agreed to in bulk, published; the physician has his."""

    async def proposed() -> Any:
        counts = await agency.get("/api/desk/final-results/counts")
        return counts if counts["plain"] >= PEOPLE else None

    counts = await until(proposed, "proposals")
    while True:
        page = await agency.get("/api/desk/final-results?state=proposed&mine=1")
        rows = [row for row in page["rows"] if not row["doubts"]]
        if not rows:
            break
        body = {"results": [{"result_id": row["result_id"], "version": row["version"]} for row in rows]}
        lines = (await agency.post("/api/desk/final-results/agree", body))["lines"]
        assert {line["refused"] for line in lines} == {""}
    await agency.post("/api/desk/final-results/publish", {"cycle": counts["cycle"]["cycle"]})

    async def told() -> Any:
        found = (await sitter.get("/api/result"))["current"]
        return found if found["outcome"] else None

    result = await until(told, "the result")
    assert result["outcome"] == "qualified"
    return result


async def _see_notice(page: Any, sitter: Sitter, result: dict[str, Any], album: Album) -> None:
    """The notice's number and code are genuine to anybody; a wrong code is not."""
    notice = await sitter.get("/api/result/notice")
    assert (notice["number"], notice["outcome"]) == (result["notice_number"], "qualified")
    await page.goto(f"{sitter.base_url}/verify/notice/{notice['number']}?c={notice['code']}")
    validity = page.get_by_test_id("validity")
    await expect(validity).to_have_attribute("data-validity", "valid")
    await expect(validity).to_contain_text(notice["number"])
    await album.take(page, "verified")
    await page.get_by_label("通知书编号").fill(notice["number"] + "1")
    await expect(validity).to_have_count(0)
    await page.goto(f"{sitter.base_url}/verify/notice/{notice['number']}?c=AAAA-AAAA-AAAA")
    await expect(validity).to_have_attribute("data-validity", "unknown")
