"""Boards of rooms: who asks for his own sees those and nobody else, whatever happens to candidates and rooms."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from exam_engine.edge import boards
from exam_engine.edge.desk import BOARDS
from tests.candidate import Candidate, LiveSocket, Staff
from tests.exam_engine.edge.server import Server
from tests.exam_engine.edge.watched import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Cast(NamedTuple):
    """`one` sits in room 1, which `first` holds, `two` in room 2, which `second` holds; the chief holds none."""

    sitting_id: int
    one: Candidate
    two: Candidate
    first: Staff
    second: Staff
    chief: Staff

    @property
    def path(self) -> str:
        return f"/api/desk/sittings/{self.sitting_id}"

    async def watch(self, staff: Staff) -> LiveSocket:
        """The board of the rooms he holds, opened."""
        socket = await staff.connect(f"{self.path}/live?rooms=mine")
        await socket.until("board")
        return socket


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[tuple[Staff, Staff, Staff]]:
    await server.add_staff("rooms-two", "invigilator")
    async with (
        server.staff("invigilator") as first,
        server.staff("rooms-two") as second,
        server.staff("chief") as chief,
    ):
        yield first, second, chief


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def candidates(server: Server) -> AsyncIterator[tuple[Candidate, Candidate]]:
    """They sit one exam after the other."""
    async with server.candidate() as one, server.candidate() as two:
        yield one, two


@pytest_asyncio.fixture(loop_scope="module")
async def cast(
    server: Server, desks: tuple[Staff, Staff, Staff], candidates: tuple[Candidate, Candidate]
) -> AsyncIterator[Cast]:
    first, second, chief = desks
    one, two = candidates
    one.seq = two.seq = 0
    sitting_id = await server.five_items()
    pool = server.house.pool
    await pool.execute(
        "INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts WHERE login = 'rooms-two'",
        sitting_id,
    )
    made = Cast(sitting_id, one, two, first, second, chief)
    await chief.post(f"{made.path}/rooms", {"rooms": 2})
    for room, (candidate, staff) in enumerate([(one, first), (two, second)], start=1):
        await move(server, made, candidate, room)
        account = (await staff.get("/api/session"))["account_id"]
        await chief.post(f"{made.path}/rooms/assign", {"room": room, "account_ids": [account]})
        await candidate.begin(sitting_id)
    yield made
    for staff in desks:
        for socket in staff.sockets:
            await socket.socket.close()


async def move(server: Server, cast: Cast, candidate: Candidate, room: int) -> None:
    await server.house.pool.execute(
        "UPDATE exam.entitlements SET room = $3 WHERE sitting_id = $1 AND person_id = $2",
        cast.sitting_id, await server.person_id(candidate.login), room,
    )  # fmt: skip


def seen(socket: LiveSocket) -> set[int]:
    """Everybody this desk was ever told anything of."""
    return {tile["attempt_id"] for frame in socket.seen for tile in frame.get("tiles", ())}


async def attempts(staff: Staff, path: str) -> set[int]:
    return {tile["attempt_id"] for tile in (await staff.get(path))["tiles"]}


async def answered(candidate: Candidate) -> None:
    await candidate.commands(candidate.answer(1, "a"))


async def test_two_who_hold_different_rooms_never_see_each_others_candidates(cast: Cast) -> None:
    one, two = cast.one.attempt_id, cast.two.attempt_id
    first, second = await cast.watch(cast.first), await cast.watch(cast.second)
    again = await cast.watch(cast.first)
    whole = await cast.chief.watch(cast.sitting_id)

    for candidate in (cast.two, cast.one):
        await answered(candidate)
        await whole.until_tile(candidate.attempt_id, answered=1)
    await first.until_tile(one, answered=1)
    await second.until_tile(two, answered=1)
    await again.until_tile(one, answered=1)

    assert (seen(first), seen(again), seen(second), seen(whole)) == ({one}, {one}, {two}, {one, two})
    assert await attempts(cast.first, f"{cast.path}/board?rooms=mine") == {one}
    assert await attempts(cast.first, f"{cast.path}/board") == {one, two}, "it is a division of work, not a secret"


async def test_who_holds_no_room_sees_all_of_them(cast: Cast) -> None:
    both = {cast.one.attempt_id, cast.two.attempt_id}

    assert seen(await cast.watch(cast.chief)) == both
    assert await attempts(cast.chief, f"{cast.path}/board?rooms=mine") == both


async def test_a_candidate_who_is_moved_leaves_one_board_and_comes_to_the_other(server: Server, cast: Cast) -> None:
    one, two = cast.one.attempt_id, cast.two.attempt_id
    first, second = await cast.watch(cast.first), await cast.watch(cast.second)
    await move(server, cast, cast.one, 2)
    server.house.bus.stir(cast.sitting_id, one)

    assert (await first.until("board"))["tiles"] == []
    assert (await second.until_tile(one, room=2))["attempt_id"] == one
    before = len(first.seen)
    await answered(cast.one)
    await second.until_tile(one, answered=1)
    await cast.chief.post(f"{cast.path}/rooms", {"rooms": 1})
    await first.until_tile(one, room=1)

    told = [tile for frame in first.seen[before:] for tile in frame.get("tiles", ())]
    assert {tile["room"] for tile in told} == {1}, "told of him while he sat elsewhere"
    assert {tile["attempt_id"] for tile in told} <= {one, two}


async def test_who_is_given_a_room_gets_to_see_it_and_who_gave_it_no_longer(server: Server, cast: Cast) -> None:
    one, two = cast.one.attempt_id, cast.two.attempt_id
    first, second = await cast.watch(cast.first), await cast.watch(cast.second)
    await cast.chief.post(f"{cast.path}/rooms", {"rooms": 3})
    await move(server, cast, cast.one, 1)
    await move(server, cast, cast.two, 2)
    accounts = [(await staff.get("/api/session"))["account_id"] for staff in (cast.first, cast.second)]
    for room, account in ((3, accounts[0]), (1, accounts[1])):
        await cast.chief.post(f"{cast.path}/rooms/assign", {"room": room, "account_ids": [account]})
    for attempt_id in (one, two):
        server.house.bus.stir(cast.sitting_id, attempt_id)
    ((board, _),) = server.app[BOARDS]._boards.values()
    await board._narrow()

    async def shows(socket: LiveSocket, wanted: set[int]) -> None:
        while {tile["attempt_id"] for tile in (await socket.until("board"))["tiles"]} != wanted:
            pass

    await asyncio.gather(shows(first, set()), shows(second, {one, two}))


async def test_a_large_board_comes_in_parts_of_which_the_last_is_the_board(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "PART", 1)
    socket = await cast.chief.watch(cast.sitting_id)
    await socket.until("board")

    shapes = [(frame["type"], len(frame["tiles"])) for frame in socket.seen]
    assert shapes == [("part", 1), ("board", 1)]
    assert seen(socket) == {cast.one.attempt_id, cast.two.attempt_id}


async def test_desks_that_open_at_once_share_the_bytes_and_miss_nothing(cast: Cast, server: Server) -> None:
    sockets = await asyncio.gather(*(cast.chief.watch(cast.sitting_id) for _ in range(8)))
    firsts: list[dict[str, Any]] = await asyncio.gather(*(socket.until("board") for socket in sockets))
    ((board, _),) = server.app[BOARDS]._boards.values()
    frames = [opening.frames for opening in board._openings.values()]
    await answered(cast.one)
    late = await cast.chief.watch(cast.sitting_id)
    for socket in (*sockets, late):
        await socket.until_tile(cast.one.attempt_id, answered=1)

    assert len({first["now"] for first in firsts}) == len(frames) == 1, "they were made one by one"


async def test_rooms_that_are_nobodys_are_no_word_of_the_api(cast: Cast) -> None:
    for path in ("board", "live"):
        with refused(400, "wrong_shape"):
            await cast.first.get(f"{cast.path}/{path}?rooms=3")
