"""An exam as programs see it: every step over the public API and the sockets, on real servers."""

import asyncio
from datetime import timedelta

import pytest

from exam_engine.sitting import IdentityCheck, Policy
from tests.candidate import Candidate, LiveSocket, Refusal
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK_A_PERSON = Policy(identity=IdentityCheck.PERSON, identity_again=IdentityCheck.PERSON)
START = {"type": "start"}


async def refused(awaited: object, code: str, status: int = 409) -> Refusal:
    """The refusal that this call must end in."""
    with pytest.raises(Refusal) as caught:
        await awaited  # type: ignore[misc]  # any call of a candidate or of staff
    assert (caught.value.code, caught.value.status) == (code, status)
    return caught.value


async def begun(server: Server, candidate: Candidate, policy: Policy | None = None) -> int:
    """The candidate is answering five items; which sitting that is."""
    sitting_id = await server.five_items(policy)
    await candidate.begin(sitting_id)
    return sitting_id


async def saved(socket: LiveSocket, command: dict[str, object]) -> int:
    """Send and wait for the acknowledgement; the journal's version of it."""
    await socket.send(command)
    ack = await socket.until("ack", seq=command["seq"])
    assert ack["result"] == "saved"
    return int(ack["version"])


async def test_a_whole_exam_from_the_paper_list_to_the_score(server: Server) -> None:
    sitting_id = await server.five_items(kind="humanities")
    async with server.candidate() as candidate, server.staff("agency") as agency:
        row = next(p for p in (await candidate.get("/api/papers"))["papers"] if p["sitting_id"] == sitting_id)
        assert (row["status"], row["can_enter"], row["attempt_id"]) == ("ready", True, None)

        await candidate.enter(sitting_id)
        assert (await candidate.view())["phase"] == "entered"
        portrait = await candidate.portrait()
        assert (portrait["phase"], portrait["identity"]) == ("ready", "accepted")
        await refused(candidate.paper(), "not_running")

        socket = await candidate.socket()
        welcome = await socket.until("welcome")
        assert (welcome["view"]["phase"], welcome["view"]["device"], welcome["clock"]) == ("ready", "mine", None)
        await socket.send(START)
        started = await socket.until("started")
        assert started["clock"]["ticking"]
        assert 59 * 60_000 < started["clock"]["remaining_ms"] <= 60 * 60_000

        items = (await candidate.paper())["items"]
        assert [item["no"] for item in items] == [1, 2, 3, 4, 5]
        first, second = items[0]["options"][0]["id"], items[1]["options"][1]["id"]
        await saved(socket, candidate.answer(1, first))
        await saved(socket, candidate.answer(2, second))
        await saved(socket, candidate.mark(3))
        await saved(socket, candidate.clear(2))
        view = await candidate.view()
        assert view["answers"] == [{"no": 1, "choice": first}]
        assert view["marks"] == [3]
        assert view["last_seq"] == 4
        assert view["watermark"].endswith(view["person_name"] + " " + view["watermark"][-4:])

        await saved(socket, candidate.hand_in())
        told = await socket.until("submitted")
        assert (told["event"]["ending"], told["event"]["unanswered"]) == ("candidate", 4)
        await server.written(candidate.attempt_id, "marked")
        assert (await candidate.view())["phase"] == "submitted", "marked, but that is not for him to know"
        assert (await candidate.view())["score"] is None

        before = await agency.get(f"/api/desk/sittings/{sitting_id}/results")
        assert (before["releasable"], before["released"], before["ordered"]) == (1, 0, False)
        await agency.post(f"/api/desk/sittings/{sitting_id}/release", {"pass_points": 60})
        released = await socket.until("released")
        assert released["event"]["pass_points"] == 60
        score = (await candidate.view())["score"]
        assert score["points_max"] == 100
        assert score["passed"] == (score["points"] >= 60) == released["event"]["passed"]
        row = next(p for p in (await candidate.get("/api/papers"))["papers"] if p["sitting_id"] == sitting_id)
        assert (row["status"], row["can_enter"], row["points"]) == ("released", False, score["points"])
        await refused(candidate.enter(sitting_id), "already_submitted")


