"""What is broken when: `--faults` words become a plan. Pure: a seed gives the same plan again.

    kill:20                 one serving process is killed (kill -9) every 20 s
    postgres:60+5           every 60 s PostgreSQL is stopped for 5 s, in order and at once by turns
    valkey:45+2             every 45 s Valkey is killed, and comes back empty after 2 s
    net:loss=2%;latency=80ms;jitter=20ms;rate=2mbit;cut=30s   the clients' line; every 30 s some of them are cut off
    clock:300@60+20         every 60 s the clock of a serving process is 300 s wrong for 20 s, ahead and behind by turns
    disk:90+10              every 90 s the disk of the pictures is full for 10 s
    vision:45+8             every 45 s half of the face models' processes stand still for 8 s; all get little CPU

Several of them with commas; what follows a colon may be left out. `all` is every one, as often as fits the run.
"""

import random
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from loadtest.weather import CALM, Weather

EVERY_S: Final = {"kill": 20.0, "postgres": 60.0, "valkey": 45.0, "clock": 60.0, "disk": 90.0, "vision": 45.0}
FOR_S: Final = {"kill": 0.0, "postgres": 5.0, "valkey": 2.0, "clock": 20.0, "disk": 10.0, "vision": 8.0, "cut": 5.0}
ALL_TIMES: Final = {"kill": 4, "cut": 3}  # of `all`: how often at least in a run; others twice
STEP_S: Final = 300.0
ALL_WEATHER: Final = Weather(latency_s=0.08, jitter_s=0.02, loss=0.02)
ALL_CUT_S: Final = 30.0
ALL_FOR_SHARE: Final = 0.1  # of `all` in a short run: nothing is away for longer than this share of it
QUIET_END_S: Final = 10.0  # the last fault is over so long before the run ends: what it broke can be seen to recover
WAVER: Final = 0.15  # a period is longer or shorter by up to this share, so that faults meet each other differently
UNITS: Final = {"": 1.0, "s": 1.0, "ms": 0.001, "m": 60.0}
RATES: Final = {"kbit": 125.0, "mbit": 125_000.0}  # bytes/s


class BadPlan(Exception):
    """What is wrong with the words; `str()` is for a person."""


class Due(msgspec.Struct, frozen=True):
    """One fault. `turn` counts those of its kind from 0; `by` is the step of a clock, in seconds."""

    at_s: float
    kind: str
    for_s: float
    turn: int
    by: float = 0.0


class Plan(msgspec.Struct, frozen=True):
    """Faults in the order of `at_s`, and the clients' line throughout."""

    due: tuple[Due, ...] = ()
    weather: Weather = CALM
    length_s: float = 0.0
    seed: int = 0

    @property
    def kinds(self) -> frozenset[str]:
        """What is to be prepared for."""
        kinds = {due.kind for due in self.due}
        return frozenset(kinds if self.weather == CALM else kinds | {"net"})


class _Wish(msgspec.Struct, frozen=True):
    kind: str
    every_s: float
    for_s: float
    by: float = 0.0


def read_plan(words: str, *, length_s: float, seed: int, vision: bool = False) -> Plan:
    """The plan for a run of `length_s`; `vision` says whether there are face models to slow down. Raises BadPlan."""
    said = [word.strip() for word in words.split(",") if word.strip()]
    kinds = [word.partition(":")[0] for word in said]
    for kind in kinds:
        if kind not in {*EVERY_S, "net", "all"}:
            raise BadPlan(f"there is no fault {kind!r}: it is one of {', '.join(EVERY_S)}, net or all")
        if kinds.count(kind) > 1:
            raise BadPlan(f"the fault {kind} is named twice")
    if "vision" in kinds and not vision:
        raise BadPlan("the fault vision needs processes of the face models (--vision)")
    weather, wishes = CALM, list[_Wish]()
    for word in said:
        kind, _, spec = word.partition(":")
        if kind == "net":
            weather, cuts = _read_net(spec, length_s)
            wishes += cuts
        elif kind != "all":
            wishes.append(_read_wish(kind, spec))
    if "all" in kinds:
        named = {wish.kind for wish in wishes} | set(kinds)
        wishes += [wish for wish in _all_of_them(length_s, vision=vision) if wish.kind not in named]
        weather = weather if "net" in named else ALL_WEATHER
    due = [each for wish in wishes for each in _times(wish, length_s, seed)]
    return Plan(tuple(sorted(due, key=lambda one: (one.at_s, one.kind))), weather, length_s, seed)


