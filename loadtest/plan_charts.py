"""The charts of a plan."""

from collections.abc import Sequence
from typing import Any, Final

from loadtest.charts import COLOURS, DASHES, Chart
from loadtest.plan_words import FIGURE_HEAD, FIGURES, KINDS, PARTS_OF
from loadtest.planner import Plan, day_of
from loadtest.report_words import ACTIONS, Both, Text
from loadtest.shown import number, size

EVERY_MIN: Final = 10  # a point of a curve; of ten minutes the fullest counts
ACTIONS_SHOWN: Final = 8
UNITS: Final = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"))
PATTERNS: Final = ("", "/", "x", ".")  # bars are told apart without colour too

DAYS: Final = Both("考试窗口的第几天（北京时间）", "day of the window (Beijing time)")
AXIS: Final[dict[str, Any]] = {"showline": True, "linecolor": "#1a1a1a", "ticks": "outside", "gridcolor": "#e5e5e5"}


def inside(plan: Plan) -> Chart:
    """How many are inside, by kind of exam."""
    lines = [
        _area(KINDS[kind], _moments(len(values)), _thinned(values), place)
        for place, (kind, values) in enumerate(plan.curve.open.items())
    ]
    rows = [(KINDS[kind], number(round(max(values)))) for kind, values in plan.curve.open.items()]
    words = Both("每十分钟取最大值。", "The most of each ten minutes.")
    y = Both("同时在考人数", "attempts open at once")
    return Chart(Both("在考人数", "Attempts open"), words, lines, _layout(DAYS, y), FIGURE_HEAD, rows)


def last_day(plan: Plan) -> Chart:
    """Who presses when, on the last day."""
    begin = (plan.window.days - 1 + plan.window.stagger_days) * 1440
    starts = plan.curve.starts_per_s[begin:]
    hours = [round(place / 60, 3) for place in range(0, len(starts), EVERY_MIN)]
    line = {
        "type": "scatter", "mode": "lines", "name": Both("开考 /s", "starts /s"), "x": hours, "y": _thinned(starts),
        "line": {"color": COLOURS[1], "width": 1.6},
    }  # fmt: skip
    rows = [(Both("最后一天每秒开考最多", "most starts a second on the last day"), f"{max(starts, default=0):.1f}")]
    layout = _layout(Both("时", "hour"), Both("每秒开考人数", "starts a second"))
    return Chart(
        Both("最后一天的开考速率", "Starts on the last day"),
        Both("关闭前的高峰。", "The rush before the close."),
        [line],
        layout,
        FIGURE_HEAD,
        rows,
    )


def cores(plan: Plan) -> Chart:
    """What each part needs."""
    busy = {part: max(values) for part, values in plan.curve.cores.items()}
    bars = [
        _bar(name, [plan.figures[f"cores.{part}"] - busy[part] if spare else busy[part] for part in PARTS_OF], place)
        for place, (name, spare) in enumerate(
            ((Both("峰值占用", "busy at the peak"), False), (Both("余量", "headroom"), True))
        )
    ]
    for bar in bars:
        bar["x"] = list(PARTS_OF.values())
    rows = [(words, f"{plan.figures[f'cores.{part}']:.1f}") for part, words in PARTS_OF.items()]
    layout = _layout(Both("部分", "part"), Both("处理器核", "processor cores"), barmode="stack")
    return Chart(
        Both("各部分处理器核数", "Processor cores by part"),
        Both("余量系数乘出的部分单独标出。", "What the headroom adds stands on top."),
        bars,
        layout,
        FIGURE_HEAD,
        rows,
    )


def by_action(plan: Plan) -> Chart:
    """Where the processor time goes at the peak."""
    sums = {action: sum(shares[action] for shares in plan.shares.values()) for action in plan.shares["serving"]}
    most = sorted(sums, key=lambda action: -sums[action])[:ACTIONS_SHOWN]
    bars = []
    for place, (part, shares) in enumerate(plan.shares.items()):
        bar = _bar(PARTS_OF[part], [shares[action] for action in most], place)
        bars.append({**bar, "x": [ACTIONS.get(action, action) for action in most]})
    rows = [(ACTIONS.get(action, action), f"{sums[action]:.2f}") for action in most]
    layout = _layout(Both("操作", "action"), Both("处理器核（峰值）", "cores at the peak"), barmode="stack")
    return Chart(
        Both("哪些操作占用处理器", "Which actions need the processors"),
        Both("无余量。", "Without headroom."),
        bars,
        layout,
        FIGURE_HEAD,
        rows,
    )


