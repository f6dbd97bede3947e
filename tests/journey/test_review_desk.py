"""The other side: a queue gone through by keys, in batches and one step back; accounts, windows and statistics."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import Workbook
from playwright.async_api import FilePayload, expect

from exam_engine import demo_files
from exam_engine.demo import CYCLE, INVITED, PROVINCE
from exam_engine.demo_registration import id_number
from tests.journey.album import Album
from tests.journey.conftest import DESK, NewPage
from tests.journey.exam_server import ExamServer
from tests.journey.proctored import database
from tests.journey.review_desk import ReviewDesk

FILES = 300
PLACES = "SELECT kind, organisation_id FROM people.organisations WHERE name IN ('测试医院', '测试考核机构')"
WRONG = id_number(991)[:-1] + ("1" if id_number(991)[-1] == "0" else "0")
TABS = ("policy", "notices", "organisations", "staff", "app-accounts", "imports", "cycles")


async def many_files(server: ExamServer) -> None:
    """So many files in plausible states, a fifth of them of 测试医院."""
    connection = await database(server)
    try:
        async with connection.transaction():
            places = {row["kind"]: row["organisation_id"] for row in await connection.fetch(PLACES)}
            await demo_files.add(
                connection,
                FILES,
                province=PROVINCE,
                cycle=CYCLE,
                institution_id=places["institution"],
                agency_id=places["agency"],
                seed=10,
                now=datetime.now(UTC),
                tell=lambda _: None,
            )
    finally:
        await connection.close()


def roster() -> FilePayload:
    """A spreadsheet with a right row, and one whose number has a wrong check digit."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("姓名", "身份证号", "科室"),
        ("测试导入甲", id_number(990), "内科"),
        ("测试导入乙", WRONG, "外科"),
    ):
        sheet.append(row)
    book.save(out)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "roster.xlsx", "mimeType": kind, "buffer": out.getvalue()}


@pytest.mark.timeout(180)
async def test_reviewers_and_their_province_do_a_morning_of_work(
    server: ExamServer, new_page: NewPage, album: Album
) -> None:
    await many_files(server)
    desk = ReviewDesk(await new_page(DESK), server.base_url)
    await desk.log_in("institution")
    await two_keys_and_one_step_back(desk, album)
    await approve_in_a_batch(desk, album)
    await import_a_roster(desk, album)
    province = ReviewDesk(await new_page(DESK), server.base_url)
    await province.log_in("province")
    await move_a_window(province, album, server.titles[INVITED])
    await look_at_the_figures(province, album)
    colleague = ReviewDesk(await new_page(DESK), server.base_url)
    await colleague.log_in("province")
    await do_not_save_over_a_colleague(province, colleague)


async def two_keys_and_one_step_back(desk: ReviewDesk, album: Album) -> None:
    """A shows a plain file's rating as it is preset, Ctrl+Enter signs it, the next file comes; U takes that back."""
    await desk.go("reviews")
    await expect(desk.part("reviews")).to_be_visible()
    await desk.in_both_languages(album, "queue")
    await desk.part("subject-evaluation").click()
    plain = desk.rows.filter(has_not_text="⚑").filter(has_text="程序与自评").first
    name = await plain.get_by_role("link").inner_text()
    await plain.get_by_role("link").focus()
    await desk.press("Enter")
    await desk.looks_at(name)
    await desk.in_both_languages(album, "evaluation")
    await desk.press("a")
    await expect(desk.part("panel-rating")).to_be_visible()
    await desk.in_both_languages(album, "rating")
    preset = await desk.part("comment").input_value()
    await desk.part("work-unqualified").check()
    await expect(desk.part("comment")).to_have_value("")  # a good word is not signed under a bad rating
    await desk.part("work-qualified").check()
    await expect(desk.part("comment")).to_have_value(preset)
    await desk.part("comment").focus()
    await desk.press("Control+Enter")
    await desk.decided(name)
    await expect(desk.part("file-title")).not_to_contain_text(name)
    await desk.press("?")
    await expect(desk.part("help")).to_be_visible()
    await album.take(desk.page, "keys")
    await desk.press("Escape")
    await expect(desk.part("help")).to_be_hidden()
    await desk.press("u")
    await expect(desk.part("file-title")).to_contain_text(name)
    await expect(desk.part("file-state")).to_have_attribute("data-state", "org_review")


