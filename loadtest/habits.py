"""The personas: how a kind of physician sits his exam, how many there are of each. The figures are our estimates."""

from typing import Final

import msgspec


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one kind from another; numbers of happenings are means over a whole exam.

    `pace` multiplies the time between two answers. `marks`: the share of items marked for a second look, `changes`: of
    those looks, how many end with another answer. `losses` of the network, each `loss_s` (least, most) long; `leaves`
    of the page; `idles`: sits and does nothing; `swaps`: how likely he changes the phone. `waits`: goes on until the
    bell even when he is through; the others hand in then.
    """

    name: str
    share: float
    pace: float = 1.0
    marks: float = 0.08
    changes: float = 0.5
    losses: float = 0.1
    loss_s: tuple[float, float] = (3.0, 30.0)
    leaves: float = 0.05
    leave_s: tuple[float, float] = (2.0, 20.0)
    idles: float = 0.1
    idle_s: tuple[float, float] = (30.0, 120.0)
    swaps: float = 0.0
    waits: bool = False


HABITS: Final = (
    Habit(name="steady", share=0.42),
    Habit(name="hasty", share=0.14, pace=0.7, marks=0.03),
    Habit(name="doubter", share=0.14, pace=1.1, marks=0.3),
    Habit(name="unlucky_network", share=0.1, losses=4.0, loss_s=(5.0, 240.0)),
    Habit(name="phone_swapper", share=0.03, losses=0.5, swaps=1.0),
    Habit(name="page_leaver", share=0.06, leaves=3.0, leave_s=(3.0, 60.0)),
    Habit(name="idler", share=0.04, idles=2.0, idle_s=(120.0, 600.0)),
    Habit(name="bell_ringer", share=0.07, pace=1.2, waits=True),
)


def mean_rate(habits: tuple[Habit, ...] = HABITS) -> float:
    """Answers per unit of time of all of them together, where a habit of pace 1 gives one."""
    return sum(habit.share / habit.pace for habit in habits)
