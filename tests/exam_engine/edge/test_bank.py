"""The author's desk: an item's life between two people, its versions, its set, its enemies, its pictures, its files."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec
import pytest
import pytest_asyncio
from PIL import Image

from exam_engine import exposing
from exam_engine.demo import PASSWORD
from question_bank import life_store
from question_bank import store as bank
from question_bank.item import Picture
from tests.candidate import HEADERS, Candidate, Person, Refusal
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOL: Final = "life"
WHY: Final = "答案有争议，先停用"
A1: Final = {
    "type": "A1", "topic": "专业/内科/心血管", "stem": "治疗室性心动过速首选的药物是",
    "options": ["利多卡因", "维拉帕米", "地高辛", "阿托品", "肾上腺素"], "key": "a", "explanation": "急性期首选。",
}  # fmt: skip


class Desk(Person):
    """Somebody at the author's desk."""

    async def put(self, path: str, body: object) -> Any:
        async with self.http.put(self.base_url + path, json=body) as response:
            return await self._answer(response)

    async def upload(self, path: str, data: bytes) -> Any:
        async with self.http.post(self.base_url + path, data=data) as response:
            return await self._answer(response)

    async def add(self, code: str = "", pool: str = POOL, **changes: Any) -> Any:
        return await self.post("/api/bank/items", {"pool": pool, "code": code, "content": A1 | changes})

    async def see(self, item: Any) -> Any:
        return await self.get(f"/api/bank/items/{item['row']['item_id']}")

    async def save(self, item: Any, **changes: object) -> Any:
        content = (item["draft_content"] or item["content"]) | changes
        row = item["row"]
        return await self.put(f"/api/bank/items/{row['item_id']}", {"revision": row["revision"], "content": content})

    async def move(self, item: Any, event: str, reason: str = "") -> Any:
        """The move as of what is there now."""
        row = (await self.see(item))["row"]
        body = {"revision": row["revision"], "event": event, "reason": reason}
        return await self.post(f"/api/bank/items/{row['item_id']}/move", body)


class People:
    def __init__(self, author: Desk, other: Desk, nation: Desk, far: Desk) -> None:
        self.author, self.other, self.nation, self.far = author, other, nation, far

    async def active(self, code: str = "", **changes: Any) -> Any:
        """An item in force, written by the author, approved by the other."""
        item = await self.author.add(code, **changes)
        await self.author.move(item, "submit")
        return await self.other.move(item, "approve")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(server: Server) -> AsyncIterator[People]:
    province = await server.add_organisation("province", "另一省", "35")
    await server.add_staff("far-author", "author", province)
    async with AsyncExitStack() as stack:
        logins = ("author", "author2", "nation", "far-author")
        found = [await stack.enter_async_context(Desk(server.base_url, login, PASSWORD)) for login in logins]
        await found[0].post("/api/bank/pools", {"pool": POOL, "title": "测试题库"})
        yield People(*found)


def code_of(caught: "pytest.ExceptionInfo[Refusal]") -> tuple[int, str]:
    return caught.value.status, caught.value.code


# --- the life of one item --------------------------------------------------------------------------------------------


async def test_an_item_goes_from_a_draft_through_another_person_into_force(server: Server, people: People) -> None:
    draft = await people.author.add("way")
    assert (draft["row"]["status"], draft["row"]["version"], draft["acts"]) == (
        "draft",
        None,
        ["edit", "submit", "discard"],
    )
    handed_in = await people.author.move(draft, "submit")
    assert (handed_in["row"]["status"], handed_in["draft_version"], handed_in["refused_by"]) == (
        "review",
        1,
        "own_version",
    )

    with pytest.raises(Refusal) as own:
        await people.author.move(draft, "approve")
    assert code_of(own) == (403, "own_version")

    approved = await people.other.move(draft, "approve")
    assert (approved["row"]["status"], approved["row"]["version"]) == ("active", 1)
    assert [move["event"] for move in approved["moves"]] == ["approve", "submit", "edit"]
    assert approved["moves"][0]["by"] == "测试审题员"
    assert [item.code for item in await bank.active_items(server.house.pool, POOL)] == ["way"]
    acts = await server.house.pool.fetch("SELECT act FROM people.audit WHERE subject = $1 ORDER BY audit_id",
                                         f"item {draft['row']['item_id']}")  # fmt: skip
    assert [row["act"] for row in acts] == ["item_added", "item_submitted", "item_approved"]
    assert await life_store.broken_link(server.house.pool, draft["row"]["item_id"]) is None


