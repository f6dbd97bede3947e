"""A real browser with a fake camera that plays a real face, and a real server."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright, expect

from tests.journey.album import Album
from tests.journey.exam_server import ExamServer
from tests.journey.face import Feed

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
PATIENCE_MS = 30_000
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}

NewPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
def only_server() -> Iterator[ExamServer]:
    """One server for all journeys; each has a sitting and people of its own."""
    folder = Path(tempfile.mkdtemp(prefix="exam-journey-", dir="/tmp"))
    folder.chmod(0o711)  # for the system user of the embedded servers
    with ExamServer(folder) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(only_server: ExamServer) -> ExamServer:
    """The server, running, whatever a journey before may have done to it."""
    if not only_server.runs:
        only_server.start()
    return only_server


@pytest.fixture
def album(request: pytest.FixtureRequest) -> Iterator[Album]:
    """Pictures of the journey; none of what they show may be beyond the reach of a person with a disability."""
    album = Album(request.path.stem.removeprefix("test_"))
    yield album
    wrong = "\n".join(album.findings)
    assert wrong == ""


@pytest.fixture(scope="session")
def only_feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """What every fake camera plays; making it takes seconds."""
    return Feed(tmp_path_factory.mktemp("camera") / "face.mjpeg")


@pytest.fixture
def feed(only_feed: Feed) -> Iterator[Feed]:
    """The camera's file for a test that shows it something else; at the end it plays the face again."""
    yield only_feed
    only_feed.show_face()


@pytest.fixture
async def browser(only_feed: Feed) -> AsyncIterator[Browser]:
    """Chromium, as the system has it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None and "CI" not in os.environ:
        pytest.skip("no Chromium on PATH")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={only_feed.path}"]
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        await browser.close()


@pytest.fixture
async def new_page(browser: Browser) -> AsyncIterator[NewPage]:
    """Opens a browser of somebody else; at the end nothing may have gone wrong in any page."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            wrong.append(message.text)

    def on_error(error: Error) -> None:
        wrong.append(f"{error.message}\n{error.stack}")

    async def open_page(kind: dict[str, object], locale: str = "zh-CN", **more: object) -> Page:
        options = {"locale": locale, "timezone_id": "Asia/Shanghai"} | kind | more
        context = await browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = await context.new_page()
        page.on("console", on_console)
        page.on("pageerror", on_error)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert wrong == []
