"""Before the exam: log in, the list of papers, 【进入】, consent and portrait, over HTTP as the page does it.

What passes is tried again, as a person does who sees "please try again": later each time, until it works or the run is
over. Every failure is counted. What the server refuses for good ends the day.
"""

import asyncio
import time
from typing import Final

import msgspec

from loadtest.cast import Player
from loadtest.stage import Stage, address_of
from loadtest.words import Entered, Session, View, Watching, code_of, read_view

PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 10.0


class Refused(Exception):
    """For good; `str()` is the server's code."""


class Over(Exception):
    """The run ended first."""


ENDED: Final = "already_submitted"  # of a picture: the bell rang while it was on its way


class Counter:
    """One player's requests: his token and address, each counted from when it was meant."""

    __slots__ = ("address", "player", "stage", "token")

    def __init__(self, stage: Stage, player: int, token: str) -> None:
        self.stage, self.player, self.token = stage, player, token
        self.address = address_of(player)

    async def ask(
        self,
        action: str,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        meant_s: float = 0.0,
        media: str = "",
        harmless: str = "",
    ) -> bytes:
        """The answer's body, however often it must be asked for. Raises Refused, Over.

        A refusal with the code `harmless` is none of the server's failures: the bell rang while this was on its way.
        """
        meant_s = meant_s or time.monotonic()
        wait_s = FIRST_WAIT_S
        while not self.stage.over:
            sent_s = time.monotonic()
            try:
                status, answer = await self.stage.asking.ask(
                    method, path, token=self.token, address=self.address, body=body, media=media or "application/json"
                )
            except (OSError, TimeoutError) as error:
                self.stage.tally.failed(action, "timeout" if isinstance(error, TimeoutError) else "cut")
            else:
                now_s = time.monotonic()
                if status == 200:
                    self.stage.tally.took(action, now_s - meant_s, now_s - sent_s)
                    return answer
                if status not in PASSING:
                    if (code := code_of(answer)) != harmless:
                        self.stage.tally.failed(action, f"refused:{code}")
                    raise Refused(code)
                self.stage.tally.failed(action, f"http:{status}")
            await asyncio.sleep(wait_s * (0.5 + self.stage.rng.random() / 2))
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)
        raise Over


async def log_in(counter: Counter, player: Player, meant_s: float) -> None:
    """A physician with his password."""
    await open_session(counter, player.login, player.password, meant_s)


async def open_session(counter: Counter, login: str, password: str, meant_s: float) -> None:
    """From here on the counter has a session of its own."""
    words = {"login": login, "password": password, "bearer": True}
    counter.token = ""
    answer = await counter.ask("log_in", "POST", "/api/session", msgspec.json.encode(words), meant_s=meant_s)
    counter.token = msgspec.json.decode(answer, type=Session).token


async def enter(counter: Counter, sitting_id: int, meant_s: float) -> int:
    """The list, then 【进入】; the attempt's id."""
    await counter.ask("papers", "GET", "/api/papers", meant_s=meant_s)
    answer = await counter.ask("enter", "POST", f"/api/sittings/{sitting_id}/enter")
    return msgspec.json.decode(answer, type=Entered).attempt_id


async def look(
    counter: Counter, attempt_id: int, device: str, action: str = "view", *, meant_s: float = 0.0
) -> tuple[View, float]:
    """The snapshot as this device gets it, and how long it took."""
    begin_s = time.monotonic()
    path = f"/api/attempts/{attempt_id}?device={device}"
    view = read_view(await counter.ask(action, "GET", path, meant_s=meant_s))
    return view, time.monotonic() - begin_s


async def portrait(counter: Counter, attempt_id: int, device: str) -> None:
    """单独同意 to the text that counts, unless he has, and the picture."""
    place = f"/api/attempts/{attempt_id}"
    watching = msgspec.json.decode(await counter.ask("watching", "GET", f"{place}/watching"), type=Watching)
    if watching.face:
        raise Refused("needs_a_face")  # an entry check wants the face itself: pictures of test data have none
    if watching.consent != "agreed":
        agreed = msgspec.json.encode({"agreed": True, "version": watching.consent_version})
        await counter.ask("consent", "POST", f"{place}/consent", agreed)
    jpeg = counter.stage.pictures.next(counter.player)
    await counter.ask("portrait", "POST", f"{place}/portrait?device={device}", jpeg, media="image/jpeg", harmless=ENDED)
