"""The plan as one HTML file that needs nothing else, in Chinese and English."""

from collections.abc import Mapping, Sequence

from loadtest import plan_charts as charts
from loadtest.assumptions import Assumption, Origin
from loadtest.costs import RESOURCES
from loadtest.plan_words import FIGURE_HEAD, FIGURES, LED_BY, ORIGINS, value_of
from loadtest.planner import Plan, day_of
from loadtest.report_page import Html, Page, Section, heading, listed, paragraph, table
from loadtest.report_words import ACTIONS, Both, Text
from loadtest.shown import number


def plan_page(plan: Plan) -> str:
    """The whole page."""
    page = Page()
    title = Both(
        f"{number(plan.physicians)} 名医师、{plan.window.days} 天考试窗口的容量规划",
        f"Capacity for {number(plan.physicians)} physician{'' if plan.physicians == 1 else 's'} in a window of "
        f"{plan.window.days} day{'' if plan.window.days == 1 else 's'}",
    )
    sections = [
        Section(Both("结论", "What it takes"), [_figures(plan, LED_BY), paragraph(_said(plan)), *_warnings(plan)]),
        Section(
            Both("窗口内的负载", "Load over the window"),
            [page.figure(charts.inside(plan)), page.figure(charts.last_day(plan))],
        ),
        Section(
            Both("资源", "Resources"),
            [page.figure(charts.cores(plan)), page.figure(charts.by_action(plan)), _figures(plan, FIGURES)],
        ),
        Section(Both("证据图片存储", "Storage of evidence"), [page.figure(charts.evidence(plan))]),
        Section(Both("峰值速率", "Rates at their peaks"), [_rates(plan)]),
        Section(Both("全部假设", "All assumptions"), _assumptions(plan.assumptions)),
    ]
    return page.whole(title, [], sections)


def _said(plan: Plan) -> Both:
    day = int(day_of(plan.figures["peak.minute"])) + 1
    hour, minute = divmod(int(plan.figures["peak.minute"]) % 1440, 60)
    return Both(
        f"第 {day} 天 {hour:02d}:{minute:02d} 同时在考人数最多；核数、内存、带宽、IOPS 均为峰值乘以余量系数。",
        f"Most are inside on day {day} at {hour:02d}:{minute:02d}. Cores, memory, bandwidth and IOPS are those of the "
        "peak times the headroom.",
    )


def _warnings(plan: Plan) -> list[Html]:
    """What the reader must not miss."""
    lines: list[Text] = []
    if plan.figures["database.cells"] > 1:
        lines.append(
            Both(
                "一台数据库不够：需按考试编号分片，或按省分设独立单元。",
                "One database is not enough: share the load by attempt, or give provinces cells of their own.",
            )
        )
    guessed = [told for told in plan.assumptions.values() if told.origin is Origin.ESTIMATE]
    lines.append(
        Both(
            f"{len(plan.assumptions)} 项假设中有 {len(guessed)} 项是估计值，列于页末；"
            "正式决定前请用自己的机器压测，并以 --costs 代入结果。",
            f"{len(guessed)} of {len(plan.assumptions)} assumptions are estimates, listed below; before deciding, run "
            "the load test on your own machines and give its result with --costs.",
        )
    )
    return [listed(lines, "note")]


def _figures(plan: Plan, names: Sequence[str] | Mapping[str, object]) -> Html:
    rows = [(FIGURES[name][0], FIGURES[name][1](plan.figures[name])) for name in names]
    caption = Both("主要数字", "Chief figures") if names is LED_BY else Both("全部数字", "All figures")
    return table(caption, FIGURE_HEAD, rows, "large" if names is LED_BY else "")


def _rates(plan: Plan) -> Html:
    rows = [(ACTIONS.get(action, action), f"{rate:,.1f}") for action, rate in plan.rates.items()]
    return table(Both("每秒次数", "Times a second"), (Both("操作", "action"), Both("峰值 /s", "peak /s")), rows)


def _assumptions(used: Mapping[str, Assumption]) -> list[Html]:
    """Behaviour and machines line by line, the costs as a table of actions and what they need."""
    costs = {name: told for name, told in used.items() if name.partition(".")[2] in RESOURCES}
    head = (Both("名称", "name"), Both("说明", "what it is"), Both("数值", "value"), Both("来源", "origin"))
    rows = [
        (name, told.words, value_of(told), ORIGINS[told.origin]) for name, told in used.items() if name not in costs
    ]
    sources = sorted({told.source for told in used.values() if told.source})
    return [
        heading(Both("考试、行为与机器", "Exams, behaviour and machines")),
        table(Both("每项假设", "Each assumption"), head, rows, "words"),
        heading(Both("每次操作的成本", "What one action costs")),
        paragraph(
            Both(
                "≈ 为估计值，* 由压测结果推算，其余为实测。",
                "≈ is our estimate, * derived from a run, all others measured.",
            )
        ),
        _cost_table(costs),
        listed(sources, "note"),
    ]


def _cost_table(costs: Mapping[str, Assumption]) -> Html:
    actions = list(dict.fromkeys(name.partition(".")[0] for name in costs))
    head = (Both("操作", "action"), *(_with_unit(words, unit) for unit, words in RESOURCES.values()))
    rows = [
        (ACTIONS.get(action, action), *(_sign(costs[f"{action}.{resource}"]) for resource in RESOURCES))
        for action in actions
    ]
    return table(Both("成本", "Costs"), head, rows)


def _with_unit(words: Both, unit: str) -> Both:
    return Both(f"{words.zh} {unit}", f"{words.en} {unit}")


def _sign(told: Assumption) -> str:
    sign = {Origin.ESTIMATE: "≈ ", Origin.RUN: "* "}.get(told.origin, "") if told.value else ""
    return f"{sign}{told.value:.3g}" if told.value < 1000 else f"{sign}{number(round(told.value))}"
