"""Watching with the real face models: a living face, a photograph of it, nothing, and somebody else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from exam_engine.sitting import IdentityCheck, Policy
from proctor import store
from proctor.policy import Proctoring
from tests.candidate import Candidate
from tests.exam_engine.edge.server import WAIT_S, Server, forget, running, settings_in
from tests.journey.face import AROUND_THE_FACE, SIZE, as_jpeg, living, noisy, photograph, portrait

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOK_ONLY = Policy(
    identity=IdentityCheck.MODEL,
    identity_again=IdentityCheck.MODEL,
    proctoring=Proctoring(turn=False, span_s=0.2, frames=3, wait_s=60.0),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    await forget(redis_url)
    async with running(database_url, redis_url, settings_in(tmp_path_factory.mktemp("data"), vision=1)) as started:
        yield started


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """Pictures of a living face, one as good as another, no two the same."""
    return [frame for number, frame in enumerate(living(photograph())) if number % 4 == 0]


async def enrolled(server: Server, candidate: Candidate, vector: bytes | None = None) -> None:
    """A reference photo of the astronaut; with `vector`, the photo's face is somebody else's."""
    person_id = await server.person_id(candidate.login)
    kept = await server.house.pictures.put(person_id, portrait())
    sight = await server.house.vision.see(kept.jpeg, key=0, urgent=True, wait_s=60.0)
    await server.house.pool.fetchval(
        store.ADD_PHOTO, person_id, kept.name, vector or sight.vector, sight.model, "import", "approved", [], 0
    )


async def checked(candidate: Candidate, shown: list[bytes]) -> dict[str, Any]:
    """An entry check with these frames, until it has an outcome."""
    begun = await candidate.post(f"/api/attempts/{candidate.attempt_id}/checks?device={candidate.device}")
    path = f"/api/attempts/{candidate.attempt_id}/checks/{begun['check_id']}/frames?device={candidate.device}"
    answer: dict[str, Any] = {}
    for frame in shown:
        answer = await candidate.post(path, frame)
        if answer["outcome"] != "going":
            return answer
        await asyncio.sleep(0.1)  # as a browser does: the check wants to see some time pass
    return answer


async def seen(server: Server, attempt_id: int, count: int) -> list[str]:
    """What the captures showed, once so many have been looked at."""
    async with asyncio.timeout(WAIT_S):
        while True:
            rows = await server.house.pool.fetch(store.CAPTURES, attempt_id)
            kinds = [row["kind"] for row in rows if row["state"] == "seen"]
            if len(kinds) >= count:
                return kinds
            await asyncio.sleep(0.05)


async def test_the_right_face_is_let_in_and_followed_through_the_exam(server: Server, frames: list[bytes]) -> None:
    sitting_id = await server.five_items(LOOK_ONLY)
    async with server.candidate() as candidate:
        await enrolled(server, candidate)
        await candidate.enter(sitting_id)
        await candidate.consent()
        outcome = await checked(candidate, frames[:10])
        assert (outcome["outcome"], outcome["identity"]) == ("accepted", "accepted")
        await candidate.commands({"type": "start"})
        black = as_jpeg(Image.new("RGB", SIZE, (6, 6, 6)))
        path = f"/api/attempts/{candidate.attempt_id}/captures?device={candidate.device}&why=interval"
        expected = []
        for jpeg, kind in ((frames[20], "same"), (frames[30], "same"), (black, "covered"), (frames[30], "frozen")):
            for table in ("proctor.captures", "proctor.capture_turns"):
                await server.house.pool.execute(
                    f"""UPDATE {table} SET received_at = received_at - interval '1 minute',
                            at = at - interval '1 minute' WHERE attempt_id = $1""",
                    candidate.attempt_id,
                )
            await candidate.post(path, jpeg)
            expected.append(kind)
            assert await seen(server, candidate.attempt_id, len(expected)) == expected


async def test_another_face_is_asked_again_and_then_a_person_is_asked(server: Server, frames: list[bytes]) -> None:
    sitting_id = await server.five_items(LOOK_ONLY)
    async with server.candidate() as candidate:
        await enrolled(server, candidate, vector=b"\0\0\0\x3f" * 64 + b"\0\0\0\xbf" * 64)
        await candidate.enter(sitting_id)
        await candidate.consent()
        outcomes = [await checked(candidate, frames[start : start + 8]) for start in range(0, 40, 8)]
        assert [one["outcome"] for one in outcomes] == ["retry"] * 4 + ["waiting"]
        assert outcomes[-1]["why"] == "tries_over"


async def test_a_photograph_of_the_right_face_does_not_turn_its_head(server: Server) -> None:
    policy = Policy(identity=IdentityCheck.MODEL, proctoring=Proctoring(turn=True, span_s=0.2, frames=3, wait_s=60.0))
    sitting_id = await server.five_items(policy)
    still = noisy(photograph().crop(AROUND_THE_FACE).resize(SIZE))
    async with server.candidate() as candidate:
        await enrolled(server, candidate)
        await candidate.enter(sitting_id)
        await candidate.consent()
        answer = await checked(candidate, [next(still) for _ in range(12)])
        assert (answer["outcome"], answer["step"]) == ("going", 0)
        view = await candidate.view()
        assert view["phase"] == "entered"
