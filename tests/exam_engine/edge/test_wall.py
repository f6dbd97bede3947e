"""The wall: links to pictures, looking and claiming, reviews and precision, flags, rooms, tiles as they change."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from exam_engine.edge.wall import CLAIM_S
from proctor import store
from proctor.links import LINK_S, sign
from tests.candidate import Staff
from tests.exam_engine.edge.server import Server, running, settings_in
from tests.exam_engine.edge.watched import (
    STRANGER,
    Eyes,
    Watched,
    door_open,
    evidence,
    incidents_of,
    refused,
    seeing,
    settled,
    sight,
    watched,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Cast(NamedTuple):
    """Everybody a wall needs, logged in."""

    invigilator: Staff
    other: Staff  # a second invigilator of the same sittings
    chief: Staff
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
    await server.add_staff("invigilator-two", "invigilator")
    async with AsyncExitStack() as stack:
        names = ("invigilator", "invigilator-two", "chief", "agency", "province")
        one, two, chief, agency, province = [await stack.enter_async_context(server.staff(name)) for name in names]
        yield Cast(one, two, chief, agency, province, await stack.enter_async_context(watched(server)))


async def new_sitting(server: Server, **proctoring: Any) -> int:
    """One that both invigilators are assigned to."""
    sitting_id = await server.five_items(door_open(**proctoring))
    await server.house.pool.execute(
        """INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts
           WHERE login = 'invigilator-two'""",
        sitting_id,
    )
    return sitting_id


async def sitting(server: Server, cast: Cast, **proctoring: Any) -> int:
    """The candidate has begun a new exam."""
    sitting_id = await new_sitting(server, **proctoring)
    await cast.candidate.begin(sitting_id)
    return sitting_id


async def pasted(server: Server, candidate: Watched, times: int) -> list[int]:
    """He has pasted so often; the incidents' numbers."""
    with server.later(minutes=30):
        await candidate.signals(*(candidate.signal("paste", ago_s=60 * (times - n)) for n in range(times)))
    rows = await server.house.pool.fetch(store.INCIDENTS, candidate.attempt_id)
    return [row["incident_id"] for row in rows]


# --- pictures ----------------------------------------------------------------------------------------------------