async def test_what_is_in_force_stays_while_its_next_version_is_written_and_reviewed(
    server: Server, people: People
) -> None:
    item = await people.active("next")
    changed = await people.other.save(item, stem="治疗室性心动过速，首选的药物是哪一个")
    assert (changed["row"]["status"], changed["row"]["draft"], changed["row"]["version"]) == ("active", "draft", 1)
    assert changed["content"]["stem"] == A1["stem"] != changed["draft_content"]["stem"]
    await people.other.move(item, "submit")
    in_force = {one.code: one for one in await bank.active_items(server.house.pool, POOL)}
    assert (in_force["next"].version, in_force["next"].stem) == (1, A1["stem"])

    done = await people.author.move(item, "approve")  # who wrote version 1 is another person than who wrote version 2
    assert (done["row"]["version"], done["row"]["draft"]) == (2, "")
    first = await people.author.get(f"/api/bank/items/{item['row']['item_id']}/versions/1")
    assert first["content"]["stem"] == A1["stem"]
    assert [each["in_force"] for each in done["versions"]] == [True, False]


async def test_who_took_part_in_writing_may_not_approve(people: People) -> None:
    item = await people.author.add("both")
    await people.other.save(await people.other.see(item), difficulty=3)
    await people.author.move(item, "submit")
    with pytest.raises(Refusal) as caught:
        await people.other.move(item, "approve")
    assert code_of(caught) == (403, "own_version")
    assert (await people.nation.move(item, "approve"))["row"]["status"] == "active"


async def test_an_account_of_the_same_human_is_no_other_person(server: Server, people: People) -> None:
    item = await people.author.add("twice-me")
    await people.author.move(item, "submit")
    pool = server.house.pool
    person = await server.person_id("author")
    await pool.execute(
        """INSERT INTO people.accounts (person_id, login, password_hash, role, organisation_id)
           SELECT $1, 'my-other-self', password_hash, 'nation', organisation_id FROM people.accounts
           WHERE login = 'author'""", person)  # fmt: skip
    async with Desk(server.base_url, "my-other-self", PASSWORD) as same_human:
        with pytest.raises(Refusal) as caught:
            await same_human.move(item, "approve")
    assert code_of(caught) == (403, "own_version")


async def test_sent_back_needs_a_reason_and_comes_again_as_a_new_version(people: People) -> None:
    item = await people.author.add("back")
    await people.author.move(item, "submit")
    with pytest.raises(Refusal) as caught:
        await people.other.move(item, "return", "?")
    assert code_of(caught) == (400, "reason_missing")
    back = await people.other.move(item, "return", "题干缺少前提，请补充")
    assert (back["row"]["status"], back["row"]["returned"], back["reason"]) == ("draft", True, "题干缺少前提，请补充")
    await people.author.save(await people.author.see(item), stem="治疗血流动力学稳定的室性心动过速首选的药物是")
    again = await people.author.move(item, "submit")
    assert (again["row"]["returned"], again["draft_version"]) == (False, 2)
    assert (await people.other.move(item, "approve"))["row"]["version"] == 2


async def test_what_is_incomplete_or_unchanged_can_not_be_handed_in(people: People) -> None:
    empty = await people.author.add("empty", stem="", key="")
    assert {problem["code"] for problem in empty["problems"]} == {"stem_empty", "key_empty"}
    with pytest.raises(Refusal) as caught:
        await people.author.move(empty, "submit")
    assert code_of(caught) == (409, "incomplete")
    item = await people.active("as-it-is")
    await people.author.save(item)
    with pytest.raises(Refusal) as same:
        await people.author.move(item, "submit")
    assert code_of(same) == (409, "nothing_changed")


