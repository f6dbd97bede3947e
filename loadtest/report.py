"""The report of a run: the verdict, what it rests on, and every chart. One file, drawn from `outcome.Run` alone."""

import base64
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from loadtest import report_charts as charts
from loadtest import report_tables as tables
from loadtest.bottleneck import Word, generator, generator_words
from loadtest.outcome import Run, write_whole
from loadtest.report_page import Html, Page, Section, details, download, heading, listed, paragraph
from loadtest.report_words import Both, action_words
from loadtest.seconds import actions_of, steady
from loadtest.seconds_csv import seconds_csv

EMBEDDED_BYTES_MAX: Final = 4 << 20  # of result.json, packed: more stays beside the page
TITLE: Final = Both("考试压测报告", "Load test of an exam window")


def write_report(run: Run, folder: Path) -> Path:
    """To `report.html`, whole or not at all. Raises OSError."""
    path = folder / "report.html"
    write_whole(path, report(run).encode())
    return path


def report(run: Run) -> str:
    """The whole page."""
    page = Page()
    sections = [
        Section(Both("结论", "Verdict"), _verdict(run)),
        *([_actions(run)] if actions_of(run.seconds) else []),
        *([_load(run, page), _latencies(run, page), _errors(run, page)] if run.seconds else []),
        *([Section(Both("故障", "Faults"), [tables.faults(run)])] if run.faults else []),
        *([_machine(run, page)] if run.samples else []),
        Section(Both("压测程序", "The generator"), _generator(run, page)),
        Section(Both("考生", "Physicians"), tables.people(run)),
        Section(Both("机器与选项", "Machine and orders"), [*tables.settings(run), *_notes(run)]),
        Section(Both("下载", "Downloads"), _downloads(run)),
    ]
    return page.whole(TITLE, [paragraph(_what(run)), tables.verdict(run), _noscript()], sections)


def _what(run: Run) -> Both:
    begun = datetime.fromtimestamp(run.begun_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    length, peak = len(run.seconds), max((second.open for second in run.seconds), default=0)
    return Both(
        f"{begun} 开始，{length} 秒，同时在考最多 {peak:,} 人。",
        f"Begun {begun}, {length} seconds, at most {peak:,} attempts open at once.",
    )


def _verdict(run: Run) -> list[Html]:
    inner = [tables.targets(run.targets)] if run.targets else []
    if run.violations is None:
        inner.append(paragraph(Both("没有与服务端日志核对。", "Nothing was compared with the journal.")))
    else:
        inner += tables.classes(run.violations)
    return [*inner, *tables.measured(run)]


def _actions(run: Run) -> Section:
    part = steady(run.seconds)
    steady_words = Both(f"稳定段（{len(part)} 秒）", f"Steady part ({len(part)} seconds)")
    inner = [
        paragraph(
            Both(
                "延迟从考生计划操作的时刻算起；“从发送”是压测程序实际发出之后。二者之差是停顿被掩盖的部分。"
                "稳定段：同时在考人数不低于峰值 95% 的首末之间。分位数偏大至多 2%。",
                "Latencies count from the moment the physician meant to act; those “from sending” from when the "
                "generator sent it. The difference is what would have been hidden. Steady: between the first and the "
                "last second with at least 95 % of the most open attempts. Percentiles are at most 2 % too large.",
            ),
            "note",
        ),
        tables.actions(Both(f"全程（{len(run.seconds)} 秒）", f"Whole run ({len(run.seconds)} seconds)"), run.seconds),
    ]
    return Section(Both("各操作", "Actions"), [*inner, *([tables.actions(steady_words, part)] if part else [])])


def _load(run: Run, page: Page) -> Section:
    drawn = [*charts.concurrency(run), charts.rates(run)]
    return Section(Both("负载", "Load"), [page.figure(chart) for chart in drawn])


def _latencies(run: Run, page: Page) -> Section:
    names = charts.latency_actions(run)
    inner = []
    for name in names:
        if name == "answer":
            inner += [page.figure(charts.latency(run, name)), page.figure(charts.latency(run, name, served=True))]
        else:
            inner.append(details(action_words(name), [page.figure(charts.latency(run, name))]))
    if not names:
        inner.append(paragraph(Both("没有成功的操作，因此没有延迟。", "Nothing succeeded: there are no latencies.")))
    return Section(Both("延迟", "Latency"), inner)


def _errors(run: Run, page: Page) -> Section:
    inner = [tables.errors(run)]
    if any(second.errors for second in run.seconds):
        inner.append(page.figure(charts.errors(run, excused=False)))
    else:
        inner.append(paragraph(Both("没有错误。", "There were no errors.")))
    if any(second.excused for second in run.seconds):
        inner.append(page.figure(charts.errors(run, excused=True)))
    return Section(Both("错误", "Errors"), inner)


def _machine(run: Run, page: Page) -> Section:
    drawn = [charts.processors(run), charts.memory(run), *charts.database(run)]
    return Section(Both("服务器与数据库", "Server and database"), [page.figure(chart) for chart in drawn])


def _generator(run: Run, page: Page) -> list[Html]:
    found = generator(run)
    kind = {Word.NO: "good", Word.YES: "bad"}.get(found.word, "")
    return [paragraph(generator_words(found), kind), *([page.figure(charts.lag(run))] if run.seconds else [])]


def _notes(run: Run) -> list[Html]:
    notes = [*run.notes, *(run.violations.notes if run.violations else ())]
    return [heading(Both("备注", "Notes")), listed(notes)] if notes else []


def _downloads(run: Run) -> list[Html]:
    rows = base64.b64encode(seconds_csv(run).encode()).decode()
    links = [download("seconds.csv", "text/csv", rows, Both("每秒数据（CSV）", "every second (CSV)"))]
    packed = gzip.compress(msgspec.json.encode(run), mtime=0)
    if len(packed) > EMBEDDED_BYTES_MAX:
        return [*_links(links), paragraph(_BESIDE)]
    words = Both("全部结果（JSON，gzip 压缩）", "the whole result (JSON, packed by gzip)")
    whole = download("result.json.gz", "application/gzip", base64.b64encode(packed).decode(), words)
    return _links([whole, *links])


_BESIDE: Final = Both(
    "全部结果太大，在本页旁的 result.json 中。",
    "The whole result is too large for this page: it is in result.json beside it.",
)


def _links(links: list[Html]) -> list[Html]:
    return [Html(f"<ul>{''.join(f'<li>{link}</li>' for link in links)}</ul>")]


def _noscript() -> Html:
    words = Both("图表需要 JavaScript；表格不需要。", "Charts need JavaScript; the tables do not.")
    return Html(f"<noscript>{paragraph(words, 'note')}</noscript>")