async def test_a_link_opens_one_picture_for_one_account_for_a_few_minutes(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    mine, name = cast.candidate.attempt_id, (await cast.candidate.capture())["picture"]
    (link,) = await cast.invigilator.picture_links(sitting_id, (mine, name))

    assert (await cast.invigilator.get_bytes(link)).startswith(b"\xff\xd8\xff")
    for person in (cast.other, cast.chief, cast.agency):
        with refused(403, "link_old"):
            await person.get_bytes(link)
    with server.later(seconds=LINK_S - 5):
        await cast.invigilator.get_bytes(link)
    with server.later(seconds=LINK_S + 1), refused(403, "link_old"):
        await cast.invigilator.get_bytes(link)
    await settled(server)


async def test_who_may_see_faces_gets_links_and_no_other_role_does(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    wanted = (cast.candidate.attempt_id, (await cast.candidate.capture())["picture"])
    for person in (cast.invigilator, cast.chief, cast.agency):
        (link,) = await person.picture_links(sitting_id, wanted)
        await person.get_bytes(link)
    with refused(403, "wrong_role"):
        await cast.province.picture_links(sitting_id, wanted)
    with refused(403, "wrong_role"):
        await cast.candidate.get_bytes(link)
    await settled(server)


async def test_a_link_for_one_picture_or_attempt_opens_no_other(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    mine = cast.candidate.attempt_id
    names = [(await cast.candidate.portrait(shade))["picture"] for shade in (10, 90)]
    (link,) = await cast.invigilator.picture_links(sitting_id, (mine, names[0]))

    for spoiled in (
        link.replace(names[0], names[1]),
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link.partition("?")[0],
        link.partition("=")[0] + "=",
    ):
        with refused(403, "link_old"):
            await cast.invigilator.get_bytes(spoiled)


async def test_links_are_made_only_for_pictures_of_candidates_of_this_sitting(server: Server, cast: Cast) -> None:
    one = await sitting(server, cast)
    mine, name = cast.candidate.attempt_id, (await cast.candidate.portrait(11))["picture"]
    other = await new_sitting(server)
    photo = await server.house.pool.fetchval(
        "SELECT name FROM proctor.photos WHERE person_id = $1", await server.person_id(cast.candidate.login)
    )

    assert len(await cast.invigilator.picture_links(one, (mine, name), (mine, photo))) == 2
    assert await cast.invigilator.picture_links(other, (mine, name)) == []
    assert await cast.invigilator.picture_links(one, (mine, "f" * 64), (2**40, name)) == []
    assert await cast.invigilator.picture_links(one) == []


async def test_a_signed_link_to_a_picture_that_is_not_his_shows_nothing_and_is_not_put_on_record(
    server: Server, cast: Cast
) -> None:
    await sitting(server, cast)
    mine, house, nobodys = cast.candidate.attempt_id, server.house, "e" * 64
    (account,) = await accounts(cast.invigilator)
    until = house.clock.now() + timedelta(seconds=LINK_S)
    signed = sign(house.settings.secret_key, account, mine, nobodys, until)
    with refused(404, "no_such_picture"):
        await cast.invigilator.get_bytes(f"/api/desk/attempts/{mine}/pictures/{nobodys}?link={signed}")

    assert await house.pool.fetchval("SELECT count(*) FROM proctor.views WHERE name = $1", nobodys) == 0


async def test_every_view_is_on_record_before_it_is_shown(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    mine, name = cast.candidate.attempt_id, (await cast.candidate.portrait(12))["picture"]
    for person in (cast.invigilator, cast.invigilator, cast.agency):
        (link,) = await person.picture_links(sitting_id, (mine, name))
        await person.get_bytes(link)
    accounts = [(await person.get("/api/session"))["account_id"] for person in (cast.invigilator, cast.agency)]
    rows = await server.house.pool.fetch(
        "SELECT account_id, person_id, name FROM proctor.views WHERE attempt_id = $1 ORDER BY view_id", mine
    )

    person_id = await server.person_id(cast.candidate.login)
    assert [tuple(row) for row in rows] == [(a, person_id, name) for a in (accounts[0], accounts[0], accounts[1])]


# --- looking -----------------------------------------------------------------------------------------------------


async def test_of_two_who_look_at_once_one_is_busy_with_him_and_the_other_is_told(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    path = f"/api/desk/attempts/{cast.candidate.attempt_id}/look"
    first, second = await asyncio.gather(cast.invigilator.post(path), cast.other.post(path))
    names = [(await person.get("/api/session"))["name"] for person in (cast.invigilator, cast.other)]
    winner, loser = (0, 1) if first["claimed"] else (1, 0)
    outcomes = (first, second)

    assert sorted([first["claimed"], second["claimed"]]) == [False, True]
    assert outcomes[winner]["by"] == outcomes[loser]["by"] == names[winner]
    board = await cast.chief.get(f"/api/desk/sittings/{sitting_id}/board")
    assert board["tiles"][0]["claimed_by"] == names[winner]
    people = (cast.invigilator, cast.other)
    assert (await people[winner].post(path))["claimed"], "saying it again is no quarrel with oneself"
    assert await people[loser].delete(path) == {}, "who has no claim takes none away"
    assert not (await people[loser].post(path))["claimed"]
    await people[winner].delete(path)
    assert (await people[loser].post(path))["claimed"]


async def test_a_claim_nobody_renews_runs_out(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    path = f"/api/desk/attempts/{cast.candidate.attempt_id}/look"
    await cast.invigilator.post(path)
    await server.house.pool.execute(
        "UPDATE proctor.claims SET until = until - make_interval(secs => $2) WHERE attempt_id = $1",
        cast.candidate.attempt_id, float(CLAIM_S),
    )  # fmt: skip

    assert (await cast.other.post(path))["claimed"]


async def test_when_somebody_last_looked_is_known_to_him_alone(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    mine = str(cast.candidate.attempt_id)
    outcome = await cast.invigilator.post(f"/api/desk/attempts/{mine}/look")
    seen, unseen = [
        (await person.get(f"/api/desk/sittings/{sitting_id}/proctoring"))["looked"]
        for person in (cast.invigilator, cast.other)
    ]

    assert seen == {mine: outcome["looked_at"]}
    assert unseen == {}


async def test_a_verdict_counts_in_the_precision_of_its_rule_and_may_be_changed(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    numbers = await pasted(server, cast.candidate, 4)
    path = f"/api/desk/attempts/{cast.candidate.attempt_id}/reviews"

    async def paste() -> tuple[int, int, int]:
        rules = (await cast.invigilator.get(f"/api/desk/sittings/{sitting_id}/proctoring"))["rules"]
        (found,) = [rule for rule in rules if rule["rule"] == "paste"]
        assert (found["share"] is None) == (found["real"] + found["fine"] == 0)
        return found["real"], found["fine"], found["open"]

    states = [await paste()]
    for verdict, ids in (("real", numbers[:1]), ("fine", numbers[1:2]), ("fine", numbers[:1]), ("real", [])):
        reviewed = await cast.invigilator.post(path, {"verdict": verdict, "incident_ids": ids})
        states.append(await paste())

    assert states == [(0, 0, 4), (1, 0, 3), (1, 1, 2), (0, 2, 2), (2, 2, 0)]
    assert reviewed == {"reviewed": 2}, "without numbers: all that nobody has reviewed yet"
    rows = (await evidence(cast.chief, cast.candidate.attempt_id))["incidents"]
    assert {row["reviewed_by"] for row in rows} == {"测试监考员"}
    tile = (await cast.chief.get(f"/api/desk/sittings/{sitting_id}/board"))["tiles"][0]
    assert (tile["incidents"], tile["worst"]) == (0, 0)


async def test_a_verdict_on_incidents_of_somebody_else_changes_nothing(server: Server, cast: Cast) -> None:
    await sitting(server, cast)
    numbers = await pasted(server, cast.candidate, 1)
    async with watched(server) as other:
        await other.begin(await new_sitting(server))
        asked = {"verdict": "fine", "incident_ids": numbers}
        assert await cast.invigilator.post(f"/api/desk/attempts/{other.attempt_id}/reviews", asked) == {"reviewed": 0}


async def test_a_flag_is_raised_once_per_request_and_told_to_everybody(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    mine, path = cast.candidate.attempt_id, f"/api/desk/sittings/{sitting_id}/flags"
    asked = {"request_id": f"flag-{sitting_id:08d}", "attempt_ids": [mine, mine], "level": 2, "note": "似有他人说话"}
    outcomes = [await cast.invigilator.post(path, asked) for _ in range(2)]
    outcomes.append(await cast.other.post(path, asked))  # somebody else's request of the same number is another one

    assert [outcome["reviewed"] for outcome in outcomes] == [1, 0, 1]
    rows = (await evidence(cast.invigilator, mine))["incidents"]
    assert [(row["rule"], row["ordinal"], row["level"], row["by"]) for row in rows] == [
        ("flagged", 1, 2, "测试监考员"),
        ("flagged", 2, 2, "测试invigilator-two"),
    ]
    assert (await cast.candidate.log())["incidents"][0]["text"] == "似有他人说话"
    tile = (await cast.chief.get(f"/api/desk/sittings/{sitting_id}/board"))["tiles"][0]
    assert (tile["incidents"], tile["worst"], "incident" in tile["flags"]) == (2, 2, True)


async def test_a_flag_on_somebody_of_another_sitting_is_refused_as_a_whole(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    async with watched(server) as other:
        await other.begin(await new_sitting(server))
        named = [cast.candidate.attempt_id, other.attempt_id]
        asked = {"request_id": f"flag-both-{sitting_id}", "attempt_ids": named, "level": 1, "note": "两人"}
        with refused(404, "no_such_attempt"):
            await cast.invigilator.post(f"/api/desk/sittings/{sitting_id}/flags", asked)
    assert await incidents_of(server, cast.candidate.attempt_id) == []


async def test_two_who_flag_the_same_candidate_at_the_same_moment_both_do(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    mine, path = cast.candidate.attempt_id, f"/api/desk/sittings/{sitting_id}/flags"
    asked = {"attempt_ids": [mine], "level": 1, "note": "同时"}
    people = [cast.invigilator, cast.other, cast.chief, cast.province] * 2
    await asyncio.gather(
        *(person.post(path, asked | {"request_id": f"at-once-{sitting_id}-{n}"}) for n, person in enumerate(people))
    )

    assert [ordinal for _, ordinal, _ in await incidents_of(server, mine)] == list(range(1, 9))


# --- rooms -------------------------------------------------------------------------------------------------------


async def accounts(*people: Staff) -> list[int]:
    return [(await person.get("/api/session"))["account_id"] for person in people]


async def test_a_sitting_is_divided_evenly_and_its_tiles_say_so(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    path = f"/api/desk/sittings/{sitting_id}"
    board = await cast.invigilator.watch(sitting_id)
    await board.until_tile(cast.candidate.attempt_id, room=1)

    rooms = (await cast.chief.post(f"{path}/rooms", {"rooms": 3}))["rooms"]

    assert [room["room"] for room in rooms] == [1, 2, 3]
    assert max(room["people"] for room in rooms) - min(room["people"] for room in rooms) <= 1
    room = (await evidence(cast.chief, cast.candidate.attempt_id))["room"]
    if room == 1:
        await cast.chief.post(f"{path}/rooms", {"rooms": 40})
        room = (await evidence(cast.chief, cast.candidate.attempt_id))["room"]
    await board.until_tile(cast.candidate.attempt_id, room=room)
    await board.close()


async def test_a_room_is_watched_by_those_named_and_handed_over_with_a_word(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    path = f"/api/desk/sittings/{sitting_id}/rooms"
    one, two, stranger = await accounts(cast.invigilator, cast.other, cast.agency)
    await cast.chief.post(path, {"rooms": 2})
    assigned = await cast.chief.post(f"{path}/assign", {"room": 2, "account_ids": [one]})
    mine = (await cast.invigilator.get(f"/api/desk/sittings/{sitting_id}/proctoring"))["mine"]
    handed = await cast.invigilator.post(f"{path}/hand-over", {"room": 2, "to_account_id": two, "note": "第7号注意"})

    assert [watcher["account_id"] for watcher in assigned["rooms"][1]["watchers"]] == [one]
    assert (mine, handed["mine"]) == ([2], [])
    assert [watcher["account_id"] for watcher in handed["rooms"][1]["watchers"]] == [two]
    (note,) = handed["handovers"]
    assert (note["room"], note["from_name"], note["to_name"], note["note"]) == (
        2, "测试监考员", "测试invigilator-two", "第7号注意"
    )  # fmt: skip
    with refused(409, "not_your_room"):
        await cast.invigilator.post(f"{path}/hand-over", {"room": 2, "to_account_id": two})
    with refused(409, "own_room"):
        await cast.other.post(f"{path}/hand-over", {"room": 2, "to_account_id": two})
    with refused(409, "not_staff"):
        await cast.other.post(f"{path}/hand-over", {"room": 2, "to_account_id": stranger})
    with refused(409, "not_staff"):
        await cast.chief.post(f"{path}/assign", {"room": 1, "account_ids": [stranger]})
    with refused(404, "no_such_room"):
        await cast.chief.post(f"{path}/assign", {"room": 9, "account_ids": []})


async def test_rooms_that_are_gone_have_no_watchers(server: Server, cast: Cast) -> None:
    sitting_id = await sitting(server, cast)
    path = f"/api/desk/sittings/{sitting_id}/rooms"
    (one,) = await accounts(cast.invigilator)
    await cast.chief.post(path, {"rooms": 3})
    await cast.chief.post(f"{path}/assign", {"room": 3, "account_ids": [one]})
    await cast.chief.post(path, {"rooms": 2})

    proctored = await cast.invigilator.get(f"/api/desk/sittings/{sitting_id}/proctoring")
    assert (proctored["mine"], len(proctored["rooms"])) == ([], 2)


# --- tiles as they change ----------------------------------------------------------------------------------------


async def test_what_happens_to_a_candidate_reaches_the_wall(server: Server, eyes: Eyes, cast: Cast) -> None:
    sitting_id = await sitting(server, cast, lock_after=2)
    him = cast.candidate
    board = await cast.invigilator.watch(sitting_id)
    photo = (await evidence(cast.invigilator, him.attempt_id))["photo"]
    first = await board.until_tile(him.attempt_id, phase="running")
    assert (first["photo"], first["capture"], first["incidents"], first["changed_at"]) == (photo, "", 0, None)
    assert (first["organisation"], first["room"]) == ("测试医院", 1)
    with server.later(minutes=30):
        eyes.open.clear()
        eyes.tell(him.attempt_id, sight(0.03))
        name = (await him.capture(ago_ms=200_000))["picture"]
        await board.until_tile(him.attempt_id, capture=name, face="unjudged", similarity=None)
        eyes.open.set()
        judged = await board.until_tile(him.attempt_id, capture=name, face="same")
        assert judged["similarity"] >= 75
        await him.signals(him.signal("paste", ago_s=10))
        noted = await board.until_tile(him.attempt_id, incidents=1, worst=1)
        assert "incident" in noted["flags"]
        assert noted["attention"] > judged["attention"]
        eyes.tell(him.attempt_id, sight(STRANGER), sight(STRANGER))
        await him.capture(ago_ms=100_000)
        await settled(server)
        await him.capture()
        locked = await board.until_tile(him.attempt_id, locked=True, case_open=True)
    assert (locked["worst"], locked["face"]) == (3, "other")
    assert {"locked", "case_open", "incident", "notice_open"} <= set(locked["flags"])
    await cast.other.post(f"/api/desk/attempts/{him.attempt_id}/look")
    await board.until_tile(him.attempt_id, claimed_by="测试invigilator-two")
    await cast.other.delete(f"/api/desk/attempts/{him.attempt_id}/look")
    await board.until_tile(him.attempt_id, claimed_by="")
    await cast.other.post(f"/api/desk/attempts/{him.attempt_id}/reviews", {"verdict": "fine"})
    fine = await board.until_tile(him.attempt_id, incidents=0)
    assert fine["attention"] < locked["attention"]
    await board.close()


async def test_what_happens_at_one_process_reaches_the_wall_at_the_other(database_url: str, redis_url: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="exam-wall-", dir="/tmp"))
    try:
        async with (
            running(database_url, redis_url, settings_in(folder)) as here,
            running(database_url, redis_url, settings_in(folder)) as there,
        ):
            with seeing(here) as eyes:
                here.house.vision = eyes
                sitting_id = await here.five_items(door_open())
                login = "physician40"
                async with watched(here, login=login) as him, there.staff("invigilator") as desk:
                    await him.begin(sitting_id)
                    board = await desk.watch(sitting_id)
                    await board.until_tile(him.attempt_id, phase="running")
                    with here.later(minutes=30):
                        name = (await him.capture())["picture"]
                        await board.until_tile(him.attempt_id, capture=name)
                        await him.signals(him.signal("paste", ago_s=10))
                        await board.until_tile(him.attempt_id, incidents=1)
                    (link,) = await desk.picture_links(sitting_id, (him.attempt_id, name))
                    assert (await desk.get_bytes(link)).startswith(b"\xff\xd8\xff"), "either process opens it"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
