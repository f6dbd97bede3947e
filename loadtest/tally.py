"""What one generator process counts, second by second."""

from loadtest.figures import Slice
from loadtest.outcome import Second


class Tally:
    """Gauges that stay and counts that begin anew with every second.

    A latency belongs to the second in which the answer came; one that never comes is an error when it is given up.
    """

    def __init__(self) -> None:
        self.open = self.sockets = self.boards = 0
        self._actions: dict[str, Slice] = {}
        self._errors: dict[str, int] = {}

    def took(self, action: str, late_s: float, served_s: float) -> None:
        """It succeeded: so long after it was meant to happen, so long after it was sent."""
        self._slice(action).took(late_s, served_s)

    def failed(self, action: str, kind: str) -> None:
        """It did not; `kind` as in Second.errors."""
        self._slice(action).failed += 1
        self.error(kind)

    def error(self, kind: str) -> None:
        """Something went wrong that is nobody's answer: a line that broke."""
        self._errors[kind] = self._errors.get(kind, 0) + 1

    def turn(self, s: int, lag_s: float) -> Second:
        """What this second had; the next begins."""
        second = Second(
            s=s,
            open=self.open,
            sockets=self.sockets,
            boards=self.boards,
            lag_s=lag_s,
            actions=self._actions,
            errors=self._errors,
        )
        self._actions, self._errors = {}, {}
        return second

    def _slice(self, action: str) -> Slice:
        found = self._actions.get(action)
        if found is None:
            found = self._actions[action] = Slice(late={}, served={})
        return found
