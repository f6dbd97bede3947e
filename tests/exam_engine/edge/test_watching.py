"""The physician, watched: consent, the entry check, captures and signals, and what follows from them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import permutations
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from exam_engine.capture_store import Taken, Upload
from exam_engine.capture_turns import CaptureTurns
from exam_engine.captures import ready_for_capture
from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.edge.proctor_shapes import SIGNALS_MAX as BATCH_MAX
from exam_engine.entry_checks import FRAMES_MAX
from exam_engine.messages import AGO_MS_MAX
from exam_engine.proctoring import SIGNALS_MAX, derive_again
from exam_engine.sitting import Policy
from proctor import store
from proctor.sampling import Sampler
from proctor.sight import Sight
from proctor.vision import VisionAway
from tests.candidate import Refusal, Staff, jpeg
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import (
    BESIDE,
    FACE,
    GOOD,
    NOW_MS,
    STRANGER,
    Eyes,
    Watched,
    door_open,
    evidence,
    incidents_of,
    notices_of,
    refused,
    seeing,
    settled,
    sight,
    thumb,
    watched,
    watched_policy,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EARLIER = {"minutes": 30}  # so long after its start an exam has room for everything a test lets happen in it


@pytest.fixture(scope="module")
def eyes(server: Server) -> Iterator[Eyes]:
    """What the module's server looks with."""
    with seeing(server) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(server: Server, eyes: Eyes) -> AsyncIterator[Watched]:
    """A physician with a reference photo, who sits one exam after the other."""
    assert server.house.vision is eyes
    async with watched(server) as person:
        yield person


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(server: Server) -> AsyncIterator[Staff]:
    """The invigilator."""
    async with server.staff("invigilator") as staff:
        yield staff


async def at_the_door(server: Server, person: Watched, policy: Policy | None = None) -> int:
    """He has entered a new sitting, where a model judges, and has agreed to it."""
    sitting_id = await server.five_items(policy or watched_policy())
    await person.enter(sitting_id)
    await person.consent()
    return sitting_id


async def sitting(server: Server, person: Watched, **proctoring: Any) -> int:
    """He has begun a new exam."""
    sitting_id = await server.five_items(door_open(**proctoring))
    await person.begin(sitting_id)
    return sitting_id


async def tile_of(desk: Staff, sitting_id: int, attempt_id: int) -> Any:
    tiles = (await desk.get(f"/api/desk/sittings/{sitting_id}/board"))["tiles"]
    return next(tile for tile in tiles if tile["attempt_id"] == attempt_id)


# --- consent -----------------------------------------------------------------------------------------------------


async def test_nothing_of_anybodys_face_is_taken_in_before_he_agreed_nor_after_he_took_it_back(server: Server) -> None:
    async with watched(server) as person:
        await person.enter(await server.five_items(watched_policy()))
        mine = f"/api/attempts/{person.attempt_id}"
        for _ in range(2):
            before = await server.house.pool.fetchval("SELECT count(*) FROM proctor.pictures")
            for path, body in (("portrait", jpeg()), ("checks", None), ("captures", jpeg()), ("camera", None)):
                with refused(409, "no_consent"):
                    await person.post(f"{mine}/{path}?device={person.device}", body)
            with refused(409, "no_consent"):
                await person.frame(1)
            assert await server.house.pool.fetchval("SELECT count(*) FROM proctor.pictures") == before
            await person.consent()
            await person.begin_check()
            assert (await person.consent(agreed=False))["consent"] == "refused"


async def test_consent_is_to_one_text_and_every_word_of_it_is_kept(server: Server) -> None:
    async with watched(server) as person:
        await person.enter(await server.five_items(watched_policy()))
        path = f"/api/attempts/{person.attempt_id}/consent"
        with refused(409, "consent_changed"):
            await person.post(path, {"agreed": True, "version": "2020-01"})
        states = [(await person.get(f"/api/attempts/{person.attempt_id}/watching"))["consent"]]
        states += [(await person.consent(agreed=agreed))["consent"] for agreed in (True, False, True)]
        rows = await server.house.pool.fetch(
            "SELECT agreed, version FROM proctor.consents WHERE person_id = $1 ORDER BY consent_id",
            await server.person_id(person.login),
        )

    assert states == ["", "agreed", "refused", "agreed"]
    assert [tuple(row) for row in rows] == [(agreed, CONSENT_VERSION) for agreed in (True, False, True)]


@pytest.mark.parametrize("why", ["no_consent", "no_camera"])
async def test_who_shows_no_face_is_let_in_by_a_person_who_knows_why(server: Server, why: str) -> None:
    async with watched(server) as person, server.staff("invigilator") as desk:
        sitting_id = await server.five_items(watched_policy())
        await person.enter(sitting_id)
        watching = await person.consent(agreed=why != "no_consent")
        asked = {"device": person.device, "why": why}
        view = await person.post(f"/api/attempts/{person.attempt_id}/ask-person", asked)
        again = await person.post(f"/api/attempts/{person.attempt_id}/ask-person", asked)
        tile = await tile_of(desk, sitting_id, person.attempt_id)
        await desk.act(sitting_id, {"type": "accept_identity"}, person.attempt_id)
        await person.commands({"type": "start"})

        assert watching["captures"] == (why != "no_consent")
        assert (view["identity"], again["version"]) == ("waiting", view["version"])
        assert (tile["why"], tile["identity"], tile["picture"], tile["flags"]) == (
            why, "waiting", "", ["identity_waiting"]
        )  # fmt: skip
        assert (await person.view())["phase"] == "running"
        assert (await tile_of(desk, sitting_id, person.attempt_id))["why"] == ""


