"""Reference photos over HTTP: the physician's own, the imports of staff, and who may see and decide what."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from PIL import Image

from exam_engine import photo_jobs, store
from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.edge.photos import ENROLMENT, HAND_INS_MAX
from exam_engine.photo_import import Report
from exam_engine.photo_jobs import IMPORTS_MAX, Enrolment, Job
from exam_engine.settings import Settings
from exam_engine.store import Account
from tests.candidate import Candidate, Person, Refusal, Staff
from tests.exam_engine.edge.server import WAIT_S, Server
from tests.exam_engine.photo_samples import BLUE, GOOD, GREEN, RED, PaintedEyes, painted, zipped

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMPORTS = "/api/desk/photos/imports"
ANYBODY = Account(10**9, 10**9, "测试", "agency", None, None, None)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Without workers: PaintedEyes see here."""
    return Settings(data=tmp_path_factory.mktemp("data"), secret_key=b"k" * 32, vision=0)


@pytest_asyncio.fixture(loop_scope="module")
async def eyes(server: Server) -> PaintedEyes:
    """What everybody's pictures are looked at with in this test; nobody has a photo yet."""
    seeing = PaintedEyes()
    server.house.vision = seeing
    await server.house.pool.execute("DELETE FROM proctor.photos")
    names = [name async for name in server.house.redis.scan_iter("exam:tries:photo*")]
    if names:
        await server.house.redis.delete(*names)
    return seeing


@pytest_asyncio.fixture(loop_scope="module")
async def agency(server: Server, eyes: PaintedEyes) -> AsyncIterator[Staff]:
    async with server.staff("agency") as staff:
        yield staff


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def elsewhere(server: Server) -> AsyncIterator[list[Person]]:
    """An agency and a province of another province, and an agency of no organisation at all."""
    await server.add_staff("agency-35", "agency", await server.add_organisation("agency", "福建机构", "35"))
    await server.add_staff("province-35", "province", await server.add_organisation("province", "福建省", "35"))
    await server.add_staff("agency-nowhere", "agency")
    async with (
        server.person("agency-35") as one,
        server.person("province-35") as two,
        server.person("agency-nowhere") as no,
    ):
        yield [one, two, no]


@pytest_asyncio.fixture(loop_scope="module")
async def physician(server: Server, eyes: PaintedEyes) -> AsyncIterator[Candidate]:
    """Somebody new who agreed to his face being captured."""
    async with server.candidate() as new:
        await new.post("/api/photo/consent", {"agreed": True, "version": CONSENT_VERSION})
        yield new


async def number_of(server: Server, login: str) -> str:
    found = await server.house.pool.fetchval(
        "SELECT p.id_number FROM people.persons p JOIN people.accounts a USING (person_id) WHERE a.login = $1", login
    )
    return str(found)


async def sent(staff: Person, body: bytes) -> Any:
    async with staff.http.post(
        staff.base_url + IMPORTS, data=body, headers={"Content-Type": "application/zip"}
    ) as response:
        answer = await response.json()
        if response.status != 200:
            raise Refusal(response.status, answer["code"], answer["facts"])
        return answer


async def finished(staff: Person, import_id: str) -> Any:
    async with asyncio.timeout(WAIT_S):
        while True:
            job = await staff.get(f"{IMPORTS}/{import_id}")
            if job["finished"]:
                return job
            await asyncio.sleep(0.02)