async def test_practice_is_released_at_once_and_may_be_repeated(server: Server) -> None:
    practice = server.sitting("practice")
    async with server.candidate() as candidate:
        await candidate.begin(practice)
        await candidate.commands(candidate.hand_in())
        await server.written(candidate.attempt_id, "released")
        assert (await candidate.view())["score"]["points"] == 0
        first = candidate.attempt_id
        candidate.seq = 0
        await candidate.begin(practice)
        assert candidate.attempt_id != first
        assert (await candidate.view())["phase"] == "running"
        await candidate.commands(candidate.hand_in())
        await server.written(candidate.attempt_id, "released")


async def test_entering_twice_is_one_attempt_even_when_clicked_together(server: Server) -> None:
    sitting_id = await server.five_items()
    async with server.candidate() as candidate:
        paths = [f"/api/sittings/{sitting_id}/enter"] * 4
        entered = await asyncio.gather(*(candidate.post(path) for path in paths))
        assert len({answer["attempt_id"] for answer in entered}) == 1


async def test_a_person_at_the_desk_accepts_or_refuses_a_portrait(server: Server) -> None:
    sitting_id = await server.five_items(ASK_A_PERSON)
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        await candidate.enter(sitting_id)
        assert (await candidate.portrait(10))["identity"] == "waiting"
        socket = await candidate.socket()
        assert (await socket.until("welcome"))["view"]["identity"] == "waiting"
        await socket.send(START)
        assert (await socket.until("rejected"))["code"] == "portrait_needed"

        reason = {"type": "refuse_identity", "reason": "光线太暗，请重拍"}
        outcome = await desk.act(sitting_id, reason, candidate.attempt_id)
        assert (outcome["sent"], outcome["refused"]) == (1, 0)
        await socket.until("identity_refused", reason="光线太暗，请重拍")
        view = await candidate.view()
        assert (view["phase"], view["identity"], view["identity_reason"]) == ("entered", "refused", "光线太暗，请重拍")

        assert (await candidate.portrait(20))["identity"] == "waiting"
        await desk.act(sitting_id, {"type": "accept_identity"}, candidate.attempt_id)
        await socket.until("identity_accepted")
        await socket.until("device_taken", device=candidate.device)
        await socket.send(START)
        await socket.until("started")
        outcome = await desk.act(sitting_id, {"type": "accept_identity"}, candidate.attempt_id)
        assert outcome["targets"][0]["refused"] == "no_portrait_waiting"


