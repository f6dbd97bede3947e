"""A candidate and a member of staff as programs: through the public API and sockets, nothing else."""

import io
import itertools
import json
from types import TracebackType
from typing import Any, Self

import aiohttp
from PIL import Image

HEADERS = {"X-Exam": "1"}


def jpeg(shade: int = 120) -> bytes:
    """A small real JPEG, different for every shade."""
    out = io.BytesIO()
    Image.new("RGB", (240, 320), (shade % 256, 90, 140)).save(out, "JPEG")
    return out.getvalue()


class Refusal(Exception):
    """The server said no: `status`, `code` and `facts` of its problem."""

    def __init__(self, status: int, code: str, facts: dict[str, Any]) -> None:
        super().__init__(f"{status} {code} {facts}")
        self.status, self.code, self.facts = status, code, facts


class Person:
    """Somebody logged in, with a cookie of his own."""

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self.base_url, self.login, self.password = base_url, login, password
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=HEADERS)
        self.sockets: list[LiveSocket] = []

    async def __aenter__(self) -> Self:
        await self.post("/api/session", {"login": self.login, "password": self.password})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in self.sockets:
            await socket.close()
        await self.http.close()

    async def connect(self, path: str) -> "LiveSocket":
        """A socket that has said nothing yet; closed with this person's session at the latest."""
        socket = LiveSocket(await self.http.ws_connect(self.base_url + path))
        self.sockets.append(socket)
        return socket

    async def get(self, path: str) -> Any:
        """The answer as plain data; raises Refusal."""
        async with self.http.get(self.base_url + path) as response:
            return await self._answer(response)

    async def post(self, path: str, body: object = None) -> Any:
        """The answer as plain data; bytes are sent as a JPEG."""
        sent = {"data": body, "headers": {"Content-Type": "image/jpeg"}} if isinstance(body, bytes) else {"json": body}
        async with self.http.post(self.base_url + path, **sent) as response:
            return await self._answer(response)

    async def get_bytes(self, path: str) -> bytes:
        """The answer as it comes, a picture say; raises Refusal."""
        async with self.http.get(self.base_url + path) as response:
            return await response.read() if response.status == 200 else await self._answer(response)

    async def delete(self, path: str) -> Any:
        """The answer as plain data; raises Refusal."""
        async with self.http.delete(self.base_url + path) as response:
            return await self._answer(response)

    @staticmethod
    async def _answer(response: aiohttp.ClientResponse) -> Any:
        answer = await response.json()
        if response.status != 200:
            raise Refusal(response.status, answer["code"], answer["facts"])
        return answer


class Candidate(Person):
    """A physician with one device."""

    def __init__(self, base_url: str, login: str, password: str, device: str = "device-one") -> None:
        super().__init__(base_url, login, password)
        self.device = device
        self.attempt_id = 0
        self.seq = 0

    async def enter(self, sitting_id: int) -> None:
        """【进入】."""
        self.attempt_id = (await self.post(f"/api/sittings/{sitting_id}/enter"))["attempt_id"]

    async def consent(self, *, agreed: bool = True) -> Any:
        """单独同意, to the text that counts now."""
        version = (await self.get(f"/api/attempts/{self.attempt_id}/watching"))["consent_version"]
        return await self.post(f"/api/attempts/{self.attempt_id}/consent", {"agreed": agreed, "version": version})

    async def portrait(self, shade: int = 120) -> Any:
        """单独同意 and 头像采集."""
        await self.consent()
        return await self.post(f"/api/attempts/{self.attempt_id}/portrait?device={self.device}", jpeg(shade))

    async def commands(self, *commands: dict[str, Any], since: int = 0) -> Any:
        """A batch over HTTP."""
        body = {"device": self.device, "since": since, "commands": list(commands)}
        return await self.post(f"/api/attempts/{self.attempt_id}/commands", body)

    async def view(self) -> Any:
        """The snapshot."""
        return await self.get(f"/api/attempts/{self.attempt_id}?device={self.device}")

    async def paper(self) -> Any:
        """The paper."""
        return await self.get(f"/api/attempts/{self.attempt_id}/paper?device={self.device}")

    async def begin(self, sitting_id: int) -> None:
        """Enter, portrait, 【去考试】."""
        await self.enter(sitting_id)
        await self.portrait()
        await self.commands({"type": "start"})

    def answer(self, no: int, choice: str) -> dict[str, Any]:
        """The next numbered answer."""
        self.seq += 1
        return {"type": "answer", "seq": self.seq, "no": no, "choice": choice}

    def clear(self, no: int) -> dict[str, Any]:
        """The next numbered clearing."""
        self.seq += 1
        return {"type": "clear", "seq": self.seq, "no": no}

    def mark(self, no: int, *, on: bool = True) -> dict[str, Any]:
        """【标记】 on or off, numbered."""
        self.seq += 1
        return {"type": "mark_for_later", "seq": self.seq, "no": no, "on": on}

    def hand_in(self) -> dict[str, Any]:
        """【交卷】, numbered."""
        self.seq += 1
        return {"type": "hand_in", "seq": self.seq}

    async def socket(self, since: int = 0) -> "LiveSocket":
        """A live socket that has said hello."""
        socket = await self.connect(f"/api/attempts/{self.attempt_id}/live")
        await socket.send({"type": "hello", "device": self.device, "since": since})
        return socket