# --- entry -------------------------------------------------------------------------------------------------------


async def test_who_turns_his_head_as_asked_and_is_the_person_is_let_in(
    server: Server, eyes: Eyes, one: Watched, desk: Staff
) -> None:
    await at_the_door(server, one)
    begun = await one.begin_check()
    seen = []
    for turn in (0.0, *({"left": 0.35, "right": -0.35}[step] for step in begun["steps"])):
        eyes.tell(one.attempt_id, sight(turn=turn))
        seen.append(await one.frame(begun["check_id"]))

    assert (begun["mode"], sorted(begun["steps"])) == ("turn", ["left", "right"])
    assert [(frame["step"], frame["outcome"]) for frame in seen] == [(0, "going"), (1, "going"), (2, "accepted")]
    assert seen[-1]["identity"] == "accepted"
    kinds = [entry.kind for entry in await server.journal(one.attempt_id)]
    assert kinds == ["entered", "portrait_taken", "identity_accepted", "device_taken"]
    (check,) = (await evidence(desk, one.attempt_id))["checks"]
    assert (check["verdict"], check["similarity"], len(check["pictures"])) == ("accept", 100, 3)
    await one.commands({"type": "start"})
    assert (await one.view())["phase"] == "running"


async def test_the_turns_come_in_a_random_order(server: Server, one: Watched) -> None:
    await at_the_door(server, one)
    orders = {tuple((await one.begin_check())["steps"]) for _ in range(40)}

    assert orders == {("left", "right"), ("right", "left")}  # 40 times the same: once in 10^12 runs


