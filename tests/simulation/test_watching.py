"""Watched exams in bad weather: who sits in his own chair is never locked, nor is a case opened about him.

SIM_SEEDS and SIM_SEED as in `test_simulation.py`; one for twenty of those, for each is ten minutes of pictures.
"""

import os
from typing import Final

import pytest

from exam_engine import capture_turns
from tests.contract.fake_proctoring import FakeProctoring
from tests.simulation.exam_room import FIRST_ID, Mishaps, Room, watch
from tests.simulation.weather import Climate

SEEDS: Final = 80
EACH: Final = 20
BAD: Final = Climate(stalled=0.002, stall_s_max=3.0, lost_before=0.002, lost_after=0.002, orphaned=0.005)


def _seeds() -> range:
    if "SIM_SEED" in os.environ:
        seed = int(os.environ["SIM_SEED"])
        return range(seed, seed + 1)
    first = int(os.environ.get("SIM_FIRST", "0"))
    return range(first, first + max(1, int(os.environ.get("SIM_SEEDS", str(SEEDS))) // EACH))


def wrong(room: Room, attempt_id: int) -> list[str]:
    """What is said or done against somebody who did nothing, in words."""
    tables: FakeProctoring = room.database.proctoring
    kinds = room.kinds(attempt_id)
    found = [f"a task broke: {error!r}" for error in room.broken]
    found += ["everybody waits for what never comes"] if room.stuck else []
    found += [f"{kind} in his journal" for kind in ("identity_locked", "held") if kind in kinds]
    found += [f"a case: {case}" for case in tables.cases.values() if case["attempt_id"] == attempt_id]
    found += [f"severe: {incident}" for incident in room.incidents(attempt_id) if incident[2] >= 3]
    found += [f"never looked at: {row}" for row in room.captures(attempt_id) if row["state"] == "waiting"]
    names = [row["name"] for row in room.captures(attempt_id)]
    found += [f"{len(names) - len(set(names))} pictures counted twice"] if len(names) > len(set(names)) else []
    if kinds.count("released") != 1:
        found.append(f"the score was released {kinds.count('released')} times")
    return found


@pytest.mark.parametrize("seed", _seeds())
def test_whatever_happens_to_his_pictures_the_right_person_is_left_in_peace(seed: int) -> None:
    room = watch(seed, weather=BAD)

    found = [*wrong(room, FIRST_ID), *wrong(room, FIRST_ID + 1)]
    assert not found, f"seed {seed}, again with: make simulate SEED={seed}\n" + "\n".join(found[:20])


@pytest.mark.parametrize("seed", range(2))
def test_somebody_else_in_the_chair_is_found_in_the_same_weather_and_his_neighbour_is_not(seed: int) -> None:
    room = watch(seed, stranger=True, weather=BAD)

    kinds = room.kinds(FIRST_ID)
    (case,) = [case for case in room.database.proctoring.cases.values() if case["attempt_id"] == FIRST_ID]
    assert {"identity_locked", "held"} <= set(kinds)
    assert (case["allegation"], case["phase"], case["holds"]) == ("substitution", "notified", True)
    assert "released" not in kinds
    notices = [rule for rule, _, level in room.incidents(FIRST_ID) if level >= 2]
    assert kinds.count("warned") == len(notices), "each is told once, whoever died meanwhile"
    assert not wrong(room, FIRST_ID + 1)


def test_the_exams_are_full_of_what_they_are_meant_to_try() -> None:
    rooms = [watch(seed, weather=BAD) for seed in range(20, 26)]

    rows = [row for room in rooms for row in room.database.proctoring.captures]
    assert {row["state"] for row in rows} == {"seen", "not_seen"}
    assert {row["reason"] for row in rows} >= {"", "down"}
    assert {row["kind"] for row in rows} >= {"same", "no_face", "unjudged"}
    assert sum(camera.kept for room in rooms for camera in room.cameras) > 1.2 * len(rows), "sent again, and known"
    assert sum(camera.taken for room in rooms for camera in room.cameras) > len(rows), "lost for good"
    assert any(not process.alive for room in rooms for process in room.processes)


def test_pictures_that_count_as_often_as_they_are_sent_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_turns, "SAME_S", -1.0)

    rooms = [watch(seed, weather=BAD, mishaps=Mishaps(answer_lost=0.6)) for seed in range(2)]

    assert all("counted twice" in " ".join(wrong(room, FIRST_ID)) for room in rooms)
    kinds = {row["kind"] for room in rooms for row in room.captures(FIRST_ID)}
    assert "frozen" in kinds, "an honest man on a bad line would be said to show a photograph"


def test_the_same_seed_is_the_same_exam() -> None:
    first, second = watch(5, weather=BAD), watch(5, weather=BAD)

    assert [row["name"] for row in first.database.proctoring.captures] == [
        row["name"] for row in second.database.proctoring.captures
    ]
    assert first.kinds(FIRST_ID) == second.kinds(FIRST_ID)


def test_without_mishaps_every_picture_is_seen() -> None:
    room = watch(1, mishaps=Mishaps(0, 0, 0, 0, 0, 0))

    for attempt_id, camera in zip((FIRST_ID, FIRST_ID + 1), room.cameras, strict=True):
        assert [row["state"] for row in room.captures(attempt_id)] == ["seen"] * camera.kept
        assert camera.kept >= camera.taken - 1
        assert not wrong(room, attempt_id)