async def approve_in_a_batch(desk: ReviewDesk, album: Album) -> None:
    """All unflagged files at once, and none of the others."""
    await desk.go("reviews", subject="profile")
    await expect(desk.part("reviews")).to_be_visible()
    plain = await desk.plain_rows.count()
    rows = await desk.rows.count()
    assert 1 < plain < rows
    await desk.part("choose-shown").click()
    await desk.press("a")
    await expect(desk.page.locator('[data-test^="batch-row-"]')).to_have_count(plain)
    await album.take(desk.page, "batch")
    await desk.part("batch-send").click()
    await expect(desk.part("batch-result")).to_contain_text(str(plain))
    await album.take(desk.page, "batch-done")
    await desk.part("batch-close").click()
    await expect(desk.rows).to_have_count(rows - plain)


async def import_a_roster(desk: ReviewDesk, album: Album) -> None:
    """定考账号 from a spreadsheet: the right row is there afterwards, the wrong one is reported."""
    await desk.visit("roster")
    await expect(desk.part("roster")).to_be_visible()
    await desk.in_both_languages(album, "roster")
    await desk.part("roster-import").click()
    await desk.part("import-file").set_input_files(roster())
    await expect(desk.part("import-report")).to_be_visible()
    await expect(desk.part("wrong-3")).to_be_visible()
    await desk.in_both_languages(album, "roster-report")
    await desk.go("roster", q="测试导入")
    account = desk.page.locator('[data-test^="account-"]')
    await expect(account).to_have_count(1)
    await expect(account).to_contain_text("测试导入甲")


async def move_a_window(desk: ReviewDesk, album: Album, sitting_id: int) -> None:
    """The province gives an exam another day; then what else it decides and keeps."""
    await desk.visit("admin")
    row = desk.part(f"sitting-row-{sitting_id}")
    before = await row.inner_text()
    await desk.part(f"move-{sitting_id}").click()
    closes = desk.part("sitting-closes")
    later = datetime.fromisoformat(await closes.input_value()) + timedelta(days=1)
    await closes.fill(later.isoformat(timespec="minutes"))
    await desk.part("reason").fill("考点设备检修，延期一天")
    await album.take(desk.page, "move-window")
    await desk.part("move-send").click()
    await expect(desk.part("move-dialog")).to_be_hidden()
    await expect(row).not_to_have_text(before)
    for tab in TABS:
        await desk.part(f"admin-tab-{tab}").click()
        await expect(desk.part(f"admin-tab-{tab}")).to_have_class("router-link-active router-link-exact-active")
        await desk.in_both_languages(album, f"admin-{tab}")


async def look_at_the_figures(desk: ReviewDesk, album: Album) -> None:
    """统计 by step and institution, and the record of what was done just now."""
    await desk.visit("statistics")
    total = desk.part("total")
    await expect(total).to_be_visible()
    assert int((await total.inner_text()).replace(",", "")) >= FILES
    await expect(desk.page.locator('[data-test^="institution-"]').first).to_be_visible()
    await expect(desk.page.locator("canvas").first).to_be_visible()
    await desk.in_both_languages(album, "statistics")
    await desk.visit("audit")
    await expect(desk.page.locator('[data-test^="audit-"]').first).to_be_visible()
    await desk.in_both_languages(album, "audit")
    await desk.part("audit-act").select_option("window_moved")
    row = desk.page.locator("tr[data-test^='audit-']")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("场次 ")
    await desk.page.reload()
    await expect(desk.part("audit-act")).to_have_value("window_moved")
    await expect(row).to_have_count(1)


async def do_not_save_over_a_colleague(desk: ReviewDesk, other: ReviewDesk) -> None:
    """Two change one number; who saves second, at the foot of a long page, is shown what the first decided."""
    for each in (desk, other):
        await each.go("admin/policy")
        await expect(each.part("number-batch_max")).to_be_visible()
    for each, files, answer in ((desk, "90", "policy-saved"), (other, "80", "changed-meanwhile")):
        await each.part("number-batch_max").fill(files)
        await each.part("policy-save").click()
        await each.part("changes-save").click()
        await expect(each.part(answer)).to_be_visible()
    await expect(other.part("changed-meanwhile")).to_be_in_viewport()
    await other.part("policy-drop").click()
