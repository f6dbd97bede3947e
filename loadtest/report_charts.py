"""The charts of a run. Each value is that of a second (of a look, for the machine); thinned lines keep the largest."""

from collections.abc import Callable, Sequence
from typing import Final

from loadtest import shown
from loadtest.charts import Chart, Line, Values, over_time
from loadtest.figures import Slice, count, percentiles
from loadtest.outcome import Process, Run, Sample
from loadtest.report_words import PARTS, Both, action_words, joined
from loadtest.seconds import actions_of, added

SHARES: Final = (0.5, 0.95, 0.99, 0.999)
SHARE_NAMES: Final = ("p50", "p95", "p99", "p99.9")
LINES_MAX: Final = 8  # of a chart that has one for each of many: the others are in the tables
LATENCY: Final = Both("延迟（对数刻度）", "latency (logarithmic)")
PER_SECOND: Final = Both("每秒", "per second")
INTENDED: Final = Both("从计划时刻算起", "from the intended moment")
SENDING: Final = Both("从发送算起", "from sending")


def concurrency(run: Run) -> list[Chart]:
    """Attempts and sockets; boards apart, for there are few of them."""
    charts = [
        over_time(
            Both("同时在考人数", "Attempts open at once"),
            Both("数量", "number"),
            Both(
                "在考：已开始且未交卷，以考生手机所知为准。连接：其中保持着长连接的。",
                "Open: begun and not ended, as the phones know it. Sockets: those of them that are connected.",
            ),
            _at(run),
            [
                Line(Both("在考", "open"), [second.open for second in run.seconds]),
                Line(Both("连接", "sockets"), [second.sockets for second in run.seconds]),
            ],
            faults=run.faults,
        )
    ]
    if any(second.boards for second in run.seconds):
        title, words = (
            Both("打开的监考台", "Boards open"),
            Both("监考员打开的监考台数。", "Boards that invigilators watch."),
        )
        line = Line(Both("监考台", "boards"), [second.boards for second in run.seconds])
        charts.append(over_time(title, Both("数量", "number"), words, _at(run), [line], faults=run.faults))
    return charts


def rates(run: Run) -> Chart:
    """What was done, how often."""
    done = added({name: count(each.late) for name, each in second.actions.items()} for second in run.seconds)
    names = list(done)[:LINES_MAX]
    return over_time(
        Both("每秒操作数", "Actions per second"),
        Both("每秒（对数刻度）", "per second (logarithmic)"),
        Both(
            f"成功的操作；最多的 {LINES_MAX} 种，其余见表。",
            f"Those that succeeded; the {LINES_MAX} most frequent, the others are in the tables.",
        ),
        _at(run),
        [Line(action_words(name), _each(run, name, lambda each: count(each.late))) for name in names],
        faults=run.faults,
        log=True,
    )


def latency(run: Run, action: str, *, served: bool = False) -> Chart:
    """Percentiles of an action, from the intended moment and one from sending; `served`: all from sending."""
    limit = _limit(run, action)
    late, sent = _percentiles(run, action, served=False), _percentiles(run, action, served=True)
    lines = [Line(name, values) for name, values in zip(SHARE_NAMES, sent if served else late, strict=True)]
    if not served:
        lines.append(Line(joined("p99 ", SENDING), sent[2]))
    return over_time(
        joined(action_words(action), Both("：", ": "), SENDING if served else INTENDED),
        LATENCY,
        _latency_words(served=served),
        _at(run),
        lines,
        faults=run.faults,
        shown=shown.seconds,
        log=True,
        limit=None if served else limit,
        latency=True,
        reach=_reach([*late, *sent, [limit]]),
    )


def latency_actions(run: Run) -> list[str]:
    """All that has latencies, the answers first."""
    names = [
        name for name in actions_of(run.seconds) if any(name in s.actions and s.actions[name].late for s in run.seconds)
    ]
    return sorted(names, key=lambda name: name != "answer")


def errors(run: Run, *, excused: bool) -> Chart:
    """By kind; those that a fault explains apart."""
    kept = [second.excused if excused else second.errors for second in run.seconds]
    names = list(added(kept))
    lines = [Line(name, [second.get(name, 0) for second in kept]) for name in names[: LINES_MAX - 1]]
    if others := names[LINES_MAX - 1 :]:
        rest = Both("其他", "others")
        lines.append(Line(rest, [sum(second.get(name, 0) for name in others) for second in kept]))
    title = Both("故障可解释的错误", "Errors that faults explain") if excused else Both("错误", "Errors")
    words = (
        Both(
            "计划内的故障期间及恢复后片刻内的错误，不计入错误。",
            "During a fault of the plan and shortly after; they do not count.",
        )
        if excused
        else Both("没有任何故障可解释的错误，按种类。", "Those that no fault explains, by kind.")
    )
    return over_time(title, PER_SECOND, words, _at(run), lines, faults=run.faults, bars=True)


