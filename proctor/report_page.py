"""A report as one HTML file that needs nothing else: text, tables and charts, also readable without colour."""

import importlib
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import msgspec

_plotly: Final[Any] = importlib.import_module("plotly.graph_objects")  # it publishes no types
Chart = Any  # one of its figures

# What a chart tells apart differs in dash or pattern as well as colour; most colour-blind eyes tell the colours apart.
COLOURS: Final = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00")
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PATTERNS: Final = ("", "/", "x", ".", "-", "\\")

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }
h1 { font-size: 1.6rem; line-height: 1.25 } h2 { font-size: 1.2rem; margin-top: 2.5rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid #ddd }
th { border-bottom-color: #1a1a1a; vertical-align: bottom } td { white-space: nowrap }
th:first-child, td:first-child { text-align: left; white-space: normal }
.wide { overflow-x: auto } .note { color: #555; font-size: .9rem } ul.note { padding-left: 1.2rem }
"""


class Section(msgspec.Struct, frozen=True):
    """A heading, its sentences, and below them tables (the first row heads it) and charts."""

    title: str
    notes: Sequence[str] = ()
    tables: Sequence[Sequence[Sequence[str]]] = ()
    charts: Sequence[Chart] = ()
    more: Sequence[str] = ()  # a list below: names of files


def page(title: str, sections: Sequence[Section]) -> str:
    """The whole document."""
    parts, drawn = [f"<h1>{escape(title)}</h1>"], 0
    for section in sections:
        parts.append(f"<h2>{escape(section.title)}</h2>")
        parts += [f"<p>{escape(note)}</p>" for note in section.notes]
        parts += [_table(rows) for rows in section.tables]
        for chart in section.charts:
            parts.append(_drawn(chart, drawn))
            drawn += 1
        if section.more:
            parts.append(f'<ul class="note">{"".join(f"<li>{escape(line)}</li>" for line in section.more)}</ul>')
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def chart(title: str, x: str, y: str, **layout: Any) -> Chart:
    """An empty chart with its axes named."""
    figure: Chart = _plotly.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 16}},
        xaxis={"title": {"text": x}, **_AXIS},
        yaxis={"title": {"text": y}, **_AXIS},
        template="plotly_white",
        height=440,
        margin={"l": 70, "r": 20, "t": 60, "b": 60},
        legend={"orientation": "h", "y": -0.2},
    )
    figure.update_layout(**layout)
    return figure


_AXIS: Final = {"showline": True, "linecolor": "#1a1a1a", "ticks": "outside"}


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _drawn(figure: Chart, number: int) -> str:
    """The first chart of a page brings the code that draws them all."""
    return str(
        figure.to_html(
            full_html=False, include_plotlyjs=number == 0, div_id=f"chart-{number}", config={"displaylogo": False}
        )
    )
