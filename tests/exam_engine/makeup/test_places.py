"""How far a place is, by area codes."""

import pytest

from exam_engine.makeup.places import STEPS, Distance, city, distance, within

CASES = [
    ("the same district", "110105", "110105", False, Distance.DISTRICT),
    ("the same city", "350102", "350181", False, Distance.CITY),
    ("the same province", "350102", "350203", False, Distance.PROVINCE),
    ("another province", "350102", "110105", False, Distance.FAR),
    ("online, from anywhere", "350102", "", True, Distance.ONLINE),
    ("online, though it has an area", "350102", "110105", True, Distance.ONLINE),
    ("an institution without an area", "", "110105", False, Distance.UNKNOWN),
    ("a place without an area", "110105", "", False, Distance.UNKNOWN),
]


@pytest.mark.parametrize(("what", "home", "place", "online", "expected"), CASES)
def test_the_distance_is_what_the_codes_share(
    what: str, home: str, place: str, online: bool, expected: Distance
) -> None:
    assert distance(home, place, online=online) is expected, what


def test_farther_never_costs_less() -> None:
    order = [Distance.ONLINE, Distance.DISTRICT, Distance.CITY, Distance.PROVINCE, Distance.FAR]
    assert [STEPS[each] for each in order] == sorted(STEPS[each] for each in order)
    assert set(STEPS) == set(Distance)


@pytest.mark.parametrize(
    ("reach", "near"),
    [
        (6, {Distance.ONLINE, Distance.UNKNOWN, Distance.DISTRICT}),
        (4, {Distance.ONLINE, Distance.UNKNOWN, Distance.DISTRICT, Distance.CITY}),
        (2, {Distance.ONLINE, Distance.UNKNOWN, Distance.DISTRICT, Distance.CITY, Distance.PROVINCE}),
    ],
)
def test_within_reach_is_what_shares_so_many_digits(reach: int, near: set[Distance]) -> None:
    assert {each for each in Distance if within(each, reach)} == near


def test_a_city_is_four_digits() -> None:
    assert (city("110105"), city("")) == ("1101", "")
