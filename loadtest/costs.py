"""What one action costs: processor time, rows, bytes. Measured, or estimated where `estimated` names it."""

from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from loadtest.assumptions import Assumption, Origin
from loadtest.report_words import ACTIONS, Both

# The parts of a cost that are added up, with their units and words.
RESOURCES: Final = {
    "server_ms": ("ms", Both("服务进程 CPU", "processor time of the serving process")),
    "database_ms": ("ms", Both("数据库 CPU", "processor time of PostgreSQL")),
    "valkey_ms": ("ms", Both("缓存 CPU", "processor time of Valkey")),
    "commits": ("", Both("单独提交次数", "commits of its own")),
    "rows": ("rows", Both("写入行数", "rows written")),
    "wal_bytes": ("bytes", Both("WAL", "WAL")),
    "up_bytes": ("bytes", Both("上行", "sent to the server")),
    "down_bytes": ("bytes", Both("下行", "sent by the server")),
}


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one action. What goes into the journal has no `commits`: it shares those of its process."""

    server_ms: float = 0.0
    database_ms: float = 0.0
    valkey_ms: float = 0.0
    commits: float = 0.0
    rows: float = 0.0
    wal_bytes: float = 0.0
    up_bytes: float = 0.0
    down_bytes: float = 0.0
    estimated: tuple[str, ...] = ()


class Costs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; `measured_on` says where, when and how. `memory_bytes` of an open attempt with its socket."""

    measured_on: str
    memory_bytes: float
    vision_ms: float
    actions: dict[str, Cost]

    def __post_init__(self) -> None:
        unknown = [f"{action}: {name}" for action, cost in self.actions.items() for name in cost.estimated]
        if any(line.partition(": ")[2] not in RESOURCES for line in unknown):
            raise ValueError(f"`estimated` names no part of a cost: {unknown}")


def read_costs(path: Path | None = None) -> Costs:
    """A costs file; without one, ours. Raises OSError, msgspec.DecodeError, msgspec.ValidationError."""
    text = path.read_bytes() if path else (resources.files("loadtest") / "costs.json").read_bytes()
    return msgspec.json.decode(text, type=Costs)


def numbers_of(costs: Costs) -> dict[str, Assumption]:
    """As the planner wants them: `answer.server_ms` and so on."""
    said = costs.measured_on
    found = {
        "attempt.memory_bytes": Assumption(
            costs.memory_bytes, "bytes", Both("每场考试内存", "memory of an open attempt"), Origin.MEASURED, said
        ),
        "vision.ms": Assumption(
            costs.vision_ms, "ms", Both("识别一张图片", "processor time to look at a picture"), Origin.MEASURED, said
        ),
    }
    for action, cost in costs.actions.items():
        for name, (unit, words) in RESOURCES.items():
            guessed = name in cost.estimated
            found[f"{action}.{name}"] = Assumption(
                getattr(cost, name),
                unit,
                _joined(ACTIONS.get(action, Both(action, action)), words),
                Origin.ESTIMATE if guessed else Origin.MEASURED,
                "" if guessed else said,
            )
    return found


def _joined(action: Both, words: Both) -> Both:
    return Both(f"{action.zh}：{words.zh}", f"{action.en}: {words.en}")
