"""What a physician's phone knows: what it sent, what it was told is saved, what the server said of the clock.

Each phone keeps it for itself, whatever the server claims later; `checker.py` compares it with the journal. Written as
JSON Lines, one `History` a line, by each process of a run to a file of its own: `histories-<process>.jsonl`.
All times are seconds of the generator's wall clock (Unix time).
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec


class Sent(msgspec.Struct, gc=False, array_like=True, omit_defaults=True):
    """A numbered command. `kind`: answer, clear, mark, hand_in. Sent again after a reconnect it is the same number.

    `first_at` of its first sending; `acked_at` 0 until acknowledged. `result` is the server's word: saved, already,
    late or `refused:<code>`; `version` the journal's number it was told.
    """

    seq: int
    kind: str
    no: int
    choice: str
    device: str
    first_at: float
    acked_at: float = 0.0
    result: str = ""
    version: int = 0
    times: int = 1


class ClockWord(msgspec.Struct, gc=False, array_like=True):
    """So much time remains, it said: the deadline is between `at - rtt_s + remaining_s` and `at + remaining_s`."""

    at: float
    rtt_s: float
    remaining_s: float
    ticking: bool


class History(msgspec.Struct, gc=False):
    """One attempt as its physician's phones saw it.

    `entered_at`, `started_at`: when the server's word that it happened arrived, 0 if it never did. `ended_at`: when the
    phone learnt that the attempt is submitted. `told_versions`: numbered events that came down, in order of arrival,
    beginning anew after a snapshot (negative: the version of a snapshot). `lies`: answers of the server that no honest
    one gives (an acknowledgement nobody asked for, a version that goes back), in words.
    `outcome`: handed_in, bell, cut_off (the run ended first), refused:<code>, failed:<kind>.
    """

    player: int
    attempt_id: int
    habit: str
    sent: list[Sent]
    clock: list[ClockWord]
    told_versions: list[int]
    lies: list[str]
    entered_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    outcome: str = ""


def read_histories(folder: Path) -> Iterator[History]:
    """Of all processes of a run, one by one: there may be a hundred thousand. Raises msgspec.DecodeError."""
    decoder = msgspec.json.Decoder(History)
    for path in sorted(folder.glob("histories-*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                yield decoder.decode(line)