def processors(run: Run) -> Chart:
    """Cores by part, and all that the host used."""
    lines = [Line(PARTS.get(part, part), _of_part(run, part, lambda each: each.cpu)) for part in _parts(run)]
    lines.append(Line(Both("整机", "whole host"), [sample.host_cpu for sample in run.samples]))
    return over_time(
        Both("处理器", "Processors"),
        Both("核", "cores"),
        Both(
            "各部分进程合计使用的核数；整机包括其他程序。",
            "Cores that the processes of each part use together; the host with all else.",
        ),
        _looked(run),
        lines,
        faults=run.faults,
    )


def memory(run: Run) -> Chart:
    """Memory by part."""
    lines = [Line(PARTS.get(part, part), _of_part(run, part, lambda each: each.rss / 1e6)) for part in _parts(run)]
    return over_time(
        Both("内存", "Memory"),
        Both("MB", "MB"),
        Both(
            "各部分进程的常驻内存；数据库进程共享的部分只计一次。",
            "Resident memory of each part; what PostgreSQL's processes share counts once.",
        ),
        _looked(run),
        lines,
        faults=run.faults,
    )


def database(run: Run) -> list[Chart]:
    """What PostgreSQL wrote, and how it grew."""

    def of(get: Callable[[Sample], float]) -> Values:
        return [get(sample) for sample in run.samples]

    written = [
        Line(Both("提交", "commits"), of(lambda sample: sample.commits)),
        Line(Both("写入行", "rows written"), of(lambda sample: sample.rows_written)),
    ]
    wal = [Line("WAL", of(lambda sample: sample.wal_bytes / 1e6))]
    sizes = [sample.database_bytes / 1e6 or None for sample in run.samples]
    at, faults = _looked(run), run.faults
    return [
        over_time(
            Both("数据库提交与写入行", "Commits and rows written"),
            PER_SECOND,
            Both(
                "多名考生的作答合并在一次提交中，所以提交少于写入的行。",
                "Answers of many share a commit: there are fewer commits than rows.",
            ),
            at,
            written,
            faults=faults,
        ),
        over_time(
            Both("数据库日志写入", "Write-ahead log"),
            Both("MB 每秒", "MB per second"),
            Both(
                "数据库预写日志的字节数，决定磁盘的写入量。",
                "What the write-ahead log grows by: what the disk has to take.",
            ),
            at,
            wal,
            faults=faults,
        ),
        over_time(
            Both("数据库大小", "Size of the database"),
            Both("MB", "MB"),
            Both("数据、索引与日志表的总大小。", "Tables and indexes, on disk."),
            at,
            [Line(Both("大小", "size"), sizes)],
            faults=faults,
        ),
    ]


def lag(run: Run) -> Chart:
    """How late the generator itself woke."""
    return over_time(
        Both("压测程序的迟滞", "Lag of the generator"),
        Both("秒", "seconds"),
        Both(
            "压测进程自己醒来晚了多少（每秒内最晚的一次）。它包含在“从计划时刻算起”的延迟中。",
            "How late the generator's own processes woke (the latest of each second). It is part of latencies from the "
            "intended moment.",
        ),
        _at(run),
        [Line(Both("迟滞", "lag"), [second.lag_s for second in run.seconds])],
        faults=run.faults,
        shown=shown.seconds,
        latency=True,
    )


def _latency_words(*, served: bool) -> Both:
    if served:
        return Both(
            "从实际发出到收到答复。服务停顿时，压测程序也跟着少发，所以这里看不出停顿有多久。",
            "From sending to the reply. While the server stalls less is sent: a stall looks shorter here than it was.",
        )
    return Both(
        "从考生计划操作的时刻到收到答复，每秒的分位数；服务停顿不会被掩盖。",
        "From the moment the physician meant to act to the reply, percentiles of each second; no stall is hidden.",
    )


def _limit(run: Run, action: str) -> float | None:
    names = (f"{action}.p99_s", f"steady.{action}.p99_s")
    return next((target.limit for target in run.targets if target.name in names and target.at_most), None)


def _percentiles(run: Run, action: str, *, served: bool) -> list[Values]:
    """A line for each of `SHARES`."""
    rows = []
    for second in run.seconds:
        each = second.actions.get(action)
        rows.append([None] * len(SHARES) if each is None else percentiles(each.served if served else each.late, SHARES))
    return [[row[place] for row in rows] for place in range(len(SHARES))]


def _reach(lines: Sequence[Values]) -> tuple[float, float] | None:
    told = [value for line in lines for value in line if value is not None]
    return (min(told), max(told)) if told else None


def _each(run: Run, action: str, get: Callable[[Slice], float]) -> Values:
    return [get(second.actions[action]) if action in second.actions else 0 for second in run.seconds]


def _at(run: Run) -> Sequence[float]:
    return [second.s for second in run.seconds]


def _looked(run: Run) -> Sequence[float]:
    return [round(sample.s, 1) for sample in run.samples]


def _parts(run: Run) -> list[str]:
    """That were seen, in the order of the words."""
    seen = {process.part for sample in run.samples for process in sample.processes}
    return [*(part for part in PARTS if part in seen), *sorted(seen - PARTS.keys())]


def _of_part(run: Run, part: str, get: Callable[[Process], float]) -> Values:
    return [sum(get(process) for process in sample.processes if process.part == part) for sample in run.samples]
