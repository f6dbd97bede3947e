"""The tables of a run's report, the verdict first."""

from collections.abc import Sequence
from typing import Final

from loadtest import shown
from loadtest.figures import count, percentiles, total
from loadtest.outcome import Run, Second, Target, Violations
from loadtest.report_page import Cell, Html, details, listed, paragraph, table
from loadtest.report_words import (
    CLASSES,
    FAULTS,
    HABITS,
    OUTCOMES,
    Both,
    Text,
    action_words,
    figure_words,
    joined,
)
from loadtest.seconds import actions_of, added, slices
from loadtest.targets import failures, nobody_came, passed

NUMBER: Final = Both("数量", "number")
SHARE: Final = Both("比例", "share")
NAME: Final = Both("名称", "name")
VERDICT: Final = Both("结论", "verdict")
VALUE: Final = Both("值", "value")


def verdict(run: Run) -> Html:
    """One sentence that can be read from across a room."""
    if not run.targets and run.violations is None and not failures(run):
        return paragraph(
            Both("未评判：没有目标，也没有核对。", "Not judged: there were no targets and no check."), "verdict"
        )
    if not passed(run):
        return paragraph(_failed(run), "verdict bad")
    words = Both("通过", "Passed")
    if run.violations is None:
        words = Both(
            "目标全部达到；作答未与服务端日志核对", "All targets met; answers were not compared with the journal"
        )
    if not run.targets:
        words = Both("核对无误；没有设定目标", "The check found nothing; there were no targets")
    return paragraph(words, "verdict good")


def targets(judged: Sequence[Target]) -> Html:
    """Each with what was reached."""
    rows = [
        (
            figure_words(target.name),
            _MET if target.met else _MISSED,
            _reached(target),
            ("≤ " if target.at_most else "≥ ") + shown.figure(target.name, target.limit),
            Cell(target.name, "code"),
        )
        for target in judged
    ]
    head = (Both("指标", "figure"), VERDICT, Both("实测", "reached"), Both("要求", "wanted"), NAME)
    return table(Both("目标", "Targets"), head, rows, "large")


def classes(found: Violations) -> list[Html]:
    """What the checker counted, with examples."""
    rows = [
        (CLASSES.get(name, name), _FOUND if number else _CLEAN, shown.number(number), Cell(name, "code"))
        for name, number in found.counts.items()
    ]
    head = (Both("核对项目", "class"), VERDICT, NUMBER, NAME)
    compared = Both(
        f"{shown.number(found.attempts)} 份答卷、{shown.number(found.acknowledged)} 次已确认操作，"
        f"与服务端日志的 {shown.number(found.journal_entries)} 条记录逐一核对。",
        f"{shown.number(found.attempts)} attempts and {shown.number(found.acknowledged)} acknowledged commands were "
        f"compared with {shown.number(found.journal_entries)} entries of the journal, one by one.",
    )
    return [
        table(Both("核对结果", "What the checker found"), head, rows, "large"),
        paragraph(compared, "note"),
        *(
            details(joined(Both("例子：", "Examples: "), CLASSES.get(name, name)), [listed(lines, "examples")])
            for name, lines in found.examples.items()
            if lines
        ),
    ]


def actions(caption: Both, seconds: Sequence[Second]) -> Html:
    """All that was done, over these seconds."""
    head = (
        Both("操作", "action"),
        Both("次数", "count"),
        Both("失败", "failed"),
        Both("每秒", "per second"),
        *("p50", "p95", "p99", "p99.9"),
        Both("最大", "longest"),
        Both("p50（从发送）", "p50 from sending"),
        Both("p99（从发送）", "p99 from sending"),
    )
    return table(caption, head, [_action(seconds, name) for name in actions_of(seconds)])


def errors(run: Run) -> Html:
    """By kind, those that faults explain apart."""
    counted, excused = added(second.errors for second in run.seconds), added(second.excused for second in run.seconds)
    rows: list[tuple[Text | Cell, str, str]] = [
        (Cell(kind, "code"), shown.number(counted.get(kind, 0)), shown.number(excused.get(kind, 0)))
        for kind in [*counted, *(kind for kind in excused if kind not in counted)]
    ]
    rows.append((_TOTAL, shown.number(sum(counted.values())), shown.number(sum(excused.values()))))
    head = (Both("种类", "kind"), Both("错误", "errors"), Both("故障可解释", "explained by faults"))
    return table(Both("错误按种类", "Errors by kind"), head, rows)


