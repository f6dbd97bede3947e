"""The comparison of two runs as a page."""

from typing import Final

from loadtest import shown
from loadtest.charts import Chart, Line, over_time
from loadtest.compare import BLOCK_S, DRAWS, RATIO_MIN, SURE, Compared, Comparison, Word
from loadtest.figures import percentile
from loadtest.outcome import Run, Target
from loadtest.report_page import Cell, Html, Page, Section, listed, paragraph, table
from loadtest.report_words import Both, Text, figure_words

TITLE: Final = Both("两次压测的比较", "Two load tests compared")
METHOD: Final = Both(
    f"方法：取两次运行的稳定段（太短则取全程），切成 {BLOCK_S} 秒一块，有放回地重抽 {DRAWS} 次，"
    f"得到 B/A 之比的 {SURE:.0%} 区间。"
    f"区间不含 1 且相差超过 {RATIO_MIN - 1:.0%} 才称为有差别。各次运行之间的波动不在其中：请重复运行以确认。",
    f"Method: the steady parts (the whole runs if they are too short) are cut into blocks of {BLOCK_S} s and drawn "
    f"{DRAWS} times with replacement, which gives the {SURE:.0%} interval of the ratio B / A. It is called a "
    f"difference if 1 is outside and it is more than {RATIO_MIN - 1:.0%}. What differs from run to run is not in it: "
    "repeat both to be sure.",
)
WORDS: Final = {
    Word.SAME: Both("无差别", "no difference"),
    Word.SINGLE: Both("单个数字", "a single number"),
    Word.SHORT: Both("太短，无法判断", "too short to tell"),
}


def compare_page(a: Run, b: Run, found: Comparison, names: tuple[str, str]) -> str:
    """The whole page; `names` of the two runs."""
    page = Page()
    which = Both(f"A：{names[0]}；B：{names[1]}", f"A: {names[0]}; B: {names[1]}")
    sections = [
        Section(Both("差别", "Differences"), [table(TITLE, HEAD, [_row(row) for row in found.rows])]),
        Section(Both("作答延迟", "Latency of answers"), [page.figure(_latencies(a, b))]),
        Section(Both("方法", "Method"), [paragraph(METHOD)]),
    ]
    return page.whole(TITLE, [paragraph(which), *_verdict(found), *_warnings(found)], sections)


HEAD: Final = (
    Both("指标", "figure"),
    "A",
    "B",
    "B / A",
    Both(f"{SURE:.0%} 区间", f"{SURE:.0%} interval"),
    Both("结论", "verdict"),
    Both("名称", "name"),
)


def figure_shown(name: str, value: float | None) -> str:
    """In the unit its name ends with."""
    return shown.size(value) + "/s" if name == "wal_bytes_per_s" else shown.figure(name, value)


def word_of(row: Compared) -> Both:
    """What to say of it."""
    if row.word is not Word.DIFFERENT:
        return WORDS[row.word]
    more = row.ratio is not None and row.ratio > 1
    if row.worse is None:
        return Both("B 更多", "B has more") if more else Both("B 更少", "B has less")
    return Both("B 更差", "B is worse") if row.worse else Both("B 更好", "B is better")


def missed_words(target: Target) -> Both:
    """A target that B lost."""
    sign, limit = "≤" if target.at_most else "≥", shown.figure(target.name, target.limit)
    told = f"{target.name} {sign} {limit}"
    reached = shown.figure(target.name, target.reached)
    return Both(f"{told}：B 为 {reached}", f"{told}: B reached {reached}")


def _row(row: Compared) -> tuple[Text | Cell, ...]:
    kind = {True: "bad", False: "good"}.get(row.worse, "") if row.worse is not None else ""
    interval = shown.NOTHING if row.low is None or row.high is None else f"{row.low:.2f} – {row.high:.2f}"
    ratio = shown.NOTHING if row.ratio is None else f"{row.ratio:.2f}"
    values = (figure_shown(row.name, row.a), figure_shown(row.name, row.b))
    return (figure_words(row.name), *values, ratio, interval, Cell(word_of(row), kind), Cell(row.name, "code"))


def _verdict(found: Comparison) -> list[Html]:
    if found.missed:
        words = Both("B 未达到 A 达到的目标", "B misses targets that A met")
        return [paragraph(words, "verdict bad"), listed([missed_words(target) for target in found.missed])]
    worse = sum(row.worse is True for row in found.rows)
    better = sum(row.worse is False for row in found.rows)
    words = Both(f"B 有 {worse} 项更差、{better} 项更好", f"B is worse in {worse} figures and better in {better}")
    return [paragraph(words, "verdict")]


def _warnings(found: Comparison) -> list[Html]:
    return [listed(found.warnings, "bad")] if found.warnings else []


def _latencies(a: Run, b: Run) -> Chart:
    runs = {"A": a, "B": b}
    length = max(len(run.seconds) for run in runs.values())
    lines = [
        Line(f"{name} {told}", _answers(run, share, length))
        for told, share in (("p50", 0.5), ("p99", 0.99))
        for name, run in runs.items()
    ]
    return over_time(
        Both("作答延迟，从计划时刻算起", "Answers, from the intended moment"),
        Both("延迟（对数刻度）", "latency (logarithmic)"),
        Both("每秒的分位数，各从自己的开始算起。", "Percentiles of each second, each from its own begin."),
        range(length),
        lines,
        shown=shown.seconds,
        log=True,
        latency=True,
    )


def _answers(run: Run, share: float, length: int) -> list[float | None]:
    slices = [second.actions.get("answer") for second in run.seconds]
    told = [percentile(each.late, share) if each else None for each in slices]
    return [*told, *[None] * (length - len(told))]
