"""Links to evidence: for one account, one attempt, one picture, and minutes."""

import string
from datetime import UTC, datetime, timedelta

import pytest

from proctor.links import LINK_S, check, sign

SECRET = b"a secret of thirty-two bytes....."
NOW = datetime(2026, 5, 1, 8, 0, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(seconds=LINK_S)
NAME = "ab" * 32
LINK = sign(SECRET, 5, 1_000_000_000_001, NAME, UNTIL)


def good(link: str = LINK, *, account: int = 5, attempt: int = 1_000_000_000_001, name: str = NAME) -> bool:
    return check(SECRET, link, account, attempt, name, NOW)


def test_a_link_is_good_for_whom_and_what_it_was_made() -> None:
    assert good()
    assert set(LINK) <= set(string.ascii_letters + string.digits + "-_")


@pytest.mark.parametrize(
    ("after_s", "still"), [(-3600, True), (0, True), (LINK_S - 1, True), (LINK_S, False), (LINK_S + 1, False)]
)
def test_a_link_ends_at_its_time(after_s: int, still: bool) -> None:
    assert check(SECRET, LINK, 5, 1_000_000_000_001, NAME, NOW + timedelta(seconds=after_s)) is still


def test_a_link_is_worth_nothing_to_another_account() -> None:
    assert not good(account=6)


def test_a_link_leads_to_no_other_attempt_or_picture() -> None:
    assert not good(attempt=1_000_000_000_002)
    assert not good(name="ac" * 32)


def test_another_installation_does_not_know_the_link() -> None:
    assert not check(b"another secret of 32 bytes.......", LINK, 5, 1_000_000_000_001, NAME, NOW)


@pytest.mark.parametrize("place", range(len(LINK)))
def test_a_link_with_one_character_changed_is_no_link(place: int) -> None:
    for character in ("A", "z", "_", "+", "/", "=", " ", "é"):
        changed = LINK[:place] + character + LINK[place + 1 :]
        assert good(changed) is (changed == LINK)


@pytest.mark.parametrize("text", ["", "x", LINK[:-1], LINK + "A", LINK + "=", "_" * 32, "é" * 32, "\0" * 32, "=" * 32])
def test_any_text_may_be_asked_about(text: str) -> None:
    assert not good(text)


def test_accounts_and_attempts_can_not_be_shifted_into_each_other() -> None:
    link = sign(SECRET, 1, 23, NAME, UNTIL)

    assert not check(SECRET, link, 12, 3, NAME, NOW)
    assert check(SECRET, link, 1, 23, NAME, NOW)
