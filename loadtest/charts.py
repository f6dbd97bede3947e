"""A chart over the time of a run, as plotly takes it: lines thinned, faults as bands, words in both languages."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from loadtest.outcome import Fault
from loadtest.report_words import FAULTS, Both, Text, en, zh
from loadtest.shown import number

POINTS_MAX: Final = 600  # of a line
LABEL_SHARE: Final = 0.03  # of the width: a fault nearer to the one before shares its label

KINDS_MAX: Final = 2  # in a label
FEW_DECADES: Final = 1.7  # of a logarithmic axis: 2 and 5 have a tick too

# What is told apart differs in dash as well as colour; most colour-blind eyes tell the colours apart.
COLOURS: Final = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7a7a7a")
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

TIME: Final = Both("压测开始后的秒数", "seconds since the run began")
FAULT_SIGNS: Final = Both("故障", "faults")
LIMIT: Final = Both("目标", "target")

Values = Sequence[float | None]


class Line(msgspec.Struct, frozen=True):
    """One line: a value for each moment, None where there is none."""

    name: Text
    values: Values


class Chart(msgspec.Struct, frozen=True):
    """What plotly draws, and the same in words and numbers."""

    title: Both
    words: Both
    lines: list[dict[str, Any]]
    layout: dict[str, Any]
    key_head: Sequence[Text]
    key_rows: Sequence[Sequence[Text]]


def over_time(
    title: Both,
    y: Both,
    words: Both,
    at: Sequence[float],
    lines: Sequence[Line],
    *,
    faults: Sequence[Fault] = (),
    shown: Callable[[float | None], str] = number,
    log: bool = False,
    bars: bool = False,
    limit: float | None = None,
    latency: bool = False,
    reach: tuple[float, float] | None = None,
) -> Chart:
    """`at` are the moments of all lines. `limit` is drawn across; `bars` stand on one another.

    `reach`, the least and the largest value of the axis, makes two logarithmic charts alike.
    """
    times = [group[0] for group in _groups(at)]
    drawn = [_line(line, place, times, log=log, bars=bars) for place, line in enumerate(lines)]
    layout = _layout(y, log=log, latency=latency)
    if bars:
        layout |= {"barmode": "stack", "bargap": 0}
    if log:
        layout["yaxis"] |= _decades(reach or _reach_of(lines), shown)
    if limit is not None:
        drawn.append(_limit(limit, at))
    if faults:
        _mark_faults(layout, drawn, faults, at)
    rows = [(line.name, *_key(at, line.values, shown)) for line in lines]
    return Chart(title, words, drawn, layout, KEY_HEAD, rows)


KEY_HEAD: Final = (
    "",
    Both("最大", "largest"),
    Both("在第几秒", "at second"),
    Both("中位", "median"),
    Both("最小", "least"),
)


def thin(values: Values, most: int = POINTS_MAX) -> list[float | None]:
    """At most so many: the largest of each group of neighbours."""
    return [max((value for value in group if value is not None), default=None) for group in _groups(values, most)]


def _groups(values: Sequence[Any], most: int = POINTS_MAX) -> list[Sequence[Any]]:
    width = max(1, math.ceil(len(values) / most))
    return [values[start : start + width] for start in range(0, len(values), width)]


def _line(line: Line, place: int, times: Sequence[float], *, log: bool, bars: bool) -> dict[str, Any]:
    values = [_rounded(value, log=log) for value in thin(line.values)]
    colour, drawn = COLOURS[place % len(COLOURS)], {"name": _plain(line.name), "x": times, "y": values}
    if bars:
        return {**drawn, "type": "bar", "marker": {"color": colour, "line": {"width": 0}}}
    # A moment between two without any is a dot, or it would not be seen.
    told = sum(value is not None for value in values)
    mode = "lines" if told > 0.9 * len(values) > 1 else "lines+markers"
    dash = DASHES[place % len(DASHES)]
    look = {"color": colour, "dash": dash, "width": 1.6}
    return {**drawn, "type": "scatter", "mode": mode, "line": look, "marker": {"size": 3, "color": colour}}


def _rounded(value: float | None, *, log: bool) -> float | None:
    if value is None or (log and value <= 0):
        return None
    return float(f"{value:.4g}") if abs(value) < 1e4 else round(value)


def _layout(y: Both, *, log: bool, latency: bool) -> dict[str, Any]:
    axis = {"showline": True, "linecolor": "#1a1a1a", "ticks": "outside", "gridcolor": "#e5e5e5", "zeroline": False}
    upwards: dict[str, Any] = {
        "title": {"text": y, "standoff": 8},
        **axis,
        "automargin": True,
        "type": "log" if log else "linear",
    }
    if not log:
        upwards["rangemode"] = "tozero"
    if log:
        upwards["minor"] = {"showgrid": True, "gridcolor": "#f2f2f2", "dtick": "D2"}
    if latency and not log:
        upwards |= {"tickformat": "~s", "ticksuffix": "s"}
    return {
        "xaxis": {"title": {"text": TIME, "standoff": 8}, **axis, "hoverformat": ".0f"},
        "yaxis": upwards,
        "hovermode": "x unified",
        "margin": {"l": 70, "r": 16, "t": 16, "b": 90},
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
        "font": {"family": "system-ui, 'Noto Sans CJK SC', sans-serif", "size": 13, "color": "#1a1a1a"},
        "plot_bgcolor": "#fff",
        "paper_bgcolor": "#fff",
    }


def _reach_of(lines: Sequence[Line]) -> tuple[float, float]:
    told = [value for line in lines for value in line.values if value]
    return (min(told), max(told)) if told else (1.0, 1.0)


def _decades(reach: tuple[float, float], shown: Callable[[float | None], str]) -> dict[str, Any]:
    """A logarithmic axis: its range, and ticks in words."""
    low, high = (math.log10(edge) for edge in reach)
    steps = (1,) if high - low > FEW_DECADES else (1, 2, 5)
    ticks = [step * 10.0**power for power in range(math.floor(low) - 1, math.ceil(high) + 2) for step in steps]
    return {"range": [low - 0.1, high + 0.1], "tickvals": ticks, "ticktext": [shown(tick) for tick in ticks]}


def _limit(limit: float, at: Sequence[float]) -> dict[str, Any]:
    ends = [min(at, default=0), max(at, default=1)]
    look = {"color": "#a83200", "width": 1.5, "dash": "longdash"}
    return {"name": LIMIT, "x": ends, "y": [limit, limit], "type": "scatter", "mode": "lines", "line": look}


def _mark_faults(
    layout: dict[str, Any], drawn: list[dict[str, Any]], faults: Sequence[Fault], at: Sequence[float]
) -> None:
    """Bands over the time that each lasted, its kind above it where there is room, its words under the pointer."""
    begin, end = min(at, default=0), max(at, default=1)
    width = max(end - begin, 1)
    layout["shapes"] = []
    layout["margin"] = {**layout["margin"], "t": 90}
    layout["xaxis"]["range"] = [begin, end]
    layout["yaxis2"] = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    for fault in faults:
        over = max(fault.s + fault.for_s + (fault.recovered_s or 0), fault.s + width / 300)
        layout["shapes"].append(_band(fault.s, over))
    layout["annotations"] = [_label(s, kinds) for s, kinds in _labels(faults, LABEL_SHARE * width)]
    signs = {"symbol": "triangle-down", "size": 8, "color": "#a83200"}
    drawn.append(
        {
            "name": FAULT_SIGNS,
            "type": "scatter",
            "mode": "markers",
            "yaxis": "y2",
            "marker": signs,
            "x": [round(fault.s, 2) for fault in faults],
            "y": [0.99] * len(faults),
            "text": [_plain(fault.words) for fault in faults],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )


def _band(begin: float, end: float) -> dict[str, Any]:
    place = {"type": "rect", "xref": "x", "yref": "paper", "x0": round(begin, 2), "x1": round(end, 2), "y0": 0, "y1": 1}
    return {**place, "fillcolor": "#d55e00", "opacity": 0.16, "line": {"width": 0}, "layer": "below"}


def _labels(faults: Sequence[Fault], room: float) -> list[tuple[float, list[str]]]:
    """Where, and of which kinds; not again where nothing but the same happened once more."""
    labels: list[tuple[float, list[str]]] = []
    for fault in sorted(faults, key=lambda fault: fault.s):
        if not labels or fault.s - labels[-1][0] >= room:
            labels.append((fault.s, [fault.kind]))
        elif fault.kind not in labels[-1][1]:
            labels[-1][1].append(fault.kind)
    kept = zip(labels, [None, *labels], strict=False)
    return [label for label, before in kept if before is None or label[1] != before[1]]


def _label(s: float, kinds: Sequence[str]) -> dict[str, Any]:
    place = {"x": round(s, 2), "y": 1, "xref": "x", "yref": "paper", "xanchor": "center", "yanchor": "bottom"}
    words = [_plain(FAULTS.get(kind, kind)) for kind in kinds[:KINDS_MAX]]
    more = " …" if len(kinds) > KINDS_MAX else ""
    text = Both("、".join(map(zh, words)) + more, ", ".join(map(en, words)) + more)
    return {**place, "text": text, "textangle": -90, "showarrow": False, "font": {"size": 11, "color": "#a83200"}}


def _key(at: Sequence[float], values: Values, shown: Callable[[float | None], str]) -> tuple[str, str, str, str]:
    told = sorted((value, moment) for value, moment in zip(values, at, strict=True) if value is not None)
    if not told:
        return shown(None), "–", shown(None), shown(None)
    most = told[-1]
    return shown(most[0]), number(round(most[1])), shown(told[len(told) // 2][0]), shown(told[0][0])


def _plain(text: Text) -> Text:
    """Plotly reads some HTML in its texts: what was told by others is to have none."""
    if isinstance(text, str):
        return text.replace("<", "‹").replace(">", "›")
    return Both(str(_plain(zh(text))), str(_plain(en(text))))
