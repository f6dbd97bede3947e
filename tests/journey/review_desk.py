"""A reviewer with a browser: the queue, one file after the other, decided mostly by keys."""

from typing import Final
from urllib.parse import urlencode

from playwright.async_api import Locator, expect

from tests.journey.album import Album
from tests.journey.desk import Desk
from tests.journey.exam_server import PASSWORD

SETTLED: Final = "since => performance.now() - since > 450"  # SETTLE_MS of desk/reviews/keys.ts, and a little


class ReviewDesk(Desk):
    """One page of 卫生机构审核 or 考核机构复核."""

    async def log_in(self, login: str, language: str = "zh-CN") -> None:
        """To whatever the role begins with."""
        await self.page.goto(f"{self.base_url}/desk/login")
        await self.part("login").fill(login)
        await self.part("password").fill(PASSWORD)
        await self.part("submit").click()
        await expect(self.part("menu-reviews")).to_be_visible()
        await self.speak(language)

    async def speak(self, language: str) -> None:
        """Change the language, which stays so."""
        await self.part(f"locale-{language[:2]}").click()
        await expect(self.page.locator("html")).to_have_attribute("lang", language)

    @property
    def rows(self) -> Locator:
        """The queue."""
        return self.page.locator('[data-test^="review-row-"]')

    @property
    def plain_rows(self) -> Locator:
        """Files of the queue that may be passed together: nothing was noticed in them."""
        return self.rows.filter(has=self.page.locator('[data-test^="choose-"]'))

    async def in_both_languages(self, album: Album, what: str) -> None:
        """Two pictures of what is in sight; what is open stays open."""
        for language in ("en", "zh-CN"):
            await self.speak(language)
            await album.take(self.page, f"{what}-{language[:2]}")

    async def go(self, path: str, **query: str) -> None:
        """Open a page of the desk by its address."""
        await self.page.goto(f"{self.base_url}/desk/{path}?{urlencode(query)}")

    async def queue(self, name: str, subject: str, **query: str) -> Locator:
        """The row of somebody's file in the queue."""
        await self.go("reviews", q=name, subject=subject, **query)
        row = self.rows.filter(has_text=name)
        await expect(row).to_have_count(1)
        return row

    async def open(self, name: str, subject: str, **query: str) -> None:
        """From the queue into a file, by keys."""
        await self.queue(name, subject, **query)
        await self.press("ArrowDown", "Enter")
        await self.looks_at(name)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def looks_at(self, name: str) -> None:
        """Wait until a file is on the screen, and as long as the desk wants it looked at before a key decides."""
        await expect(self.part("file-title")).to_contain_text(name)
        since = await self.page.evaluate("performance.now()")
        await self.page.wait_for_function(SETTLED, arg=since)

    async def approves(self, name: str, subject: str) -> None:
        """Approve a file: by one key, or by two when the system has noticed something in it."""
        await self.open(name, subject)
        await self.press("a")
        doubts = self.part("panel-confirm")
        await expect(doubts.or_(self.part("undo-banner"))).to_be_visible()
        if await doubts.is_visible():
            await self.press("a")
        await self.decided(name)

    async def returns(self, name: str, subject: str, reason: str, act: str = "return") -> None:
        """Return a file, or refuse it, with a reason that is typed."""
        await self.open(name, subject)
        await self.press({"return": "r", "refuse": "x"}[act])
        await expect(self.part(f"panel-{act}")).to_be_visible()
        await self.page.keyboard.insert_text(reason)
        await self.press("Control+Enter")
        await self.decided(name)

    async def rates(self, name: str, *, preset: bool = True) -> None:
        """Rate a self-evaluation as qualified: nothing is preset where the system wants it looked at twice."""
        await self.open(name, "evaluation")
        await self.press("a")
        await expect(self.part("panel-rating")).to_be_visible()
        if not preset:
            await expect(self.part("panel-send")).to_be_disabled()
            await self.part("work-qualified").check()
            await self.part("ethics-qualified").check()
            await self.page.locator('[data-test^="comment-"]').first.click()
        await expect(self.part("rating-fault")).to_be_empty()
        await self.press("Control+Enter")
        await self.decided(name)

    async def decided(self, name: str) -> None:
        """Wait for the word that it was done."""
        await expect(self.part("undo-banner")).to_contain_text(name)

    async def shows_picture(self) -> None:
        """Wait until the picture of the evidence is there, and whole."""
        await self.page.wait_for_function("document.querySelector('[data-test=picture]')?.naturalWidth > 0")

    async def shows_pdf(self, page: int) -> None:
        """Wait until a page of a PDF is drawn, with ink on it."""
        canvas = self.part("pdf-page")
        await expect(canvas).to_have_attribute("data-drawn", str(page))
        colours = await canvas.evaluate(
            """canvas => {
                const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
                return new Set(new Uint32Array(pixels.buffer)).size
            }"""
        )
        assert colours > 10