async def test_suspended_comes_back_by_another_person_and_retired_is_final(server: Server, people: People) -> None:
    item = await people.active("stopped", stem="阵发性室上性心动过速首选的治疗措施是")
    stopped = await people.nation.move(item, "suspend", WHY)
    assert (stopped["row"]["status"], stopped["reason"]) == ("suspended", WHY)
    assert "stopped" not in {one.code for one in await bank.active_items(server.house.pool, POOL)}
    for who, code in ((people.nation, "own_suspension"), (people.author, "own_version")):
        with pytest.raises(Refusal) as caught:
            await who.move(item, "reinstate", "核对后无误，恢复使用")
        assert code_of(caught) == (403, code)
    assert (await people.other.move(item, "reinstate", "核对后无误，恢复使用"))["row"]["status"] == "active"
    assert (await people.author.move(item, "retire", "内容已过时，永久停用"))["acts"] == []
    for event in ("edit", "submit", "approve", "reinstate", "retire"):
        with pytest.raises(Refusal):
            await people.author.move(item, event, WHY)
    copy = await people.author.post(f"/api/bank/items/{item['row']['item_id']}/copy")
    assert (copy["row"]["status"], copy["draft_content"]["stem"]) == ("draft", "阵发性室上性心动过速首选的治疗措施是")


async def test_a_draft_nobody_was_shown_is_gone_when_thrown_away_and_its_code_free(people: People) -> None:
    item = await people.author.add("never")
    await people.author.move(item, "discard")
    with pytest.raises(Refusal) as caught:
        await people.author.see(item)
    assert code_of(caught) == (404, "no_such_bank_item")
    shown = await people.author.add("never")
    await people.author.move(shown, "submit")
    await people.author.move(shown, "withdraw")
    kept = await people.author.move(shown, "discard")
    assert (kept["row"]["status"], kept["row"]["version"]) == ("retired", 1)


async def test_of_two_at_once_one_wins_and_the_other_is_told(people: People) -> None:
    item = await people.author.add("race")
    row = item["row"]
    path = f"/api/bank/items/{row['item_id']}"
    body = {"revision": row["revision"], "content": item["draft_content"] | {"difficulty": 3}}
    answers = await asyncio.gather(people.author.put(path, body), people.other.put(path, body), return_exceptions=True)
    lost = [each for each in answers if isinstance(each, Refusal)]
    assert [(each.status, each.code) for each in lost] == [(409, "changed_meanwhile")]


async def test_an_import_under_a_working_copy_is_not_overwritten_by_it_unseen(server: Server, people: People) -> None:
    item = await people.active("under")
    await people.author.save(item, stem="室性心动过速的首选治疗药物是什么")
    active = next(one for one in await bank.active_items(server.house.pool, POOL) if one.code == "under")
    async with server.house.pool.acquire() as connection:
        await bank.save(connection, [msgspec.structs.replace(active, explanation="另有解释")], "command line")
    with pytest.raises(Refusal) as caught:
        await people.author.move(item, "submit")
    assert code_of(caught) == (409, "base_changed")
    seen = await people.author.see(item)
    assert seen["base_changed"]
    assert not (await people.author.save(seen))["base_changed"]
    assert (await people.author.move(item, "submit"))["draft_version"] == 3


# --- sets, enemies, pictures -----------------------------------------------------------------------------------------


