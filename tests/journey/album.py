"""Screenshots of a journey, numbered in the order they were taken, for people to look at."""

from pathlib import Path

from playwright.async_api import Page

from tests.journey.accessibility import audit

SHOTS = Path(__file__).with_name("shots")


class Album:
    """The pictures of one journey; those of the run before are thrown away. `findings`: what is wrong in them."""

    def __init__(self, name: str) -> None:
        self.findings: list[str] = []
        self._name = name
        self._taken = 0
        SHOTS.mkdir(exist_ok=True)
        for old in SHOTS.glob(f"{name}-*.png"):
            old.unlink()

    async def take(self, page: Page, what: str) -> None:
        """One picture of what is in sight, and a look at it with the eyes of a screen reader."""
        self._taken += 1
        await page.screenshot(path=SHOTS / f"{self._name}-{self._taken:02d}-{what}.png", animations="disabled")
        self.findings += [f"{what}: {finding}" for finding in await audit(page)]
