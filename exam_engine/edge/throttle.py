"""How often something may be tried. Counted in Redis for all processes together; in memory while Redis is away."""

import time
from collections.abc import Callable
from typing import Final

from redis.exceptions import RedisError

from exam_engine.bus import Keys
from exam_engine.errors import TooMany

KEYS_MAX: Final = 100_000  # counters kept in memory; beyond, the oldest window is forgotten


class Throttle:
    """Counts tries per key within a window that begins with the first of them."""

    def __init__(self, keys: Keys, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._monotonic_s = monotonic_s
        self._local: dict[str, tuple[float, int]] = {}

    async def check(self, key: str, limit: int, window_s: int) -> None:
        """Raise TooMany if `limit` tries of this key are on record."""
        count, left_s = await self._read(key, window_s)
        if count >= limit:
            raise TooMany("too_many_tries", retry_after_s=max(1, left_s))

    async def count(self, key: str, window_s: int) -> None:
        """Put one try on record."""
        try:
            name = f"exam:tries:{key}"
            count = await self._keys.incr(name)
            if count == 1:
                await self._keys.expire(name, window_s)
        except (RedisError, OSError):
            self._count_here(key, window_s)

    async def forget(self, key: str) -> None:
        """The try succeeded: what failed before no longer counts."""
        self._local.pop(key, None)
        try:
            await self._keys.delete(f"exam:tries:{key}")
        except (RedisError, OSError):
            return

    async def _read(self, key: str, window_s: int) -> tuple[int, int]:
        name = f"exam:tries:{key}"
        try:
            count = int(await self._keys.get(name) or 0)
            left_s = int(await self._keys.ttl(name)) if count else 0
            if count and left_s < 0:  # the process died between counting and setting the end
                await self._keys.expire(name, window_s)
        except (RedisError, OSError):
            return self._read_here(key)
        return count, left_s if left_s > 0 else window_s

    def _count_here(self, key: str, window_s: int) -> None:
        if len(self._local) >= KEYS_MAX:
            self._local.clear()
        ends_s, count = self._local.get(key, (0.0, 0))
        now_s = self._monotonic_s()
        self._local[key] = (ends_s, count + 1) if now_s < ends_s else (now_s + window_s, 1)

    def _read_here(self, key: str) -> tuple[int, int]:
        ends_s, count = self._local.get(key, (0.0, 0))
        left_s = ends_s - self._monotonic_s()
        return (count, int(left_s)) if left_s > 0 else (0, 0)
