"""A report as one HTML file that needs nothing else: Chinese and English in one page, charts drawn when they are seen.

The page holds its charts as data (`page/report.js` draws them with plotly, which is in the file too), so it opens
quickly however many there are. All that is told comes in as `Text` and is escaped here; only `Html` is taken as it is.
"""

from collections.abc import Sequence
from html import escape
from importlib import resources
from typing import Final, NewType

import msgspec

from loadtest.charts import Chart
from loadtest.report_words import Both, Text, en, zh

Html = NewType("Html", str)

_PLOTLY: Final = resources.files("plotly") / "package_data" / "plotly.min.js"
_OURS: Final = resources.files("loadtest") / "page"
_LANGUAGES: Final = (
    '<div class="languages" role="group" aria-label="语言 Language">'
    '<button type="button" data-language="zh-CN" aria-pressed="true">中文</button>'
    '<button type="button" data-language="en" aria-pressed="false">English</button></div>'
)


class Cell(msgspec.Struct, frozen=True):
    """A cell that is good or bad news, or whose text is code."""

    text: Text
    kind: str = ""


class Section(msgspec.Struct, frozen=True):
    """A part of the page that the list at its head leads to."""

    title: Both
    inner: Sequence[Html]


class Page:
    """Collects the charts while its parts are made: each has a number, by which its data is found."""

    def __init__(self) -> None:
        self._charts: list[Chart] = []

    def figure(self, chart: Chart, level: int = 3) -> Html:
        """A chart with its words, and its key figures as a table for those who do not look."""
        number = len(self._charts)
        self._charts.append(chart)
        words = _attributes(chart.title)
        return Html(
            f"<figure><h{level}>{told(chart.title)}</h{level}><figcaption>{told(chart.words)}</figcaption>"
            f'<div class="plot" role="img" data-chart="{number}" {words}></div>'
            f"{details(KEY_FIGURES, [table(chart.title, chart.key_head, chart.key_rows)])}</figure>"
        )

    def whole(self, title: Both, head: Sequence[Html], sections: Sequence[Section]) -> str:
        """The document: what stands above everything, then the sections."""
        links = "".join(f'<li><a href="#s{n}">{told(each.title)}</a></li>' for n, each in enumerate(sections))
        body = "".join(
            f'<section id="s{n}"><h2>{told(each.title)}</h2>{"".join(each.inner)}</section>'
            for n, each in enumerate(sections)
        )
        return (
            '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title.zh)}</title><style>{_ours('report.css')}</style></head>\n<body><main>\n"
            f"<header><h1>{told(title)}</h1>{_LANGUAGES}</header>\n{''.join(head)}\n"
            f"<nav {_attributes(CONTENTS)}><ul>{links}</ul></nav>\n{body}\n</main>\n"
            f'<script type="application/json" id="charts">{self._data()}</script>\n'
            f"<script>{_PLOTLY.read_text(encoding='utf-8')}</script>\n<script>{_ours('report.js')}</script>\n"
            "</body></html>\n"
        )

    def _data(self) -> str:
        """As JSON in which nothing ends the script it stands in."""
        drawn = [{"lines": chart.lines, "layout": chart.layout} for chart in self._charts]
        return msgspec.json.encode(drawn).decode().replace("<", "\\u003c")


KEY_FIGURES: Final = Both("关键数字", "Key figures")
CONTENTS: Final = Both("目录", "Contents")


def told(text: Text) -> Html:
    """In both languages, of which the page shows one."""
    if isinstance(text, str):
        return Html(escape(text))
    return Html(f'<span lang="zh-CN">{escape(text.zh)}</span><span lang="en">{escape(text.en)}</span>')


def paragraph(text: Text, kind: str = "") -> Html:
    """`kind` is a class of the style sheet."""
    return Html(f"<p{_class(kind)}>{told(text)}</p>")


def heading(text: Text) -> Html:
    """Of a part of a section."""
    return Html(f"<h3>{told(text)}</h3>")


def listed(lines: Sequence[Text], kind: str = "") -> Html:
    """A list."""
    return Html(f"<ul{_class(kind)}>{''.join(f'<li>{told(line)}</li>' for line in lines)}</ul>")


def details(summary: Text, inner: Sequence[Html]) -> Html:
    """Closed until somebody opens it."""
    return Html(f"<details><summary>{told(summary)}</summary>{''.join(inner)}</details>")


def download(name: str, kind: str, content: str, words: Text) -> Html:
    """A link to a file that is in the page. `content` in Base64."""
    return Html(f'<a download="{escape(name)}" href="data:{kind};base64,{content}">{told(words)}</a>')


def table(caption: Text, head: Sequence[Text], rows: Sequence[Sequence[Text | Cell]], kind: str = "") -> Html:
    """The first cell of a row names it."""
    top = "".join(f'<th scope="col">{told(cell)}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(_cell(cell, place) for place, cell in enumerate(row))}</tr>" for row in rows)
    return Html(
        f'<div class="wide" role="region" tabindex="0" {_attributes(caption)}><table{_class(kind)}>'
        f"<caption>{told(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Text | Cell, place: int) -> str:
    text, kind = (cell.text, cell.kind) if isinstance(cell, Cell) else (cell, "")
    inner = f"<code>{told(text)}</code>" if kind == "code" else told(text)
    opened, closed = ('th scope="row"', "th") if place == 0 else ("td", "td")
    return f"<{opened}{_class(kind)}>{inner}</{closed}>"


def _class(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""


def _attributes(text: Text) -> str:
    """A label that changes with the language."""
    return f'aria-label="{escape(zh(text))}" data-zh="{escape(zh(text))}" data-en="{escape(en(text))}"'


def _ours(name: str) -> str:
    return (_OURS / name).read_text(encoding="utf-8")
