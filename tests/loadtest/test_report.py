import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from loadtest import shown
from loadtest.figures import Slice
from loadtest.outcome import Fault, Run, Second, Violations
from loadtest.report import report, write_report
from loadtest.report_charts import latency_actions
from loadtest.targets import Limit, figure, judge
from tests.loadtest.made_runs import FAULTS, made_run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Seen(HTMLParser):
    """What a browser would make of the page, without the scripts' own text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._in: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._in.append(tag)
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1] == tag:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if self._in:
            self.scripts[-1] += data
        else:
            self.text += data + "\n"

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def run() -> Run:
    made = made_run(700, people=300, faults=FAULTS)
    made.targets = judge(made, {"answer.p99_s": Limit(at_most=0.5), "start.p99_s": Limit(at_most=1)})
    made.figures = {"bell.final_p999_s": 0.123}
    made.notes = ["a note that somebody wrote"]
    return made


@pytest.fixture(scope="module")
def seen(run: Run) -> Seen:
    return Seen(report(run))


def test_the_verdict_comes_first_in_both_languages(seen: Seen) -> None:
    before = seen.text.partition("各操作")[0]
    assert "未通过：2 个目标中 2 个未达到" in before
    assert "Failed: 2 of 2 targets missed" in before


def test_every_target_class_action_kind_and_fault_is_told(run: Run, seen: Seen) -> None:
    for target in run.targets:
        assert target.name in seen.text
    for name in (*run.habits, *run.outcomes, *run.orders, *run.machine):
        assert name.replace("_", " ").partition(":")[0] in seen.text or name in seen.text
    for kind in {kind for second in run.seconds for kind in [*second.errors, *second.excused]}:
        assert kind in seen.text
    for fault in run.faults:
        assert fault.words in seen.text
    assert run.violations is not None
    for name in run.violations.counts:
        assert name in seen.text
    assert run.notes[0] in seen.text


@pytest.mark.parametrize("action", ["answer", "heartbeat", "snapshot", "mark", "resume"])
@pytest.mark.parametrize(
    "last", ["p50_s", "p95_s", "p99_s", "p999_s", "max_s", "served_p50_s", "served_p99_s", "count"]
)
@pytest.mark.parametrize("part", ["", "steady."])
def test_every_figure_of_an_action_stands_in_a_table(run: Run, seen: Seen, part: str, action: str, last: str) -> None:
    name = f"{part}{action}.{last}"
    assert shown.figure(name, figure(run, name)) in seen.text.split("\n")


def test_each_action_and_each_part_of_the_machine_has_its_chart(run: Run, seen: Seen) -> None:
    charts = json.loads(seen.scripts[1])
    load, errors, machine, answers_from_sending, lag = 3, 2, 5, 1, 1
    whole = load + errors + machine + answers_from_sending + lag + len(latency_actions(run))
    assert len(charts) == len(seen.of("figure")) == whole
    lines = [line for chart in charts for line in chart["lines"]]
    names = [line["name"]["en"] if isinstance(line["name"], dict) else line["name"] for line in lines]
    for wanted in ("open", "sockets", "boards", "p50", "p99.9", "cut", "serving", "PostgreSQL", "commits", "lag"):
        assert wanted in names
    assert all(len(line["y"]) <= 600 for line in lines)


def test_every_chart_has_bands_for_the_faults(run: Run, seen: Seen) -> None:
    for chart in json.loads(seen.scripts[1]):
        assert len(chart["layout"]["shapes"]) == len(run.faults)


def test_nothing_is_asked_of_the_network(seen: Seen) -> None:
    for _, attributes in seen.tags:
        assert not attributes.get("src")
        assert (attributes.get("href") or "#").startswith(("#", "data:"))
        assert "url(" not in (attributes.get("style") or "")
    assert not seen.of("link")
    assert "@import" not in seen.scripts[0]


def test_the_page_can_be_read_without_seeing_it(seen: Seen) -> None:
    assert all(attributes.get("aria-label") for attributes in seen.of("div") if attributes.get("role") == "img")
    headings = [tag for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert all(attributes.get("scope") in {"col", "row"} for attributes in seen.of("th"))
    assert len(seen.of("caption")) == len(seen.of("table"))
    targets = {attributes.get("id") for _, attributes in seen.tags}
    assert {(link["href"] or "")[1:] for link in seen.of("a") if (link["href"] or "").startswith("#")} <= targets


def test_both_languages_say_the_same_places(seen: Seen) -> None:
    spans = [attributes.get("lang") for attributes in seen.of("span")]
    assert spans.count("zh-CN") == spans.count("en") > 100


def test_the_whole_result_can_be_taken_out_of_the_page_again(run: Run, seen: Seen) -> None:
    links = {link["download"]: link["href"] or "" for link in seen.of("a") if "download" in link}
    packed = base64.b64decode(links["result.json.gz"].partition(",")[2])
    assert msgspec.json.decode(gzip.decompress(packed), type=Run) == run
    rows = base64.b64decode(links["seconds.csv"].partition(",")[2]).decode().splitlines()
    assert len(rows) == 1 + len(run.seconds)
    assert len({row.count(",") for row in rows}) == 1


def test_what_others_wrote_stays_text() -> None:
    second = Second(0, 1, 1, 0, 0.0, {HOSTILE: Slice(late={5: 1}, served={5: 1})}, {HOSTILE: 1}, {HOSTILE: 1})
    run = Run({HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}, 0.0, [second], notes=[HOSTILE])
    run.faults = [Fault(0.0, HOSTILE, HOSTILE)]
    run.habits, run.outcomes, run.figures = {HOSTILE: 1}, {HOSTILE: 1, f"refused:{HOSTILE}": 1}, {HOSTILE: 1.0}
    run.violations = Violations({HOSTILE: 1}, {HOSTILE: [HOSTILE]}, notes=[HOSTILE])
    page = report(run)
    seen = Seen(page)
    assert not seen.of("img")
    assert len(seen.of("script")) == 3
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on")]
    told = [text for text in seen.text.split("\n") if "alert" in text]
    assert len(told) >= 10
    charts = json.loads(seen.scripts[1])
    assert all("<" not in json.dumps(line["name"]) for chart in charts for line in chart["lines"])


@pytest.mark.parametrize(
    "run",
    [
        Run({}, {}, 0.0, []),
        Run({}, {}, 0.0, [Second(0)]),
        made_run(20, people=0),
        made_run(20, people=50, actions={"heartbeat": 1.0}),
        made_run(1, people=5, faults=FAULTS),
    ],
    ids=["nothing", "an idle second", "nobody", "no answers", "one second"],
)
def test_a_run_in_which_little_happened_has_a_report(run: Run) -> None:
    seen = Seen(report(run))
    assert len(seen.of("h1")) == 1
    assert "NaN" not in seen.scripts[1]


def test_a_run_without_targets_or_check_is_not_called_passed() -> None:
    run = Run({}, {}, 0.0, [Second(0)])
    assert "Not judged" in report(run)
    run.targets = judge(run, {"errors": Limit(at_most=0)})
    assert "All targets met; answers were not compared with the journal" in report(run)


def test_a_violation_fails_the_page_although_all_targets_are_met() -> None:
    run = made_run(5, people=5)
    run.targets = judge(run, {"peak_open": Limit(at_least=0)})
    assert run.violations is not None
    run.violations.counts["lost"] = 3
    run.violations.examples["lost"] = ["attempt 17 lost its answer 4"]
    seen = Seen(report(run))
    assert "Failed: 3 violations found" in seen.text
    assert "attempt 17 lost its answer 4" in seen.text


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    path = write_report(made_run(5, people=5), tmp_path)
    assert [path] == list(tmp_path.iterdir())
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_run_that_failed_says_of_what() -> None:
    tried = {"papers": Slice(late={}, served={}, failed=3)}
    run = Run({}, {}, 0.0, [Second(0, actions=tried, errors={"bug:RuntimeError": 2})])
    assert "2 failures of the load test itself, no attempt was ever open" in report(run)


def test_no_half_of_a_page_stays_where_it_can_not_be_kept(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()  # nothing can take its place
    with pytest.raises(OSError, match=r"report\.html"):
        write_report(Run({}, {}, 0.0, []), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
