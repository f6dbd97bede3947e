"""The seconds of a run: what several generator processes counted, as one list."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from loadtest.figures import Slice
from loadtest.outcome import Second

STEADY_SHARE: Final = 0.95  # of the most attempts that were open at once


def merge(parts: Iterable[Sequence[Second]]) -> list[Second]:
    """One list in order, without gaps, of what each process counted.

    What is counted is added up, lags are not (the latest counts). A process that said nothing for a second was too busy
    to say it: its attempts were open all the same, so it keeps the gauges it told last, up to its own last second.
    """
    told = [sorted(part, key=lambda second: second.s) for part in parts if part]
    if not told:
        return []
    first, last = min(part[0].s for part in told), max(part[-1].s for part in told)
    merged = [Second(s, actions={}, errors={}, excused={}) for s in range(first, last + 1)]
    for part in told:
        for second in _whole(part):
            _add(merged[second.s - first], second)
    return merged


def steady(seconds: Sequence[Second]) -> list[Second]:
    """From the first to the last second in which nearly as many attempts were open as ever: no ramps."""
    enough = STEADY_SHARE * max((second.open for second in seconds), default=0)
    full = [place for place, second in enumerate(seconds) if second.open >= enough > 0]
    return list(seconds[full[0] : full[-1] + 1]) if full else []


def actions_of(seconds: Iterable[Second]) -> list[str]:
    """All that was done, by name."""
    return sorted(set(chain.from_iterable(second.actions for second in seconds)))


def slices(seconds: Iterable[Second], action: str) -> list[Slice]:
    """One action over the seconds in which it was done."""
    return [second.actions[action] for second in seconds if action in second.actions]


def added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """All of them as one, the largest number first."""
    whole: dict[str, int] = {}
    for each in counts:
        for name, number in each.items():
            whole[name] = whole.get(name, 0) + number
    return dict(sorted(whole.items(), key=lambda pair: (-pair[1], pair[0])))


def _whole(part: Sequence[Second]) -> Iterable[Second]:
    """With a second for every gap."""
    for before, after in zip(part, [*part[1:], None], strict=True):
        yield before
        for s in range(before.s + 1, after.s if after else 0):
            yield Second(s, before.open, before.sockets, before.boards)


def _add(whole: Second, part: Second) -> None:
    whole.open += part.open
    whole.sockets += part.sockets
    whole.boards += part.boards
    whole.lag_s = max(whole.lag_s, part.lag_s)
    for action, counted in part.actions.items():
        whole.actions.setdefault(action, Slice(late={}, served={})).add(counted)
    for mine, theirs in ((whole.errors, part.errors), (whole.excused, part.excused)):
        for kind, number in theirs.items():
            mine[kind] = mine.get(kind, 0) + number
