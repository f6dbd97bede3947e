"""A practice sitting in English, by keyboard alone."""

import re

import pytest
from playwright.async_api import expect

from tests.journey.album import Album
from tests.journey.conftest import DESK, NewPage
from tests.journey.exam_server import ExamServer
from tests.journey.phone import Phone

TABS_MAX = 40


@pytest.mark.timeout(180)
async def test_practice_goes_from_the_list_to_the_score_without_a_mouse(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    await server.give_minutes("practice", "测试医师04", 9)
    person = Phone(await new_page(DESK | {"has_touch": True}, "en-US"), server.base_url)
    keys = person.page.keyboard
    await person.log_in("physician04")
    await press(person, "language")
    await expect(person.page.get_by_role("heading", name="Paper list")).to_be_visible()
    await album.take(person.page, "papers")

    await reach(person, f"enter-{server.sittings['practice']}")
    await keys.press("Enter")
    await expect(person.part("rules-tick")).to_be_visible()
    await reach(person, "rules-tick")
    await keys.press("Space")
    await album.take(person.page, "rules")
    await press(person, "next-step")
    await expect(person.part("consent")).to_be_visible()
    await album.take(person.page, "consent")
    await press(person, "consent-yes")
    await expect(person.part("check-camera")).to_have_class("ok")
    await album.take(person.page, "check")
    await press(person, "next-step")
    await press(person, "capture")
    await press(person, "confirm-portrait")
    await album.take(person.page, "go")
    await press(person, "go-exam")
    await press(person, "confirm-go")

    await expect(person.part("stem")).to_be_visible()
    for number, letter in enumerate("ABC21", start=1):
        await expect(person.part("card")).to_contain_text(f"{number} / 5")
        await keys.press(letter)
        await expect(person.page.locator('[data-test^="option-"] input:checked')).to_have_count(1)
        if number == 3:
            await keys.press("m")
            await expect(person.part("mark")).to_have_attribute("aria-pressed", "true")
            await album.take(person.page, "item")
        await keys.press("ArrowRight")
    await keys.press("k")
    await expect(person.part("card-counts")).to_contain_text(re.compile("5 .*0 .*1 "))
    await expect(person.part("card-5")).to_be_focused()
    await the_answer_card_keeps_the_focus(person)
    await album.take(person.page, "card")
    await keys.press("Escape")
    await expect(person.part("card-counts")).to_be_hidden()
    await press(person, "last-hand-in")
    await album.take(person.page, "hand-in")
    await press(person, "confirm-hand-in")
    await expect(person.part("score")).to_contain_text("100")
    await album.take(person.page, "score")
    await press(person, "home")
    await expect(person.part("list-score")).to_be_visible()


async def press(person: Phone, name: str) -> None:
    """Reach a button and press it."""
    await expect(person.part(name)).to_be_enabled()
    await reach(person, name)
    await person.page.keyboard.press("Enter")


async def reach(person: Phone, name: str) -> None:
    """Press Tab until this part has the focus."""
    for _ in range(TABS_MAX):
        if await focused(person) == name:
            return
        await person.page.keyboard.press("Tab")
    raise AssertionError(f"{name} can't be reached by keyboard; the focus is on {await focused(person)}")


async def focused(person: Phone) -> str:
    """The name of the part that has the focus."""
    return str(await person.page.evaluate("document.activeElement?.getAttribute('data-test') ?? ''"))


async def the_answer_card_keeps_the_focus(person: Phone) -> None:
    """Six stops: the button to close it and five positions; Tab goes round among them, forwards and back."""
    met = set()
    for key in ["Tab"] * 6 + ["Shift+Tab"] * 6:
        await person.page.keyboard.press(key)
        met.add(await focused(person))
    assert met == {"close-card", *(f"card-{number}" for number in range(1, 6))}