async def test_pause_extension_and_lock_reach_the_candidate(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("chief") as desk:
        sitting_id = await begun(server, candidate)
        mine = candidate.attempt_id
        socket = await candidate.socket()
        deadline = (await socket.until("welcome"))["view"]["deadline_at"]

        await desk.act(sitting_id, {"type": "pause", "reason": "消防演习"}, mine)
        assert not (await socket.until("paused", reason="消防演习"))["clock"]["ticking"]
        await socket.send(candidate.answer(1, "a"))
        assert (await socket.until("rejected"))["code"] == "paused"
        await desk.act(sitting_id, {"type": "resume"}, mine)
        resumed = await socket.until("resumed")
        assert resumed["clock"]["ticking"]
        assert resumed["event"]["deadline_at"] > deadline
        candidate.seq -= 1
        await saved(socket, candidate.answer(1, "a"))

        before = await candidate.view()
        await desk.act(sitting_id, {"type": "extend", "seconds": 600, "reason": "停电十分钟"}, mine)
        extended = await socket.until("extended", seconds=600)
        assert extended["clock"]["remaining_ms"] > before["clock"]["remaining_ms"] + 590_000

        await desk.act(sitting_id, {"type": "lock_identity", "reason": "请本人就座"}, mine)
        await socket.until("identity_locked", reason="请本人就座")
        await socket.send(candidate.answer(2, "a"))
        assert (await socket.until("rejected"))["code"] == "identity_locked"
        await desk.act(sitting_id, {"type": "unlock_identity"}, mine)
        await socket.until("identity_unlocked")
        candidate.seq -= 1
        await saved(socket, candidate.answer(2, "a"))
        await desk.act(sitting_id, {"type": "force_hand_in", "reason": "严重违纪，终止考试"}, mine)
        assert (await socket.until("submitted"))["event"]["ending"] == "invigilator"


async def test_a_warning_stays_open_until_the_candidate_says_he_has_read_it(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        sitting_id = await begun(server, candidate)
        board = await desk.watch(sitting_id)
        socket = await candidate.socket()
        await socket.until("welcome")
        warn = {"type": "warn", "text": "请勿切换屏幕"}
        act = await desk.act(sitting_id, warn, candidate.attempt_id)
        assert not act["targets"][0]["received"]
        notice = (await socket.until("warned", text="请勿切换屏幕"))["event"]["notice"]
        tile = await board.until_tile(candidate.attempt_id, notices_open=1)
        assert "notice_open" in tile["flags"]
        await socket.send({"type": "acknowledge", "notice": notice})
        await socket.until("ack")
        await board.until_tile(candidate.attempt_id, notices_open=0, last_notice_acknowledged=True)
        again = await desk.get(f"/api/desk/acts/{act['act_id']}")
        assert again["targets"][0]["received"]
        past = (await desk.get(f"/api/desk/sittings/{sitting_id}/acts"))["acts"]
        assert [(row["sent"], row["received"], row["command"]["text"]) for row in past] == [(1, 1, "请勿切换屏幕")]


async def test_the_same_request_of_the_desk_happens_once(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        sitting_id = await begun(server, candidate)
        extend = {"type": "extend", "seconds": 300, "reason": "网络中断"}
        answers = await asyncio.gather(
            *(desk.act(sitting_id, extend, candidate.attempt_id, request_id="double-click-1") for _ in range(3))
        )
        assert len({answer["act_id"] for answer in answers}) == 1
        kinds = [entry.kind for entry in await server.journal(candidate.attempt_id)]
        assert kinds.count("extended") == 1
        other = desk.act(sitting_id, {"type": "resume"}, candidate.attempt_id, request_id="double-click-1")
        await refused(other, "request_id_reused")


async def test_an_announcement_to_everybody_reaches_those_who_have_not_started_too(server: Server) -> None:
    sitting_id = await server.five_items()
    async with server.candidate() as early, server.candidate() as late, server.staff("chief") as desk:
        await early.begin(sitting_id)
        await late.enter(sitting_id)
        outcome = await desk.act(sitting_id, {"type": "warn", "text": "还有十分钟", "level": "message"})
        assert outcome["sent"] == 2
        for candidate in (early, late):
            assert [n["text"] for n in (await candidate.view())["notices"]] == ["还有十分钟"]


async def test_a_second_device_takes_over_and_the_first_is_told_and_no_longer_heard(server: Server) -> None:
    async with server.candidate() as first:
        await begun(server, first)
        socket = await first.socket()
        await socket.until("welcome")
        await saved(socket, first.answer(1, "a"))
        async with server.candidate("device-two", first.login) as second:
            second.attempt_id, second.seq = first.attempt_id, first.seq
            assert (await second.view())["device"] == "other"
            await refused(second.paper(), "superseded")
            await second.portrait(50)
            assert (await second.view())["answers"] == [{"no": 1, "choice": "a"}]
            await socket.until("device_taken", device="device-two")
            assert (await socket.until("bye"))["code"] == "superseded"

            before = await server.journal(first.attempt_id)
            late = await first.commands(first.answer(2, "b"))
            assert late["results"][0]["code"] == "superseded"
            await refused(first.paper(), "superseded")
            assert await server.journal(first.attempt_id) == before
            assert (await second.commands(second.answer(2, "c")))["results"][0]["result"] == "saved"


async def test_the_socket_of_a_superseded_device_is_ended_as_its_bye_says(server: Server) -> None:
    async with server.candidate() as first, server.candidate("device-two", first.login) as second:
        await begun(server, first)
        socket = await first.socket()
        await socket.until("welcome")
        second.attempt_id = first.attempt_id
        await second.portrait(51)
        await socket.until("bye", code="superseded")
        assert (await socket.receive())["type"] == "closed"


async def test_a_device_resumes_with_exactly_the_events_it_missed(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        sitting_id = await begun(server, candidate)
        socket = await candidate.socket()
        await socket.until("welcome")
        version = await saved(socket, candidate.answer(1, "a"))
        await socket.close()
        await candidate.commands(candidate.answer(2, "b"))
        await desk.act(sitting_id, {"type": "warn", "text": "请面向镜头"}, candidate.attempt_id)

        again = await candidate.socket(since=version)
        welcome = await again.until("welcome")
        assert welcome["view"] is None
        told = [frame for frame in again.seen if frame["type"] == "told"]
        assert [(t["version"], t["event"]["type"]) for t in told] == [
            (version + 1, "answered"),
            (version + 2, "warned"),
        ]
        assert (welcome["version"], welcome["last_seq"]) == (version + 2, 2)
        ahead = await candidate.socket(since=version + 1000)
        assert (await ahead.until("welcome"))["view"]["version"] == version + 2, "a number from nowhere: a snapshot"


async def test_batch_and_socket_are_one_path_with_one_numbering(server: Server) -> None:
    async with server.candidate() as candidate:
        await begun(server, candidate)
        socket = await candidate.socket()
        await socket.until("welcome")
        one, two, three = (candidate.answer(no, "a") for no in (1, 2, 3))
        await saved(socket, one)
        batch = await candidate.commands(one, two, three)
        assert [r["result"] for r in batch["results"]] == ["already", "saved", "saved"]
        assert batch["last_seq"] == 3
        for retry in (one, three):
            await socket.send(retry)
            assert (await socket.until("ack", seq=retry["seq"]))["result"] == "already"
        gap = {"type": "answer", "seq": 9, "no": 4, "choice": "a"}
        await socket.send(gap)
        rejected = await socket.until("rejected", seq=9)
        assert (rejected["code"], rejected["last_seq"], rejected["facts"]) == ("seq_gap", 3, {"expected": 4})
        over_http = (await candidate.commands(gap))["results"][0]
        assert (over_http["code"], over_http["facts"]) == ("seq_gap", {"expected": 4})
        reused = {"type": "answer", "seq": 3, "no": 3, "choice": "b"}
        await socket.send(reused)
        assert (await socket.until("rejected", seq=3))["code"] == "seq_reused"
        assert (await candidate.commands(reused))["results"][0]["code"] == "seq_reused"
        kinds = [entry.kind for entry in await server.journal(candidate.attempt_id)]
        assert kinds.count("answered") == 3


async def test_a_refused_command_in_a_batch_does_not_stop_those_after_it(server: Server) -> None:
    async with server.candidate() as candidate:
        await begun(server, candidate)
        batch = await candidate.commands(
            {"type": "answer", "seq": 1, "no": 99, "choice": "a"},
            {"type": "answer", "seq": 1, "no": 1, "choice": "z"},
            {"type": "answer", "seq": 1, "no": 1, "choice": "ab"},
            {"type": "answer", "seq": 1, "no": 1, "choice": "a"},
            {"type": "hand_in", "seq": 2},
            {"type": "hand_in", "seq": 2},
        )
        assert [(r["result"], r["code"]) for r in batch["results"]] == [
            ("refused", "no_such_item"),
            ("refused", "no_such_option"),
            ("refused", "one_option_only"),
            ("saved", ""),
            ("saved", ""),
            ("already", ""),
        ]


async def test_an_answer_after_the_bell_is_kept_and_told_but_does_not_count(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        sitting_id = await begun(server, candidate, Policy(minutes=10, grace_s=5))
        socket = await candidate.socket()
        await socket.until("welcome")
        await saved(socket, candidate.answer(1, "a"))
        board = await desk.watch(sitting_id)
        with server.later(minutes=10, seconds=2):
            await saved(socket, candidate.answer(2, "a"))  # within the grace
        with server.later(minutes=10, seconds=20):
            assert (await socket.until("submitted"))["event"]["ending"] == "time", "nobody had to ask"
            await socket.send(candidate.answer(3, "a"))
            assert (await socket.until("ack", seq=3))["result"] == "late"
            late = await candidate.commands(candidate.answer(4, "a"))
            assert late["results"][0]["result"] == "late"
            await socket.send(candidate.hand_in())
            assert (await socket.until("rejected"))["code"] == "already_submitted"
            view = await candidate.view()
            assert view["submitted"]["late_count"] == 2
            assert [a["no"] for a in view["answers"]] == [1, 2]
            assert view["submitted"]["at"] == view["deadline_at"]
            tile = await board.until_tile(candidate.attempt_id, late=2)
            assert "late_answers" in tile["flags"]
            await server.written(candidate.attempt_id, "marked")


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [(1, 2, "window_not_open"), (-2, -1, "window_closed")],
)
async def test_outside_its_window_nobody_enters(server: Server, opens: int, closes: int, code: str) -> None:
    sitting_id = await server.five_items(opens=timedelta(hours=opens), closes=timedelta(hours=closes))
    async with server.candidate() as candidate:
        await refused(candidate.enter(sitting_id), code)


async def test_who_entered_in_time_but_did_not_start_finds_the_window_closed(server: Server) -> None:
    sitting_id = await server.five_items(closes=timedelta(minutes=30))
    async with server.candidate() as candidate:
        await candidate.enter(sitting_id)
        await candidate.portrait()
        with server.later(minutes=40):
            assert (await candidate.commands(START))["results"][0]["code"] == "window_closed"


async def test_extra_time_is_the_persons_and_is_given_before_he_enters(server: Server) -> None:
    sitting_id = await server.five_items()
    async with server.candidate() as candidate, server.staff("province") as province:
        person_id = await server.person_id(candidate.login)
        body = {"person_id": person_id, "minutes": 30, "reason": "视力障碍，已核实"}
        await province.post(f"/api/desk/sittings/{sitting_id}/extra-time", body)
        row = next(p for p in (await candidate.get("/api/papers"))["papers"] if p["sitting_id"] == sitting_id)
        assert row["minutes"] == 90
        await candidate.begin(sitting_id)
        assert 89 * 60_000 < (await candidate.view())["clock"]["remaining_ms"] <= 90 * 60_000
        too_late = province.post(f"/api/desk/sittings/{sitting_id}/extra-time", body | {"minutes": 60})
        await refused(too_late, "not_entitled_or_entered")


async def test_after_an_annulment_there_is_a_new_attempt_with_another_paper(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("chief") as chief:
        sitting_id = await begun(server, candidate)
        old = candidate.attempt_id
        old_items = (await candidate.paper())["items"]
        socket = await candidate.socket()
        await socket.until("welcome")
        await chief.act(sitting_id, {"type": "annul", "reason": "设备故障"}, old)
        await socket.until("annulled")
        await socket.send(candidate.answer(1, "a"))
        assert (await socket.until("rejected"))["code"] == "annulled"
        candidate.seq = 0
        await candidate.begin(sitting_id)
        assert candidate.attempt_id != old
        stems = {item["stem"] for item in old_items}
        assert not stems & {item["stem"] for item in (await candidate.paper())["items"]}
        assert (await server.journal(old))[-1].kind == "annulled", "the old one is kept"


async def test_a_picture_taken_of_a_candidate_opens_at_the_desk(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        sitting_id = await server.five_items()
        await candidate.enter(sitting_id)
        name = (await candidate.portrait())["picture"]
        (path,) = await desk.picture_links(sitting_id, (candidate.attempt_id, name))
        async with desk.http.get(desk.base_url + path) as response:
            assert (response.status, response.content_type) == (200, "image/jpeg")
            assert (await response.read()).startswith(b"\xff\xd8\xff")


async def test_the_timeline_tells_everything_but_what_was_chosen(server: Server) -> None:
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        await begun(server, candidate)
        await candidate.commands(candidate.answer(1, "a"), candidate.hand_in())
        await server.written(candidate.attempt_id, "marked")
        timeline = await desk.get(f"/api/desk/attempts/{candidate.attempt_id}/timeline")
        assert [event["version"] for event in timeline["events"]] == list(range(1, len(timeline["events"]) + 1))
        assert timeline["id_number"].count("*") == 8
        for event in timeline["events"]:
            assert not {"choice", "points", "points_max"} & set(event["event"])


async def test_whoever_marks_two_sittings_sees_each_candidate_where_he_sits(server: Server) -> None:
    one, other = await server.five_items(), await server.five_items()
    async with server.candidate() as candidate, server.staff("invigilator") as desk:
        await candidate.enter(one)
        assert len((await desk.get(f"/api/desk/sittings/{one}/board"))["tiles"]) == 1
        assert (await desk.get(f"/api/desk/sittings/{other}/board"))["tiles"] == []
        await refused(desk.act(other, {"type": "resume"}, candidate.attempt_id), "no_such_attempt", 404)
        phases = {s["sitting_id"]: s["phases"] for s in (await desk.get("/api/desk/sittings"))["sittings"]}
        assert (phases[one], phases[other]) == ({"entered": 1}, {})
