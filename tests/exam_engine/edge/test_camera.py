"""A phone as the camera of a desktop: paired once by a code, good for this attempt's pictures and for nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from exam_engine.app import ENDPOINTS
from exam_engine.edge.camera import HEADER, TRIES_MAX
from exam_engine.edge.watching import CODE_S
from tests.candidate import HEADERS, Refusal, jpeg
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import (
    Eyes,
    Watched,
    door_open,
    evidence,
    refused,
    seeing,
    settled,
    sight,
    watched,
    watched_policy,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def eyes(server: Server) -> Iterator[Eyes]:
    with seeing(server) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(server: Server, eyes: Eyes) -> AsyncIterator[Watched]:
    assert server.house.vision is eyes
    async with watched(server) as person:
        yield person


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def patience(server: Server) -> None:
    """Nobody's tries at pairing count against the next test's."""
    await server.house.throttle.forget("pair:127.0.0.1")


class Phone:
    """A phone nobody is logged in on; `token` once it is paired."""

    def __init__(self, server: Server, token: str = "") -> None:
        self._base_url, self.token = server.base_url, token

    async def ask(self, method: str, path: str, *, json: Any = None, data: bytes | None = None) -> Any:
        """The answer as plain data; raises Refusal."""
        headers = HEADERS | {HEADER: self.token} | ({"Content-Type": "image/jpeg"} if data is not None else {})
        sent: dict[str, Any] = {"data": data} if data is not None else {"json": json}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, self._base_url + path, **sent) as response,
        ):
            answer = await response.json()
            if response.status != 200:
                raise Refusal(response.status, answer["code"], answer["facts"])
            return answer

    async def pair(self, code: str) -> Any:
        """Use a code; the token is kept."""
        paired = await self.ask("POST", "/api/camera/pair", json={"code": code})
        self.token = paired["token"]
        return paired

    async def capture(self, shade: int = 77) -> Any:
        """A picture during the exam."""
        return await self.ask("POST", "/api/camera/captures?why=interval", data=jpeg(shade))


async def code_for(person: Watched) -> Any:
    """A new code, as the exam page asks for it."""
    return await person.post(f"/api/attempts/{person.attempt_id}/camera?device={person.device}")


async def paired(server: Server, person: Watched) -> Phone:
    phone = Phone(server)
    await phone.pair((await code_for(person))["code"])
    return phone


async def running(server: Server, person: Watched) -> int:
    sitting_id = await server.five_items(door_open())
    await person.begin(sitting_id)
    return sitting_id


async def test_a_phone_paired_by_the_code_takes_the_pictures_of_the_attempt(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await running(server, one)
    made = await code_for(one)
    phone = Phone(server)
    before = await one.get(f"/api/attempts/{one.attempt_id}/camera?device={one.device}")
    told = await phone.pair(made["code"])
    view = await phone.ask("GET", "/api/camera")
    kept = await phone.capture()
    await settled(server)
    after = await one.get(f"/api/attempts/{one.attempt_id}/camera?device={one.device}")

    assert (before["paired"], after["paired"]) == (False, True)
    assert after["seen_at"] is not None
    assert (told["attempt_id"], view["attempt_id"]) == (one.attempt_id, one.attempt_id)
    assert (view["phase"], view["identity"], view["watching"]["captures"]) == ("running", "accepted", True)
    async with server.staff("invigilator") as desk:
        (capture,) = (await evidence(desk, one.attempt_id))["captures"]
    assert (capture["picture"], capture["kind"]) == (kept["picture"], "same")


async def test_the_code_is_in_the_address_that_the_square_shows_and_in_no_table(server: Server, one: Watched) -> None:
    await running(server, one)
    made = await code_for(one)
    address = urlsplit(made["url"])
    (kept,) = await server.house.pool.fetch(
        "SELECT code_hash, token_hash FROM proctor.cameras WHERE attempt_id = $1", one.attempt_id
    )

    assert f"{address.scheme}://{address.netloc}" == server.base_url
    assert (address.path, address.query) == ("/camera", "")  # no server on the way writes the code into its log
    assert parse_qs(address.fragment) == {"code": [made["code"]]}
    assert made["svg"].startswith("<svg")
    assert made["code"].encode() not in bytes(kept["code_hash"])
    assert kept["token_hash"] is None


async def test_a_code_works_once_even_for_two_at_the_same_moment(server: Server, one: Watched) -> None:
    await running(server, one)
    code = (await code_for(one))["code"]
    outcomes = await asyncio.gather(*(Phone(server).pair(code) for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 1
    assert {o.code for o in outcomes if isinstance(o, Refusal)} == {"code_used_or_old"}


async def test_a_code_grows_old(server: Server, one: Watched) -> None:
    await running(server, one)
    code = (await code_for(one))["code"]
    await server.house.pool.execute(
        "UPDATE proctor.cameras SET expires_at = expires_at - make_interval(secs => $1)", float(CODE_S)
    )
    with refused(409, "code_used_or_old"):
        await Phone(server).pair(code)


async def test_who_guesses_codes_is_stopped(server: Server, one: Watched) -> None:
    await running(server, one)
    code = (await code_for(one))["code"]
    for number in range(TRIES_MAX):
        with refused(409, "code_used_or_old"):
            await Phone(server).pair(f"guess-{number:06d}")
    with refused(429, "too_many_tries"):
        await Phone(server).pair(code)


async def test_another_phone_ends_the_one_before(server: Server, one: Watched) -> None:
    await running(server, one)
    first = await paired(server, one)
    second = await paired(server, one)
    for method, path in (("GET", "/api/camera"), ("POST", "/api/camera/checks")):
        with refused(401, "not_paired"):
            await first.ask(method, path)
    with refused(401, "not_paired"):
        await first.capture()
    assert (await second.ask("GET", "/api/camera"))["attempt_id"] == one.attempt_id


@pytest.mark.parametrize("token", ["", "short", "x" * 43, "x" * 5_000])
async def test_an_invented_token_is_no_camera(server: Server, token: str) -> None:
    with refused(401, "not_paired"):
        await Phone(server, token).ask("GET", "/api/camera")


async def test_the_token_opens_nothing_else(server: Server, one: Watched) -> None:
    await running(server, one)
    phone = await paired(server, one)
    for endpoint in ENDPOINTS:
        if not endpoint.roles:
            continue
        names = re.findall(r"{(\w+)}", endpoint.path)
        known = {"attempt_id": one.attempt_id, "picture": "a" * 64, "subject": "profile"}
        path = endpoint.path.format(**{name: known.get(name, 1) for name in names})
        for headers in (
            {HEADER: phone.token},
            {"Authorization": f"Bearer {phone.token}"},
            {"Cookie": f"exam_session={phone.token}"},
        ):
            async with (
                aiohttp.ClientSession(headers=HEADERS | headers) as http,
                http.request(endpoint.method, server.base_url + path) as response,
            ):
                assert response.status == 401, path


async def test_a_phone_makes_the_entry_check_for_the_device_it_belongs_to(
    server: Server, eyes: Eyes, one: Watched
) -> None:
    await one.enter(await server.five_items(watched_policy()))
    await one.consent()
    phone = await paired(server, one)
    with refused(409, "not_started"):
        await phone.capture()
    begun = await phone.ask("POST", "/api/camera/checks")
    for turn in (0.0, *({"left": 0.35, "right": -0.35}[step] for step in begun["steps"])):
        eyes.tell(one.attempt_id, sight(turn=turn))
        path = f"/api/camera/checks/{begun['check_id']}/frames"
        seen = await phone.ask("POST", path, data=jpeg(int(100 + 100 * turn)))

    assert seen["outcome"] == "accepted"
    await one.commands({"type": "start"})
    assert (await one.view())["device"] == "mine", "the page holds the attempt, not the phone"


async def test_a_phone_is_the_camera_of_one_attempt_and_ends_with_it(server: Server, one: Watched) -> None:
    await running(server, one)
    phone = await paired(server, one)
    before = one.attempt_id
    await one.commands(one.hand_in())
    assert (await phone.ask("GET", "/api/camera"))["phase"] in ("submitted", "marked", "released")
    with refused(401, "not_paired"):
        await phone.ask("GET", "/api/camera")
    with refused(401, "not_paired"):
        await phone.capture()
    await running(server, one)
    assert one.attempt_id != before
    state = await one.get(f"/api/attempts/{one.attempt_id}/camera?device={one.device}")
    assert not state["paired"]


async def test_when_the_exam_goes_on_at_another_device_the_phone_of_the_first_is_no_camera_any_more(
    server: Server, one: Watched
) -> None:
    await running(server, one)
    phone = await paired(server, one)
    async with watched(server, login=one.login, device="device-two") as tablet:
        tablet.attempt_id = one.attempt_id
        await tablet.portrait(3)
    with refused(409, "superseded"):
        await phone.capture()


async def test_a_code_is_made_only_for_ones_own_attempt_and_not_without_end(server: Server, one: Watched) -> None:
    await running(server, one)
    async with watched(server) as other:
        other.attempt_id = one.attempt_id
        with refused(404, "no_such_attempt"):
            await code_for(other)
    with refused(429, "too_many_tries"):
        for _ in range(40):
            await code_for(one)
