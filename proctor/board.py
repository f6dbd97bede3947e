"""The invigilators' board as a fold of journals, and who on it deserves attention first.

It folds entries as the journal stores them, (kind, body, at), so that it needs nothing of the exam engine's types.
Positions answered are kept as bits: who answered what is no business of the board.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

IDLE_S: Final = 600  # domain.md §7.2: tell the invigilator, nothing else
FLAG_WEIGHTS: Final[Mapping[str, int]] = {
    "identity_waiting": 100,
    "case_open": 15,
    "locked": 90,
    "identity_refused": 70,
    "offline": 60,
    "notice_open": 40,
    "second_device": 30,
    "late_answers": 25,
    "paused": 20,
    "idle": 10,
    "incident": 0,  # counts by its own level and age
}


class Candidate(msgspec.Struct, frozen=True):
    """One tile's truth. `answered` is a bit set of positions; `identity`: none, waiting, accepted, refused."""

    version: int = 0
    phase: str = "entered"
    item_count: int = 0
    answered: int = 0
    deadline_at: datetime | None = None
    paused_at: datetime | None = None
    pause_stops_clock: bool = True
    identity: str = "none"
    locked: bool = False
    picture: str = ""
    why: str = ""
    last_answer_at: datetime | None = None
    notices_open: frozenset[int] = frozenset()
    last_notice: int = 0
    late: int = 0
    devices: int = 0
    ending: str | None = None


def ticking(candidate: Candidate) -> bool:
    """Whether the candidate's clock runs now."""
    stands = candidate.paused_at is not None and candidate.pause_stops_clock
    return candidate.phase == "running" and not stands


def fold(candidate: Candidate, version: int, kind: str, body: Mapping[str, Any], at: datetime) -> Candidate:
    """The candidate after one journal entry; entries already folded change nothing."""
    if version <= candidate.version:
        return candidate
    changed = _CHANGES.get(kind, _nothing)(candidate, body, at)
    return replace(candidate, version=version, **changed)


def flags(candidate: Candidate, connected: bool | None, now: datetime) -> tuple[str, ...]:
    """What stands out, most urgent first; nothing of a candidate who has finished but late answers."""
    found = []
    if candidate.phase in ("entered", "identity", "ready", "running"):
        found = [name for name, there in _standing_out(candidate, connected, now) if there]
    if candidate.late:
        found.append("late_answers")
    return tuple(sorted(found, key=lambda name: -FLAG_WEIGHTS[name]))


def attention(found: tuple[str, ...]) -> int:
    """The rank on the board: higher first."""
    return sum(FLAG_WEIGHTS[name] for name in found)


def _standing_out(candidate: Candidate, connected: bool | None, now: datetime) -> list[tuple[str, bool]]:
    running = candidate.phase == "running"
    last_at = candidate.last_answer_at
    idle = running and last_at is not None and (now - last_at).total_seconds() > IDLE_S
    return [
        ("identity_waiting", candidate.identity == "waiting"),
        ("identity_refused", candidate.identity == "refused"),
        ("locked", candidate.locked),
        ("paused", candidate.paused_at is not None),
        ("offline", running and connected is False),
        ("notice_open", bool(candidate.notices_open)),
        ("second_device", candidate.devices > 1),
        ("idle", idle),
    ]


def _nothing(_candidate: Candidate, _body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {}


def _entered(_candidate: Candidate, body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    stops = body["policy"]["pause_compensated"]
    return {"item_count": len(body["layout"]["options"]), "pause_stops_clock": stops}


def _portrait(candidate: Candidate, body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    phase = candidate.phase if candidate.phase == "running" else "identity"
    return {"identity": "waiting", "picture": body["picture"], "why": body.get("why", ""), "phase": phase}


def _accepted(candidate: Candidate, _body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {"identity": "accepted", "why": "", "phase": "ready" if candidate.phase == "identity" else candidate.phase}


def _refused(candidate: Candidate, _body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {"identity": "refused", "why": "", "phase": "entered" if candidate.phase == "identity" else candidate.phase}


def _started(_candidate: Candidate, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {"phase": "running", "deadline_at": _instant(body["deadline_at"]), "last_answer_at": at}


def _answered(candidate: Candidate, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {"answered": candidate.answered | 1 << body["no"], "last_answer_at": at}


def _cleared(candidate: Candidate, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {"answered": candidate.answered & ~(1 << body["no"]), "last_answer_at": at}


def _warned(candidate: Candidate, body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {"notices_open": candidate.notices_open | {body["notice"]}, "last_notice": body["notice"]}


def _acknowledged(candidate: Candidate, body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {"notices_open": candidate.notices_open - {body["notice"]}}


def _moved(_candidate: Candidate, body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {"deadline_at": _instant(body["deadline_at"])}


def _resumed(candidate: Candidate, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {**_moved(candidate, body, at), "paused_at": None}


def _submitted(_candidate: Candidate, body: Mapping[str, Any], _at: datetime) -> dict[str, Any]:
    return {"phase": "submitted", "ending": body["ending"], "paused_at": None, "locked": False}


_CHANGES: Final[Mapping[str, Callable[[Candidate, Mapping[str, Any], datetime], dict[str, Any]]]] = {
    "entered": _entered,
    "portrait_taken": _portrait,
    "identity_accepted": _accepted,
    "identity_refused": _refused,
    "device_taken": lambda candidate, _body, _at: {"devices": candidate.devices + 1},
    "started": _started,
    "answered": _answered,
    "cleared": _cleared,
    "came_late": lambda candidate, _body, _at: {"late": candidate.late + 1},
    "warned": _warned,
    "acknowledged": _acknowledged,
    "paused": lambda _candidate, _body, at: {"paused_at": at},
    "resumed": _resumed,
    "extended": _moved,
    "identity_locked": lambda _candidate, _body, _at: {"locked": True},
    "identity_unlocked": lambda _candidate, _body, _at: {"locked": False},
    "submitted": _submitted,
    "marked": lambda _candidate, _body, _at: {"phase": "marked"},
    "released": lambda _candidate, _body, _at: {"phase": "released"},
    "corrected": lambda _candidate, _body, _at: {"phase": "released"},
    "annulled": lambda _candidate, _body, _at: {"phase": "annulled", "paused_at": None, "locked": False},
}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