def _read_wish(kind: str, spec: str) -> _Wish:
    """`EVERY+FOR`; of a clock `STEP@EVERY+FOR`."""
    by, rest = 0.0, spec
    if kind == "clock":
        step, _, rest = spec.partition("@")
        if not rest:
            step, plus, length = step.partition("+")
            rest = f"{EVERY_S[kind]:g}{plus}{length}"
        by = _seconds(kind, step) if step else STEP_S
    every, plus, length = rest.partition("+")
    if plus and kind == "kill":
        raise BadPlan("kill has no length: a killed process comes back by itself")
    every_s = _seconds(kind, every) if every else EVERY_S[kind]
    for_s = _seconds(kind, length) if plus else FOR_S[kind]
    if for_s >= every_s:
        raise BadPlan(f"{kind}: {for_s:g} s is not shorter than the {every_s:g} s after which it comes again")
    return _Wish(kind, every_s, for_s, by)


def _read_net(spec: str, length_s: float) -> tuple[Weather, list[_Wish]]:
    given: dict[str, float] = {}
    cuts = []
    for part in filter(None, spec.split(";")):
        name, _, value = part.partition("=")
        if name == "loss":
            given["loss"] = _share(value)
        elif name in {"latency", "jitter"}:
            given[f"{name}_s"] = _seconds("net", value)
        elif name == "rate":
            given["rate"] = _rate(value)
        elif name == "cut":
            every_s = _seconds("net", value)
            cuts = [_Wish("cut", every_s, min(FOR_S["cut"], every_s / 2))]
        else:
            raise BadPlan(f"net: there is no {name!r}: it is one of loss, latency, jitter, rate or cut")
    if not spec:
        return ALL_WEATHER, [wish for wish in _all_of_them(length_s, vision=False) if wish.kind == "cut"]
    return Weather(**given), cuts


def _all_of_them(length_s: float, *, vision: bool) -> Iterator[_Wish]:
    """Every kind at least twice (killing and cutting more often), if the run is long enough for anything."""
    for kind, every_s in {**EVERY_S, "cut": ALL_CUT_S}.items():
        if kind != "vision" or vision:
            often_s = (length_s - QUIET_END_S) / (ALL_TIMES.get(kind, 2) * (1 + WAVER))
            for_s = min(FOR_S[kind], length_s * ALL_FOR_SHARE)
            yield _Wish(kind, max(min(every_s, often_s - for_s / 2), 1.0), for_s, STEP_S if kind == "clock" else 0.0)


def _times(wish: _Wish, length_s: float, seed: int) -> Iterator[Due]:
    """The first comes after most of a period, so that the run has begun. Raises BadPlan if none fits."""
    rng = random.Random(f"{seed} {wish.kind}")  # noqa: S311  guards nothing
    at_s = wish.every_s * rng.uniform(0.5, 0.9)
    turn = 0
    while at_s + wish.for_s + QUIET_END_S <= length_s:
        yield Due(at_s, wish.kind, wish.for_s, turn, wish.by if turn % 2 == 0 else -wish.by)
        at_s += max(wish.every_s * rng.uniform(1 - WAVER, 1 + WAVER), wish.for_s + 0.5)
        turn += 1
    if not turn:
        raise BadPlan(
            f"{wish.kind} every {wish.every_s:g} s has no place in a run of {length_s:g} s, "
            f"of which the last {QUIET_END_S:g} s are left for recovery"
        )


def _seconds(kind: str, text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|)", text)
    if not found or not float(found[1]):
        raise BadPlan(f"{kind}: {text!r} is not a time such as 20, 5s, 80ms or 2m")
    return float(found[1]) * UNITS[found[2]]


def _share(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text)
    share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= share <= 0.5:
        raise BadPlan(f"net: {text!r} is not a loss such as 2% (50% at most)")
    return share


def _rate(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(kbit|mbit)", text)
    if not found or not float(found[1]):
        raise BadPlan(f"net: {text!r} is not a rate such as 512kbit or 2mbit")
    return float(found[1]) * RATES[found[2]]
