"""Statistics of a sitting, what-if, and a rescore by two persons, over HTTP and on the real tables."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from question_bank.item import Item
from tests.candidate import Refusal, Staff
from tests.exam_engine.edge.sat import mark_all, physicians, release, rescore_all, same_five, sit
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = "命题组复核：该题答案有误"
PASS = 3  # of 5


def wrong(item: Item) -> str:
    return next(option.id for option in item.options if option.id not in item.key)


def right_on(*numbers: int) -> Any:
    """Has these questions right, by the bank's order, and the others wrong."""
    return lambda number, item: item.key if number in numbers else wrong(item)


class Hall(NamedTuple):
    """A released sitting of five items, one point each. `items` by the bank's order; attempts by who they are."""

    sitting_id: int
    items: list[dict[str, Any]]
    attempts: dict[str, int]
    nation: Staff
    author: Staff
    province: Staff
    agency: Staff


WHO = {
    "all right": (1, 2, 3, 4, 5),
    "just passes": (1, 2, 3),
    "just fails": (2, 3),
    "fails": (3,),
}


@pytest_asyncio.fixture(loop_scope="module")
async def hall(server: Server) -> AsyncIterator[Hall]:
    """New for each test: a rescore is for good."""
    sitting_id = await same_five(server)
    people = await physicians(server)
    attempts = {}
    for person_id, (who, numbers) in zip(people, WHO.items(), strict=False):
        attempts[who] = await sit(server, sitting_id, person_id, right_on(*numbers))
    await mark_all(server)
    for attempt_id in attempts.values():
        await server.written(attempt_id, "marked")
    async with (
        server.staff("nation") as nation,
        server.staff("author") as author,
        server.staff("province") as province,
        server.staff("agency") as agency,
    ):
        figures = await nation.get(f"/api/desk/sittings/{sitting_id}/statistics")
        items = sorted(figures["items"], key=lambda item: item["item_id"])
        yield Hall(sitting_id, items, attempts, nation, author, province, agency)


async def points(server: Server, hall: Hall) -> dict[str, tuple[int, bool | None]]:
    rows = await server.house.pool.fetch(
        "SELECT attempt_id, points, passed FROM exam.attempts WHERE sitting_id = $1", hall.sitting_id
    )
    by = {row["attempt_id"]: (row["points"], row["passed"]) for row in rows}
    return {who: by[attempt_id] for who, attempt_id in hall.attempts.items()}


def ruling(hall: Hall, number: int, act: str, *keys: str) -> dict[str, Any]:
    item = hall.items[number - 1]
    return {"item_id": item["item_id"], "version": item["version"], "act": act, "keys": list(keys)}


async def proposed(by: Staff, hall: Hall, *rulings: dict[str, Any], **rest: Any) -> dict[str, Any]:
    body = {"edition": 0, "rulings": list(rulings), "reason": REASON, **rest}
    answer: dict[str, Any] = await by.post(f"/api/desk/sittings/{hall.sitting_id}/proposals", body)
    return answer


async def test_figures_are_those_of_the_papers_and_only_authors_and_the_nation_see_keys(hall: Hall) -> None:
    seen = {
        who: await staff.get(f"/api/desk/sittings/{hall.sitting_id}/statistics")
        for who, staff in (("nation", hall.nation), ("agency", hall.agency), ("author", hall.author))
    }
    assert (seen["nation"]["counted"], seen["nation"]["handed_in"], seen["nation"]["entered"]) == (4, 4, 4)
    assert [item["p"] for item in hall.items] == [0.5, 0.75, 1.0, 0.25, 0.25]
    assert seen["nation"]["mean"] == pytest.approx(2.75)
    assert (seen["nation"]["passing"], seen["nation"]["form_count"]) == (2, 1)
    assert seen["agency"]["items"] == seen["nation"]["items"]
    assert [seen[who]["keys"] for who in seen] == [True, False, True]
    path = f"/api/desk/sittings/{hall.sitting_id}/statistics/items/{hall.items[0]['item_id']}"
    whole, bare = await hall.author.get(path), await hall.agency.get(path)
    assert [option["count"] for option in whole["options"] if option["right"]] == [2]
    assert sum(option["count"] for option in whole["options"]) == 4
    assert whole["stem"]
    assert (bare["stem"], bare["key"], bare["options"]) == ("", "", [])
    assert whole["figures"]["seconds"]["count"] == 4


