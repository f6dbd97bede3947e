"""What the loops of registration, final results and the bank meet in the simulation: nobody has a file, and no paper is
drawn from a bank, but results still unsettle entitlements.

Rows of exam.unsettled come with the commit that moves an attempt to one of UNSETTLING, as the trigger of migration 0007
has them; they go with the commit of whoever looks at them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from exam_engine import exposing
from exam_engine.journal import Row
from exam_engine.makeup import makeup_store
from exam_engine.messages import Phase
from exam_engine.registration import account_store, document_store, inbox_store, settling, tending
from exam_engine.results import tending as results

Rows = list[tuple[Any, ...]]
Written = tuple[Rows, Callable[[], None]]
UNSETTLING: Final = frozenset({Phase.SUBMITTED, Phase.RELEASED, Phase.ANNULLED})
CYCLE: Final = 1


class Person(tuple[Any, ...]):
    """One row of exam.unsettled, read by its names."""

    __slots__ = ()

    def __getitem__(self, name: Any) -> Any:
        return tuple.__getitem__(self, {"person_id": 0, "cycle": 1}.get(name, name))


class FakeRegistration:
    """exam.unsettled of one sitting's attempts; `settled` counts how often somebody was looked at."""

    def __init__(self) -> None:
        self.unsettled: set[int] = set()
        self.settled = 0

    def moved(self, attempt_id: int, before: Row, after: Row) -> None:
        """The trigger: the person is looked at again. The last digits of an attempt are its person's number."""
        if before.phase != after.phase and after.phase in UNSETTLING:
            self.unsettled.add(attempt_id % 1000)

    def take(self, limit: int) -> Written:
        """DELETE … RETURNING: theirs until the commit, which takes them away."""
        few = sorted(self.unsettled)[:limit]

        def apply() -> None:
            self.unsettled -= set(few)
            self.settled += len(few)

        return [Person((person, CYCLE)) for person in few], apply


def _nobody(_self: FakeRegistration, *_: object) -> Rows:
    return []


def _nothing(_self: FakeRegistration, *_: object) -> Written:
    return [], lambda: None


READS: Final[dict[str, Callable[..., Sequence[Any]]]] = dict.fromkeys(
    (
        settling.STANDS,
        settling.OUTCOMES,
        tending.LATE_PROFILES,
        tending.SILENT_EXEMPTIONS,
        tending.REMINDERS_DUE,
        tending.PHOTOS_DUE,
        document_store.UNUSED,
        makeup_store.ENDED,
        results.TO_PUBLISH,
    ),
    _nobody,
)
WRITES: Final[dict[str, Callable[..., Written]]] = {
    settling.UNSETTLED: FakeRegistration.take,
    inbox_store.TAKE_SMS: _nothing,
    inbox_store.DROP_OLD_SMS: _nothing,
    account_store.DROP_OLD_CODES: _nothing,
    makeup_store.UNDO_ABSENCES: _nothing,
    results.TAKE_DUE: _nothing,
    results.TIMED: _nothing,
    results.MISSING: _nothing,
    exposing.TAKE: _nothing,
}
