"""The tables of proctoring as the loops and captures use them, in memory: reads at once, writes with their commit.

Statements are known by their text, as in `fake_database.py`. A write says what it would return and what is to be
applied; inside a transaction that happens with the commit, so that a line that breaks before it leaves nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

import asyncpg
import msgspec

from exam_engine import capture_store
from exam_engine import store as exam_store
from exam_engine.journal import Row
from proctor import case_store, store

Rows = list[tuple[Any, ...]]
Written = tuple[Rows, Callable[[], None]]


class Named(tuple[Any, ...]):  # noqa: SLOT001  a tuple's slots can't hold names
    """A row whose columns are asked for by name."""

    _names: dict[str, int]

    def __new__(cls, **columns: Any) -> Self:
        return super().__new__(cls, columns.values())

    def __init__(self, **columns: Any) -> None:
        self._names = {name: index for index, name in enumerate(columns)}

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self._names[key] if isinstance(key, str) else key)


def pick(row: dict[str, Any], *names: str) -> Named:
    """These columns of a line."""
    return Named(**{name: row[name] for name in names})


@dataclass
class FakeProctoring:
    """Lines are dicts of columns; `photos` are the reference vectors of persons, as (vector, model)."""

    now: Callable[[], datetime]
    attempts: dict[int, Row]  # the lines of exam.attempts
    photos: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    pictures: dict[tuple[int, str], str] = field(default_factory=dict)
    captures: list[dict[str, Any]] = field(default_factory=list)
    signals: dict[tuple[int, str, int], dict[str, Any]] = field(default_factory=dict)
    incidents: dict[tuple[int, str, int], dict[str, Any]] = field(default_factory=dict)
    cases: dict[int, dict[str, Any]] = field(default_factory=dict)
    case_events: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    numbers: int = 0

    def _number(self) -> int:
        """The next of a sequence: taken at once, whether or not its transaction is committed."""
        self.numbers += 1
        return self.numbers

    # --- captures ----------------------------------------------------------------------------------------------

    def add_picture(self, attempt_id: int, name: str, purpose: str, *_: object) -> Written:
        return [], lambda: void(self.pictures.setdefault((attempt_id, name), purpose))

    def take(self, *args: Any) -> Written:
        """One statement, so everything is as it was when it began; of one attempt there is one upload at most."""
        *columns, same_s, count_max, now, apart_s = args
        answers, rows = list[tuple[Any, ...]](), list[dict[str, Any]]()
        for attempt_id, name, why, at, reason in zip(*columns, strict=True):
            mine = [row for row in self.captures if row["attempt_id"] == attempt_id]
            known = any(row["name"] == name and abs((row["at"] - at).total_seconds()) <= same_s for row in mine)
            soon = any(row["received_at"] > now - timedelta(seconds=apart_s) for row in mine)
            row: dict[str, Any] = {
                "capture_id": self._number(), "attempt_id": attempt_id, "name": name, "why": why, "at": at,
                "received_at": self.now(), "state": "not_seen" if reason else "waiting", "reason": reason,
                "kind": "unjudged", "face_count": None, "distance": None, "model": "", "vector": None, "thumb": None,
            }  # fmt: skip
            taken = not known and not soon and len(mine) < count_max
            rows += [row] if taken else []
            capture_id = row["capture_id"] if taken else None
            answers.append(Named(attempt_id=attempt_id, capture_id=capture_id, known=known))

        def apply() -> None:
            for row in rows:
                self.pictures.setdefault((row["attempt_id"], row["name"]), "capture")
            self.captures += rows

        return answers, apply

    def _waiting(self, capture_id: int) -> list[dict[str, Any]]:
        return [row for row in self.captures if row["capture_id"] == capture_id and row["state"] == "waiting"]

    def capture_seen(self, capture_id: int, *values: object) -> Written:
        names = ("kind", "face_count", "distance", "model", "vector", "thumb")
        rows = self._waiting(capture_id)
        changes = dict(zip(names, values, strict=True))
        changes["kind"] = str(changes["kind"])
        return [pick(row, "capture_id") for row in rows], lambda: change(rows, state="seen", **changes)

    def capture_not_seen(self, capture_id: int, reason: str) -> Written:
        rows = self._waiting(capture_id)
        return [], lambda: change(rows, state="not_seen", reason=reason)

    def captures_of(self, attempt_id: int) -> Rows:
        mine = [row for row in self.captures if row["attempt_id"] == attempt_id]
        mine.sort(key=lambda row: (row["at"], row["capture_id"]))
        return [pick(row, "name", "why", "at", "state", "reason", "kind", "face_count", "distance") for row in mine]

    def captures_before(self, attempt_id: int, at: datetime, capture_id: int) -> Rows:
        mine = [
            row
            for row in self.captures
            if row["attempt_id"] == attempt_id
            and row["state"] == "seen"
            and (row["at"], row["capture_id"]) < (at, capture_id)
        ]
        mine.sort(key=lambda row: (row["at"], row["capture_id"]), reverse=True)
        return [pick(row, "kind", "model", "vector", "thumb") for row in mine[:12]]

    def captures_waiting(self, again_s: float, old_s: float, limit: int) -> Rows:
        now, again, old = self.now(), timedelta(seconds=again_s), timedelta(seconds=old_s)
        rows = [row for row in self.captures if row["state"] == "waiting" and row["received_at"] < now - again]
        rows.sort(key=lambda row: row["received_at"])
        return [
            Named(
                capture_id=row["capture_id"], attempt_id=row["attempt_id"], name=row["name"], at=row["at"],
                old=row["received_at"] < now - old,
            )
            for row in rows[:limit]
        ]  # fmt: skip

    def gallery(self, _attempt_id: int, person_id: int) -> Rows:
        found = self.photos.get(person_id)
        return [] if found is None else [Named(vector=found[0], model=found[1])]

    # --- signals and incidents -----------------------------------------------------------------------------------

    def signal_count(self, attempt_id: int) -> Rows:
        return [(sum(1 for key in self.signals if key[0] == attempt_id),)]

    def add_signals(self, attempt_id: int, *columns: Sequence[Any]) -> Written:
        names = ("device", "n", "kind", "at", "for_ms", "episode")
        rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

        def apply() -> None:
            for row in rows:
                self.signals.setdefault((attempt_id, row["device"], row["n"]), row)

        return [], apply

    def signals_of(self, attempt_id: int) -> Rows:
        mine = [row for key, row in self.signals.items() if key[0] == attempt_id]
        mine.sort(key=lambda row: (row["at"], row["device"], row["n"]))
        return [pick(row, "device", "n", "kind", "at", "for_ms", "episode") for row in mine]

    def put_incidents(self, attempt_id: int, *columns: Sequence[Any]) -> Written:
        """ON CONFLICT DO UPDATE where something differs; `done` falls only when the level rose."""
        names = ("rule", "ordinal", "level", "at", "for_ms", "pictures")
        changed: list[tuple[Any, ...]] = []
        new: dict[tuple[int, str, int], dict[str, Any]] = {}
        for values in zip(*columns, strict=True):
            row = dict(zip(names, values, strict=True))
            row["pictures"] = msgspec.json.decode(row["pictures"])
            key = (attempt_id, row["rule"], row["ordinal"])
            before = self.incidents.get(key)
            if before is not None and all(before[name] == row[name] for name in names):
                continue
            done = before is not None and before["done"] and row["level"] <= before["level"]
            kept = before or {"incident_id": self._number(), "raised_at": self.now(), "verdict": None, "case_id": None}
            new[key] = {**kept, **row, "attempt_id": attempt_id, "done": done}
            changed.append(pick(new[key], "rule", "ordinal", "done"))
        return changed, lambda: self.incidents.update(new)

    def undone(self, attempt_id: int) -> Rows:
        return [
            pick(row, "rule", "ordinal") for k, row in self.incidents.items() if k[0] == attempt_id and not row["done"]
        ]

    def undone_somewhere(self, after_s: float, limit: int) -> Rows:
        before = self.now() - timedelta(seconds=after_s)
        found = {k[0] for k, row in self.incidents.items() if not row["done"] and row["raised_at"] < before}
        return [Named(attempt_id=attempt_id) for attempt_id in sorted(found)[:limit]]

    def incidents_done(self, attempt_id: int, rules: Sequence[str], ordinals: Sequence[int]) -> Written:
        rows = self._incidents(attempt_id, rules, ordinals)
        return [], lambda: change(rows, done=True)

    def _incidents(self, attempt_id: int, rules: Sequence[str], ordinals: Sequence[int]) -> list[dict[str, Any]]:
        keys = [(attempt_id, rule, ordinal) for rule, ordinal in zip(rules, ordinals, strict=True)]
        return [self.incidents[key] for key in keys if key in self.incidents]

    # --- cases ---------------------------------------------------------------------------------------------------

    def add_case(self, attempt_id: int, sitting_id: int, person_id: int, request: str, *rest: Any) -> Written:
        if any(row["request"] == request for row in self.cases.values()):
            return [], nothing
        allegation, opened_at, opened_by = rest
        row = {
            "case_id": self._number(), "attempt_id": attempt_id, "sitting_id": sitting_id, "person_id": person_id,
            "request": request, "allegation": str(allegation), "phase": "open", "version": 0, "holds": True,
            "opened_at": opened_at, "opened_by": opened_by, "closed_at": None, "void_at": None,
        }  # fmt: skip

        def apply() -> None:
            if any(other["request"] == request for other in self.cases.values()):
                raise asyncpg.UniqueViolationError("duplicate key value violates unique constraint")
            self.cases[row["case_id"]] = row

        return [pick(row, "case_id")], apply

    def add_case_event(self, case_id: int, version: int, body: str, by: int, at: datetime) -> Written:
        if (case_id, version) in self.case_events:
            raise asyncpg.UniqueViolationError("duplicate key value violates unique constraint")
        row = {"version": version, "body": body, "by": by, "at": at}
        return [], lambda: self.case_events.update({(case_id, version): row})

    def set_case_line(self, case_id: int, *values: Any) -> Written:
        names = ("phase", "version", "holds", "closed_at", "void_at")
        changes = dict(zip(names, values, strict=True))
        return [], lambda: self.cases[case_id].update(changes)

    def case_voided(self, case_id: int) -> Written:
        return [], lambda: self.cases[case_id].update(holds=False, void_at=None)

    def link_incidents(self, attempt_id: int, case_id: int, rules: Sequence[str], ordinals: Sequence[int]) -> Written:
        rows = self._incidents(attempt_id, rules, ordinals)
        return [], lambda: change(rows, case_id=case_id)

    def case_by_request(self, request: str) -> Rows:
        return [(case_id,) for case_id, row in self.cases.items() if row["request"] == request]

    def case_line(self, case_id: int) -> Rows:
        return [Named(**self.cases[case_id])] if case_id in self.cases else []

    def events_of_case(self, case_id: int) -> Rows:
        return [Named(**row) for (case, _), row in sorted(self.case_events.items()) if case == case_id]

    def _cases(self, wanted: Callable[[dict[str, Any]], object], limit: int) -> Rows:
        found: Rows = [Named(**row) for _, row in sorted(self.cases.items()) if wanted(row)]
        return found[:limit]

    def cases_to_notify(self, after: int, limit: int) -> Rows:
        return self._cases(lambda row: row["phase"] == "open" and row["case_id"] > after, limit)

    def cases_due_to_void(self, now: datetime, limit: int) -> Rows:
        return self._cases(lambda row: row["holds"] and row["void_at"] is not None and row["void_at"] <= now, limit)

    def cases_holding(self, limit: int) -> Rows:
        return self._cases(lambda row: row["holds"], limit)

    def cases_of_attempts(self, attempt_ids: Sequence[int]) -> Rows:
        return self._cases(lambda row: row["attempt_id"] in attempt_ids, len(self.cases))

    # --- what the exam's own tables say of it ----------------------------------------------------------------------

    def held(self, limit: int) -> Rows:
        return [(attempt_id,) for attempt_id, row in sorted(self.attempts.items()) if row.held][:limit]

    def phases_of(self, attempt_ids: Sequence[int]) -> Rows:
        return [Named(attempt_id=a, phase=str(self.attempts[a].phase)) for a in attempt_ids if a in self.attempts]

    def watched(self, attempt_ids: Sequence[int]) -> Rows:
        return [self._watched(attempt_id) for attempt_id in attempt_ids]

    def _watched(self, attempt_id: int) -> tuple[Any, ...]:
        open_ = [row for k, row in self.incidents.items() if k[0] == attempt_id and row["verdict"] is None]
        mine = [row for row in self.captures if row["attempt_id"] == attempt_id]
        last = max(mine, key=lambda row: (row["at"], row["capture_id"]), default=None)
        cases = [row for row in self.cases.values() if row["attempt_id"] == attempt_id and row["closed_at"] is None]
        return Named(
            attempt_id=attempt_id,
            rules=[row["rule"] for row in open_] or None,
            levels=[row["level"] for row in open_] or None,
            raised=[row["raised_at"] for row in open_] or None,
            name=last and last["name"],
            at=last and last["at"],
            kind=last and last["kind"],
            distance=last and last["distance"],
            claimed_by=None,
            until=None,
            case_open=bool(cases),
        )


def nothing(*_: object) -> None:
    """Nothing is to be applied."""


def void(_value: object) -> None:
    """Of a call only the effect matters."""


def change(rows: Sequence[dict[str, Any]], **values: Any) -> None:
    """Give columns of these lines new values."""
    for row in rows:
        row.update(values)


def _none(_tables: FakeProctoring, *_: object) -> Rows:
    return []


READS: Final[dict[str, Callable[..., Rows]]] = {
    store.CAPTURES: FakeProctoring.captures_of,
    store.CAPTURES_BEFORE: FakeProctoring.captures_before,
    store.CAPTURES_WAITING: FakeProctoring.captures_waiting,
    store.GALLERY: FakeProctoring.gallery,
    store.SIGNAL_COUNT: FakeProctoring.signal_count,
    store.SIGNALS: FakeProctoring.signals_of,
    store.UNDONE: FakeProctoring.undone,
    store.UNDONE_SOMEWHERE: FakeProctoring.undone_somewhere,
    store.WATCHED: FakeProctoring.watched,
    store.PHOTOS_OF: _none,
    store.OTHER_MODEL: _none,
    case_store.BY_REQUEST: FakeProctoring.case_by_request,
    case_store.LINE: FakeProctoring.case_line,
    case_store.EVENTS: FakeProctoring.events_of_case,
    case_store.TO_NOTIFY: FakeProctoring.cases_to_notify,
    case_store.DUE_TO_VOID: FakeProctoring.cases_due_to_void,
    case_store.HOLDING: FakeProctoring.cases_holding,
    case_store.OF_ATTEMPTS: FakeProctoring.cases_of_attempts,
    exam_store.HELD: FakeProctoring.held,
    exam_store.PHASES_OF: FakeProctoring.phases_of,
    exam_store.OPEN_SITTINGS: _none,
}
WRITES: Final[dict[str, Callable[..., Written]]] = {
    store.ADD_PICTURE: FakeProctoring.add_picture,
    capture_store.TAKE: FakeProctoring.take,
    store.CAPTURE_SEEN: FakeProctoring.capture_seen,
    store.CAPTURE_NOT_SEEN: FakeProctoring.capture_not_seen,
    store.ADD_SIGNALS: FakeProctoring.add_signals,
    store.PUT_INCIDENTS: FakeProctoring.put_incidents,
    store.INCIDENTS_DONE: FakeProctoring.incidents_done,
    case_store.ADD_CASE: FakeProctoring.add_case,
    case_store.ADD_EVENT: FakeProctoring.add_case_event,
    case_store.SET_LINE: FakeProctoring.set_case_line,
    case_store.VOIDED: FakeProctoring.case_voided,
    case_store.LINK_INCIDENTS: FakeProctoring.link_incidents,
}
