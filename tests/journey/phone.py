"""A physician with a browser: what he sees and presses, by the names the pages give their parts."""

import re
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.journey.exam_server import PASSWORD


class Phone:
    """One page of one physician. `given` is what he has answered here: position -> choice."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url
        self.given: dict[int, str] = {}
        self.attempt_id = 0

    @property
    def context(self) -> BrowserContext:
        """His browser."""
        return self.page.context

    def part(self, name: str) -> Locator:
        """A part of the page by its name for tests."""
        return self.page.get_by_test_id(name)

    async def tap(self, name: str) -> None:
        """Press a part with a finger."""
        await self.part(name).tap()

    async def log_in(self, login: str) -> None:
        """To the paper list."""
        await self.page.goto(f"{self.base_url}/login")
        await self.part("login").fill(login)
        await self.part("password").fill(PASSWORD)
        await self.tap("submit")
        await expect(self.part("papers")).to_be_visible()

    async def enter(self, sitting_id: int) -> None:
        """【进入】, or go on with what was begun."""
        await self.tap(f"enter-{sitting_id}")
        await self.page.wait_for_url("**/attempts/*")
        self.attempt_id = int(self.page.url.rpartition("/")[2])

    async def agree_and_check(self) -> None:
        """The rules, the consent to face capture (asked once) and the check of the device."""
        await self.part("rules-tick").check()
        await self.tap("next-step")
        await expect(self.part("consent").or_(self.part("check-camera")).first).to_be_visible()
        if await self.part("consent").is_visible():
            await self.tap("consent-yes")
        await expect(self.part("check-camera")).to_have_class("ok")
        await self.tap("next-step")

    async def take_portrait(self) -> None:
        """头像采集, the first picture is good."""
        await self.tap("capture")
        await self.tap("confirm-portrait")

    async def go(self) -> None:
        """【去考试】."""
        await self.tap("go-exam")
        await self.tap("confirm-go")
        await expect(self.part("stem")).to_be_visible()

    async def begin(self, sitting_id: int) -> None:
        """From the paper list to the first item."""
        await self.enter(sitting_id)
        await self.agree_and_check()
        await self.take_portrait()
        await self.go()

    async def hand_in(self) -> None:
        """【交卷】, also with items left open."""
        await self.tap("hand-in")
        await self.tap("confirm-hand-in")
        await expect(self.part("submitted")).to_be_visible()

    async def number(self) -> int:
        """The position of the item in sight."""
        found = re.search(r"(\d+) / \d+", await self.part("card").inner_text())
        assert found is not None
        return int(found[1])

    async def turn_to(self, number: int) -> None:
        """To an item by the answer card."""
        await self.tap("card")
        await self.tap(f"card-{number}")
        await expect(self.part("card")).to_contain_text(f"{number} /")

    async def choose(self, *indices: int) -> None:
        """Press these options of the item in sight, by position."""
        number = await self.number()
        options = self.page.locator('[data-test^="option-"]')
        for index in indices:
            option = options.nth(index)
            await option.tap()
            await expect(option.locator("input")).to_be_checked()
        several = await options.locator("input[type=checkbox]").count() > 0
        chosen = [(await options.nth(index).get_attribute("data-test") or "")[-1] for index in indices]
        self.given[number] = "".join(sorted({*chosen, *(self.given.get(number, "") if several else "")}))

    async def answer_on(self, count: int, index: int = 1) -> None:
        """Answer the item in sight and those after it with the option at `index`."""
        for _ in range(count):
            await self.choose(index)
            number = await self.number()
            await self.tap("next")
            await expect(self.part("card")).to_contain_text(f"{number + 1} /")

    async def saved(self) -> None:
        """Wait until the sign says that everything is saved."""
        await expect(self.part("save-sign")).to_have_attribute("data-sign", "saved")
        await expect(self.part("connection")).to_have_text(re.compile("在线|Online"))

    async def seconds_left(self) -> int:
        """What the countdown shows."""
        minutes, seconds = (await self.part("countdown").inner_text()).split()[-1].split(":")
        return int(minutes) * 60 + int(seconds)

    async def until_seconds_left(self, seconds: int) -> None:
        """Wait until the countdown shows so much or less."""
        await self.page.wait_for_function(
            """max => {
                const shown = document.querySelector('[data-test=countdown]').innerText.match(/(\\d+):(\\d+)$/)
                return shown && Number(shown[1]) * 60 + Number(shown[2]) <= max
            }""",
            arg=seconds,
            timeout=120_000,
        )

    async def stored(self) -> dict[str, Any]:
        """The attempt as the server has it."""
        url = f"{self.base_url}/api/attempts/{self.attempt_id}?device=looking-only"
        answer = await self.context.request.get(url)
        assert answer.ok, await answer.text()
        view: dict[str, Any] = await answer.json()
        return view

    async def stored_answers(self) -> dict[int, str]:
        """The answers as the server has them."""
        return {one["no"]: one["choice"] for one in (await self.stored())["answers"]}
