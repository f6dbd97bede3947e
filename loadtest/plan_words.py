"""What the planner's figures are called and how they are shown."""

from collections.abc import Callable
from typing import Final

from loadtest.assumptions import Assumption, Origin
from loadtest.report_words import PARTS, Both
from loadtest.shown import number, size

TENTH: Final = 0.05  # below it a tenth would be rounded to nothing


def rate(value: float) -> str:
    """A second."""
    return f"{number(value if value < 1 else round(value, 1) if value < 100 else round(value))} /s"


def bits(value: float) -> str:
    """A second, of a network."""
    return f"{tenth(value / 1e6) if value < 1e8 else number(round(value / 1e6))} Mbit/s"


def whole(value: float) -> str:
    """Rounded up: half a machine is a machine."""
    return number(float(-(-value // 1)))


def tenth(value: float) -> str:
    """Cores. What is not nothing never reads as nothing."""
    return "< 0.1" if 0 < value < TENTH else f"{value:.1f}"


Shown = Callable[[float], str]

# In the order they are read.
FIGURES: Final[dict[str, tuple[Both, Shown]]] = {
    "peak.open": (Both("同时在考人数（峰值）", "attempts open at once, peak"), whole),
    "peak.open.humanities": (Both("其中人文医学", "of these humanities"), whole),
    "peak.open.professional": (Both("其中业务水平", "of these professional"), whole),
    "peak.starts_per_s": (Both("开考", "starts"), rate),
    "peak.answers_per_s": (Both("作答保存", "answers saved"), rate),
    "peak.heartbeats_per_s": (Both("心跳", "heartbeats"), rate),
    "peak.snapshots_per_s": (Both("抓拍图片", "pictures taken"), rate),
    "machines.total": (Both("机器总数（含备用）", "machines in all, spares included"), whole),
    "machines.serving": (Both("服务机器", "machines that serve"), whole),
    "machines.vision": (Both("人脸识别机器", "machines for vision"), whole),
    "machines.postgres": (Both("数据库机器（含副本）", "machines for PostgreSQL, standbys included"), whole),
    "database.cells": (Both("数据库分片", "databases to share the load"), whole),
    "cores.serving": (Both("服务核数（含余量）", "cores that serve, with headroom"), tenth),
    "cores.postgres": (Both("数据库核数（含余量）", "cores of PostgreSQL, with headroom"), tenth),
    "cores.valkey": (Both("缓存核数（含余量）", "cores of Valkey, with headroom"), tenth),
    "cores.vision": (Both("人脸识别核数（含余量）", "cores for vision, with headroom"), tenth),
    "processes.serving": (Both("服务进程数", "serving processes"), whole),
    "processes.vision": (Both("人脸识别进程数", "vision workers"), whole),
    "memory.serving_bytes": (Both("服务进程内存", "memory of serving processes"), size),
    "memory.vision_bytes": (Both("人脸识别内存", "memory of vision workers"), size),
    "database.memory_bytes": (Both("数据库内存", "memory of PostgreSQL"), size),
    "database.commits_per_s": (Both("数据库提交", "commits"), rate),
    "database.rows_per_s": (Both("写入行", "rows written"), rate),
    "database.wal_bytes_per_s": (Both("WAL 写入/秒", "WAL a second"), size),
    "database.iops": (Both("数据库 IOPS（含余量）", "IOPS of the database, with headroom"), whole),
    "network.up_bits_per_s": (Both("上行带宽（含余量）", "bandwidth to the servers, with headroom"), bits),
    "network.down_bits_per_s": (Both("下行带宽（含余量）", "bandwidth from the servers, with headroom"), bits),
    "storage.database_bytes": (Both("考试窗口内数据库增长", "growth of the database over the window"), size),
    "storage.wal_bytes": (Both("考试窗口内 WAL 总量", "WAL over the window"), size),
    "evidence.pictures": (Both("图片总数", "pictures"), whole),
    "storage.evidence_bytes": (Both("图片存储（含副本，保留期内）", "pictures with copies, while all are kept"), size),
    "storage.cases_bytes": (Both("其中立案后长期保留", "of these kept on for cases"), size),
    "evidence.all_days": (Both("全部图片保留天数", "days all pictures are kept"), whole),
    "evidence.case_days": (Both("立案图片保留天数", "days pictures of cases are kept"), whole),
}
FIGURE_HEAD: Final = (Both("指标", "figure"), Both("数值", "value"))
LED_BY: Final = (
    "peak.open",
    "machines.total",
    "peak.answers_per_s",
    "database.commits_per_s",
    "storage.evidence_bytes",
)

KINDS: Final = {
    "humanities": Both("人文医学", "humanities"),
    "professional": Both("业务水平", "professional"),
}
ORIGINS: Final = {
    Origin.ASKED: Both("本次设定或默认", "asked for, or its default"),
    Origin.RULE: Both("考试或产品规则", "rule of the exam or the product"),
    Origin.DOMAIN: Both("业务资料（部分为估计）", "facts of the field, in part estimates"),
    Origin.MEASURED: Both("实测", "measured"),
    Origin.RUN: Both("由压测结果推算", "from a run of the load test"),
    Origin.ESTIMATE: Both("我们的估计", "our estimate"),
}
PARTS_OF: Final = {part: PARTS[part] for part in ("serving", "postgres", "valkey", "vision")}


def value_of(told: Assumption) -> str:
    """With its unit; shares as they are."""
    shown = number(told.value) if told.value >= 1 or told.value == 0 else f"{told.value:.3g}"
    return f"{shown} {told.unit}".strip()