async def refusal(work: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.status, caught.value.code


async def audited(server: Server, act: str) -> list[dict[str, Any]]:
    rows = await server.house.pool.fetch("SELECT facts FROM people.audit WHERE act = $1 ORDER BY audit_id", act)
    return [msgspec.json.decode(row["facts"]) for row in rows]


# --- the physician -----------------------------------------------------------------------------------------------


async def test_without_consent_no_picture_of_a_face_is_taken_in(server: Server, eyes: PaintedEyes) -> None:
    async with server.candidate() as new:
        for path in ("/api/photo/check", "/api/photo"):
            assert await refusal(new.post(path, painted(RED))) == (409, "no_consent")
        old = {"agreed": True, "version": "2020-01"}
        assert await refusal(new.post("/api/photo/consent", old)) == (409, "consent_changed")
        await new.post("/api/photo/consent", {"agreed": False, "version": CONSENT_VERSION})
        assert await refusal(new.post("/api/photo", painted(RED))) == (409, "no_consent")
        assert eyes.looks == 0


async def test_a_check_says_what_to_do_and_keeps_nothing(
    physician: Candidate, server: Server, eyes: PaintedEyes
) -> None:
    assert await physician.post("/api/photo/check", painted(RED)) == {"looked": True, "hints": []}
    eyes.quality = msgspec.structs.replace(GOOD, luma=10.0, sharpness=0.5, face_px=40.0)
    hints = ["nearer", "more_light", "hold_still"]
    assert await physician.post("/api/photo/check", painted(RED)) == {"looked": True, "hints": hints}
    for reason in ("down", "none", "slow"):
        eyes.away = reason
        assert await physician.post("/api/photo/check", painted(RED)) == {"looked": False, "hints": []}
    assert await refusal(physician.post("/api/photo/check", b"no picture")) == (400, "not_a_jpeg")
    assert await physician.get("/api/photo") == {"status": "none", "reason": "", "added_at": None}
    assert await server.house.pool.fetchval("SELECT count(*) FROM proctor.photos") == 0


async def test_a_photo_waits_until_it_is_approved_and_a_refusal_says_why(
    physician: Candidate, agency: Staff, server: Server
) -> None:
    assert (await physician.post("/api/photo", painted(RED)))["status"] == "pending"
    (row,) = (await agency.get("/api/desk/photos/pending"))["photos"]
    assert (row["doubts"], row["id_number"].count("*")) == ([], 8)
    decision = f"/api/desk/photos/{row['photo_id']}/decision"
    assert await refusal(agency.post(decision, {"approve": False})) == (400, "reason_missing")
    await agency.post(decision, {"approve": False, "reason": "请正面免冠拍摄"})
    state = await physician.get("/api/photo")
    assert (state["status"], state["reason"]) == ("refused", "请正面免冠拍摄")
    assert await refusal(agency.post(decision, {"approve": True})) == (409, "photo_decided")

    await physician.post("/api/photo", painted(GREEN))
    (row,) = (await agency.get("/api/desk/photos/pending"))["photos"]
    await agency.post(f"/api/desk/photos/{row['photo_id']}/decision", {"approve": True})
    assert (await physician.get("/api/photo"))["status"] == "approved"
    assert await agency.get("/api/desk/photos/pending") == {"total": 0, "photos": []}
    assert (await audited(server, "photo_refused"))[-1] == {"reason": "请正面免冠拍摄"}
    assert len(await audited(server, "photo_approved")) == 1


async def test_a_photo_that_can_not_be_compared_with_is_refused_at_once(
    physician: Candidate, eyes: PaintedEyes
) -> None:
    eyes.quality = msgspec.structs.replace(GOOD, sharpness=0.2)
    assert await refusal(physician.post("/api/photo", painted(RED))) == (400, "hold_still")
    eyes.away = "down"
    assert await refusal(physician.post("/api/photo", painted(RED))) == (503, "try_again")
    assert (await physician.get("/api/photo"))["status"] == "none"


async def test_handing_in_again_and_again_ends(physician: Candidate) -> None:
    for _ in range(HAND_INS_MAX):
        await physician.post("/api/photo", painted(RED))
    assert await refusal(physician.post("/api/photo", painted(RED))) == (429, "too_many_tries")


# --- approvals ---------------------------------------------------------------------------------------------------


async def test_the_picture_of_a_waiting_photo_is_shown_and_the_view_is_on_record(
    physician: Candidate, agency: Staff, server: Server
) -> None:
    await physician.post("/api/photo", painted(BLUE))
    (row,) = (await agency.get("/api/desk/photos/pending"))["photos"]
    path = f"/api/desk/photos/{row['photo_id']}/picture"
    with Image.open(io.BytesIO(await agency.get_bytes(path))) as picture:
        assert picture.size == (300, 300)
    viewed = await server.house.pool.fetch("SELECT name FROM proctor.views WHERE person_id = $1", row["person_id"])
    assert [view["name"] for view in viewed] == [row["picture"]]
    await agency.post(f"/api/desk/photos/{row['photo_id']}/decision", {"approve": True})
    assert await refusal(agency.get_bytes(path)) == (404, "no_such_photo")


async def test_what_waits_elsewhere_does_not_exist(
    physician: Candidate, agency: Staff, elsewhere: list[Person]
) -> None:
    await physician.post("/api/photo", painted(BLUE))
    listed = await agency.get("/api/desk/photos/pending")
    photo_id = listed["photos"][0]["photo_id"]
    assert listed["total"] == 1
    for stranger in elsewhere:
        assert (await stranger.get("/api/desk/photos/pending"))["total"] == 0
        path = f"/api/desk/photos/{photo_id}"
        assert await refusal(stranger.get_bytes(f"{path}/picture")) == (404, "no_such_photo")
        assert await refusal(stranger.post(f"{path}/decision", {"approve": True})) == (404, "no_such_photo")
    assert (await physician.get("/api/photo"))["status"] == "pending"


async def test_nobody_decides_about_his_own_photo(physician: Candidate, agency: Staff, server: Server) -> None:
    await physician.post("/api/photo", painted(BLUE))
    (row,) = (await agency.get("/api/desk/photos/pending"))["photos"]
    pool = server.house.pool
    (known,) = await pool.fetch("SELECT password_hash, organisation_id FROM people.accounts WHERE login = 'agency'")
    await pool.execute(
        store.ADD_ACCOUNT,
        row["person_id"],
        "agency-double",
        known["password_hash"],
        "agency",
        known["organisation_id"],
    )
    async with server.person("agency-double") as double:
        decision = f"/api/desk/photos/{row['photo_id']}/decision"
        assert await refusal(double.post(decision, {"approve": True})) == (403, "own_photo")


# --- imports -----------------------------------------------------------------------------------------------------


async def test_an_import_goes_on_after_its_upload_and_ends_with_a_line_per_file(
    agency: Staff, server: Server, settings: Settings
) -> None:
    one, two = await number_of(server, server.login()), await number_of(server, server.login())
    archive = {
        f"照片/{one}.jpg": painted(RED),
        f"{two}.jpg": painted(RED, side=310),
        "合影.jpg": b"",
        "E00000001.jpg": b"",
    }
    begun = await sent(agency, zipped(archive))
    assert begun["import_id"]
    job = await finished(agency, begun["import_id"])
    assert (job["total"], job["done"], job["kept"], job["pending"], job["refused"]) == (4, 4, 1, 1, 2)
    assert [line["problem"] for line in job["files"][2:]] == ["bad_name", "no_such_person"]
    assert {line["person"][:4] for line in job["files"][:2]} == {"测试医师"}
    assert sorted(line["outcome"] for line in job["files"][:2]) == ["kept", "pending"]
    (facts,) = [one for one in await audited(server, "photo_import_ended") if one["total"] == 4]
    assert facts == {"total": 4, "kept": 1, "pending": 1, "refused": 2, "problem": ""}
    assert (await audited(server, "photo_import_begun"))[-1] == {"bytes": len(zipped(archive))}
    assert list((settings.data / "imports").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"", "not_a_zip"), (b"nothing" * 1000, "not_a_zip"), (zipped({}), "")],
    ids=["empty", "no zip", "a zip of nothing"],
)
async def test_an_upload_that_is_no_zip_is_said_to_be_none(agency: Staff, body: bytes, problem: str) -> None:
    job = await finished(agency, (await sent(agency, body))["import_id"])
    assert (job["problem"], job["total"], job["files"]) == (problem, 0, [])


