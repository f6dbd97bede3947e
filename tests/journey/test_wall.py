"""Two hundred candidates on one wall: who needs a look comes first, and the keyboard goes through them."""

import json

import pytest
from playwright.async_api import expect

from exam_engine.app import build
from exam_engine.settings import read_settings
from proctor.policy import Proctoring
from tests.bench.populate import people, running
from tests.journey import proctored
from tests.journey.album import Album
from tests.journey.conftest import NewPage
from tests.journey.desk import Desk
from tests.journey.exam_server import ExamServer
from tests.journey.face import portrait

CANDIDATES = 200
WIDE = {"viewport": {"width": 1920, "height": 1080}}
CAPTURES = """
INSERT INTO proctor.captures (attempt_id, name, why, at, state, kind, face_count, distance, model)
SELECT id, $2, 'interval', now(), 'seen', CASE WHEN n % 40 = 7 THEN 'no_face' ELSE 'same' END, 1,
    0.02 + n % 10 * 0.003, 'test'
FROM unnest($1::bigint[]) WITH ORDINALITY AS t (id, n)
"""
PICTURES = """
INSERT INTO proctor.pictures (attempt_id, name, purpose, model) SELECT unnest($1::bigint[]), $2, 'capture', 'test'
"""
INCIDENTS = """
INSERT INTO proctor.incidents (attempt_id, rule, ordinal, level, at, done)
SELECT id, CASE WHEN n % 2 = 0 THEN 'left_page' ELSE 'no_face' END, 1, $2, now(), true
FROM unnest($1::bigint[]) WITH ORDINALITY AS t (id, n)
"""


async def two_hundred(server: ExamServer) -> tuple[int, list[int]]:
    """A sitting with so many running candidates, some of whom need a look; the worst is the last of them."""
    sitting_id = await proctored.sitting(server, "监考墙（200人）", Proctoring())
    run = json.loads((server.folder / "run.json").read_text())
    settings = read_settings(data=server.folder, vision=0)
    async with build(settings, run["database_url"], run["redis_url"]) as house:
        persons = [person_id for person_id, _ in await people(house.pool, CANDIDATES, sitting_id)]
        attempts = await running(house, sitting_id, persons)
        for person_id in persons:
            name = (await house.pictures.put(person_id, portrait())).name
        await house.pool.execute(CAPTURES, attempts, name)
        await house.pool.execute(PICTURES, attempts, name)
        await house.pool.execute(INCIDENTS, attempts[-12:-1], 1)
        await house.pool.execute(INCIDENTS, attempts[-1:], 3)
    return sitting_id, attempts


@pytest.mark.timeout(180)
async def test_an_invigilator_goes_through_two_hundred_candidates_by_need(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    sitting_id, attempts = await two_hundred(server)
    desk = Desk(await new_page(WIDE), server.base_url)
    await desk.log_in("invigilator")
    await desk.watch(sitting_id)
    worst = desk.tile(attempts[-1])
    await expect(worst.get_by_test_id("tile-incidents")).to_contain_text("L3")
    await expect(desk.page.locator('[data-test^="tile-1"]').first).to_have_attribute("data-attempt", str(attempts[-1]))
    await expect(desk.page.locator('[data-test^="tile-1"] img').nth(20)).to_be_visible()  # links come in batches
    await album.take(desk.page, "wall")
    await desk.part("layout-faces").click()
    await album.take(desk.page, "faces")
    await desk.page.keyboard.press("g")
    await expect(desk.part("queue")).to_be_visible()
    await expect(desk.part("queue")).to_contain_text("L3")
    await album.take(desk.page, "queue")
    await desk.page.keyboard.press("f")
    await expect(desk.part("verdict-toast")).to_be_visible()
    await desk.page.keyboard.press("n")
    await expect(desk.part("queue")).to_contain_text("L1")
    await album.take(desk.page, "queue-next")
    await desk.page.keyboard.press("Escape")
    await desk.part("layout-grid").click()
    await desk.part("search").locator("input").or_(desk.part("search")).first.fill("")
    await expect(worst.get_by_test_id("tile-incidents")).to_be_hidden()
