"""The desk of blueprints and exams: two tabs, the back button, and what is typed but not saved."""

from typing import Any

from playwright.async_api import Page, expect

from tests.candidate import Staff
from tests.journey.conftest import DESK, NewPage
from tests.journey.desk import Desk
from tests.journey.exam_server import PASSWORD, ExamServer

NAME = "测试蓝图（编辑）"


async def blueprint(server: ExamServer) -> int:
    """A draft the pool of the demonstration can serve."""
    async with Staff(server.base_url, "nation", PASSWORD) as nation:
        body = {"code": "paper-desk", "pool": "humanities", "item_count": 5, "types": {"A1": 5}}
        made: dict[str, Any] = await nation.post("/api/desk/blueprints", {"name": NAME, "body": body})
        return int(made["row"]["blueprint_id"])


async def at_desk(page: Page, server: ExamServer, login: str) -> Desk:
    """Somebody logged in at the desk."""
    desk = Desk(page, server.base_url)
    await page.goto(f"{server.base_url}/desk/login")
    await desk.part("login").fill(login)
    await desk.part("password").fill(PASSWORD)
    await desk.part("submit").click()
    await expect(desk.part("menu-sittings")).to_be_visible()
    return desk


async def test_what_is_written_at_blueprints_and_exams_is_neither_mixed_up_nor_lost_unasked(
    server: ExamServer, new_page: NewPage
) -> None:
    path = f"{server.base_url}/desk/blueprints/{await blueprint(server)}"
    desk = await at_desk(await new_page(DESK), server, "nation")
    page = desk.page
    await page.goto(path)
    await desk.part("copy").click()
    await expect(desk.part("bp-code")).to_have_value("paper-desk-2")
    await page.go_back()
    await page.get_by_role("dialog").get_by_role("button").last.click()  # leave the copy
    await expect(desk.part("bp-code")).to_have_value("paper-desk")
    await expect(desk.part("bp-name")).to_have_value(NAME)

    # What the pool lacks is said in the reader's language.
    await desk.part("count-0-A1").fill("500")
    await expect(desk.part("troubles")).to_contain_text("题型 A1")
    await expect(desk.part("troubles")).not_to_contain_text("pool has")
    await page.reload()

    other = Desk(await page.context.new_page(), server.base_url)
    await other.page.goto(path)
    await other.part("bp-name").fill(NAME + "乙")
    await desk.part("bp-name").fill(NAME + "甲")
    await desk.part("save").click()
    await expect(desk.part("said")).to_be_visible()
    await other.part("save").click()
    await other.part("reload").click()
    await expect(other.part("bp-name")).to_have_value(NAME + "甲")
    await expect(other.part("ask-problem")).to_have_count(0)

    province = await at_desk(await new_page(DESK), server, "province")
    await province.page.goto(f"{server.base_url}/desk/sittings/made/new")
    await province.part("st-title").fill("测试考试")
    await province.page.get_by_role("link", name="← 蓝图与场次").click()
    dialog = province.page.get_by_role("dialog")
    await dialog.get_by_role("button").first.click()  # stay: the cross says the same as 【留下】
    await expect(province.part("st-title")).to_have_value("测试考试")