async def test_a_set_moves_as_one_and_what_it_shares_is_changed_in_all(server: Server, people: People) -> None:
    shared = {"type": "A3", "set_code": "case-1", "case": "男，60岁，胸痛2小时。"}
    first = await people.author.add("case-1-1", **shared, stem="最可能的诊断是")
    lonely = await people.author.see(first)
    assert "set_size" in {problem["code"] for problem in lonely["problems"]}
    second = await people.author.add("case-1-2", **shared, stem="首选的检查是")
    await people.author.save(await people.author.see(first), case="男，60岁，持续胸痛2小时。")
    assert (await people.author.see(second))["draft_content"]["case"] == "男，60岁，持续胸痛2小时。"
    await people.author.move(first, "submit")
    assert (await people.author.see(second))["row"]["status"] == "review"
    with pytest.raises(Refusal) as caught:
        await people.author.save(await people.author.see(second), stem="应首选的检查是")
    assert code_of(caught) == (409, "in_review")
    await people.other.move(second, "approve")
    codes = {item.code for item in await bank.active_items(server.house.pool, POOL)}
    assert {"case-1-1", "case-1-2"} <= codes
    preview = await people.author.get(f"/api/bank/items/{second['row']['item_id']}/preview")
    assert (preview["at"], [item["no"] for item in preview["items"]]) == (2, [1, 2])
    assert {item["case"] for item in preview["items"]} == {"男，60岁，持续胸痛2小时。"}
    assert '"key"' not in json.dumps(preview)
    assert "急性期首选" not in json.dumps(preview, ensure_ascii=False)


async def test_enemies_are_kept_from_both_sides(server: Server, people: People) -> None:
    one, two = await people.active("foe-1"), await people.active("foe-2", stem="提示答案的另一道题目")
    path = f"/api/bank/items/{one['row']['item_id']}/enemies"
    for enemies, code in ((["foe-1"], "enemy_itself"), (["nobody"], "enemy_unknown")):
        with pytest.raises(Refusal) as caught:
            await people.author.put(path, {"revision": one["row"]["revision"], "enemies": enemies})
        assert code_of(caught) == (409, code)
    named = await people.author.put(path, {"revision": one["row"]["revision"], "enemies": ["foe-2"]})
    assert [enemy["code"] for enemy in (await people.author.see(two))["enemies"]] == ["foe-1"]
    drawn = {item.code: item.enemies for item in await bank.active_items(server.house.pool, POOL)}
    assert (drawn["foe-1"], drawn["foe-2"]) == (("foe-2",), ("foe-1",))
    await people.author.put(path, {"revision": named["row"]["revision"], "enemies": []})
    assert (await people.author.see(two))["enemies"] == []


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 120)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind)
    return out.getvalue()


async def test_a_picture_reaches_the_candidate_whose_paper_has_it_and_nobody_else(
    server: Server, people: People
) -> None:
    kept = await people.author.upload("/api/bank/pictures", picture("WEBP"))
    assert (kept["media"], kept["width"], kept["height"]) == ("image/png", 300, 120)
    assert (await people.author.get_bytes(f"/api/bank/pictures/{kept['name']}")).startswith(b"\x89PNG")
    with pytest.raises(Refusal) as unseen:
        await people.far.get_bytes(f"/api/bank/pictures/{kept['name']}")
    assert code_of(unseen) == (404, "no_such_picture")

    sitting_id = await server.five_items()
    async with server.candidate() as candidate, server.candidate() as other:
        await candidate.begin(sitting_id)
        await other.begin(sitting_id)
        paper = await candidate.paper()
        path = f"/pictures/{kept['name']}?device=device-one"
        with pytest.raises(Refusal) as caught:
            await candidate.get_bytes(f"/api/attempts/{candidate.attempt_id}{path}")
        assert code_of(caught) == (404, "no_such_picture")
        await _show_in(server, candidate, kept["name"])
        shown = await candidate.paper()
        assert shown["items"][0]["pictures"] == [{"name": kept["name"], "alt": "心电图"}]
        assert len(shown["items"]) == len(paper["items"])
        data = await candidate.get_bytes(f"/api/attempts/{candidate.attempt_id}{path}")
        assert data.startswith(b"\x89PNG")
        with pytest.raises(Refusal) as foreign:
            await other.get_bytes(f"/api/attempts/{candidate.attempt_id}{path}")
        assert code_of(foreign) == (404, "no_such_attempt")