class Staff(Person):
    """Somebody at a desk."""

    _numbers = itertools.count(1)

    async def act(self, sitting_id: int, command: dict[str, Any], *attempt_ids: int, request_id: str = "") -> Any:
        """Do something to these candidates, or to everybody if none is named; a new request each time."""
        body = {
            "request_id": request_id or f"request-{next(self._numbers):08d}",
            "command": command,
            "attempt_ids": list(attempt_ids),
            "everybody": not attempt_ids,
        }
        return await self.post(f"/api/desk/sittings/{sitting_id}/acts", body)

    async def picture_links(self, sitting_id: int, *wanted: tuple[int, str]) -> list[str]:
        """Addresses of those of these (attempt, picture) that this desk may open, for the next few minutes."""
        asked = [{"attempt_id": attempt_id, "picture": picture} for attempt_id, picture in wanted]
        answer = await self.post(f"/api/desk/sittings/{sitting_id}/picture-links", {"pictures": asked})
        return [link["url"] for link in answer["links"]]

    async def watch(self, sitting_id: int) -> "LiveSocket":
        """The board's socket."""
        return await self.connect(f"/api/desk/sittings/{sitting_id}/live")


class LiveSocket:
    """Frames as plain data."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def send(self, frame: dict[str, Any]) -> None:
        """One frame up."""
        await self.socket.send_str(json.dumps(frame))

    async def receive(self) -> dict[str, Any]:
        """The next frame down; {"type": "closed"} at the end."""
        message = await self.socket.receive(timeout=20)
        frame: dict[str, Any] = (
            json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else {"type": "closed"}
        )
        self.seen.append(frame)
        return frame

    async def until(self, kind: str, **fields: object) -> dict[str, Any]:
        """Read on to the next frame of this type (for told: of this event) with these fields."""
        while True:
            frame = await self.receive()
            if frame["type"] == "closed" and kind != "closed":
                raise AssertionError(f"closed while waiting for {kind}; seen {self.seen[-5:]}")
            inner = frame.get("event", {}) if frame["type"] == "told" else frame
            if kind in (frame["type"], inner.get("type")) and all(
                frame.get(name, inner.get(name)) == value for name, value in fields.items()
            ):
                return frame

    async def until_tile(self, attempt_id: int, **fields: object) -> dict[str, Any]:
        """Read on, at a board's socket, to a tile of this attempt with these fields."""
        while True:
            frame = await self.receive()
            if frame["type"] == "closed":
                raise AssertionError(f"closed while waiting for a tile; seen {self.seen[-2:]}")
            for tile in frame.get("tiles", ()):
                if tile["attempt_id"] == attempt_id and all(tile[name] == value for name, value in fields.items()):
                    found: dict[str, Any] = tile
                    return found

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()
