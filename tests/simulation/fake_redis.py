"""Redis as the bus uses it: one channel whose messages come late, twice or never, and keys nobody depends on."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any, Self

from redis.exceptions import ConnectionError as RedisLost

from tests.simulation.weather import Climate


class FakeRedis:
    """Client and server in one; `down` makes every call fail and ends every subscription."""

    def __init__(self, rng: Random, climate: Climate) -> None:
        self._rng = rng
        self._climate = climate
        self._subscribers: list[asyncio.Queue[bytes | None]] = []
        self._hashes: dict[str, dict[bytes, bytes]] = {}
        self._down = False
        self.over = False
        self.deaf = False  # planted: nobody ever hears anything

    @property
    def down(self) -> bool:
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self._down = down
        if down:
            for queue in self._subscribers:
                queue.put_nowait(None)

    def _check(self) -> None:
        if self._down:
            raise RedisLost("down")

    async def publish(self, _channel: str, data: bytes) -> int:
        self._check()
        for queue in tuple(self._subscribers):
            for late_s in self._fate():
                asyncio.get_running_loop().call_later(late_s, queue.put_nowait, data)
        return len(self._subscribers)

    def _fate(self) -> list[float]:
        """When this message reaches one subscriber: once, twice, late, or never."""
        if self.deaf:
            return []
        if self.over:
            return [0.001]
        draw = self._rng.random()
        if draw < self._climate.wake_lost:
            return []
        times = 2 if draw < self._climate.wake_lost + self._climate.wake_twice else 1
        return [
            self._rng.uniform(0.001, 0.001 + self._climate.wake_late_s_max * self._rng.random() ** 4)
            for _ in range(times)
        ]

    async def hset(self, key: str, mapping: dict[Any, Any]) -> None:
        self._check()
        fields = self._hashes.setdefault(key, {})
        fields.update({str(name).encode(): str(value).encode() for name, value in mapping.items()})

    async def expire(self, _key: str, _seconds: int) -> None:
        self._check()

    async def hgetall(self, key: str) -> dict[bytes, bytes]:
        self._check()
        return dict(self._hashes.get(key, {}))

    def pubsub(self) -> "_Subscription":
        return _Subscription(self)


class _Subscription:
    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._redis._check()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._queue in self._redis._subscribers:
            self._redis._subscribers.remove(self._queue)

    async def subscribe(self, _channel: str) -> None:
        self._redis._check()
        self._redis._subscribers.append(self._queue)

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            data = await self._queue.get()
            if data is None:
                raise RedisLost("connection lost")
            yield {"type": "message", "data": data}
