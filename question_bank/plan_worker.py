"""A process that makes one plan of papers and ends: minutes of computing must not hold up an exam.

It reads a `PlanJob` from its standard input and writes lines of JSON: `PlanNews` as often as there is any, at last one
that is done or has failed.
"""

import os
import sys
import time
from typing import Final

import msgspec

from question_bank.audience import Person
from question_bank.certificate import Certificate
from question_bank.item import Item
from question_bank.parameters import Parameters
from question_bank.planning import Clocks, FormBody, Order, plan_papers
from question_bank.pool import Pool
from question_bank.recipes import ImpossibleBlueprint

NICE: Final = 5
SAID_MAX: Final = 1000


class PlanJob(msgspec.Struct, frozen=True):
    """All that a plan depends on. `known`: (item_id, version) and what it has proved."""

    order: Order
    items: list[Item]
    known: list[tuple[int, int, Parameters]]
    people: list[Person]


class PlanNews(msgspec.Struct, frozen=True, omit_defaults=True):
    """`failed`: the code why there is no plan, `said` what the assembly said."""

    progress: int = 0
    forms: tuple[FormBody, ...] | None = None
    certificate: Certificate | None = None
    failed: str = ""
    said: str = ""


def work(job: PlanJob, tell: "Tell") -> None:
    """Make the plan and tell of it."""
    known = {(item_id, version): found for item_id, version, found in job.known}
    try:
        made = plan_papers(
            job.order,
            Pool(job.items),
            known,
            job.people,
            Clocks(time.monotonic, time.process_time),
            lambda done: tell(PlanNews(progress=min(99, done))),
        )
    except ImpossibleBlueprint as error:
        tell(PlanNews(failed="impossible_blueprint", said=str(error)[:SAID_MAX]))
    except TimeoutError as error:
        tell(PlanNews(failed="no_time", said=str(error)[:SAID_MAX]))
    else:
        tell(PlanNews(progress=100, forms=made.forms, certificate=made.certificate))


class Tell:
    """Writes news as a line on standard output."""

    def __call__(self, news: PlanNews) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(news) + b"\n")
        sys.stdout.buffer.flush()


def main() -> None:
    """Read the job, work, end."""
    os.nice(NICE)
    work(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=PlanJob), Tell())


if __name__ == "__main__":
    main()
