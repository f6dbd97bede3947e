"""Every number the planner uses, each with its unit, its words and where it comes from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from loadtest.report_words import Both


class Origin(StrEnum):
    """Where a number comes from."""

    ASKED = "asked"  # on the command line
    RULE = "rule"  # of the exam or of the product
    DOMAIN = "domain"  # domain.md §8, whose figures are estimates in part
    MEASURED = "measured"  # the costs file, see there on what machine
    RUN = "run"  # derived from a run of the load test
    ESTIMATE = "estimate"  # ours


class Assumption(msgspec.Struct, frozen=True):
    """One number. `source` says more about the origin, if there is more to say."""

    value: float
    unit: str
    words: Both
    origin: Origin
    source: str = ""


class Book:
    """Hands out the numbers and remembers which of them were used."""

    def __init__(self, numbers: Mapping[str, Assumption]) -> None:
        self._numbers = numbers
        self.used: dict[str, Assumption] = {}

    def __getitem__(self, name: str) -> float:
        found = self.used[name] = self._numbers[name]
        return found.value


_TABLE: Final = (
    # exams
    ("humanities.share", 1.0, "", "参加人文医学测评的比例", "share who sit the humanities exam", Origin.RULE),
    ("humanities.items", 50, "items", "人文医学题数", "items of the humanities paper", Origin.RULE),
    ("humanities.stay_min", 35, "min", "人文医学平均用时", "mean stay in the humanities exam", Origin.DOMAIN),
    ("professional.share", 0.405, "", "参加业务水平测评的比例", "share who sit the professional exam", Origin.DOMAIN),
    ("professional.items", 100, "items", "业务水平题数", "items of the professional paper", Origin.RULE),
    ("professional.stay_min", 45, "min", "业务水平平均用时", "mean stay in the professional exam", Origin.DOMAIN),
    # what one does
    ("answer.changes", 0.06, "per item", "改答案", "changes of mind", Origin.ESTIMATE),
    ("answer.clears", 0.003, "per item", "清除答案", "answers taken back", Origin.ESTIMATE),
    ("mark.per_item", 0.22, "per item", "标记与取消标记", "marks set and taken off", Origin.ESTIMATE),
    ("heartbeat.every_s", 30, "s", "心跳间隔", "between heartbeats", Origin.RULE),
    ("snapshot.every_s", 120, "s", "抓拍平均间隔", "between pictures, mean of 60 to 180", Origin.RULE),
    ("resume.per_attempt", 0.55, "", "断线重连", "reconnects after losing the network", Origin.ESTIMATE),
    ("signals.per_attempt", 0.5, "", "行为信号", "reports of leaving the page and the like", Origin.ESTIMATE),
    ("portrait.frames", 5, "frames", "入场核验图片", "pictures of the entry check", Origin.RULE),
    # desks
    ("board.candidates", 200, "", "每位监考员同时负责人数", "candidates at once for one invigilator", Origin.DOMAIN),
    ("board.frames_per_s", 2, "1/s", "每个监考台每秒更新", "updates of a board, at most 4", Origin.ESTIMATE),
    ("board.acts_per_min", 1, "1/min", "每位监考员每分钟操作", "acts of an invigilator", Origin.ESTIMATE),
    # machines
    ("headroom", 1.6, "×", "余量系数", "room above the peak", Origin.ASKED),
    ("machine.cores", 16, "cores", "每台机器核数", "cores of a machine", Origin.ASKED),
    ("machine.memory_gib", 64, "GiB", "每台机器内存", "memory of a machine", Origin.ASKED),
    ("machine.speed", 1.0, "×", "单核速度（相对测量机）", "speed of a core, measured machine = 1", Origin.ASKED),
    ("machine.memory_used", 0.75, "", "可用于程序的内存比例", "share of memory programs may use", Origin.ESTIMATE),
    ("machine.spare", 1, "machines", "每种用途的备用机", "spare machines of each part", Origin.ESTIMATE),
    ("process.attempts_max", 15_000, "", "每进程考试数上限", "attempts of a process (20,000 files)", Origin.RULE),
    ("process.memory_mib", 150, "MiB", "服务进程基础内存", "memory of a serving process at rest", Origin.ESTIMATE),
    ("vision.memory_mib", 400, "MiB", "识别进程内存", "memory of a vision worker", Origin.ESTIMATE),
    ("database.replicas", 1, "", "每个数据库的副本数", "standbys of each database", Origin.ESTIMATE),
    ("database.memory_gib", 8, "GiB", "数据库基础内存", "memory of a database beside its hot rows", Origin.ESTIMATE),
    ("database.row_bytes", 240, "bytes", "每行占用（含索引）", "a row with its indexes on disk", Origin.MEASURED),
    ("database.turns_per_s", 50, "1/s", "每进程每秒成组提交", "group commits of a process", Origin.RULE),
    ("database.pages_per_row", 0.15, "pages", "每行最终写页数", "pages written back for a row", Origin.ESTIMATE),
    ("network.overhead", 1.15, "×", "TLS、TCP 等开销", "TLS, TCP and the like", Origin.ESTIMATE),
    # pictures
    ("picture.bytes", 40_000, "bytes", "一张图片", "a picture, 480×640 JPEG q70", Origin.DOMAIN),
    ("picture.copies", 2, "×", "图片副本数", "copies of a picture", Origin.ESTIMATE),
    ("picture.keep_days", 90, "days", "图片保留（申诉期后）", "pictures are kept after the appeals", Origin.RULE),
    ("picture.appeal_days", 15, "days", "申诉期", "days to appeal", Origin.RULE),
    ("picture.case_share", 0.005, "", "立案考生比例", "candidates with a confirmed case", Origin.ESTIMATE),
    ("picture.case_days", 1096, "days", "立案图片保留", "pictures of a case are kept", Origin.RULE),
    ("vision.sampling", 0.25, "", "抽样识别的抓拍比例", "share of pictures that are looked at", Origin.ASKED),
)  # fmt: skip

NUMBERS: Final = {name: Assumption(value, unit, Both(zh, en), origin) for name, value, unit, zh, en, origin in _TABLE}

# What is divided by can't be nothing.
ABOVE_0: Final = frozenset(
    {
        "humanities.stay_min", "professional.stay_min", "heartbeat.every_s", "snapshot.every_s", "board.candidates",
        "machine.cores", "machine.memory_gib", "machine.speed", "machine.memory_used", "process.attempts_max",
        "headroom", "picture.bytes", "picture.copies",
    }
)  # fmt: skip
SHARES: Final = frozenset(
    {"humanities.share", "professional.share", "machine.memory_used", "picture.case_share", "vision.sampling"}
)  # of a whole
STAY_MIN_MAX: Final = 60.0  # the planner follows everybody for an hour after the close


def allowed(name: str, value: float) -> bool:
    """Whether the planner can work with it."""
    most = STAY_MIN_MAX if name.endswith(".stay_min") else 1.0 if name in SHARES else 1e15
    return 0 <= value <= most and (value > 0 or name not in ABOVE_0)