async def test_an_import_reaches_nobody_of_another_province(
    agency: Staff, server: Server, elsewhere: list[Person]
) -> None:
    number = await number_of(server, server.login())
    for stranger in elsewhere:
        job = await finished(stranger, (await sent(stranger, zipped({f"{number}.jpg": painted(RED)})))["import_id"])
        assert [(line["problem"], line["person"]) for line in job["files"]] == [("no_such_person", "")]


async def test_an_import_is_seen_by_its_province_in_every_process_and_by_nobody_else(
    agency: Staff, server: Server, elsewhere: list[Person]
) -> None:
    import_id = (await sent(agency, zipped({"合影.jpg": b""})))["import_id"]
    job = await finished(agency, import_id)
    async with server.staff("province") as province:
        assert await province.get(f"{IMPORTS}/{import_id}") == job
    for stranger in elsewhere:
        assert await refusal(stranger.get(f"{IMPORTS}/{import_id}")) == (404, "no_such_import")
    for nonsense in ("0" * 16, "nothing", "..%2f"):
        assert await refusal(agency.get(f"{IMPORTS}/{nonsense}")) == (404, "no_such_import")
    mine = await server.house.pool.fetchval("SELECT account_id FROM people.accounts WHERE login = 'agency'")
    other_process = Enrolment(server.house)
    account = msgspec.structs.replace(ANYBODY, account_id=mine)
    heard = await other_process.find(import_id, account)
    assert heard is not None
    assert (heard.report.finished, heard.report.files[0].problem) == (True, "bad_name")
    assert await other_process.find(import_id, ANYBODY) is None


