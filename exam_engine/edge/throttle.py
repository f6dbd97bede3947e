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

    async def take(self, key: str, limit: int, window_s: int) -> None:
        """Put one try on record; raise TooMany if that is more than `limit`."""
        try:
            name = f"exam:tries:{key}"
            count = int(await self._keys.incr(name))
            left_s = int(await self._keys.ttl(name))
            if left_s < 0:  # the first, or the process died between counting and setting the end
                await self._keys.expire(name, window_s)
                left_s = window_s
        except (RedisError, OSError):
            count, left_s = self._count_here(key, window_s)
        if count > limit:
            raise TooMany("too_many_tries", retry_after_s=max(1, left_s))

    async def left(self, key: str, limit: int) -> int:
        """How many tries are left in this window."""
        try:
            count = int(await self._keys.get(f"exam:tries:{key}") or 0)
        except (RedisError, OSError):
            count = self._local.get(key, (0.0, 0))[1]
        return max(0, limit - count)

    async def give_back(self, key: str) -> None:
        """That try does not count."""
        ends_s, count = self._local.get(key, (0.0, 0))
        if count:
            self._local[key] = (ends_s, count - 1)
        try:
            if int(await self._keys.decr(f"exam:tries:{key}")) <= 0:
                await self._keys.delete(f"exam:tries:{key}")
        except (RedisError, OSError):
            return

    async def forget(self, key: str) -> None:
        """It succeeded: what failed before no longer counts."""
        self._local.pop(key, None)
        try:
            await self._keys.delete(f"exam:tries:{key}")
        except (RedisError, OSError):
            return

    def _count_here(self, key: str, window_s: int) -> tuple[int, int]:
        if len(self._local) >= KEYS_MAX:
            self._local.clear()
        ends_s, count = self._local.get(key, (0.0, 0))
        now_s = self._monotonic_s()
        if now_s >= ends_s:
            ends_s, count = now_s + window_s, 0
        self._local[key] = (ends_s, count + 1)
        return count + 1, int(ends_s - now_s)
