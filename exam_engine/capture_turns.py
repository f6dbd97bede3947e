"""Uploads of pictures meet: one wait for the disk and one statement for all that come within a few milliseconds.

Whoever sends one is answered when it is safe in both: first its file, then its rows, so that no row names a file that
is not there. What a killed process leaves is a file without a row, and a device that asks again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from exam_engine import capture_store
from exam_engine.briefs import QUIET
from exam_engine.capture_store import Asked, Before, Taken, Upload
from exam_engine.gathering import Gathered
from proctor.pictures import Pictures, Sent, StoreAway
from proctor.store import Runner

CONSENT_VERSION: Final = "2026-11"  # of the text the physician reads; a changed text needs a new consent
CAPTURES_MAX: Final = 1_000  # per attempt
APART_S: Final = 1.0  # pictures closer than this are a broken device
SAME_S: Final = 30.0  # the same picture so little earlier or later is the same one, sent again on a bad line
# A wait for the disk costs as much processor as five pictures, and a question far more than what it asks of one more:
# let some gather. Nobody sits and waits for a picture to be kept.
PAUSE_S: Final = 0.1
UNFINISHED_BYTES_MAX: Final = 256 * 1024 * 1024  # of pictures of which a piece has come and another is to come
ON_THE_WAY_MAX: Final = 2_000  # pictures whose files are not yet safe: some 80 MB; then the disk does not keep up


class Room:
    """Bytes of unfinished pictures that this process holds for all its sockets together."""

    __slots__ = ("held", "limit")

    def __init__(self, limit: int = UNFINISHED_BYTES_MAX) -> None:
        self.held, self.limit = 0, limit

    def take(self, size: int) -> bool:
        """Whether there is room for so many more; then they are counted."""
        if self.held + size > self.limit:
            return False
        self.held += size
        return True

    def give_back(self, size: int) -> None:
        """They are finished, or were let fall."""
        self.held -= size
        assert self.held >= 0, "given back what was not taken"


class CaptureTurns:
    """One per process."""

    def __init__(self, pool: Runner, now: Callable[[], datetime], pictures: Callable[[], Pictures]) -> None:
        self._pool = pool
        self._now = now
        self._pictures = pictures
        self._on_the_way = 0
        self.room = Room()
        self._files: Gathered[Sent, str | StoreAway] = Gathered(self._keep_all, PAUSE_S)
        self._rows: Gathered[Upload, Taken] = Gathered(self._take_all, PAUSE_S)
        self._before: Gathered[Asked, Before] = Gathered(self._ask_all, PAUSE_S)

    async def before(self, attempt_id: int, person_id: int, version: int) -> Before:
        """What is to be known before an upload is taken in; `version` is how far its journal is known."""
        found = await self._before.get(Asked(attempt_id, person_id, version))
        assert found is not None, "there is a word on every one"
        return found

    async def keep(self, person_id: int, jpeg: bytes) -> str:
        """The name of a picture as it came, once its file is safe. Raises StoreAway."""
        if self._on_the_way >= ON_THE_WAY_MAX:
            raise StoreAway("the disk does not keep up")
        self._on_the_way += 1
        try:
            kept = await self._files.get(Sent(person_id, jpeg))
        finally:
            self._on_the_way -= 1
        assert kept is not None, "there is a word on every one"
        if isinstance(kept, StoreAway):
            raise StoreAway(str(kept))
        return kept

    async def take(self, upload: Upload) -> Taken:
        """Write the rows of a picture whose file is safe, unless they are there or it may not be."""
        taken = await self._rows.get(upload)
        assert taken is not None, "there is a word on every one"
        return taken

    async def _ask_all(self, asked: Sequence[Asked]) -> dict[Asked, Before]:
        return await capture_store.before(self._pool, asked, CONSENT_VERSION, QUIET)

    async def _keep_all(self, sent: Sequence[Sent]) -> dict[Sent, str | StoreAway]:
        return dict(zip(sent, await self._pictures().keep_many(sent), strict=True))

    async def _take_all(self, uploads: Sequence[Upload]) -> dict[Upload, Taken]:
        """The first of each attempt; others that came in the same moment are the same picture, or too soon."""
        firsts: dict[int, Upload] = {}
        for one in uploads:
            firsts.setdefault(one.attempt_id, one)
        found = await capture_store.take(
            self._pool, list(firsts.values()), same_s=SAME_S, count_max=CAPTURES_MAX, now=self._now(), apart_s=APART_S
        )
        for one in uploads:
            first = firsts[one.attempt_id]
            if one is not first:
                there = found[first].known or found[first].capture_id is not None
                near = abs((one.at - first.at).total_seconds()) <= SAME_S
                found[one] = Taken(None, known=there and near and one.name == first.name)
        return found
