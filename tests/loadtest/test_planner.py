"""The planner: proportional where it should be, whole where machines are, and every number it uses is told."""

import msgspec
import pytest

from loadtest.arrival import WINDOW, Window
from loadtest.assumptions import NUMBERS, Assumption
from loadtest.costs import numbers_of, read_costs
from loadtest.plan_page import plan_page
from loadtest.plan_words import FIGURES
from loadtest.planner import Plan, plan

ALL = NUMBERS | numbers_of(read_costs())
MILLION = plan(1_000_000, WINDOW, ALL)
DOUBLED = (
    "peak.open", "peak.starts_per_s", "peak.answers_per_s", "cores.serving", "cores.postgres", "cores.vision",
    "network.down_bits_per_s", "database.rows_per_s", "storage.evidence_bytes", "storage.wal_bytes",
)  # fmt: skip


def but(**changed: float) -> dict[str, Assumption]:
    names = {name.replace("__", "."): value for name, value in changed.items()}
    return ALL | {name: msgspec.structs.replace(ALL[name], value=value) for name, value in names.items()}


def test_twice_the_physicians_are_twice_the_rates_and_storage() -> None:
    twice = plan(2_000_000, WINDOW, ALL)
    for name in DOUBLED:
        assert twice.figures[name] == pytest.approx(2 * MILLION.figures[name]), name
    assert twice.rates == pytest.approx({action: 2 * rate for action, rate in MILLION.rates.items()})
    assert twice.figures["machines.total"] <= 2 * MILLION.figures["machines.total"]


def test_the_peak_of_a_million_is_that_of_the_field_s_own_load_model() -> None:
    assert MILLION.figures["peak.open.humanities"] == pytest.approx(22_000, rel=0.1)  # domain.md §8
    assert MILLION.figures["peak.snapshots_per_s"] == pytest.approx(MILLION.figures["peak.open"] / 120)


def test_every_number_that_is_used_is_named_and_every_number_that_is_named_is_used() -> None:
    assert set(MILLION.assumptions) == set(ALL)
    for name, told in MILLION.assumptions.items():
        assert told == ALL[name]
        assert told.words.zh
        assert told.words.en


def test_a_number_that_is_missing_is_told() -> None:
    with pytest.raises(KeyError, match=r"answer\.server_ms"):
        plan(1000, WINDOW, {name: told for name, told in ALL.items() if name != "answer.server_ms"})


def test_no_number_is_idle() -> None:
    """Each moves a figure if it is made much larger or much smaller."""
    window = Window(days=1)
    found = plan(4_000_000, window, ALL).figures
    idle = {
        name
        for name, told in ALL.items()
        if told.value > 0
        and all(
            plan(4_000_000, window, ALL | {name: msgspec.structs.replace(told, value=told.value * factor)}).figures
            == found
            for factor in (50, 0.02)
        )
    }
    assert idle == set()


TWENTY = plan(20_000_000, WINDOW, ALL)


def test_everybody_is_inside_for_his_stay_and_then_gone() -> None:
    found = plan(100_000, WINDOW, ALL)
    for kind in ("humanities", "professional"):
        minutes = sum(found.curve.open[kind])
        people = 100_000 * ALL[f"{kind}.share"].value
        assert minutes == pytest.approx(people * ALL[f"{kind}.stay_min"].value, rel=0.001)
        assert found.curve.open[kind][-1] == 0


def test_machines_are_whole_have_spares_and_hold_cores_and_memory() -> None:
    figures = TWENTY.figures
    assert all(figures[name] == int(figures[name]) for name in FIGURES if name.startswith(("machines.", "processes.")))
    cores = ALL["machine.cores"].value
    assert figures["machines.serving"] - 1 >= figures["cores.serving"] / cores
    assert figures["machines.serving"] - 1 < figures["cores.serving"] / cores + 1
    small = plan(20_000_000, WINDOW, but(machine__memory_gib=2)).figures
    assert small["machines.serving"] > figures["machines.serving"]


def test_a_process_holds_no_more_attempts_than_it_has_files() -> None:
    figures = plan(4_000_000, WINDOW, but(answer__server_ms=0, process__attempts_max=1000)).figures
    assert figures["processes.serving"] >= figures["peak.open"] / 1000


def test_commits_are_shared_by_a_process_s_answers() -> None:
    few, many = (plan(4_000_000, WINDOW, but(database__turns_per_s=turns)).figures for turns in (10, 100_000))
    assert few["database.commits_per_s"] < many["database.commits_per_s"]
    assert many["database.commits_per_s"] > many["peak.answers_per_s"]


def test_faster_cores_are_fewer_and_more_headroom_is_more() -> None:
    assert plan(1_000_000, WINDOW, but(machine__speed=2)).figures["cores.serving"] * 2 == pytest.approx(
        MILLION.figures["cores.serving"]
    )
    assert plan(1_000_000, WINDOW, but(headroom=3.2)).figures["cores.vision"] == pytest.approx(
        2 * MILLION.figures["cores.vision"]
    )


def test_a_longer_window_and_a_staggered_one_have_lower_peaks() -> None:
    assert plan(1_000_000, Window(stagger_days=10), ALL).figures["peak.open"] < MILLION.figures["peak.open"] / 2
    shorter = plan(1_000_000, Window(days=3, last_day=0.6), ALL).figures
    assert shorter["peak.open"] > MILLION.figures["peak.open"]
    assert shorter["storage.evidence_bytes"] == pytest.approx(MILLION.figures["storage.evidence_bytes"])


def test_what_actions_need_adds_up_to_what_their_part_needs() -> None:
    for part in ("serving", "postgres"):
        assert sum(MILLION.shares[part].values()) == pytest.approx(max(MILLION.curve.cores[part]), abs=1e-3)


def test_every_figure_has_words_and_the_plan_survives_json() -> None:
    assert set(FIGURES) | {"peak.minute"} == set(MILLION.figures)
    assert msgspec.json.decode(msgspec.json.encode(MILLION), type=Plan) == MILLION


def test_the_page_stands_alone_and_tells_every_assumption_in_both_languages() -> None:
    page = plan_page(MILLION)
    assert "http://" not in page.partition('<script type="application/json"')[0]
    for name, told in MILLION.assumptions.items():
        if name.partition(".")[2] not in ("server_ms", "database_ms"):
            continue
        assert f"{told.value:.3g}" in page
    for name in NUMBERS:
        assert name in page
    assert "1\u202f000\u202f000 名医师" in page
    assert "Capacity for 1\u202f000\u202f000 physicians" in page
