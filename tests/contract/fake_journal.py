"""A Journal in memory: the same promises as the real one, kept by nobody but one dictionary.

It passes the suite of `test_journal_contract.py`, so a test on it says something about the real one.
"""

from collections.abc import Sequence

from exam_engine.chain import Entry
from exam_engine.journal import Row


class FakeJournal:
    """`journals` by attempt, and `rows`: the line of exam.attempts that the last append with a row left."""

    def __init__(self) -> None:
        self.journals: dict[int, list[Entry]] = {}
        self.rows: dict[int, Row] = {}

    async def append(self, entries: Sequence[Entry], row: Row | None = None) -> bool:
        """All of the entries or none; the same append again is one append."""
        assert entries
        standing = {(e.attempt_id, e.version): e.digest for e in self._all()}
        taken = [standing.get((entry.attempt_id, entry.version)) for entry in entries]
        if any(digest not in (None, entry.digest) for digest, entry in zip(taken, entries, strict=True)):
            return False
        fresh = [entry for digest, entry in zip(taken, entries, strict=True) if digest is None]
        for entry in fresh:
            self.journals.setdefault(entry.attempt_id, []).append(entry)
        if fresh and row is not None:
            self.rows[entries[0].attempt_id] = row
        return True

    async def load(self, attempt_id: int, after: int = 0) -> list[Entry]:
        return [entry for entry in self._of(attempt_id) if entry.version > after]

    async def load_many(self, attempt_ids: Sequence[int]) -> dict[int, list[Entry]]:
        return {attempt_id: self._of(attempt_id) for attempt_id in attempt_ids if attempt_id in self.journals}

    async def tails(self, known: dict[int, int]) -> dict[int, list[Entry]]:
        tails = {attempt_id: await self.load(attempt_id, version) for attempt_id, version in known.items()}
        return {attempt_id: entries for attempt_id, entries in tails.items() if entries}

    def _of(self, attempt_id: int) -> list[Entry]:
        return sorted(self.journals.get(attempt_id, ()), key=lambda entry: entry.version)

    def _all(self) -> list[Entry]:
        return [entry for entries in self.journals.values() for entry in entries]