async def test_what_if_foresees_what_applying_does(server: Server, hall: Hall) -> None:
    await release(server, hall.sitting_id, PASS)
    rulings = [ruling(hall, 1, "full_credit")]
    what = await hall.nation.post(f"/api/desk/sittings/{hall.sitting_id}/what-if", {"rulings": rulings})
    assert (what["counted"], what["touched"], what["up"], what["down"]) == (4, 4, 2, 0)
    assert (what["passing_before"], what["passing_after"], what["gains"], what["loses"]) == (2, 3, 1, 0)
    assert [each["attempt_id"] for each in what["affected"]] == [hall.attempts["just fails"]]
    before = await points(server, hall)
    made = await proposed(hall.province, hall, *rulings)
    assert await points(server, hall) == before
    with pytest.raises(Refusal) as own:
        await hall.province.post(f"/api/desk/proposals/{made['proposal_id']}/decision", {"approve": True})
    assert own.value.code == "own_proposal"
    approved = await hall.nation.post(f"/api/desk/proposals/{made['proposal_id']}/decision", {"approve": True})
    assert approved["state"] in ("applying", "done")
    await rescore_all(server)
    done = await hall.agency.get(f"/api/desk/proposals/{made['proposal_id']}")
    assert done["state"] == "done"
    progress = done["progress"]
    assert (progress["touched"], progress["changed"], progress["gained"], progress["lost"]) == (4, 2, 1, 0)
    after = await points(server, hall)
    assert after == {"all right": (5, True), "just passes": (3, True), "just fails": (3, True), "fails": (2, False)}
    history = await server.house.pool.fetch(
        "SELECT revision, points, reason FROM score.scores WHERE attempt_id = $1 ORDER BY revision",
        hall.attempts["just fails"],
    )
    assert [tuple(row) for row in history] == [(1, 2, ""), (2, 3, REASON)]
    told = await server.house.pool.fetch("SELECT code, facts FROM reg.messages WHERE code = 'C20' ORDER BY message_id")
    assert len(told) == 2


async def test_a_released_pass_stands_unless_two_persons_chose_otherwise(server: Server, hall: Hall) -> None:
    await release(server, hall.sitting_id, PASS)
    key = await hall.author.get(f"/api/desk/sittings/{hall.sitting_id}/statistics/items/{hall.items[0]['item_id']}")
    other = next(option["option"] for option in key["options"] if not option["right"] and option["count"])
    changed = ruling(hall, 1, "key", other)
    made = await proposed(hall.author, hall, changed)
    assert (made["foreseen"]["kept"], made["foreseen"]["loses"]) == (1, 0)
    await hall.province.post(f"/api/desk/proposals/{made['proposal_id']}/decision", {"approve": True})
    await rescore_all(server)
    assert (await points(server, hall))["just passes"] == (2, True)
    back = await hall.nation.post(
        f"/api/desk/sittings/{hall.sitting_id}/proposals",
        {
            "edition": 1, "rulings": [ruling(hall, 1, "void")], "reason": REASON, "keep_passes": False,
            "withdraw_reason": "题目作废后不达线，依规撤销",
        },
    )  # fmt: skip
    # Void: 4 items are left, and the line is 3 of 5 of them, rounded up: 3. One passed by the old key, one by the new.
    assert (back["foreseen"]["loses"], back["foreseen"]["loses_released"]) == (2, 2)
    url = f"/api/desk/proposals/{back['proposal_id']}/decision"
    with pytest.raises(Refusal) as unseen:
        await hall.province.post(url, {"approve": True})
    assert (unseen.value.code, unseen.value.facts["loses_released"]) == ("others_lose_now", 2)
    await hall.province.post(url, {"approve": True, "loses_released": 2})
    await rescore_all(server)
    assert {who: passed for who, (_, passed) in (await points(server, hall)).items()} == {
        "all right": True, "just passes": False, "just fails": False, "fails": False
    }  # fmt: skip
    view = await hall.agency.get(f"/api/desk/proposals/{back['proposal_id']}")
    assert view["progress"]["lost"] == 2
    assert view["rulings"][0]["stem"] == ""