def faults(run: Run) -> Html:
    """Each in the order of time."""
    rows = [
        (
            f"{fault.s:.1f} s",
            FAULTS.get(fault.kind, fault.kind),
            fault.words,
            shown.seconds(fault.for_s) if fault.for_s else shown.NOTHING,
            shown.seconds(fault.recovered_s),
        )
        for fault in sorted(run.faults, key=lambda fault: fault.s)
    ]
    head = (
        Both("时刻", "at"),
        Both("种类", "kind"),
        Both("说明", "what"),
        Both("持续", "lasted"),
        Both("恢复用时", "recovered in"),
    )
    return table(Both("所做的故障", "Faults that were done"), head, rows, "words faults")


def people(run: Run) -> list[Html]:
    """Who they were, and how it ended for them."""
    habits = [(HABITS.get(name, name), *_part(number, run.habits)) for name, number in _sorted(run.habits)]
    ends = [(_outcome(name), *_part(number, run.outcomes)) for name, number in _sorted(run.outcomes)]
    return [
        table(Both("考生的习惯", "Habits of the physicians"), (Both("习惯", "habit"), NUMBER, SHARE), habits),
        table(Both("考试如何结束", "How their exams ended"), (Both("结局", "end"), NUMBER, SHARE), ends),
    ]


def settings(run: Run) -> list[Html]:
    """What it ran on, and with which orders."""
    return [
        table(
            Both("机器", "Machine"), (NAME, VALUE), [(name, str(value)) for name, value in run.machine.items()], "words"
        ),
        table(
            Both("命令选项", "Orders"),
            (NAME, VALUE),
            [(name, str(value)) for name, value in run.orders.items()],
            "words",
        ),
    ]


def measured(run: Run) -> list[Html]:
    """Single numbers that were measured apart."""
    figures = {**run.figures, **(run.violations.figures if run.violations else {})}
    rows = [(figure_words(name), shown.figure(name, value), Cell(name, "code")) for name, value in figures.items()]
    head = (Both("指标", "figure"), VALUE, NAME)
    return [table(Both("单独测得的数字", "Figures that were measured apart"), head, rows)] if rows else []


_MET: Final = Cell(Both("✓ 达到", "✓ met"), "good")
_MISSED: Final = Cell(Both("✗ 未达到", "✗ missed"), "bad")
_CLEAN: Final = Cell(Both("✓ 没有", "✓ none"), "good")
_FOUND: Final = Cell(Both("✗ 有", "✗ found"), "bad")
_TOTAL: Final = Both("合计", "all")


def _failed(run: Run) -> Both:
    missed = sum(not target.met for target in run.targets)
    found = sum(run.violations.counts.values()) if run.violations else 0
    bugs = failures(run)
    zh = [
        *([f"{len(run.targets)} 个目标中 {missed} 个未达到"] if missed else []),
        *([f"核对发现 {found} 处问题"] if found else []),
        *([f"压测程序自身出错 {bugs} 次"] if bugs else []),
        *(["没有一场考试开始"] if nobody_came(run) else []),
    ]
    en = [
        *([f"{missed} of {len(run.targets)} targets missed"] if missed else []),
        *([f"{found} violations found"] if found else []),
        *([f"{bugs} failures of the load test itself"] if bugs else []),
        *(["no attempt was ever open"] if nobody_came(run) else []),
    ]
    return Both(f"未通过：{'，'.join(zh)}", f"Failed: {', '.join(en)}")


def _reached(target: Target) -> Text:
    return Both("未测得", "not measured") if target.reached is None else shown.figure(target.name, target.reached)


def _action(seconds: Sequence[Second], name: str) -> tuple[Text, ...]:
    whole = total(slices(seconds, name))
    late = percentiles(whole.late, (0.5, 0.95, 0.99, 0.999, 1))
    served = percentiles(whole.served, (0.5, 0.99))
    rate = count(whole.late) / len(seconds)
    figures = (shown.number(count(whole.late)), shown.number(whole.failed), shown.number(rate))
    return (action_words(name), *figures, *map(shown.seconds, late), *map(shown.seconds, served))


def _part(number: int, of: dict[str, int]) -> tuple[str, str]:
    return shown.number(number), shown.share(number / sum(of.values()) if number else 0)


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return list(added([counts]).items())


def _outcome(name: str) -> Text:
    """`refused:<code>` and `failed:<kind>` keep what the server said."""
    start, _, rest = name.partition(":")
    if start in _ENDS and rest:
        return joined(_ENDS[start], rest)
    return OUTCOMES.get(name, name)


_ENDS: Final = {"refused": Both("被拒绝：", "refused: "), "failed": Both("失败：", "failed: ")}