async def test_where_the_policy_asks_for_no_turn_looking_ahead_is_enough(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await at_the_door(server, one, watched_policy(turn=False))
    begun = await one.begin_check()

    assert begun["steps"] == []
    assert [(await one.frame(begun["check_id"]))["outcome"] for _ in range(3)] == ["going", "going", "accepted"]


def _quality(**changes: float) -> Any:
    return msgspec.structs.replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("shown", "hint"),
    [
        (sight(faces=()), "no_face"),
        (sight(faces=(FACE, BESIDE)), "several"),
        (sight(quality=_quality(face_px=40)), "nearer"),
        (sight(quality=_quality(luma=12)), "more_light"),
        (sight(quality=_quality(luma=240)), "too_bright"),
        (sight(quality=_quality(sharpness=0.5)), "hold_still"),
        (sight(turn=0.3), "look_ahead"),
        (VisionAway("unreadable"), "hold_still"),
        (VisionAway("superseded"), "hold_still"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_frame_that_will_not_do_says_what_to_change_and_costs_nothing(
    server: Server, eyes: Eyes, one: Watched, shown: Sight | VisionAway, hint: str
) -> None:
    await at_the_door(server, one)
    begun = await one.begin_check()
    eyes.tell(one.attempt_id, shown)

    seen = await one.frame(begun["check_id"])

    assert (seen["hint"], seen["outcome"], seen["step"]) == (hint, "going", -1)


async def test_another_face_may_try_again_until_a_person_is_asked(
    server: Server, eyes: Eyes, one: Watched, desk: Staff
) -> None:
    sitting_id = await at_the_door(server, one, watched_policy(tries_max=3))

    outcomes = [(seen["outcome"], seen["why"]) for seen in [await one.check(eyes, STRANGER) for _ in range(3)]]

    assert outcomes == [("retry", ""), ("retry", ""), ("waiting", "tries_over")]
    tile = await tile_of(desk, sitting_id, one.attempt_id)
    assert (tile["identity"], tile["why"]) == ("waiting", "tries_over")
    verdicts = [check["verdict"] for check in (await evidence(desk, one.attempt_id))["checks"]]
    assert verdicts == ["retry", "retry", "ask_a_person"]
    await one.commands({"type": "start"})
    assert (await one.view())["phase"] == "identity"


async def test_after_a_failed_try_the_right_person_is_let_in(server: Server, eyes: Eyes, one: Watched) -> None:
    await at_the_door(server, one)

    assert (await one.check(eyes, STRANGER))["outcome"] == "retry"
    assert (await one.view())["identity"] == "refused"
    assert (await one.check(eyes))["outcome"] == "accepted"


async def test_in_doubt_a_person_is_asked_at_once(server: Server, eyes: Eyes, one: Watched, desk: Staff) -> None:
    sitting_id = await at_the_door(server, one)

    seen = await one.check(eyes, apart=0.07)

    assert (seen["outcome"], seen["why"]) == ("waiting", "doubtful")
    assert (await tile_of(desk, sitting_id, one.attempt_id))["why"] == "doubtful"


WHY_AWAY = {"none": "no_model", "down": "model_down", "slow": "model_slow", "full": "model_slow"}


@pytest.mark.parametrize("reason", WHY_AWAY)
async def test_without_a_model_a_person_is_asked_and_the_desk_says_why(
    server: Server, eyes: Eyes, one: Watched, desk: Staff, reason: str
) -> None:
    sitting_id = await at_the_door(server, one)
    eyes.reason = reason
    begun = await one.begin_check()
    eyes.reason = ""
    eyes.tell(one.attempt_id, VisionAway(reason))

    seen = await one.frame(begun["check_id"])

    why = WHY_AWAY[reason]
    assert (begun["mode"], begun["why"], begun["steps"]) == ("person", why, [])
    assert (seen["outcome"], seen["why"], seen["identity"]) == ("waiting", why, "waiting")
    tile = await tile_of(desk, sitting_id, one.attempt_id)
    assert (tile["why"], tile["identity"]) == (why, "waiting")
    await desk.act(sitting_id, {"type": "accept_identity"}, one.attempt_id)
    assert (await one.view())["phase"] == "ready"


@pytest.mark.parametrize("reason", WHY_AWAY)
async def test_a_model_that_goes_away_in_the_middle_of_a_check_keeps_nobody_waiting(
    server: Server, eyes: Eyes, one: Watched, reason: str
) -> None:
    await at_the_door(server, one)
    begun = await one.begin_check()
    eyes.tell(one.attempt_id, sight(), VisionAway(reason))

    seen = [await one.frame(begun["check_id"]) for _ in range(2)]

    assert [(frame["outcome"], frame["why"]) for frame in seen] == [("going", ""), ("waiting", WHY_AWAY[reason])]


async def test_without_a_reference_photo_a_person_is_asked(server: Server, eyes: Eyes, desk: Staff) -> None:
    async with watched(server, photo=False) as person:
        sitting_id = await at_the_door(server, person)
        begun = await person.begin_check()
        seen = await person.frame(begun["check_id"])

        assert (begun["mode"], begun["why"]) == ("person", "no_photo")
        assert (seen["outcome"], seen["why"]) == ("waiting", "no_photo")
        assert (await tile_of(desk, sitting_id, person.attempt_id))["why"] == "no_photo"


STILL = thumb()


@pytest.mark.parametrize(
    ("turns", "still"),
    [((0.0,), STILL), ((0.0,), b""), ((0.0, 0.2, -0.2), b""), ((0.1, -0.1), b"")],
    ids=["the same frame for ever", "held still", "a flat photo tilted both ways", "a photo that trembles"],
)
async def test_a_photo_never_makes_the_turns(
    server: Server, eyes: Eyes, one: Watched, turns: tuple[float, ...], still: bytes
) -> None:
    await at_the_door(server, one, watched_policy(tries_max=1))
    begun = await one.begin_check()
    outcome, frames = "going", 0
    while outcome == "going":
        assert frames <= FRAMES_MAX
        eyes.tell(one.attempt_id, sight(turn=turns[frames % len(turns)], still=still))
        seen = await one.frame(begun["check_id"], shade=frames)
        outcome, frames = seen["outcome"], frames + 1

    assert (outcome, seen["why"], frames) == ("waiting", "tries_over", FRAMES_MAX)
    assert (await one.view())["phase"] == "identity"


async def test_somebody_who_takes_the_persons_place_after_the_look_ahead_is_not_counted(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await at_the_door(server, one)
    begun = await one.begin_check()
    eyes.tell(one.attempt_id, sight(), sight(STRANGER, turn=0.35), sight(STRANGER, turn=-0.35))

    seen = [await one.frame(begun["check_id"]) for _ in range(3)]

    assert [(frame["hint"], frame["step"]) for frame in seen] == [("", 0), ("other_face", 0), ("other_face", 0)]


async def test_a_check_is_for_one_attempt_and_one_device(server: Server, one: Watched) -> None:
    await at_the_door(server, one)
    mine = (await one.begin_check())["check_id"]
    async with watched(server) as other, watched(server, login=one.login, device="device-two") as tablet:
        await at_the_door(server, other)
        tablet.attempt_id = one.attempt_id
        theirs = (await other.begin_check())["check_id"]
        for person, check_id in ((one, theirs), (other, mine), (tablet, mine), (one, 2**40)):
            with refused(404, "no_such_check"):
                await person.frame(check_id)
        other.attempt_id = one.attempt_id
        with refused(404, "no_such_attempt"):
            await other.frame(mine)
    assert (await one.frame(mine))["outcome"] == "going"


async def test_a_check_ends_once(server: Server, eyes: Eyes, one: Watched) -> None:
    await at_the_door(server, one, watched_policy(turn=False, frames=1))
    begun = await one.begin_check()
    assert (await one.frame(begun["check_id"]))["outcome"] == "accepted"

    with refused(409, "check_over"):
        await one.frame(begun["check_id"])
    await one.commands({"type": "start"})
    await one.commands(one.hand_in())
    with refused(409, "already_submitted"):
        await one.frame(begun["check_id"])
    with refused(409, "already_submitted"):
        await one.begin_check()


async def test_frames_that_come_at_the_same_moment_are_all_taken_or_told_that_it_is_over(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await at_the_door(server, one, watched_policy(turn=False, frames=4))
    check_id = (await one.begin_check())["check_id"]

    seen = await asyncio.gather(*(one.frame(check_id) for _ in range(6)), return_exceptions=True)

    said = {each.code if isinstance(each, Refusal) else each["outcome"] for each in seen}  # type: ignore[index]
    assert said <= {"going", "accepted", "check_over"}
    assert (await one.view())["phase"] == "ready"
    numbers = await server.house.pool.fetch(store.FRAMES, check_id)
    assert [row["n"] for row in numbers] == list(range(1, len(numbers) + 1))


async def test_where_no_model_judges_there_is_no_check(server: Server, one: Watched) -> None:
    await at_the_door(server, one, Policy())
    with refused(409, "no_check_here"):
        await one.begin_check()


@pytest.mark.parametrize(("data", "status", "code"), [(b"GIF89a", 400, "not_a_jpeg"), (b"", 400, "not_a_jpeg")])
async def test_what_is_no_picture_is_refused(server: Server, one: Watched, data: bytes, status: int, code: str) -> None:
    await at_the_door(server, one)
    check_id = (await one.begin_check())["check_id"]
    with refused(status, code):
        await one.post(f"/api/attempts/{one.attempt_id}/checks/{check_id}/frames?device={one.device}", data)


async def test_another_device_takes_over_by_a_check_of_its_own(server: Server, eyes: Eyes, one: Watched) -> None:
    await at_the_door(server, one)
    await one.check(eyes)
    await one.commands({"type": "start"})
    async with watched(server, login=one.login, device="device-two") as tablet:
        tablet.attempt_id = one.attempt_id
        assert (await tablet.check(eyes, STRANGER))["outcome"] == "retry"
        assert (await one.view())["device"] == "mine"
        assert (await tablet.check(eyes))["outcome"] == "accepted"
        assert (await tablet.view())["device"] == "mine"
    assert (await one.commands(one.answer(1, "a")))["results"][0]["code"] == "superseded"


# --- captures ----------------------------------------------------------------------------------------------------


async def test_captures_are_of_the_exam_and_of_the_device_that_holds_it(server: Server, one: Watched) -> None:
    sitting_id = await server.five_items(door_open())
    await one.enter(sitting_id)
    await one.portrait()
    with refused(409, "not_started"):
        await one.capture()
    await one.commands({"type": "start"})
    async with watched(server, login=one.login, device="device-two") as tablet:
        tablet.attempt_id = one.attempt_id
        with refused(409, "superseded"):
            await tablet.capture()
    taken = await one.capture(why="start")
    with refused(429, "too_many_captures"):
        await one.capture()
    watching = await one.get(f"/api/attempts/{one.attempt_id}/watching")

    policy = door_open().proctoring
    assert policy.every_min_s <= taken["next_in_s"] <= policy.every_max_s
    assert watching["captures"]
    await settled(server)


async def test_a_picture_that_waited_for_the_network_may_come_after_the_end_but_none_taken_after_it(
    server: Server, one: Watched
) -> None:
    await sitting(server, one)
    with server.later(**EARLIER):
        await one.commands(one.hand_in())
    with server.later(minutes=40):
        await one.capture(why="interval", ago_ms=11 * 60_000)
        with refused(409, "already_submitted"):
            await one.capture(why="hand_in", ago_ms=60_000)
    await settled(server)
    (capture,) = (await one.log())["captures"]
    assert capture["why"] == "interval"


@pytest.mark.parametrize(
    ("query", "data", "code"),
    [
        ("why=because", jpeg(), "wrong_shape"),
        ("why=asked&ago_ms=-1", jpeg(), "wrong_shape"),
        ("why=asked&ago_ms=now", jpeg(), "wrong_shape"),
        (f"why=asked&ago_ms={AGO_MS_MAX + 1}", jpeg(), "wrong_shape"),
        ("why=asked", b"\x89PNG", "not_a_jpeg"),
        ("why=asked", jpeg()[:300], "picture_broken"),
    ],
)
async def test_a_capture_that_is_none_is_refused_and_nothing_is_kept(
    server: Server, one: Watched, query: str, data: bytes, code: str
) -> None:
    await sitting(server, one)
    with refused(400, code):
        await one.post(f"/api/attempts/{one.attempt_id}/captures?device={one.device}&{query}", data)
    assert (await one.log())["captures"] == []


@pytest.mark.parametrize("reason", ["none", "down", "slow", "full", "superseded"])
async def test_a_picture_nobody_could_look_at_is_kept_says_why_and_accuses_nobody(
    server: Server, eyes: Eyes, one: Watched, desk: Staff, reason: str
) -> None:
    await sitting(server, one)
    with server.later(**EARLIER):
        for minutes in (6, 4, 2, 0):
            eyes.tell(one.attempt_id, VisionAway(reason))
            await one.capture(ago_ms=minutes * 60_000)
    await settled(server)

    captures = (await evidence(desk, one.attempt_id))["captures"]
    assert [(row["state"], row["reason"], row["kind"]) for row in captures] == [("not_seen", reason, "unjudged")] * 4
    assert await incidents_of(server, one.attempt_id) == []


async def test_what_is_no_picture_inside_is_kept_and_said_and_only_several_in_a_row_are_told(
    server: Server, eyes: Eyes, one: Watched, desk: Staff
) -> None:
    await sitting(server, one)
    broken = VisionAway("unreadable")
    await captured(server, eyes, one, HIM(), broken, HIM())
    assert await incidents_of(server, one.attempt_id) == []
    await captured(server, eyes, one, broken, broken, broken)

    captures = (await evidence(desk, one.attempt_id))["captures"]
    assert sorted(row["kind"] for row in captures) == ["same"] * 2 + ["unreadable"] * 4
    assert {row["state"] for row in captures} == {"seen"}
    assert await incidents_of(server, one.attempt_id) == [("poor_picture", 1, 1)]


async def test_what_the_model_has_no_time_for_is_kept_and_said_and_those_with_a_reason_are_looked_at(
    server: Server, eyes: Eyes, one: Watched, desk: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sitting(server, one)
    monkeypatch.setattr(server.house, "sampler", Sampler(0.001))
    with server.later(**EARLIER):
        for ago_s in (900, 700, 500):
            await one.capture(ago_ms=ago_s * 1000)
        await one.capture(ago_ms=300_000, why="back")
        await settled(server)
        eyes.tell(one.attempt_id, NOBODY())
        await one.capture(ago_ms=200_000, why="asked")
        await settled(server)
        await one.capture(ago_ms=100_000)
        await settled(server)

    captures = (await evidence(desk, one.attempt_id))["captures"]
    out = ("not_seen", "sampled_out", "unjudged")
    assert [(row["state"], row["reason"], row["kind"]) for row in captures[:4]] == [
        ("seen", "", "same"), out, out, ("seen", "", "same"),
    ]  # fmt: skip
    assert [row["state"] for row in captures[4:]] == ["seen", "seen"], "a doubt is followed at once"
    assert server.house.sampler.share(asyncio.get_running_loop().time()) == pytest.approx(4 / 6)


async def test_a_capture_is_shown_without_what_was_hidden_in_it(
    server: Server, eyes: Eyes, one: Watched, desk: Staff
) -> None:
    assert eyes is server.house.vision
    await sitting(server, one)
    sent = jpeg(77)
    secret = b"\xff\xfe\x00\x12a hidden message"
    path = f"/api/attempts/{one.attempt_id}/captures?device={one.device}&why=asked"
    name = (await one.post(path, sent[:2] + secret + sent[2:]))["picture"]
    await settled(server)
    sitting_id = (await evidence(desk, one.attempt_id))["sitting_id"]
    asked = {"pictures": [{"attempt_id": one.attempt_id, "picture": name}]}
    (link,) = (await desk.post(f"/api/desk/sittings/{sitting_id}/picture-links", asked))["links"]
    shown = await desk.get_bytes(link["url"])
    kept = await server.house.pictures.get_as_kept(await server.person_id(one.login), name)

    assert kept is not None
    assert b"a hidden message" in kept
    assert shown.startswith(b"\xff\xd8\xff")
    assert b"a hidden message" not in shown


async def test_uploads_of_the_same_moment_by_two_processes_are_one(server: Server, eyes: Eyes, one: Watched) -> None:
    await sitting(server, one)
    house = server.house
    other = CaptureTurns(house.pool, house.clock.now, lambda: house.pictures)
    at = house.clock.now()
    uploads = [Upload(one.attempt_id, f"{number:064x}", "interval", at, "down") for number in (1, 1, 2)]
    taken = await asyncio.gather(
        *(turns.take(upload) for upload in uploads for turns in (house.captures, other)), return_exceptions=True
    )

    assert sum(each.capture_id is not None for each in taken if isinstance(each, Taken)) == 1
    assert all(isinstance(each, Taken) for each in taken)
    assert (
        await house.pool.fetchval("SELECT count FROM proctor.capture_turns WHERE attempt_id = $1", one.attempt_id) == 1
    )
    again = await other.take(Upload(one.attempt_id, uploads[0].name, "interval", at, "down"))
    assert (again.capture_id, again.known) == (None, (await store_names(server, one.attempt_id)) == [uploads[0].name])


async def store_names(server: Server, attempt_id: int) -> list[str]:
    """The names of an attempt's captures."""
    return [row["name"] for row in await server.house.pool.fetch(store.CAPTURES, attempt_id)]


async def test_an_attempt_that_another_process_holds_is_as_it_is_there(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    """What is kept of an attempt without holding it is asked anew when its journal says something that matters."""
    await sitting(server, one)
    person_id = await server.person_id(one.login)
    with server.later(**EARLIER):
        before = await ready_for_capture(server.house, one.attempt_id, person_id)
        await one.commands(one.answer(1, "a"))
        quiet = await ready_for_capture(server.house, one.attempt_id, person_id)
        await one.commands(one.hand_in())
        ended = await ready_for_capture(server.house, one.attempt_id, person_id)

    assert (before.running, quiet.running, ended.running) == (True, True, False)
    assert ended.ended_at is not None
    assert eyes is server.house.vision


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (sight(), "same"),
        (sight(0.04), "same"),
        (sight(STRANGER), "other"),
        (sight(faces=()), "no_face"),
        (sight(faces=(FACE, BESIDE)), "several"),
        (sight(faces=(), luma=3), "covered"),
        (sight(faces=(), spread=2), "covered"),
        (sight(quality=_quality(sharpness=0.5)), "poor"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_a_capture_shows_is_one_word_and_no_single_one_accuses(
    server: Server, eyes: Eyes, one: Watched, desk: Staff, shown: Sight, kind: str
) -> None:
    sitting_id = await sitting(server, one)
    eyes.tell(one.attempt_id, shown)
    await one.capture()
    await settled(server)

    (row,) = (await evidence(desk, one.attempt_id))["captures"]
    assert (row["state"], row["kind"]) == ("seen", kind)
    tile = await tile_of(desk, sitting_id, one.attempt_id)
    assert (tile["face"], tile["capture"]) == (kind, row["picture"])
    assert await incidents_of(server, one.attempt_id) == []
    assert (one.attempt_id, False) in eyes.looked, "behind those who wait to be let in"


async def captured(server: Server, eyes: Eyes, person: Watched, *shown: Sight | VisionAway | None) -> None:
    """Two minutes apart, captures that show this (None: one that never arrives)."""
    with server.later(minutes=2 * len(shown) + 1):
        for left, each in reversed(list(enumerate(reversed(shown)))):
            if each is not None:
                eyes.tell(person.attempt_id, each)
                await person.capture(ago_ms=left * 120_000)
                await settled(server)


HIM, OTHER = sight, partial(sight, STRANGER)
NOBODY, TWO = partial(sight, faces=()), partial(sight, faces=(FACE, BESIDE))
AWAY = VisionAway("down")


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ([HIM] * 6, []),
        ([HIM, OTHER, HIM, OTHER, HIM], []),
        ([HIM, NOBODY, HIM, NOBODY, HIM], []),
        ([HIM, TWO, HIM, HIM, TWO, HIM], []),
        ([OTHER, OTHER], [("other_person", 1, 2)]),
        ([NOBODY, NOBODY, HIM, NOBODY, NOBODY], [("no_face", 1, 1), ("no_face", 2, 2)]),
        ([TWO, HIM, TWO], [("several_faces", 1, 2)]),
        ([OTHER, AWAY, OTHER], [("other_person", 1, 2)]),
        ([HIM, None, AWAY, None, HIM, AWAY, None], []),
    ],
    ids=[
        "the right person", "one doubtful capture at a time", "away for one capture", "somebody passes by twice",
        "somebody else twice", "nobody twice, twice", "two people, two of three", "a dead worker hides nothing",
        "lost frames and a dead worker",
    ],
)  # fmt: skip
async def test_captures_in_a_row_become_incidents_and_nothing_else_does(
    server: Server, eyes: Eyes, one: Watched, shown: list[Any], found: list[tuple[str, int, int]]
) -> None:
    await sitting(server, one)
    await captured(server, eyes, one, *(each() if callable(each) else each for each in shown))

    assert await incidents_of(server, one.attempt_id) == found
    assert await notices_of(server, one.attempt_id) == [f"{r}:{n}:{level}" for r, n, level in found if level >= 2]
    assert not (await one.view())["identity_locked"]


async def test_somebody_else_window_after_window_is_told_and_locked_until_a_person_looked(
    server: Server, eyes: Eyes, one: Watched, desk: Staff
) -> None:
    sitting_id = await sitting(server, one, lock_after=3)
    await captured(server, eyes, one, HIM(), OTHER(), OTHER(), OTHER())

    view = await one.view()
    assert (view["identity_locked"], view["lock_reason"]) == (True, "与本人照片不一致")
    assert await notices_of(server, one.attempt_id) == ["other_person:1:2", "other_person:2:3"]
    kinds = [entry.kind for entry in await server.journal(one.attempt_id)][-4:]
    assert kinds == ["warned", "warned", "identity_locked", "held"], "he reads why before his page changes"
    tile = await tile_of(desk, sitting_id, one.attempt_id)
    assert (tile["locked"], tile["worst"], tile["case_open"], tile["face"]) == (True, 3, True, "other")
    answer = one.answer(1, "a")
    assert (await one.commands(answer))["results"][0]["code"] == "identity_locked"
    await desk.act(sitting_id, {"type": "unlock_identity"}, one.attempt_id)
    assert (await one.commands(answer))["results"][0]["result"] == "saved"
    await derive_again(server.house)
    assert not (await one.view())["identity_locked"], "what a person undid no rule does again"


async def test_where_the_policy_says_so_nobody_is_ever_locked(server: Server, eyes: Eyes, one: Watched) -> None:
    await sitting(server, one, lock_after=0)
    await captured(server, eyes, one, *(OTHER() for _ in range(7)))

    assert not (await one.view())["identity_locked"]
    assert [rule for rule, _, level in await incidents_of(server, one.attempt_id) if level == 3] == ["other_person"] * 2


async def test_a_feed_that_stands_still_is_seen_as_such(server: Server, eyes: Eyes, one: Watched) -> None:
    await sitting(server, one)
    await captured(server, eyes, one, *(sight(still=STILL) for _ in range(3)))

    assert await incidents_of(server, one.attempt_id) == [("frozen_picture", 1, 2)]


async def test_the_same_picture_sent_again_because_no_answer_came_is_one_capture(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await sitting(server, one)
    with server.later(**EARLIER):
        for shade in range(4):
            eyes.tell(one.attempt_id, sight())
            for late_ms in (0, 700, 4_000):  # a phone in a tunnel: every try takes its time to get here
                await one.capture(ago_ms=(4 - shade) * 120_000 - late_ms, shade=100 + 20 * shade)
                await settled(server)

    assert [row["kind"] for row in (await one.log())["captures"]] == ["same"] * 4
    assert await incidents_of(server, one.attempt_id) == []


async def test_a_slow_queue_keeps_nobody_waiting_and_is_shown(
    server: Server, eyes: Eyes, one: Watched, desk: Staff
) -> None:
    await sitting(server, one)
    eyes.open.clear()
    name = (await one.capture())["picture"]
    waiting = (await evidence(desk, one.attempt_id))["captures"]
    assert (await one.commands(one.answer(1, "a")))["results"][0]["result"] == "saved"
    eyes.open.set()
    await settled(server)
    seen = (await evidence(desk, one.attempt_id))["captures"]

    assert [(row["picture"], row["state"]) for row in (*waiting, *seen)] == [(name, "waiting"), (name, "seen")]


# --- signals -----------------------------------------------------------------------------------------------------


def _leaves(person: Watched, count: int, for_s: float = 10) -> list[dict[str, Any]]:
    """So often away for so long, a minute apart, ending now."""
    return [person.signal("page_hidden", ago_s=60 * (count - index) + for_s, for_s=for_s) for index in range(count)]


def _levels(count: int, warn: int, most: int) -> list[tuple[str, int, int]]:
    return [("left_page", n, 3 if n > most else 2 if n >= warn else 1) for n in range(1, count + 1)]


@pytest.mark.parametrize("seconds", [4.9, 5.0])
async def test_a_glance_away_is_nothing(server: Server, one: Watched, seconds: float) -> None:
    await sitting(server, one)
    with server.later(**EARLIER):
        taken = await one.signals(*_leaves(one, 6, seconds))

    assert (taken["incidents"], taken["leaves"]) == ([], 0)


async def test_leaving_is_noted_then_warned_of_then_the_exam_is_handed_in_and_a_case_opened(
    server: Server, one: Watched, desk: Staff
) -> None:
    sitting_id = await sitting(server, one, leaves_warn=2, leaves_max=3)
    counts = []
    with server.later(**EARLIER):
        for leave in _leaves(one, 4):
            taken = await one.signals(leave)
            counts.append((taken["leaves"], [incident["level"] for incident in taken["incidents"]]))

    assert counts == [(1, [1]), (2, [2]), (3, [2]), (4, [3])]
    assert await notices_of(server, one.attempt_id) == [f"left_page:{n}:{2 if n < 4 else 3}" for n in (2, 3, 4)]
    submitted = await server.written(one.attempt_id, "submitted")
    assert (submitted["ending"], submitted["reason"], submitted["by"]) == ("rule", "离开考试页面", 0)
    (case_id,) = (await evidence(desk, one.attempt_id))["cases"]
    case = await desk.get(f"/api/desk/cases/{case_id}")
    assert (case["case"]["allegation"], case["case"]["holds"], case["case"]["opened_by"]) == ("leaving", True, "")
    assert [(row["rule"], row["ordinal"]) for row in case["incidents"]] == [("left_page", 4)]
    await server.written(one.attempt_id, "marked")
    row = await server.house.pool.fetchrow(
        "SELECT held, phase FROM exam.attempts WHERE attempt_id = $1", one.attempt_id
    )
    assert row is not None
    assert tuple(row) == (True, "marked"), "the score waits although it would be released at once"
    assert (await tile_of(desk, sitting_id, one.attempt_id))["ending"] == "rule"


async def test_where_the_policy_does_not_hand_in_leaving_too_often_is_a_case_and_no_more(
    server: Server, one: Watched, desk: Staff
) -> None:
    await sitting(server, one, leaves_warn=1, leaves_max=2, leaves_force=False)
    with server.later(**EARLIER):
        await one.signals(*_leaves(one, 5))
        assert (await one.view())["phase"] == "running"

    (case_id,) = (await evidence(desk, one.attempt_id))["cases"]
    case = await desk.get(f"/api/desk/cases/{case_id}")
    assert sorted(row["ordinal"] for row in case["incidents"]) == [3, 4, 5], "one case, all of it as evidence"


FACTS = ("page_hidden", "page_hidden", "page_hidden", "paste")


async def _sent(server: Server, person: Watched, batches: list[list[int]]) -> tuple[Any, Any]:
    """The same four facts, in these batches, each sent twice; what came of them."""
    await sitting(server, person, leaves_warn=2, leaves_max=5)
    with server.later(**EARLIER):
        facts = [
            person.signal(kind, ago_s=60 * (4 - n), for_s=0 if kind == "paste" else 20) for n, kind in enumerate(FACTS)
        ]
        for batch in batches:
            for _ in range(2):
                await person.signals(*(facts[index] for index in batch))
    return await incidents_of(server, person.attempt_id), sorted(await notices_of(server, person.attempt_id))


async def test_order_batches_and_retries_change_neither_the_incidents_nor_how_often_they_are_told(
    server: Server, one: Watched
) -> None:
    ways = [[[0, 1, 2, 3]], [[0], [1], [2], [3]], [[3, 2], [1, 0]], [[1], [0, 2, 3]]]
    ways += [[[index] for index in order] for order in list(permutations(range(4)))[5:24:6]]

    outcomes = [await _sent(server, one, batches) for batches in ways]

    expected = [("left_page", 1, 1), ("left_page", 2, 2), ("left_page", 3, 2), ("paste", 1, 1)]
    assert outcomes == [(expected, ["left_page:2:2", "left_page:3:2"])] * len(ways)


async def test_the_same_batch_from_several_sides_at_once_is_told_once(server: Server, one: Watched) -> None:
    await sitting(server, one, leaves_warn=1, leaves_max=2)
    with server.later(**EARLIER):
        leaves = _leaves(one, 3)
        await asyncio.gather(*(one.signals(*leaves) for _ in range(6)))

    assert await incidents_of(server, one.attempt_id) == _levels(3, 1, 2)
    assert await notices_of(server, one.attempt_id) == ["left_page:1:2", "left_page:2:2", "left_page:3:3"]
    kinds = [entry.kind for entry in await server.journal(one.attempt_id)]
    assert (kinds.count("submitted"), kinds.count("held")) == (1, 1)


async def test_something_that_lasts_is_one_incident_that_grows(server: Server, one: Watched) -> None:
    await sitting(server, one)
    with server.later(**EARLIER):
        begun = one.signal("page_hidden", ago_s=60, for_s=6)
        first = await one.signals(begun)
        later = [one.signal("page_hidden", ago_s=60, for_s=for_s, episode=begun["n"]) for for_s in (30, 60)]
        second = await one.signals(*later)
        third = await one.signals(later[0])

    assert [(i["ordinal"], i["for_ms"]) for i in first["incidents"]] == [(1, 6_000)]
    assert [(i["ordinal"], i["for_ms"]) for i in second["incidents"]] == [(1, 60_000)]
    assert (third["incidents"], third["leaves"]) == ([], 1)


@pytest.mark.parametrize(
    ("at_ms", "for_ms", "begins", "lasts_ms"),
    [
        (NOW_MS - 120_000, 60_000, 120, 60_000),
        (NOW_MS + 3_600_000, 60_000, 0, 1_000),  # the device's clock runs ahead: nothing begins in the future
        (0, 60_000, 1_800, 60_000),  # … or is far behind: nothing begins before the exam
        (NOW_MS - 10_000, 86_400_000, 10, 11_000),  # nothing lasts longer than it can have, with a second's patience
    ],
)
async def test_a_devices_clock_counts_only_for_how_long_ago_and_only_within_the_exam(
    server: Server, one: Watched, desk: Staff, at_ms: int, for_ms: int, begins: float, lasts_ms: int
) -> None:
    await sitting(server, one)
    with server.later(**EARLIER):
        now = server.house.clock.now()
        await one.signals({"n": 1, "kind": "focus_lost", "at_ms": at_ms, "for_ms": for_ms})

    (signal,) = await store.signals(server.house.pool, one.attempt_id)
    assert abs((now - signal.at).total_seconds() - begins) < 20
    assert abs(signal.for_ms - lasts_ms) < 20_000
    (row,) = (await evidence(desk, one.attempt_id))["signals"]
    assert (row["kind"], row["device"]) == ("focus_lost", one.device)


@pytest.mark.parametrize("kind", ["teleported", "device_changed"])
async def test_a_fact_a_device_can_not_know_is_refused_and_nothing_of_its_batch_is_kept(
    server: Server, one: Watched, kind: str
) -> None:
    await sitting(server, one)
    with refused(400, "no_such_signal"):
        await one.signals(one.signal("copy"), one.signal(kind))
    assert await store.signals(server.house.pool, one.attempt_id) == []


@pytest.mark.parametrize("count", [0, BATCH_MAX + 1])
async def test_a_batch_has_its_limits(server: Server, one: Watched, count: int) -> None:
    await sitting(server, one)
    with refused(400, "wrong_shape"):
        await one.signals(*(one.signal("copy") for _ in range(count)))


async def test_nothing_is_noticed_before_the_exam(server: Server, one: Watched) -> None:
    await one.enter(await server.five_items(door_open()))
    with refused(409, "not_started"):
        await one.signals(one.signal("copy"))


async def test_a_device_that_signals_without_end_fills_no_database(server: Server, one: Watched) -> None:
    await sitting(server, one)
    for start in range(0, SIGNALS_MAX + BATCH_MAX, BATCH_MAX):
        await server.house.pool.execute(
            """INSERT INTO proctor.signals (attempt_id, device, n, kind, at, for_ms, episode)
               SELECT $1, 'device-one', n, 'page_reloaded', now(), 0, 0 FROM generate_series($2::int, $3::int) n""",
            one.attempt_id, start + 1, min(start + BATCH_MAX, SIGNALS_MAX - 1),
        )  # fmt: skip
    one.noticed = SIGNALS_MAX - 1

    taken = await one.signals(*(one.signal("copy", ago_s=0) for _ in range(BATCH_MAX)))

    count = await server.house.pool.fetchval(store.SIGNAL_COUNT, one.attempt_id)
    assert (taken["n"], count) == (SIGNALS_MAX - 1 + BATCH_MAX, SIGNALS_MAX)


async def test_who_has_handed_in_may_leave_the_page(server: Server, one: Watched) -> None:
    await sitting(server, one, leaves_warn=1, leaves_max=1)
    with server.later(**EARLIER):
        await one.commands(one.hand_in())
    with server.later(minutes=40):
        during = one.signal("page_hidden", ago_s=10 * 60 + 30, for_s=900)  # half a minute of it before the hand-in
        after = [one.signal("page_hidden", ago_s=60 * n, for_s=30) for n in (9, 7, 5)]
        await one.signals(during, *after, one.signal("copy", ago_s=60))

    assert await incidents_of(server, one.attempt_id) == [("left_page", 1, 2)]
    (signal,) = await store.signals(server.house.pool, one.attempt_id)
    assert signal.for_ms <= 31_000


async def test_the_physician_reads_what_was_recorded_of_him_and_what_he_was_told(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await sitting(server, one, leaves_warn=1)
    with server.later(**EARLIER):
        await one.signals(*_leaves(one, 1))
        await one.capture()
    await settled(server)
    log = await one.log()

    (incident,) = log["incidents"]
    (notice,) = log["notices"]
    assert (incident["rule"], incident["level"], incident["text"]) == ("left_page", 2, notice["text"])
    assert "离开考试页面" in incident["text"]
    assert (notice["level"], notice["acknowledged"]) == ("warning", False)
    assert [(row["why"], row["kind"]) for row in log["captures"]] == [("interval", "same")]
    assert log["cases"] == []
    assert not {"similarity", "distance", "picture"} & {name for row in log["captures"] for name in row}