async def test_of_an_import_whose_process_is_gone_it_is_said_that_it_stopped(server: Server) -> None:
    old = server.house.clock.now() - timedelta(seconds=photo_jobs.SILENT_S + 1)
    job = Job(import_id="f" * 16, account_id=1, province="11", heard_at=old, report=Report(total=9, done=4))
    await server.house.redis.set("exam:photos:" + "f" * 16, msgspec.json.encode(job), ex=60)
    found = await Enrolment(server.house).find("f" * 16, msgspec.structs.replace(ANYBODY, account_id=1))
    assert found is not None
    assert (found.report.finished, found.report.problem, found.report.done) == (True, "stopped", 4)


async def test_an_upload_beyond_the_limit_is_refused_and_leaves_nothing(
    agency: Staff, server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_jobs, "UPLOAD_BYTES_MAX", 300_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"\0" * 10_000

    async with agency.http.post(
        agency.base_url + IMPORTS, data=pieces(), headers={"Content-Type": "application/zip"}
    ) as response:
        assert (response.status, (await response.json())["code"]) == (413, "body_too_large")
    assert list((settings.data / "imports").iterdir()) == []
    assert server.app[ENROLMENT]._busy == 0


async def test_only_so_many_imports_go_on_at_once_and_a_broken_upload_gives_its_place_back(
    agency: Staff, server: Server
) -> None:
    enrolment = server.app[ENROLMENT]
    host, _, port = agency.base_url.rpartition("//")[2].partition(":")
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in agency.http.cookie_jar)
    head = (
        f"POST {IMPORTS} HTTP/1.1\r\nHost: {host}:{port}\r\nX-Exam: 1\r\nCookie: {cookies}\r\n"
        "Content-Type: application/zip\r\nContent-Length: 1000\r\n\r\nPK"
    )
    lines = [await asyncio.open_connection(host, int(port)) for _ in range(IMPORTS_MAX)]
    for _, writer in lines:
        writer.write(head.encode())
        await writer.drain()
    await until(lambda: enrolment._busy == IMPORTS_MAX)
    assert await refusal(sent(agency, zipped({}))) == (429, "too_many_imports")
    for _, writer in lines:
        writer.close()
        await writer.wait_closed()
    await until(lambda: enrolment._busy == 0)
    assert (await finished(agency, (await sent(agency, zipped({})))["import_id"]))["problem"] == ""


async def until(so: Callable[[], bool]) -> None:
    """Nobody tells when a place is taken or free."""
    async with asyncio.timeout(WAIT_S):
        while not so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_process_that_ends_stops_its_imports_between_two_files(agency: Staff, server: Server) -> None:
    numbers = [await number_of(server, f"physician{index:02d}") for index in range(1, 30)]
    server.house.closing = True
    try:
        job = await finished(
            agency, (await sent(agency, zipped({f"{number}.jpg": painted(RED) for number in numbers})))["import_id"]
        )
    finally:
        server.house.closing = False
    assert (job["problem"], job["total"], job["done"]) == ("stopped", 29, 0)


async def test_an_import_that_is_cut_off_says_so_and_gives_its_place_back(agency: Staff, server: Server) -> None:
    class Endless(PaintedEyes):
        async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Any:
            await asyncio.Event().wait()

    server.house.vision = Endless()
    number = await number_of(server, "physician01")
    before = set(server.house.jobs)
    import_id = (await sent(agency, zipped({f"{number}.jpg": painted(RED)})))["import_id"]
    (task,) = server.house.jobs - before
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    job = await finished(agency, import_id)
    assert (job["problem"], server.app[ENROLMENT]._busy) == ("stopped", 0)
