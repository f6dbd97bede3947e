"""What the loop of receipts meets in the simulation: the keys, the receipts, and which attempts lack one."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from exam_engine import receipt_store as store
from exam_engine.journal import Row
from exam_engine.messages import Phase

Rows = list[Any]
Written = tuple[Rows, Callable[[], None]]
SECRET: Final = b"a secret of thirty-two bytes ..."
OWED: Final = frozenset({Phase.SUBMITTED, Phase.MARKED, Phase.RELEASED})
FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class FakeReceipts:
    """`kept` by attempt: (code, key id, signed, salt), written once. There is the first key only."""

    def __init__(self, rows: dict[int, Row]) -> None:
        self._rows = rows
        self.keys: list[tuple[Any, ...]] = []
        self.kept: dict[int, tuple[Any, ...]] = {}

    def _lacking(self, after: int, limit: int) -> Rows:
        owed = (a for a, row in self._rows.items() if row.phase in OWED and a not in self.kept and a > after)
        return [(attempt_id,) for attempt_id in sorted(owed)[:limit]]

    def _keys(self) -> Rows:
        return list(self.keys)

    def _add_key(self, number: int, key_id: str, public: bytes, wrapped: bytes, _in_s: float) -> Written:
        def apply() -> None:
            if len(self.keys) < number:
                self.keys.append((number, key_id, public, wrapped, FIRST, FIRST))

        return [], apply

    def _add(self, attempt_ids: Sequence[int], *columns: Sequence[Any]) -> Written:
        def apply() -> None:
            for attempt_id, *receipt in zip(attempt_ids, *columns, strict=True):
                self.kept.setdefault(attempt_id, tuple(receipt))

        return [], apply


READS: Final[dict[str, Callable[..., Rows]]] = {
    store.LACKING: FakeReceipts._lacking,
    store.KEYS: FakeReceipts._keys,
}
WRITES: Final[dict[str, Callable[..., Written]]] = {
    store.ADD_KEY: FakeReceipts._add_key,
    store.ADD_RECEIPTS: FakeReceipts._add,
}
