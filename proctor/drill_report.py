"""`exam vision spoof-drill` as a page: which attacks were let through, and how far they were from it."""

from collections.abc import Sequence
from textwrap import wrap

from proctor.drilling import ATTACKS, TURNS, Count, Drill, Outcome, count, real_words
from proctor.liveness import STEP_MAX, TURN_MIN
from proctor.report_page import COLOURS, PATTERNS, Chart, Section, chart, page
from proctor.shares import between, percent
from proctor.spoofs import Kind

LABEL = 15  # characters of a line below a bar
FEW = 10  # tries: their axis is in ones
WORDS = {
    Kind.HELD: "photo held still",
    Kind.TURNED: "photo turned 10–60°",
    Kind.FROZEN: "frozen feed",
    Kind.FILM: "film looking ahead, in a loop",
    Kind.REPLAY: "film of the right turn (not covered)",
    Kind.REAL: "real turn",
    Kind.MIRRORED: "real turn, one side mirrored",
}
NOT_COVERED = (
    "A film of the right person turning, and a live deepfake, are not held off by the head turn; a print or a screen "
    "is not recognised as such."
)

HOW_FAR = (
    "The largest change of a try against its first look ahead, over all its frames with one face. Both prompted sides "
    f"need {TURN_MIN:g}, each within {STEP_MAX.total_seconds():g} seconds, by frames that are good enough."
)


def drill_page(result: Drill, outcomes: Sequence[Outcome]) -> str:
    """The whole page."""
    told = [one for one in (count(kind, outcomes) for kind in (*ATTACKS, *TURNS)) if one.tried]
    made_of = f"Model {result.model}, seed {result.seed}; {result.usable} of {result.pictures} pictures were of use."
    notes = [made_of, real_words(result), NOT_COVERED]
    return page(
        "Spoof drill of the prompted head turn",
        [
            Section("Accepted", notes, tables=[_table(told)], charts=[_shares(told)]),
            Section(
                "How far the head seemed to turn",
                [HOW_FAR],
                charts=[_histogram(one.kind, outcomes) for one in told if one.begun],
            ),
        ],
    )


def _table(counts: Sequence[Count]) -> list[list[str]]:
    rows = [
        [
            "kind",
            "tried",
            "begun",
            "one side",
            "seen frozen",
            "accepted",
            "share of begun",
            "95 %",
            "largest turn counted",
            "seen",
        ]
    ]
    for one in counts:
        numbers = [str(number) for number in (one.tried, one.begun, one.one_side, one.frozen, one.accepted)]
        turns = ["–" if turn is None else f"{turn:.3f}" for turn in (one.moved_max, one.moved_seen_max)]
        rows.append([WORDS[one.kind], *numbers, percent(one.accepted_share), between(one.interval), *turns])
    return rows


def _shares(counts: Sequence[Count]) -> Chart:
    figure = chart("Accepted, with the 95 % interval", "", "share of those begun", showlegend=False)
    for number, one in enumerate(counts):
        if one.accepted_share is None or one.interval is None:
            continue
        low, high = one.interval
        bars = {"array": [high - one.accepted_share], "arrayminus": [one.accepted_share - low], "color": "#1a1a1a"}
        marker = {"color": COLOURS[1], "pattern": {"shape": PATTERNS[number % len(PATTERNS)]}}
        name = "<br>".join([*wrap(WORDS[one.kind], LABEL), f"{one.accepted} of {one.begun}"])
        figure.add_bar(x=[name], y=[one.accepted_share], error_y=bars, marker=marker)
    return figure.update_xaxes(tickangle=0).update_yaxes(tickformat=".0%", rangemode="tozero")


def _histogram(kind: Kind, outcomes: Sequence[Outcome]) -> Chart:
    moved = [one.moved_seen for one in outcomes if one.kind is kind and one.begun]
    figure = chart(WORDS[kind], "largest |turn - first turn|, in eye distances", "tries", height=300)
    bins = {"start": 0.0, "size": 0.02}
    figure.add_histogram(x=moved, marker={"color": COLOURS[1], "line": {"color": "#fff", "width": 1}}, xbins=bins)
    figure.add_vline(x=TURN_MIN, line={"color": COLOURS[2], "dash": "dash", "width": 2})
    figure.add_annotation(x=TURN_MIN, y=1, yref="paper", text="needed", xanchor="left", showarrow=False)
    if len(moved) < FEW:
        figure.update_yaxes(dtick=1)
    return figure.update_xaxes(range=[0, max(0.5, *moved) + 0.02])
