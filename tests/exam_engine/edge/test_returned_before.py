"""曾被退回: a file that comes again after a return says so, and somebody looks at it."""

from typing import Any

import pytest

from exam_engine.demo import PASSWORD
from exam_engine.demo_registration import WALKERS
from tests.applicant import Applicant, Reviewer
from tests.exam_engine.edge.server import Server

OLD = ["warnings"]  # everybody of the demonstration was born before 1920

pytestmark = pytest.mark.asyncio(loop_scope="module")


def applicant(server: Server, which: int) -> Applicant:
    outbox = server.house.settings.data / "sms" / "outbox.jsonl"
    return Applicant(server.base_url, WALKERS[which], f"1990000000{which}", outbox)


async def approve_many(desk: Reviewer, *rows: Any) -> list[tuple[str, str]]:
    """What became of approving these together: state, and why not."""
    files = [{"file_id": row["file_id"], "version": row["version"]} for row in rows]
    lines = (await desk.post("/api/desk/reviews/approve", {"files": files}))["lines"]
    return [(line["state"], line["refused"]) for line in lines]


async def test_who_hands_in_again_after_a_return_is_looked_at_and_others_need_not_be(server: Server) -> None:
    async with (
        Reviewer(server.base_url, "institution", PASSWORD) as desk,
        applicant(server, 3) as returned,
        applicant(server, 2) as straight,
    ):
        for number, somebody in enumerate((returned, straight)):
            await somebody.arrive()
            photo, scan = await somebody.photo(40 + number), await somebody.upload(50 + number)
            await somebody.hand_in("profile", await somebody.profile(photo=photo, licence_scan=[scan]))
        assert (await desk.file_of("测试报名丁", "profile"))["flags"] == OLD
        await desk.decide("测试报名丁", "profile", "return", "科室与登记不一致")
        assert (await desk.file_of("测试报名丁", "profile"))["flags"] == OLD  # it has not come again
        await returned.hand_in("profile", {"department": "外科"})
        await server.house.pool.execute("UPDATE reg.files SET flags = array_remove(flags, 'warnings')")

        again, first = await desk.file_of("测试报名丁", "profile"), await desk.file_of("测试报名丙", "profile")

        assert (again["flags"], first["flags"]) == (["returned_before"], [])
        assert [row["name"] for row in await desk.queue(flag="returned_before")] == ["测试报名丁"]
        assert await approve_many(desk, again, first) == [("", "needs_a_look"), ("agy_review", "")]

        view = await returned.get("/api/application/profile")
        await returned.post("/api/application/profile/withdraw", {"version": view["version"]})
        await returned.hand_in("profile", {"department": "内科"})
        assert (await desk.file_of("测试报名丁", "profile"))["flags"] == [*OLD, "returned_before"]
        assert (await desk.decide("测试报名丁", "profile"))["state"] == "agy_review"
