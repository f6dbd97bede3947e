"""A member of staff with a browser."""

from playwright.async_api import Locator, Page, expect

from tests.journey.exam_server import PASSWORD


class Desk:
    """One page of the desk."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url

    def part(self, name: str) -> Locator:
        """A part of the page by its name for tests."""
        return self.page.get_by_test_id(name)

    def tile(self, attempt_id: int) -> Locator:
        """One candidate on the board."""
        return self.part(f"tile-{attempt_id}")

    @property
    def newest_act(self) -> Locator:
        """The last act of this visit."""
        return self.page.locator('[data-test^="sent-act-"]').first

    async def log_in(self, login: str) -> None:
        """To the list of sittings."""
        await self.page.goto(f"{self.base_url}/desk/login")
        await self.part("login").fill(login)
        await self.part("password").fill(PASSWORD)
        await self.part("submit").click()
        await expect(self.page.locator('[data-test^="sitting-card-"]').first).to_be_visible()

    async def visit(self, place: str) -> None:
        """Go somewhere by the menu, where it may be under a heading."""
        link = self.part(f"menu-{place}")
        await expect(link).to_be_attached()
        if not await link.is_visible():
            await self.page.locator(f'[data-places~="{place}"]').click()
        await link.click()

    async def watch(self, sitting_id: int) -> None:
        """To the live board."""
        await self.part(f"sitting-{sitting_id}").click()
        await expect(self.part("line")).to_have_attribute("data-line", "live")

    async def act(self, kind: str, attempt_id: int, words: str = "", *, minutes: int = 0) -> None:
        """Do something to one candidate from his tile, and see that it was sent."""
        before = await self.page.locator('[data-test^="sent-act-"]').count()
        await self.tile(attempt_id).get_by_test_id(f"act-{kind}").click()
        dialog = self.part("act-dialog")
        if minutes:
            await dialog.get_by_role("spinbutton").fill(str(minutes))
        if words:
            await dialog.locator("textarea").fill(words)
        await self.part("act-send").click()
        await expect(dialog).to_be_hidden()
        await expect(self.page.locator('[data-test^="sent-act-"]')).to_have_count(before + 1)
        await expect(self.newest_act.get_by_test_id("act-sent")).to_contain_text("1")

    async def received(self) -> None:
        """Wait until the last act has reached its candidate."""
        await expect(self.newest_act.get_by_test_id("act-received")).to_contain_text("✓")

    @staticmethod
    async def shows(picture: Locator) -> None:
        """Wait until a portrait is there, and whole."""
        await expect(picture).to_have_js_property("naturalWidth", 480)

    async def seconds_pass(self, count: int) -> None:
        """Wait while the clock of the server, in the header, changes so many times."""
        clock = self.page.locator("header .clock")
        for _ in range(count):
            await expect(clock).not_to_have_text(await clock.inner_text())