async def test_what_is_marked_after_the_approval_is_marked_by_it_at_once(server: Server, hall: Hall) -> None:
    made = await proposed(hall.province, hall, ruling(hall, 1, "void"))
    await hall.nation.post(f"/api/desk/proposals/{made['proposal_id']}/decision", {"approve": True})
    await rescore_all(server)
    late = await sit(server, hall.sitting_id, (await physicians(server))[len(WHO)], right_on(1, 2, 3))
    await server.written(late, "marked")
    row = await server.house.pool.fetchrow("SELECT points, points_max FROM score.scores WHERE attempt_id = $1", late)
    assert row is not None
    assert tuple(row) == (2, 4)
    await release(server, hall.sitting_id, PASS)
    assert (await points(server, hall))["just fails"] == (2, False)
    assert (await server.written(late, "released"))["pass_points"] == 3


@pytest.mark.parametrize(
    ("who", "rulings", "code"),
    [
        ("province", [("key", "a")], "keys_not_yours"),
        ("nation", [("also", "z")], "ruling_wrong"),
        ("nation", [("void", "a")], "ruling_wrong"),
        ("nation", [("also",)], "ruling_wrong"),
        ("nation", [("nonsense",)], "ruling_wrong"),
        ("nation", [("restore",)], "nothing_changes"),
    ],
)
async def test_a_ruling_that_makes_no_sense_is_refused(
    hall: Hall, who: str, rulings: list[tuple[str, ...]], code: str
) -> None:
    staff = getattr(hall, who)
    asked = {"rulings": [ruling(hall, 1, *each) for each in rulings]}
    with pytest.raises(Refusal) as refused:
        await staff.post(f"/api/desk/sittings/{hall.sitting_id}/what-if", asked)
    assert refused.value.code == code


async def test_of_two_proposals_the_second_is_stale_once_the_first_holds(server: Server, hall: Hall) -> None:
    first = await proposed(hall.author, hall, ruling(hall, 1, "void"))
    second = await proposed(hall.author, hall, ruling(hall, 2, "void"))
    await hall.province.post(f"/api/desk/proposals/{first['proposal_id']}/decision", {"approve": True})
    with pytest.raises(Refusal) as stale:
        await hall.province.post(f"/api/desk/proposals/{second['proposal_id']}/decision", {"approve": True})
    assert stale.value.code == "proposal_stale"
    with pytest.raises(Refusal) as again:
        await hall.nation.post(
            f"/api/desk/proposals/{first['proposal_id']}/decision", {"approve": False, "reason": REASON}
        )
    assert again.value.code == "proposal_decided"
    listed = await hall.agency.get(f"/api/desk/proposals?sitting={hall.sitting_id}")
    assert {row["proposal_id"]: row["state"] for row in listed["rows"]}[second["proposal_id"]] == "stale"
    taken = await hall.author.post(f"/api/desk/proposals/{second['proposal_id']}/withdraw", {"reason": REASON})
    assert taken["state"] == "withdrawn"


async def test_a_paper_that_cannot_be_marked_again_is_named_and_tried_until_it_can(server: Server, hall: Hall) -> None:
    await release(server, hall.sitting_id, PASS)
    made = await proposed(hall.province, hall, ruling(hall, 1, "full_credit"))
    path, pool = f"/api/desk/proposals/{made['proposal_id']}", server.house.pool
    broken = hall.attempts["just fails"]
    await pool.execute(f"ALTER TABLE score.scores ADD CONSTRAINT broken CHECK (attempt_id <> {broken}) NOT VALID")
    try:
        await hall.nation.post(f"{path}/decision", {"approve": True})
        await rescore_all(server)
        seen = {name: await getattr(hall, name).get(path) for name in ("agency", "nation")}
    finally:
        await pool.execute("ALTER TABLE score.scores DROP CONSTRAINT broken")
    progress = seen["agency"]["progress"]
    assert (progress["looked"], progress["touched"], progress["failed"]) == (4, 3, 1)
    assert [(each["attempt_id"], each["tries"]) for each in seen["agency"]["failures"]] == [(broken, 1)]
    names = [seen[name]["failures"][0]["name"] for name in ("agency", "nation")]
    assert names[1] == names[0][:1] + "**"
    listed = (await hall.agency.get(f"/api/desk/proposals?sitting={hall.sitting_id}"))["rows"]
    assert [row["progress"]["failed"] for row in listed] == [1]

    await rescore_all(server)  # not yet due
    assert (await points(server, hall))["just fails"] == (2, False)
    await pool.execute("UPDATE score.failures SET tried_at = tried_at - interval '1 hour'")
    await rescore_all(server)
    mended = await hall.agency.get(path)
    assert (mended["progress"]["touched"], mended["progress"]["failed"], mended["failures"]) == (4, 0, [])
    assert (await points(server, hall))["just fails"] == (3, True)