async def _show_in(server: Server, candidate: Candidate, name: str) -> None:
    """Give the first item of this paper a picture, as if it had been drawn with it."""
    papers = server.house.papers
    entry = (await papers.of_attempt(candidate.attempt_id)).entries[0]
    ref = (entry.item_id, entry.version)
    await papers.show(candidate.attempt_id)
    papers._items[ref] = msgspec.structs.replace(papers._items[ref], pictures=(Picture(name, "心电图"),))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GIF89a....", "picture_kind"),
        (b"<svg onload='x'/>", "picture_kind"),
        (picture()[:60], "item_picture_broken"),
        (picture(size=(9, 200)), "item_picture_size"),
        (picture("JPEG") [:200] + b"\xff\xda" * 500, "item_picture_broken"),
    ],
)  # fmt: skip
async def test_what_is_no_picture_is_refused(people: People, data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        await people.author.upload("/api/bank/pictures", data)
    assert code_of(caught) == (400, code)


# --- finding ---------------------------------------------------------------------------------------------------------


async def test_items_are_found_by_words_and_filters_page_after_page(people: People) -> None:
    pool = "found"
    await people.author.post("/api/bank/pools", {"pool": pool, "title": "检索"})
    for number in range(53):
        topic = "专业/外科/普外" if number % 2 else "专业/外科"
        await people.author.add(
            f"f{number}", pool, stem=f"第{number}题 关于 Ｋ⁺ 浓度", topic=topic, difficulty=1 + number % 3
        )
    page = await people.author.get(f"/api/bank/items?pool={pool}")
    rest = await people.author.get(f"/api/bank/items?pool={pool}&after={page['next']}")
    assert (len(page["rows"]), page["total"], len(rest["rows"]), rest["next"], rest["total"]) == (50, 53, 3, None, None)
    assert len({row["item_id"] for row in page["rows"] + rest["rows"]}) == 53
    cases = {
        "q=第7题": 1, "q=关于k+浓度": 53, "q=第5 浓度": 4, "q=F52": 1, "topic=专业/外科/普外": 26,
        "topic=专业/外科": 53, "topic=专业/外": 0, "difficulty=2": 18, "status=active": 0, "flag=mine": 53,
        "flag=review": 0, "flag=unused": 53, "type=A1": 53, "category=dental": 0,
    }  # fmt: skip
    for query, count in cases.items():
        found = await people.author.get(f"/api/bank/items?pool={pool}&{query.replace('+', '%2B')}")
        assert found["total"] == count, query
    topics = (await people.author.get(f"/api/bank/topics?pool={pool}"))["topics"]
    assert [(row["topic"], row["counts"], row["own"]) for row in topics] == [
        ("专业", {"draft": 53}, {}),
        ("专业/外科", {"draft": 53}, {"draft": 27}),
        ("专业/外科/普外", {"draft": 26}, {"draft": 26}),
    ]  # fmt: skip
    for bad in ("flag=?", "status=?", "after=?"):
        with pytest.raises(Refusal) as caught:
            await people.author.get(f"/api/bank/items?{bad}")
        assert caught.value.status == 400


async def test_whoever_is_not_of_the_pool_s_province_sees_nothing_of_it(people: People) -> None:
    assert (await people.far.get("/api/bank/pools"))["pools"] == []
    assert (await people.far.get("/api/bank/items"))["rows"] == []
    await people.far.post("/api/bank/pools", {"pool": "far", "title": "外省题库", "province": "00"})
    own = (await people.far.get("/api/bank/pools"))["pools"]
    assert [(pool["pool"], pool["province"]) for pool in own] == [("far", "35")]
    assert "far" not in {pool["pool"] for pool in (await people.author.get("/api/bank/pools"))["pools"]}
    assert "far" in {pool["pool"] for pool in (await people.nation.get("/api/bank/pools"))["pools"]}


async def test_fallbacks_of_pools_lead_to_no_ring(people: People) -> None:
    for pool, fallback in (("one", ""), ("two", "one"), ("three", "two")):
        await people.author.post("/api/bank/pools", {"pool": pool, "title": pool, "fallback": fallback})
    for pool, fallback in (("one", "three"), ("one", "one"), ("one", "nowhere")):
        with pytest.raises(Refusal) as caught:
            await people.author.put("/api/bank/pools", {"pool": pool, "title": pool, "fallback": fallback})
        assert code_of(caught) == (400, "fallback_wrong")


async def test_what_is_typed_is_compared_with_the_pool_as_it_is_now(people: People) -> None:
    pool = "near"
    await people.author.post("/api/bank/pools", {"pool": pool, "title": "查重"})
    asked = {"pool": pool, "stem": "成人每日钾的生理需要量约为20 mmol，下列说法正确的是"}
    assert (await people.author.post("/api/bank/near", asked))["rows"] == []
    item = await people.author.add("n1", pool, stem="成人每日钾的生理需要量约为200mmol，下列说法正确的是")
    found = (await people.author.post("/api/bank/near", asked))["rows"]
    assert [(row["code"], row["verdict"]) for row in found] == [("n1", "differs")]
    assert {"kind": "number", "ours": "20", "theirs": "200"} in found[0]["differences"]
    itself = asked | {"item_id": item["row"]["item_id"]}
    assert (await people.author.post("/api/bank/near", itself))["rows"] == []
    await people.author.add("n2", pool, stem="成人每日钾的生理需要量约为200 mmol，下列说法正确的是。")
    report = await people.author.get(f"/api/bank/duplicates?pool={pool}")
    assert [(pair["ours"]["code"], pair["theirs"]["code"], pair["ours"]["verdict"]) for pair in report["pairs"]] == [
        ("n1", "n2", "same")
    ]
    await people.author.move(item, "discard")
    assert [row["code"] for row in (await people.author.post("/api/bank/near", asked))["rows"]] == ["n2"]


# --- files -----------------------------------------------------------------------------------------------------------


async def settled(desk: Desk, job: Any) -> Any:
    async with asyncio.timeout(30):
        while job["state"] in ("reading", "writing"):
            await asyncio.sleep(0.02)
            job = await desk.get(f"/api/bank/imports/{job['import_id']}")
    return job


def line(code: str, **changes: object) -> str:
    plain = {
        "code": code,
        "type": "A1",
        "topic": "专业/内科",
        "stem": f"{code}的题干是什么",
        "options": ["甲", "乙"],
        "answer": "A",
    }
    return json.dumps(plain | changes, ensure_ascii=False)


async def test_a_file_is_reported_before_anything_is_written_and_then_comes_in_as_drafts(
    server: Server, people: People
) -> None:
    pool = "files"
    await people.author.post("/api/bank/pools", {"pool": pool, "title": "导入"})
    path = f"/api/bank/imports?pool={pool}&name=items.jsonl"
    data = "\n".join([line("i1"), line("i2", answer=""), line("i3", enemies=["i1"], category="dental")]).encode()
    job = await settled(people.author, await people.author.upload(path, data))
    assert (job["state"], job["total"], job["new"], job["refused_count"]) == ("read", 2, 2, 1)
    assert (job["refused"][0]["row"], job["refused"][0]["code"]) == (2, "key_empty")
    assert (await people.author.get(f"/api/bank/items?pool={pool}"))["total"] == 0
    confirm = f"/api/bank/imports/{job['import_id']}/confirm"
    with pytest.raises(Refusal) as caught:
        await people.author.post(confirm, {})
    assert code_of(caught) == (409, "rows_refused")
    with pytest.raises(Refusal) as foreign:
        await people.other.post(confirm, {"keep_good": True})
    assert code_of(foreign) == (404, "no_such_import")
    done = await settled(people.author, await people.author.post(confirm, {"keep_good": True}))
    assert (done["state"], done["done"]) == ("done", 2)
    with pytest.raises(Refusal) as again:
        await people.author.post(confirm, {"keep_good": True})
    assert code_of(again) == (409, "not_read")
    rows = (await people.author.get(f"/api/bank/items?pool={pool}"))["rows"]
    assert sorted((row["code"], row["status"], row["mine"], row["category"]) for row in rows) == [
        ("i1", "draft", True, ""), ("i3", "draft", True, "dental"),
    ]  # fmt: skip
    first = next(row for row in rows if row["code"] == "i1")
    assert [each["code"] for each in (await people.author.get(f"/api/bank/items/{first['item_id']}"))["enemies"]] == [
        "i3"
    ]
    await people.author.move({"row": first}, "submit")
    await people.other.move({"row": first}, "approve")

    data = "\n".join(
        [line("i1", stem="换了题干的题目是哪一个"), line("i3", stem="也换了题干的题目"), line("i4")]
    ).encode()
    second = await settled(people.author, await people.author.upload(path, data))
    assert (second["new"], second["changed"], second["blocked"]) == (1, 1, 1)
    assert [(each["place"], each["code"]) for each in second["blocked_lines"]] == [("i3", "draft_open")]
    await settled(
        people.author, await people.author.post(f"/api/bank/imports/{second['import_id']}/confirm", {"keep_good": True})
    )
    changed = await people.author.get(f"/api/bank/items/{first['item_id']}")
    assert (changed["row"]["status"], changed["row"]["draft"], changed["draft_content"]["stem"]) == (
        "active", "draft", "换了题干的题目是哪一个",
    )  # fmt: skip


async def test_a_file_that_can_not_be_read_says_why(people: People) -> None:
    job = await settled(
        people.author, await people.author.upload(f"/api/bank/imports?pool={POOL}&name=a.xlsx", b"PK\x03\x04?")
    )
    assert (job["state"], bool(job["problem"])) == ("failed", True)
    kept = await people.author.upload(f"/api/bank/imports?pool={POOL}&name=b.jsonl", line("drop-me").encode())
    kept = await settled(people.author, kept)
    assert (await people.author.delete(f"/api/bank/imports/{kept['import_id']}"))["state"] == "dropped"
    with pytest.raises(Refusal) as caught:
        await people.author.post(f"/api/bank/imports/{kept['import_id']}/confirm", {})
    assert code_of(caught) == (409, "not_read")


async def test_what_was_found_is_exported_and_what_a_format_loses_is_said(people: People) -> None:
    await people.active("out-1", level="assistant", specialties=["internal"], category="clinical")
    check = await people.author.get(f"/api/bank/export/check?pool={POOL}&format=aiken&q=out-1")
    assert (check["found"], check["written"]) == (1, 1)
    assert {"category of 1", "level of 1", "specialties of 1"} <= set(check["lost"])
    data = await people.author.get_bytes(f"/api/bank/export?pool={POOL}&format=jsonl&q=out-1")
    said = json.loads(data)
    assert (said["code"], said["category"], said["level"], said["specialties"]) == (
        "out-1",
        "clinical",
        "assistant",
        ["internal"],
    )
    with pytest.raises(Refusal) as caught:
        await people.author.get_bytes(f"/api/bank/export?pool={POOL}&format=jsonl&q=nothing-like-it")
    assert code_of(caught) == (409, "nothing_to_export")


# --- exposure --------------------------------------------------------------------------------------------------------


async def test_every_paper_is_counted_once_however_many_count(server: Server, people: People) -> None:
    pool = server.house.pool
    before = await pool.fetchval("SELECT coalesce(sum(papers), 0) FROM bank.exposure")
    await exposing.count_all(server.house)
    start = await pool.fetchval("SELECT coalesce(sum(papers), 0) FROM bank.exposure")
    assert start >= before
    sitting_id = await server.five_items()
    async with server.candidate() as candidate:
        await candidate.begin(sitting_id)
        await asyncio.gather(*(exposing.count_all(server.house) for _ in range(4)))
        assert await pool.fetchval("SELECT sum(papers) FROM bank.exposure") == start + 5
        assert await pool.fetchval("SELECT count(*) FROM exam.papers_uncounted") == 0
        entry = (await server.house.papers.of_attempt(candidate.attempt_id)).entries[0]
        detail = await people.author.get(f"/api/bank/items/{entry.item_id}")
        assert detail["exposure"][0]["papers"] == detail["row"]["exposed"] >= 1


async def test_foreign_pages_can_do_nothing(server: Server, people: People) -> None:
    item = await people.author.add("foreign")
    assert HEADERS["X-Exam"] == "1"
    people.author.http.headers.pop("X-Exam", None)
    async with people.author.http.post(
        f"{server.base_url}/api/bank/items/{item['row']['item_id']}/copy", headers={"X-Exam": "0"}
    ) as response:
        assert response.status == 403