def evidence(plan: Plan) -> Chart:
    """Over the days: all pictures until the appeals are over and some, then those of cases."""
    days, figures = plan.window.days + plan.window.stagger_days, plan.figures
    came = [0.0]
    for day in range(days):
        came.append(came[-1] + sum(plan.curve.starts_per_s[day * 1440 : (day + 1) * 1440]))
    evidence_bytes, cases = figures["storage.evidence_bytes"], figures["evidence.case_days"]
    whole = [evidence_bytes * part / (came[-1] or 1.0) for part in came]  # nobody may come
    share = figures["storage.cases_bytes"] / (evidence_bytes or 1.0)
    falls = [whole[-1] - kept * (1 - share) for kept in whole]
    x = [*range(days + 1), *(day + figures["evidence.all_days"] for day in range(days + 1)), days + cases, days + cases]
    y = [*whole, *falls, falls[-1], 0.0]
    unit, name = next(((unit, name) for unit, name in UNITS if max(y) >= unit), UNITS[-1])
    line = {"type": "scatter", "mode": "lines", "fill": "tozeroy", "name": Both("图片", "pictures"), "x": x,
            "y": [_short(value / unit) for value in y], "line": {"color": COLOURS[2], "width": 1.6}}  # fmt: skip
    rows = [(FIGURES[name][0], size(figures[name])) for name in ("storage.evidence_bytes", "storage.cases_bytes")]
    layout = _layout(Both("窗口开始后的天数", "days since the window opened"), Both(name, name))
    return Chart(
        Both("图片存储随时间的变化", "Pictures kept, over time"),
        Both("按保留规则删除；立案的保留更久。", "Deleted by the rules of retention; those of cases are kept longer."),
        [line],
        layout,
        FIGURE_HEAD,
        rows,
    )


def _thinned(values: Sequence[float]) -> list[float]:
    return [max(values[begin : begin + EVERY_MIN]) for begin in range(0, len(values), EVERY_MIN)]


def _moments(count: int) -> list[float]:
    return [round(day_of(begin) + 1, 4) for begin in range(0, count, EVERY_MIN)]


def _layout(x: Both, y: Both, **more: Any) -> dict[str, Any]:
    return {
        "xaxis": {"title": {"text": x}, **AXIS},
        "yaxis": {"title": {"text": y}, **AXIS, "rangemode": "tozero"},
        "hovermode": "x unified",
        "datarevision": Both("zh", "en"),  # else plotly keeps its old axes when the language changes
        "margin": {"l": 80, "r": 16, "t": 16, "b": 60},
        "legend": {"orientation": "h", "y": -0.2, "yanchor": "top"},
        "font": {"family": "system-ui, 'Noto Sans CJK SC', sans-serif", "size": 13, "color": "#1a1a1a"},
        "plot_bgcolor": "#fff",
        "paper_bgcolor": "#fff",
        **more,
    }


def _area(name: Text, x: Sequence[float], y: Sequence[float], place: int) -> dict[str, Any]:
    """Areas stand on one another."""
    look = {"color": COLOURS[place + 1], "width": 1.2, "dash": DASHES[place]}
    return {"type": "scatter", "mode": "lines", "stackgroup": "all", "name": name, "x": x, "y": y, "line": look}


def _bar(name: Text, values: Sequence[float], place: int) -> dict[str, Any]:
    look = {"color": COLOURS[place + 1], "pattern": {"shape": PATTERNS[place]}}
    return {"type": "bar", "name": name, "y": [_short(value) for value in values], "marker": look}


def _short(value: float) -> float:
    """Few digits, but never nothing for something."""
    return float(f"{value:.4g}")
