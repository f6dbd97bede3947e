"""What a file and exams say of the legs, and what is waited for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from exam_engine.results.legs import Absence, Known, Sat, Seat, look
from exam_engine.sitting import Kind, Round

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HUM, PRO, FIRST, MAKEUP = Kind.HUMANITIES, Kind.PROFESSIONAL, Round.FIRST, Round.MAKEUP


def seat(kind: Kind, round_: Round = FIRST, days: int = 1, state: str = "open", why: str = "") -> Seat:
    return Seat(kind=kind, round=round_, state=state, closes_at=NOW + days * DAY, why=why)


def sat(kind: Kind, round_: Round = FIRST, **how: Any) -> Sat:
    values: dict[str, Any] = {"phase": "released", "passed": True}
    return Sat(kind=kind, round=round_, **values | how)


def failed(kind: Kind, round_: Round = FIRST) -> Sat:
    return sat(kind, round_, passed=False)


RATED = Known(
    profile="approved",
    evaluation="approved",
    work="qualified",
    ethics="qualified",
    procedure="general",
    exemption="",
    rating_until=NOW - 30 * DAY,
    makeup=True,
    absence=timedelta(days=15),
    seats=(seat(HUM), seat(PRO)),
)


def known(**changed: Any) -> Known:
    return msgspec.structs.replace(RATED, **changed)


def legs_of(found: Known, at: datetime = NOW) -> tuple[Any, ...]:
    looked = look(found, at)
    legs = looked.legs
    return legs.work.value, legs.ethics.value, legs.humanities.value, legs.professional.value, looked.missing


@pytest.mark.parametrize(
    ("changed", "legs"),
    [
        ({"profile": "org_review"}, ("waiting", "waiting", "waiting", "waiting", ("profile",))),
        ({"profile": "not_enrolled"}, ("absent", "absent", "not_required", "not_required", ())),
        ({"evaluation": "agy_review"}, ("waiting", "waiting", "waiting", "waiting", ("evaluation",))),
        ({"evaluation": "draft"}, ("absent", "absent", "not_required", "not_required", ())),
        ({"evaluation": "rejected", "work": "unqualified"},
         ("unqualified", "qualified", "not_required", "not_required", ())),
        ({"procedure": "simple"}, ("qualified", "qualified", "waiting", "not_required", ("humanities",))),
        ({"exemption": "approved"}, ("qualified", "qualified", "waiting", "exempt", ("humanities",))),
        ({"exemption": "agy_review"}, ("qualified", "qualified", "waiting", "waiting", ("humanities", "exemption"))),
        ({"exemption": "rejected"}, ("qualified", "qualified", "waiting", "waiting", ("humanities", "professional"))),
    ],
)  # fmt: skip
def test_the_file_decides_which_legs_there_are(changed: dict[str, Any], legs: tuple[Any, ...]) -> None:
    assert legs_of(known(**changed)) == legs


@pytest.mark.parametrize("profile", ["rejected", "deferred", "closed"])
def test_who_is_not_assessed_in_this_cycle_is_excluded(profile: str) -> None:
    assert look(known(profile=profile), NOW).excluded == profile


PASSED_PRO = sat(PRO)
OVER = (seat(HUM, days=-20), seat(PRO))


@pytest.mark.parametrize(
    ("rows", "leg", "missing"),
    [
        ([sat(HUM)], "passed", ()),
        ([sat(HUM, phase="running", passed=None)], "waiting", ("humanities",)),
        ([sat(HUM, phase="marked", passed=None)], "waiting", ("humanities_release",)),
        ([sat(HUM, phase="marked", passed=None, held=True)], "waiting", ("humanities_case",)),
        ([failed(HUM)], "waiting", ("humanities_makeup",)),
        ([failed(HUM), sat(HUM, MAKEUP)], "passed", ()),
        ([failed(HUM), failed(HUM, MAKEUP)], "failed", ()),
        ([failed(HUM), sat(HUM, MAKEUP, phase="submitted", passed=None)], "waiting", ("humanities_release",)),
        ([sat(HUM, phase="annulled", barred=True)], "barred", ()),
        ([sat(HUM), sat(HUM, MAKEUP, phase="annulled", barred=True)], "barred", ()),
        ([sat(HUM, phase="annulled"), sat(HUM)], "passed", ()),
        ([sat(HUM, phase="annulled")], "waiting", ("humanities",)),
    ],
)
def test_the_first_pass_wins_and_there_is_one_make_up(rows: list[Sat], leg: str, missing: tuple[str, ...]) -> None:
    found = legs_of(known(sat=(*rows, PASSED_PRO)))

    assert (found[2], found[4]) == (leg, missing)


@pytest.mark.parametrize(
    ("seats", "days", "leg", "missing"),
    [
        ([seat(HUM, days=-20), seat(HUM, MAKEUP, days=1)], 0, "waiting", ("humanities_makeup",)),
        ([seat(HUM, days=-20), seat(HUM, MAKEUP, days=-1)], 0, "waiting", ("humanities_absence",)),
        ([seat(HUM, days=-40), seat(HUM, MAKEUP, days=-16)], 0, "failed", ()),
        ([seat(HUM, days=-20), seat(HUM, MAKEUP, days=9, state="locked", why="paper_exam")], 0, "waiting",
         ("humanities_paper",)),
    ],
)  # fmt: skip
def test_who_failed_and_does_not_come_to_the_make_up_stays_failed(
    seats: list[Seat], days: int, leg: str, missing: tuple[str, ...]
) -> None:
    found = legs_of(known(sat=(failed(HUM), PASSED_PRO), seats=tuple(seats)), NOW + days * DAY)

    assert (found[2], found[4]) == (leg, missing)


def test_without_make_ups_a_failure_is_final() -> None:
    assert legs_of(known(sat=(failed(HUM), PASSED_PRO), makeup=False))[2] == "failed"


@pytest.mark.parametrize(
    ("seats", "absence", "leg", "missing"),
    [
        ([seat(HUM)], None, "waiting", ("humanities",)),
        ([], None, "waiting", ("humanities",)),
        ([seat(HUM, days=-3)], None, "waiting", ("humanities_absence",)),
        ([seat(HUM, days=-15)], None, "absent", ()),
        ([seat(HUM, days=-3)], "refused", "absent", ()),
        ([seat(HUM, days=-3)], "accepted", "waiting", ("humanities_makeup",)),
        ([seat(HUM, days=-30), seat(HUM, MAKEUP)], "accepted", "waiting", ("humanities_makeup",)),
        ([seat(HUM, days=-40), seat(HUM, MAKEUP, days=-20)], "accepted", "absent", ()),
        ([seat(HUM, days=-3, state="locked", why="paper_exam")], None, "waiting", ("humanities_paper",)),
    ],
)
def test_an_absence_counts_when_no_reason_can_be_accepted_any_more(
    seats: list[Seat], absence: str | None, leg: str, missing: tuple[str, ...]
) -> None:
    absences = {(HUM, FIRST): Absence(state=absence, until=NOW + 9 * DAY)} if absence else {}

    found = legs_of(known(sat=(PASSED_PRO,), seats=tuple(seats), absences=absences))

    assert (found[2], found[4]) == (leg, missing)


def test_an_exam_that_was_never_opened_because_the_first_one_is_lost_is_blocked() -> None:
    shut = seat(PRO, state="locked", why="humanities_first")

    lost = legs_of(known(sat=(failed(HUM), failed(HUM, MAKEUP)), seats=(seat(HUM, days=-9), shut)))
    undecided = legs_of(known(sat=(failed(HUM),), seats=(seat(HUM, days=-9), shut)))

    assert lost[2:] == ("failed", "blocked", ())
    assert undecided[2:4] == ("waiting", "waiting")


@pytest.mark.parametrize(
    ("changed", "days"),
    [
        ({}, 1),
        ({"evaluation": "draft", "rating_until": NOW + 4 * DAY}, 4),
        ({"sat": (failed(HUM), PASSED_PRO), "seats": (seat(HUM, days=-9), seat(HUM, MAKEUP, days=6))}, 6),
        ({"sat": (PASSED_PRO,), "seats": (seat(HUM, days=-3),)}, 12),
    ],
)
def test_it_is_known_when_time_alone_changes_the_legs(changed: dict[str, Any], days: int) -> None:
    found = known(**changed)
    at = NOW + days * DAY

    looked = look(found, NOW)

    assert looked.look_at == at
    before, after = look(found, at - timedelta(microseconds=1)), look(found, at)
    assert (before.legs, before.missing) == (looked.legs, looked.missing)
    assert (after.legs, after.missing) != (looked.legs, looked.missing)
