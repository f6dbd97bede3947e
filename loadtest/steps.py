"""What a physician does, as data: a script of steps, each with the moment it is meant to happen.

A script is made before anything happens (`persona.py`), from a seed; the network's end of it (`phone.py`) carries it
out. `at_s` counts from the moment his exam began, and never from the step before: a server that stalls does not slow
down the physicians, who come with their own clocks.
"""

import msgspec


class _Step(msgspec.Struct, frozen=True, tag_field="do", gc=False):
    at_s: float


class Answer(_Step, frozen=True, tag="answer"):
    """Choose, or change one's mind. `pick` in 0 … 1 chooses among the item's options (`several` of them together)."""

    no: int
    pick: float
    several: float = 0.0


class Clear(_Step, frozen=True, tag="clear"):
    no: int


class Mark(_Step, frozen=True, tag="mark"):
    no: int
    on: bool


class LoseNetwork(_Step, frozen=True, tag="lose_network"):
    """The line is cut without a word; what is typed meanwhile waits on the phone. It comes back after `for_s`."""

    for_s: float


class SwapPhone(_Step, frozen=True, tag="swap_phone"):
    """Another phone: log in again, portrait again, take over."""


class LeavePage(_Step, frozen=True, tag="leave_page"):
    """Another app in front for `for_s`: the page reports it as a signal."""

    for_s: float


class Snapshot(_Step, frozen=True, tag="snapshot"):
    """A picture taken during the exam."""


class HandIn(_Step, frozen=True, tag="hand_in"):
    """【交卷】. A script without one waits for the bell."""


Step = Answer | Clear | Mark | LoseNetwork | SwapPhone | LeavePage | Snapshot | HandIn


class Script(msgspec.Struct, frozen=True):
    """One physician's day. `begin_s`: when he opens the app, in seconds from the run's begin (the arrival model's).

    `read_rules_s` between 【进入】 and 【去考试】; `heartbeat_s` of his live socket; `habit` names the persona for the
    report; `logs_in` with his password, else with the session that was made for him. Steps are in the order of `at_s`.
    """

    player: int  # place in the cast
    begin_s: float
    read_rules_s: float
    habit: str
    steps: list[Step]
    heartbeat_s: float = 30.0
    logs_in: bool = False
    seed: int = 0
