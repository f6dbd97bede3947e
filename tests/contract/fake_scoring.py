"""What marking and rescoring meet in the simulation: revisions of scores, one sitting's scheme, one approved proposal.

`approve` is the commit of the second person: from then on the new scheme holds, and there is work.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from exam_engine import calibrating, rescoring, store
from exam_engine.journal import Row
from exam_engine.messages import Phase
from exam_engine.registration import inbox_store
from exam_engine.sitting import Policy
from scoring import rulings_store as rulings
from scoring import store as scores
from scoring.marking import Ruling, Scheme
from tests.contract.fake_proctoring import Named

Rows = list[Any]
Written = tuple[Rows, Callable[[], None]]
PROPOSAL: Final = 1
REF: Final = (1, 1)
DECIDER: Final = 901


class FakeScoring:
    """`kept` by attempt and revision: (points, points_max, scheme). `corrections`, `told`: rows written once."""

    def __init__(self, rows: dict[int, Row]) -> None:
        self._rows = rows
        self.scheme = Scheme()
        self.pass_points = 1
        self.keep_passes = True
        self.kept: dict[int, dict[int, tuple[int, int, str]]] = {}
        self.corrections: dict[int, Named] = {}
        self.told: set[str] = set()
        self.approved = self.done = False
        self.looked_to = 0

    def approve(self, *, keep_passes: bool) -> None:
        """Both persons agree."""
        self.scheme = Scheme(rulings=(Ruling(*REF, full_credit=True),), edition=1)
        self.approved, self.keep_passes = True, keep_passes

    @property
    def applying(self) -> bool:
        """Whether there is work."""
        return self.approved and not self.done

    # --- what is asked ---------------------------------------------------------------------------------------------

    def sitting(self, sitting_id: int) -> Rows:
        scheme = msgspec.json.encode(self.scheme).decode()
        policy = msgspec.json.encode(Policy()).decode()
        head = (sitting_id, 1, "humanities", "first", "测试", "11", 1, "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z")
        return [(*head, "pool", 10, 1, self.pass_points, policy, scheme, [], 10**6)]

    def latest(self, attempt_ids: list[int]) -> Rows:
        found = []
        for attempt_id in attempt_ids:
            for revision, (points, points_max, scheme) in sorted(self.kept.get(attempt_id, {}).items())[-1:]:
                found.append(
                    Named(
                        attempt_id=attempt_id, revision=revision, points=points, points_max=points_max, correct=0,
                        wrong=0, unanswered=0, marks="[]", scheme=scheme, reason="", marked_at=None,
                    )
                )  # fmt: skip
        return found

    def next(self) -> Rows:
        if not self.applying:
            return []
        return [
            Named(
                proposal_id=PROPOSAL, sitting_id=3, refs=msgspec.json.encode([REF]).decode(), reason="题目有误",
                keep_passes=self.keep_passes, decided_by=DECIDER, looked_to=self.looked_to,
            )
        ]  # fmt: skip

    def after(self, _sitting_id: int, looked_to: int, limit: int) -> Rows:
        ended = (Phase.MARKED, Phase.RELEASED)
        return [(a,) for a, row in sorted(self._rows.items()) if a > looked_to and row.phase in ended][:limit]

    def order(self, _sitting_id: int) -> Rows:
        return [Named(pass_points=self.pass_points, at=None)]

    def correction(self, _proposal_id: int, attempt_id: int) -> Rows:
        return [self.corrections[attempt_id]]

    def nothing(self, *_: object) -> Rows:
        return []

    # --- what is written -------------------------------------------------------------------------------------------

    def add(self, attempt_id: int, revision: int, points: int, points_max: int, *rest: Any) -> Written:
        revisions = self.kept.setdefault(attempt_id, {})
        if revision in revisions:
            return [], lambda: None
        return [(revision,)], lambda: revisions.update({revision: (points, points_max, rest[4])})

    def add_first(self, attempt_ids: list[int], points: list[int], points_max: list[int], *rest: Any) -> Written:
        columns = zip(attempt_ids, points, points_max, rest[4], strict=True)
        new = {a: (some, most, scheme) for a, some, most, scheme in columns if 1 not in self.kept.get(a, {})}

        def apply() -> None:
            for attempt_id, row in new.items():
                self.kept.setdefault(attempt_id, {}).setdefault(1, row)

        return [(attempt_id,) for attempt_id in new], apply

    def corrected(self, _proposal: int, attempt_id: int, *columns: Any) -> Written:
        names = ("revision", "points_before", "points_after", "passed_before", "passed_after", "told", "kept")
        row = Named(**dict(zip(names, columns, strict=True)))

        def apply() -> None:
            self.corrections.setdefault(attempt_id, row)

        return [], apply

    def advance(self, _proposal: int, to: int, _looked: int) -> Written:
        return [], lambda: setattr(self, "looked_to", max(self.looked_to, to))

    def finish(self, _proposal: int) -> Written:
        return [], lambda: setattr(self, "done", True)

    def failed(self, _proposal: int, attempt_ids: list[int]) -> Written:
        assert not attempt_ids, "every paper here can be marked"
        return [], lambda: None

    def tell(self, _person: int, _code: str, _facts: str, _sms: str, once: str) -> Written:
        if once in self.told:
            return [], lambda: None
        return [(1,)], lambda: self.told.add(once)


READS: Final[dict[str, Callable[..., Rows]]] = {
    store.GET_SITTING: FakeScoring.sitting,
    store.RELEASE_OF: FakeScoring.order,
    scores.LATEST: FakeScoring.latest,
    rulings.NEXT: FakeScoring.next,
    rescoring.AFTER: FakeScoring.after,
    rulings.CORRECTION: FakeScoring.correction,
    rulings.AGAIN: FakeScoring.nothing,
    rulings.RUNNING_CALIBRATIONS: FakeScoring.nothing,
    calibrating.FINISHED: FakeScoring.nothing,
}
WRITES: Final[dict[str, Callable[..., Written]]] = {
    scores.ADD: FakeScoring.add,
    scores.ADD_FIRST: FakeScoring.add_first,
    rulings.CORRECTED: FakeScoring.corrected,
    rulings.ADVANCE: FakeScoring.advance,
    rulings.FINISH: FakeScoring.finish,
    rulings.FAILED: FakeScoring.failed,
    inbox_store.TELL: FakeScoring.tell,
}
