"""Everybody's reference photos as this process knows them, to notice one that is somebody else's."""

import asyncio
from typing import Final

import structlog

from proctor import store
from proctor.duplicates import Likenesses, limit

VECTORS_CHUNK: Final = 5_000
KNOWN_MAX: Final = 500_000  # photos compared with: 256 MB; what comes after is not
RELOAD_S: Final = 3_600.0  # new vectors of old photos, and what no longer counts

log = structlog.get_logger()


class KnownFaces:
    """The photos of everybody as this process knows them: read when first needed, then only what came since.

    What counts no more is noticed when something looks like it; vectors that `reembed_some` made of old photos are
    noticed when everything is read again, every RELOAD_S. One for a process; each call brings its own connection.
    """

    def __init__(self) -> None:
        self._reading = asyncio.Lock()
        self._begin("")

    def _begin(self, model: str) -> None:
        self._model = model
        self._known = Likenesses()
        self._last = 0
        self._read_s = 0.0  # when it was begun, on the loop's clock

    async def read(self, runner: store.Runner, model: str) -> None:
        """Catch up with the photos of this model."""
        async with self._reading:
            now_s = asyncio.get_running_loop().time()
            if model != self._model or now_s - self._read_s > RELOAD_S:
                self._begin(model)
                self._read_s = now_s
            while len(self._known) < KNOWN_MAX:
                rows = await runner.fetch(store.VECTORS, self._last, model, VECTORS_CHUNK)
                for row in rows:
                    self._known.add(row["photo_id"], row["person_id"], bytes(row["vector"]))
                    self._last = row["photo_id"]
                if len(rows) < VECTORS_CHUNK:
                    return
            log.warning("too_many_faces_to_compare", limit=KNOWN_MAX)

    async def like_another(self, runner: store.Runner, person_id: int, vector: bytes) -> bool:
        """Whether a photo that counts shows this face and is somebody else's; call `read` before."""
        while found := await asyncio.to_thread(self._known.nearest, person_id, vector):
            if found.distance > limit(len(self._known)):
                return False
            if await runner.fetchval(store.STILL_COUNTS, found.photo_id):
                return True
            self._known.forget(found.photo_id)
        return False
