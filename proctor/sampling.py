"""Which of the pictures taken during exams a face model looks at, when it can't look at all of them.

Decided when a picture comes in, so that it is written down with it: what is not looked at is kept and says so. A
picture with a reason (the start, a return, somebody asked) or of somebody about whom there is a doubt is looked at
unless the model is far behind; those taken at intervals share what is left, and whoever has not been looked at for
longest is next. So everybody is looked at in turn, and nobody can know when.

How far the model is behind is reckoned here: a picture let through is so many seconds of its work. With nothing to do
it takes the next picture, whoever's; the further it is behind, the longer ago one must have been looked at: BEHIND_S
behind, as long as it takes to look at everybody once.
"""

from collections import OrderedDict, deque
from typing import Final

BEHIND_S: Final = 5.0  # of work let through and not yet done, about which it settles when there is too much
BEHIND_MAX_S: Final = 20.0  # more is never let through: a picture is looked at while it still means something
UNKNOWN_PER_S: Final = 20.0  # before the first figures: what half a core manages
HEARD_S: Final = 300.0  # candidates who send pictures now: one comes every few minutes at the latest
DOUBT_S: Final = 600.0  # how long a doubt lasts; half of its weight on the desk is gone by then
SHARE_S: Final = 600.0  # the share is that of the last ten minutes
INTERVAL: Final = "interval"


class _Candidate:
    __slots__ = ("doubt_until_s", "heard_s", "looked_s")

    def __init__(self, now_s: float) -> None:
        self.heard_s = now_s
        self.looked_s = float("-inf")
        self.doubt_until_s = float("-inf")


class Sampler:
    """One for a process. `per_s_max` is how many pictures taken at intervals may be looked at each second, 0: any."""

    def __init__(self, per_s_max: float = 0.0) -> None:
        self._per_s_max = per_s_max
        self._candidates: OrderedDict[int, _Candidate] = OrderedDict()
        self._done_at_s = float("-inf")  # when all that was let through will have been looked at
        self._shared_until_s = float("-inf")  # the same of those taken at intervals alone, by the rate set for them
        self._minutes: deque[list[int]] = deque()  # [minute, taken, looked at]

    def takes(self, key: int, why: str, now_s: float, per_s: float) -> bool:
        """Whether this picture of candidate `key` is to be looked at; `per_s`: what the model manages, 0 if unknown."""
        candidate = self._heard(key, now_s)
        cost_s = 1 / (per_s or UNKNOWN_PER_S)
        behind_s = max(0.0, self._done_at_s - now_s)
        if why != INTERVAL or candidate.doubt_until_s > now_s:
            taken = behind_s < BEHIND_MAX_S
        else:
            share_s = max(cost_s, 1 / self._per_s_max) if self._per_s_max else cost_s
            behind_s = max(behind_s, self._shared_until_s - now_s)
            waited_s = now_s - candidate.looked_s
            taken = behind_s < BEHIND_MAX_S and waited_s >= len(self._candidates) * share_s * behind_s / BEHIND_S
            if taken:
                self._shared_until_s = max(self._shared_until_s, now_s) + share_s
        if taken:
            candidate.looked_s = now_s
            self._done_at_s = max(self._done_at_s, now_s) + cost_s
        self._count(now_s, looked=taken)
        return taken

    def doubt(self, key: int, now_s: float) -> None:
        """Something is to be looked at closer: the next pictures of this candidate come first."""
        self._heard(key, now_s).doubt_until_s = now_s + DOUBT_S

    def share(self, now_s: float) -> float | None:
        """How much of what came in lately was looked at, 0 to 1; None if nothing came in."""
        self._forget_minutes(now_s)
        taken = sum(minute[1] for minute in self._minutes)
        return sum(minute[2] for minute in self._minutes) / taken if taken else None

    def _heard(self, key: int, now_s: float) -> _Candidate:
        """The candidate; those unheard for long are forgotten."""
        candidate = self._candidates.get(key)
        if candidate is None:
            candidate = self._candidates[key] = _Candidate(now_s)
        candidate.heard_s = now_s
        self._candidates.move_to_end(key)
        while next(iter(self._candidates.values())).heard_s < now_s - HEARD_S:
            self._candidates.popitem(last=False)
        return candidate

    def _count(self, now_s: float, *, looked: bool) -> None:
        minute = int(now_s // 60)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._forget_minutes(now_s)
            self._minutes.append([minute, 0, 0])
        self._minutes[-1][1] += 1
        self._minutes[-1][2] += looked

    def _forget_minutes(self, now_s: float) -> None:
        while self._minutes and self._minutes[0][0] * 60 < now_s - SHARE_S:
            self._minutes.popleft()
