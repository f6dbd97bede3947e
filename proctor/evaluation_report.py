"""`exam vision evaluate` as a page: what was let through and kept out, at which threshold, in which condition."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from proctor.comparing import COSINE_RUNNING, L2_RUNNING, Compared
from proctor.evaluation import Distances, rates
from proctor.report_page import COLOURS, DASHES, PATTERNS, Chart, Section, chart, page
from proctor.shares import between, percent

FILES_MAX = 50  # named on the page; the JSON names all
FAR_SHOWN_MIN = 1e-4  # the left end of a logarithmic axis, where a FAR of 0 is drawn
EDGE = f"A FAR of 0 is drawn at the left edge, {FAR_SHOWN_MIN:g}."
LINES = "Clean pictures. Vertical lines are the thresholds in use."
FEW = "* There are too few pairs of two people for one of them to be that share: none is let through."
BOOKS = "Pairs with a missed face count as kept out: they raise FRR, never FAR. Intervals are Wilson's, 95 %."
SINGLE = (
    "The pairs are one picture against one. single_max is made for that; accept_max and doubt_max judge several fused "
    "frames in the exam, which lie nearer together, so here they keep out more people than they do there."
)


def evaluation_page(name: str, backend: str, results: Sequence[Compared]) -> str:
    """The whole page; `results` begins with the clean condition."""
    clean = results[0]
    thresholds = [
        _over(clean.cosine, "Cosine distance, as the exam measures", COSINE_RUNNING),
        _over(clean.l2, "L2 distance, as face_recognition measures", L2_RUNNING),
        _histogram(clean.cosine),
    ]
    worse = [Section("What bad pictures cost", charts=[_bars(results)])] if len(results) > 1 else []
    sections = [
        Section("Figures", [f"Backend {backend}. {BOOKS}"], tables=[_summary(results)]),
        Section("How many of each kind pass", [EDGE], charts=[_roc(results)]),
        *worse,
        Section("Where the thresholds stand", [LINES], charts=thresholds),
        Section("At the thresholds", [SINGLE, FEW], tables=[_thresholds(results)]),
        _missed(results),
    ]
    return page(f"Face comparison: {name}", sections)


def _summary(results: Sequence[Compared]) -> list[list[str]]:
    head = ["condition", "pairs", "missed", "accuracy", "10-fold", "AUC", "FAR, L2 ≤ .60", "FRR, L2 ≤ .60"]
    rows = []
    for found in (result.condition for result in results):
        counts = [found.condition, str(found.pairs), str(found.missed.pairs)]
        shares = [found.accuracy, found.accuracy_10fold, found.auc]
        said = ["–" if share is None else f"{share:.4f}" for share in shares]
        rows.append([*counts, *said, percent(found.far), percent(found.frr)])
    return [head, *rows]


def _thresholds(results: Sequence[Compared]) -> list[list[str]]:
    rows = [["condition, threshold", "distance ≤", "FAR", "95 %", "FRR", "95 %"]]
    for found in (result.condition for result in results):
        for measure, of in (("L2", found), ("cosine", found.cosine)):
            for one in (*of.running, *of.at_far):
                name = f"{found.condition}, {one.name}" + (f", {measure}" if one.target else "")
                name += "" if one.resolved else " *"
                shares = [percent(one.far), between(one.far_interval), percent(one.frr), between(one.frr_interval)]
                rows.append([name, f"{one.threshold:.4f}", *shares])
    return rows


def _roc(results: Sequence[Compared]) -> Chart:
    figure = chart("ROC, L2 distance", "strangers let through (FAR, logarithmic)", "right people let through (1 - FRR)")
    lowest = 1.0
    for number, found in enumerate(result.condition for result in results):
        far = [max(point.far, FAR_SHOWN_MIN) for point in found.roc]
        tpr = [point.tpr for point in found.roc]
        lowest = min([lowest, *(point.tpr for point in found.roc if point.threshold is not None and point.far > 0)])
        line = {**_line(number), "shape": "hv"}
        figure.add_scatter(x=far, y=tpr, name=f"{found.condition} (AUC {found.auc:.4f})", mode="lines", line=line)
    figure.update_xaxes(type="log", range=[np.log10(FAR_SHOWN_MIN), 0], tickformat=".0e")
    return figure.update_yaxes(range=[max(0.0, lowest - 0.05), 1.005], tickformat=".0%")


def _over(distances: Distances, title: str, running: Sequence[tuple[str, float]]) -> Chart:
    figure = chart(title, "threshold", "share of pairs")
    finite = distances.apart[np.isfinite(distances.apart)]
    grid = np.linspace(0.0, float(finite.max(initial=0.0)) or 1.0, 400)
    far, frr = rates(distances, grid)
    for number, (name, share) in enumerate((("FAR: strangers let through", far), ("FRR: right people kept out", frr))):
        figure.add_scatter(x=grid, y=share, name=name, mode="lines", line=_line(number))
    for number, (name, threshold) in enumerate(sorted(running, key=lambda one: one[1])):
        figure.add_vline(x=threshold, line={"color": "#555", "width": 1})
        figure.add_annotation(
            x=threshold, y=0.98 - 0.08 * number, yref="paper", text=name, xanchor="left", showarrow=False
        )
    return figure.update_yaxes(tickformat=".0%")


def _histogram(distances: Distances) -> Chart:
    figure = chart("Cosine distances of the pairs", "distance", "pairs", barmode="overlay")
    for number, (name, apart) in enumerate((("one person", distances.own), ("two people", distances.strange))):
        pattern = {"shape": PATTERNS[number * 2 + 1], "solidity": 0.4}
        marker = {"color": COLOURS[number + 1], "line": {"color": COLOURS[number + 1], "width": 1}, "pattern": pattern}
        bins = {"start": 0.0, "size": 0.01}
        figure.add_histogram(x=apart[np.isfinite(apart)], name=name, marker=marker, opacity=0.7, xbins=bins)
    return figure


def _bars(results: Sequence[Compared]) -> Chart:
    conditions = [result.condition for result in results]
    figure = chart("By condition, at L2 ≤ .60", "condition of the second picture", "share", barmode="group")
    shares = (
        ("FAR", [one.far for one in conditions]),
        ("FRR", [one.frr for one in conditions]),
        ("of it: no face found", [one.missed.same / one.same for one in conditions]),
    )
    for number, (name, values) in enumerate(shares):
        marker = {"color": COLOURS[number + 1], "pattern": {"shape": PATTERNS[number]}}
        text = [f"{100 * value:.1f}" for value in values]
        names = [one.condition for one in conditions]
        figure.add_bar(x=names, y=values, name=name, marker=marker, text=text, textposition="outside")
    return figure.update_yaxes(tickformat=".0%")


def _missed(results: Sequence[Compared]) -> Section:
    lines = [f"{result.condition.condition}: {file}" for result in results for file in result.condition.missed.files]
    left = len(lines) - FILES_MAX
    more = [*lines[:FILES_MAX], *([f"and {left} more, see --json"] if left > 0 else [])]
    return Section("Pictures without a face found", ["None."] if not lines else [], more=more)


def _line(number: int) -> dict[str, Any]:
    place = number % len(COLOURS)
    return {"color": COLOURS[place], "dash": DASHES[place], "width": 2}
