"""Facts sent by devices become incidents, by rules that are a function of the *set* of facts.

In which order and in what batches signals come in, and how often, changes nothing. More signals never remove an
incident: every rule counts something that only grows. (What holds for captures is said in `proctor.captures`.)
Numbers that are not in the policy stand here with their reason; the ladder is that of domain.md §7.2 and §7.3.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from proctor.captures import about_captures, covered_stretches, in_order
from proctor.policy import Proctoring
from proctor.rules import LEVELS, NOTICE_LEVEL, RULES, Incident, RuleInfo, notice_text, risk
from proctor.watching import Seen

__all__ = [
    "LEVELS",
    "RULES",
    "Incident",
    "RuleInfo",
    "Signal",
    "SignalKind",
    "incidents",
    "notice_text",
    "risk",
]

ORDINAL_MAX: Final = 200  # incidents of one rule in one attempt: a broken or hostile device fills no desk
KEYS_APART: Final = timedelta(seconds=10)  # a held key repeats, a failed copy is tried again at once: that is one time
KEYS_WARN: Final = 3  # the third time is a habit, not a slip
_MS: Final = timedelta(milliseconds=1)


class SignalKind(StrEnum):
    """What a device can notice; `device_changed` is written by the server."""

    PAGE_HIDDEN = "page_hidden"
    FOCUS_LOST = "focus_lost"
    FULLSCREEN_LEFT = "fullscreen_left"
    COPY = "copy"
    PASTE = "paste"
    CUT = "cut"
    PRINT = "print"
    SCREENSHOT_KEY = "screenshot_key"
    CAMERA_MUTED = "camera_muted"
    CAMERA_COVERED = "camera_covered"
    CAMERA_ENDED = "camera_ended"
    NETWORK_GAP = "network_gap"
    IDLE = "idle"
    PAGE_RELOADED = "page_reloaded"
    DEVICE_CHANGED = "device_changed"


class Signal(msgspec.Struct, frozen=True, gc=False):
    """One fact. `n` numbers the signals of a device from 1; `at` is when the thing began, by the server's clock.

    `for_ms` is how long it lasted, or has lasted so far: then further signals follow whose `episode` is the n of the
    first, with the same `at` and a larger `for_ms`. 0: this signal stands alone (or is the first).
    """

    device: str
    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    kind: SignalKind
    at: datetime
    for_ms: Annotated[int, Meta(ge=0, le=24 * 3600 * 1000)] = 0
    episode: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class _Episode(msgspec.Struct, frozen=True):
    """All signals about one thing."""

    at: datetime
    for_ms: int
    signals: tuple[tuple[str, int], ...]


class _Away(msgspec.Struct, frozen=True):
    """A stretch without a picture of the room, and what says so."""

    begin: datetime
    end: datetime
    signals: tuple[tuple[str, int], ...] = ()
    pictures: tuple[str, ...] = ()


def incidents(policy: Proctoring, signals: Iterable[Signal], seen: Iterable[tuple[str, Seen]] = ()) -> list[Incident]:
    """Everything in one attempt that somebody should look at, by time; `seen` are pictures' names and verdicts.

    At most ORDINAL_MAX of each rule. Pure: the same facts give the same incidents, always.
    """
    facts = set(signals)
    looks = in_order(seen)
    found: list[Incident] = []
    for rule, kind in _LASTING.items():
        found += _first(_lasting(rule, policy, _episodes(facts, kind)))
    for kind in _KEYS:
        found += _first(_pressed(kind, _spaced(_episodes(facts, kind))))
    found += _first(_fullscreen(_spaced(_episodes(facts, SignalKind.FULLSCREEN_LEFT))))
    found += _first(_device_changed(_episodes(facts, SignalKind.DEVICE_CHANGED)))
    found += _camera_away(policy, [*_without_camera(facts), *_covered(looks)])
    found += [incident for incident in about_captures(policy, looks) if incident.ordinal <= ORDINAL_MAX]
    return sorted(found, key=lambda incident: (incident.at, incident.rule, incident.ordinal))


def _first(found: Iterator[Incident]) -> Iterator[Incident]:
    return islice(found, ORDINAL_MAX)


def _episodes(facts: Iterable[Signal], *kinds: SignalKind) -> list[_Episode]:
    """The things of these kinds that happened, by their beginning. As long as the longest word on each says."""
    groups: dict[tuple[str, SignalKind, int], list[Signal]] = {}
    for signal in facts:
        if signal.kind in kinds:
            groups.setdefault((signal.device, signal.kind, signal.episode or signal.n), []).append(signal)
    found = [
        _Episode(
            min(signal.at for signal in group),
            max(signal.for_ms for signal in group),
            tuple(sorted({(signal.device, signal.n) for signal in group})),
        )
        for group in groups.values()
    ]
    return sorted(found, key=lambda episode: (episode.at, episode.signals, episode.for_ms))


def _spaced(episodes: Sequence[_Episode]) -> Iterator[_Episode]:
    """As many of them as there can be with KEYS_APART between any two; one more signal never makes them fewer."""
    last: datetime | None = None
    for episode in episodes:
        if last is None or episode.at - last >= KEYS_APART:
            last = episode.at
            yield episode


# --- rules about what lasts too long -------------------------------------------------------------------------


def _lasting(rule: str, policy: Proctoring, episodes: Sequence[_Episode]) -> Iterator[Incident]:
    """One incident for each thing that lasted longer than the policy is patient.

    Only leaving the page grows severe. A lost focus may be a message of the system, a gap of the network is no
    offence, and doctors think: these are told to the desk (L1) and no more.
    """
    patience_ms = 1000 * _PATIENCE_S[rule](policy)
    long = [episode for episode in episodes if episode.for_ms > patience_ms]
    for ordinal, episode in enumerate(long, start=1):
        level = _leave_level(policy, ordinal) if rule == "left_page" else 1
        yield _incident(rule, ordinal, level, episode, hand_in=level > NOTICE_LEVEL and policy.leaves_force)


def _leave_level(policy: Proctoring, ordinal: int) -> int:
    if ordinal > policy.leaves_max:
        return 3
    return 2 if ordinal >= policy.leaves_warn else 1


_LASTING: Final = {
    "left_page": SignalKind.PAGE_HIDDEN,
    "focus_lost": SignalKind.FOCUS_LOST,
    "network_gap": SignalKind.NETWORK_GAP,
    "idle": SignalKind.IDLE,
}
_PATIENCE_S: Final[dict[str, Callable[[Proctoring], float]]] = {
    "left_page": lambda policy: policy.leave_s,
    "focus_lost": lambda policy: policy.leave_s,
    "network_gap": lambda policy: policy.gap_s,
    "idle": lambda policy: policy.idle_s,
}


# --- rules about what happens --------------------------------------------------------------------------------

_KEYS: Final = (SignalKind.COPY, SignalKind.PASTE, SignalKind.CUT, SignalKind.PRINT, SignalKind.SCREENSHOT_KEY)


def _pressed(kind: SignalKind, episodes: Iterator[_Episode]) -> Iterator[Incident]:
    for ordinal, episode in enumerate(episodes, start=1):
        yield _incident(kind, ordinal, 2 if ordinal >= KEYS_WARN else 1, episode)


def _fullscreen(episodes: Iterator[_Episode]) -> Iterator[Incident]:
    """The 1st, 3rd, 6th, 10th … time: phones and dialogs leave full screen by themselves, and it hides nothing.

    What one does outside the page is `left_page`. So it is L1, and ever more of it says ever less.
    """
    ordinal = 1
    for count, episode in enumerate(episodes, start=1):
        if count == ordinal * (ordinal + 1) // 2:
            yield _incident("fullscreen_left", ordinal, 1, episode)
            ordinal += 1


def _device_changed(episodes: Iterable[_Episode]) -> Iterator[Incident]:
    """Allowed, for phones die; written down, for a second person could hold the second device."""
    for ordinal, episode in enumerate(episodes, start=1):
        yield _incident("second_device", ordinal, 1, episode)


# --- the rule about the camera -------------------------------------------------------------------------------


def _without_camera(facts: Iterable[Signal]) -> Iterator[_Away]:
    kinds = SignalKind.CAMERA_MUTED, SignalKind.CAMERA_COVERED, SignalKind.CAMERA_ENDED
    for episode in _episodes(facts, *kinds):
        yield _Away(episode.at, episode.at + episode.for_ms * _MS, signals=episode.signals)


def _covered(looks: Sequence[tuple[str, Seen]]) -> Iterator[_Away]:
    for begin, end, pictures in covered_stretches(looks):
        yield _Away(begin, end, pictures=pictures)


def _camera_away(policy: Proctoring, stretches: Sequence[_Away]) -> Iterator[Incident]:
    """In sum over the attempt, however often and for whatever reason; what overlaps counts once."""
    ordered = sorted(stretches, key=lambda away: (away.begin, away.end, away.signals, away.pictures))
    total = sum((end - begin for begin, end in _merged(ordered)), timedelta(0))
    for ordinal, limit_s in enumerate((policy.camera_warn_s, policy.camera_case_s), start=1):
        limit = timedelta(seconds=limit_s)
        if total < limit:
            return
        at = _reached_at(ordered, limit)
        involved = [away for away in ordered if away.begin < at]
        yield Incident(
            rule="camera_away",
            ordinal=ordinal,
            level=1 + ordinal,
            at=at,
            for_ms=total // _MS,
            pictures=tuple(dict.fromkeys(name for away in involved for name in away.pictures)),
            signals=tuple(sorted({signal for away in involved for signal in away.signals})),
            notice=True,
            case=ordinal > 1,
        )


def _merged(ordered: Sequence[_Away]) -> Iterator[tuple[datetime, datetime]]:
    """The stretches as intervals that don't overlap."""
    until: datetime | None = None
    for away in ordered:
        begin = away.begin if until is None else max(away.begin, until)
        if away.end > begin:
            yield begin, away.end
            until = away.end


def _reached_at(ordered: Sequence[_Away], limit: timedelta) -> datetime:
    left = limit
    for begin, end in _merged(ordered):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise AssertionError("the sum was said to be at least the limit")


def _incident(rule: str, ordinal: int, level: int, episode: _Episode, *, hand_in: bool = False) -> Incident:
    return Incident(
        rule=str(rule),
        ordinal=ordinal,
        level=level,
        at=episode.at,
        for_ms=episode.for_ms,
        signals=episode.signals,
        notice=level >= NOTICE_LEVEL,
        case=level > NOTICE_LEVEL,
        hand_in=hand_in,
    )
