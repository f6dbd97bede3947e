import math
from typing import Any

import pytest

from loadtest.charts import POINTS_MAX, Line, over_time, thin
from loadtest.outcome import Fault
from loadtest.report_words import Both

WORDS = Both("字", "words")


def drawn(**more: Any) -> Any:
    lines = [Line("a", [1.0, 2.0, None, 4.0])]
    return over_time(WORDS, WORDS, WORDS, [0, 1, 2, 3], lines, **more)


@pytest.mark.parametrize("length", [0, 1, 599, 600, 601, 1200, 36_000])
def test_a_thinned_line_keeps_its_largest_value_and_is_short(length: int) -> None:
    values = [float(place % 97) for place in range(length)]
    thinned = thin(values)
    assert len(thinned) <= POINTS_MAX
    assert max(thinned, default=None, key=lambda value: value or 0) == max(values, default=None)
    if length <= POINTS_MAX:
        assert thinned == values


def test_a_gap_stays_a_gap_unless_a_neighbour_fills_it() -> None:
    assert thin([None, 1.0, None, None], 2) == [1.0, None]


def test_a_peak_of_one_second_in_an_hour_is_still_seen() -> None:
    values = [0.01] * 3600
    values[1801] = 9.0
    chart = over_time(WORDS, WORDS, WORDS, range(3600), [Line("a", values)])
    assert max(chart.lines[0]["y"]) == 9.0
    assert len(chart.lines[0]["x"]) == len(chart.lines[0]["y"]) <= POINTS_MAX


def test_the_table_of_a_chart_tells_what_is_drawn() -> None:
    assert drawn().key_rows == [("a", "4", "3", "2", "1")]


def test_a_logarithmic_chart_has_no_zeros() -> None:
    chart = over_time(WORDS, WORDS, WORDS, [0, 1], [Line("a", [0.0, 1.0])], log=True)
    assert chart.lines[0]["y"] == [None, 1.0]
    assert chart.layout["yaxis"]["type"] == "log"


def test_two_charts_can_be_made_alike() -> None:
    low, high = drawn(log=True, reach=(0.001, 10.0)).layout["yaxis"]["range"]
    assert low < math.log10(0.001) < math.log10(10) < high


def test_faults_are_bands_over_the_time_they_lasted_with_words() -> None:
    faults = [Fault(1.0, "kill", "killed 7", 0.5, 1.0), Fault(2.9, "new_kind", "something <b>new</b>")]
    chart = drawn(faults=faults)
    assert [(band["x0"], band["x1"]) for band in chart.layout["shapes"]] == [(1.0, 2.5), (2.9, 2.91)]
    assert [label["text"].en for label in chart.layout["annotations"]] == ["kill", "new_kind"]
    assert chart.lines[-1]["text"] == ["killed 7", "something ‹b›new‹/b›"]


def test_faults_near_each_other_share_a_label() -> None:
    faults = [Fault(1.0, kind, "") for kind in ("kill", "kill", "disk", "clock")]
    (label,) = drawn(faults=faults).layout["annotations"]
    assert label["text"] == Both("杀进程、磁盘满 …", "kill, disk full …")


def test_a_target_is_a_line_across() -> None:
    limit = drawn(limit=0.5).lines[-1]
    assert (limit["x"], limit["y"]) == ([0, 3], [0.5, 0.5])
