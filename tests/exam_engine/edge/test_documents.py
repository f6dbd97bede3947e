"""Documents over HTTP: who may send, see and drop them, by which links, and what is on record and on the disk."""

import asyncio
import contextlib
import io
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg
import msgspec
import pytest
import pytest_asyncio

from exam_engine.edge import documents as edge
from exam_engine.edge.documents import OWN_PLACES_MAX, PLACES_MAX, UPLOADS_MAX, views_of
from exam_engine.errors import Invalid, NotFound, Refused, Unavailable
from exam_engine.registration import evidence
from exam_engine.registration.document_kinds import DOCUMENT_BYTES_MAX
from exam_engine.registration.evidence import DOCUMENTS_MAX, UNUSED_KEPT
from exam_engine.settings import Settings
from exam_engine.store import Account
from proctor import links
from tests.candidate import Candidate, Person, Refusal, Staff
from tests.exam_engine.edge.server import WAIT_S, Server
from tests.exam_engine.registration import document_samples as samples
from tests.exam_engine.registration.document_samples import MARKER, fresh, jpeg, pdf, png

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(server: Server) -> AsyncIterator[list[Candidate]]:
    async with server.candidate() as one, server.candidate() as another:
        yield [one, another]


@pytest_asyncio.fixture(loop_scope="module")
async def physician(server: Server, both: list[Candidate]) -> Candidate:
    """Somebody whose uploads were not counted yet."""
    await server.house.throttle.forget(f"documents:{await server.person_id(both[0].login)}")
    return both[0]


@pytest.fixture
def other(both: list[Candidate]) -> Candidate:
    return both[1]


@pytest_asyncio.fixture(loop_scope="module")
async def agency(server: Server) -> AsyncIterator[Staff]:
    async with server.staff("agency") as staff:
        yield staff


async def send(person: Person, data: Any, title: str = "诊断证明.jpg") -> Any:
    """The DocumentView of an upload; raises Refusal."""
    url = f"{person.base_url}/api/documents?title={quote(title)}"
    kind = {"Content-Type": "application/octet-stream"}
    body = io.BytesIO(data) if isinstance(data, bytes) else data
    async with person.http.post(url, data=body, headers=kind) as response:
        return await Person._answer(response)


async def account_of(server: Server, login: str) -> Account:
    row = await server.house.pool.fetchrow(
        """SELECT a.account_id, a.person_id, p.name, a.role
           FROM people.accounts a JOIN people.persons p USING (person_id) WHERE a.login = $1""",
        login,
    )
    assert row is not None
    return Account(row["account_id"], row["person_id"], row["name"], row["role"], None, None, None)


async def refusal(work: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.status, caught.value.code


async def link_for(server: Server, login: str, owner: str, document_id: int) -> str:
    """The link a page of staff would show."""
    owner_id = await server.person_id(owner)
    (view,) = await views_of(server.house, await account_of(server, login), owner_id, [document_id])
    return view.url


async def seen_by_staff(server: Server) -> list[asyncpg.Record]:
    return list(
        await server.house.pool.fetch(
            "SELECT account_id, role, subject FROM people.audit WHERE act = 'document_seen' ORDER BY audit_id"
        )
    )


def files(settings: Settings) -> list[Path]:
    return [path for path in (settings.data / "documents").rglob("*") if path.is_file()]


# --- sending -----------------------------------------------------------------------------------------------------


async def test_what_was_sent_is_clean_sealed_and_to_be_seen_by_its_link(
    physician: Candidate, settings: Settings
) -> None:
    kept = await send(physician, pdf(samples.script, samples.described, pages=3), "证明 (1).pdf")
    assert (kept["title"], kept["media"], kept["pages"]) == ("证明 (1).pdf", "application/pdf", 3)
    async with physician.http.get(physician.base_url + kept["url"]) as response:
        body, headers = await response.read(), response.headers
    assert response.status == 200
    assert len(body) == kept["bytes"]
    assert MARKER not in samples.everything_in(body)
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == (
        "inline; filename=\"document.pdf\"; filename*=UTF-8''%E8%AF%81%E6%98%8E%20%281%29.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "private, no-store"
    for path in files(settings):
        sealed = path.read_bytes()
        assert not any(word in sealed for word in (b"%PDF", b"obj", MARKER, body[:64]))


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "document_kind"),
        (samples.zipped(), 400, "document_kind"),
        (jpeg()[:300], 400, "document_broken"),
        (samples.jpeg_of(9_000, 9_000), 400, "document_size"),
        (pdf(pages=51), 400, "document_pages"),
        (bytes(9 * 1024 * 1024), 413, "document_too_large"),
        (jpeg() + bytes(DOCUMENT_BYTES_MAX), 413, "document_too_large"),
    ],
    ids=["nothing", "a ZIP", "half a JPEG", "huge sides", "many pages", "9 MB", "a bit more than 5 MB"],
)
async def test_what_can_not_be_kept_is_refused_with_its_reason(
    physician: Candidate, settings: Settings, data: bytes, status: int, code: str
) -> None:
    before = len(files(settings))
    assert await refusal(send(physician, data)) == (status, code)
    assert len(files(settings)) == before


async def test_the_name_has_no_say_in_what_it_is(physician: Candidate) -> None:
    kept = await send(physician, png(fresh()), "C:\\测试\\malware.exe")
    assert (kept["media"], kept["title"]) == ("image/png", "malware.exe")
    async with physician.http.get(physician.base_url + kept["url"]) as response:
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Content-Disposition"].endswith("''malware.exe.png")


async def test_without_a_name_it_has_one_all_the_same(physician: Candidate) -> None:
    assert (await send(physician, png(fresh()), "\u202e"))["title"] == "document.png"


async def test_more_than_five_megabytes_are_not_read(physician: Candidate) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 200 * 1024 * 1024:
            yield bytes(256 * 1024)
            sent += 256 * 1024

    with contextlib.suppress(aiohttp.ClientError):  # the server may close the line while we are still sending
        assert await refusal(send(physician, endless())) == (413, "document_too_large")
    assert sent < 100 * 1024 * 1024


async def test_the_same_file_again_is_the_same_document(physician: Candidate, other: Candidate) -> None:
    data = jpeg(fresh())
    first, again = await send(physician, data, "a.jpg"), await send(physician, data, "b.jpg")
    assert (again["document_id"], again["title"]) == (first["document_id"], "a.jpg")
    assert (await send(other, data))["document_id"] != first["document_id"]


async def test_the_same_file_many_times_at_once_is_one_document(
    physician: Candidate, server: Server, settings: Settings
) -> None:
    data, before = jpeg(fresh()), len(files(settings))
    kept = await asyncio.gather(*(send(physician, data) for _ in range(6)))
    assert len({one["document_id"] for one in kept}) == 1
    assert len(files(settings)) == before + 1
    owner = await server.person_id(physician.login)
    assert await server.house.pool.fetchval(
        "SELECT count(*) FROM reg.documents WHERE person_id = $1 AND document_id >= $2", owner, kept[0]["document_id"]
    ) == 1  # fmt: skip


async def test_a_file_that_was_lost_is_mended_by_sending_it_again(
    physician: Candidate, server: Server, settings: Settings
) -> None:
    data = jpeg(fresh())
    kept = await send(physician, data)
    before = set(files(settings))
    owner = await server.person_id(physician.login)
    name = await server.house.pool.fetchval(
        "SELECT name FROM reg.documents WHERE document_id = $1", kept["document_id"]
    )
    server.house.documents._path(owner, name).unlink()
    assert await refusal(physician.get_bytes(kept["url"])) == (404, "no_such_document")
    mended = await send(physician, data)
    assert mended["document_id"] == kept["document_id"]
    assert set(files(settings)) == before
    assert await physician.get_bytes(mended["url"])
    await server.house.pool.execute(
        "UPDATE reg.documents SET name = repeat('0', 64) WHERE document_id = $1", kept["document_id"]
    )  # cleaned otherwise in those days
    mended = await send(physician, data)
    assert mended["document_id"] == kept["document_id"]
    assert await physician.get_bytes(mended["url"])


async def test_a_person_keeps_two_hundred_at_most(server: Server) -> None:
    async with server.candidate() as hoarder:
        owner = await server.person_id(hoarder.login)
        data = [jpeg(fresh()) for _ in range(3)]
        first = await send(hoarder, data[0])
        await server.house.pool.execute(
            """INSERT INTO reg.documents (person_id, name, digest, media, title, bytes, purpose)
               SELECT $1, repeat('0', 64), lpad(n::text, 64, '0'), 'image/png', 'x', 1, 'evidence'
               FROM generate_series(1, $2) AS n""",
            owner, DOCUMENTS_MAX - 2,
        )  # fmt: skip
        both = await asyncio.gather(*(send(hoarder, one) for one in data[1:]), return_exceptions=True)
        refused = [one for one in both if isinstance(one, Refusal)]
        assert [(one.status, one.code, one.facts) for one in refused] == [
            (409, "too_many_documents", {"limit": DOCUMENTS_MAX})
        ]
        assert (await send(hoarder, data[0]))["document_id"] == first["document_id"]


async def test_a_person_is_throttled(server: Server) -> None:
    async with server.candidate() as hasty:
        owner = await server.person_id(hasty.login)
        for _ in range(UPLOADS_MAX):
            await server.house.throttle.take(f"documents:{owner}", UPLOADS_MAX, 600)
        assert await refusal(send(hasty, png())) == (429, "too_many_tries")


async def test_uploads_that_wait_in_memory_are_few(physician: Candidate, server: Server) -> None:
    uploads, owner = server.house.documents.uploads, await server.person_id(physician.login)
    uploads[owner] = OWN_PLACES_MAX
    assert await refusal(send(physician, png())) == (429, "too_many_tries")
    del uploads[owner]
    uploads[0] = PLACES_MAX
    assert await refusal(send(physician, png())) == (503, "try_again")
    uploads.clear()
    await send(physician, png())
    assert uploads.total() == 0


async def test_an_upload_that_breaks_off_or_stalls_leaves_nothing(
    physician: Candidate, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "UPLOAD_S_MAX", 0.2)
    never = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield jpeg()
        await never.wait()

    sending = asyncio.create_task(refusal(send(physician, stalling())))
    async with asyncio.timeout(WAIT_S):
        assert await sending == (400, "body_broken")
    assert server.house.documents.uploads.total() == 0


async def test_strangers_and_staff_send_nothing(server: Server, agency: Staff) -> None:
    assert await refusal(send(agency, png())) == (403, "wrong_role")
    async with aiohttp.ClientSession(headers={"X-Exam": "1"}) as nobody:
        async with nobody.post(server.base_url + "/api/documents", data=png()) as response:
            assert response.status == 401
        async with nobody.get(server.base_url + "/api/documents/1?link=x") as response:
            assert response.status == 401


# --- seeing ------------------------------------------------------------------------------------------------------


async def test_a_link_is_good_for_five_minutes_again_and_again(physician: Candidate, server: Server) -> None:
    kept = await send(physician, jpeg(fresh()))
    assert await physician.get_bytes(kept["url"]) == await physician.get_bytes(kept["url"])
    with server.later(seconds=links.LINK_S - 5):
        await physician.get_bytes(kept["url"])
    with server.later(seconds=links.LINK_S + 1):
        assert await refusal(physician.get_bytes(kept["url"])) == (403, "link_over")


async def test_a_link_opens_one_document_for_one_account(
    physician: Candidate, other: Candidate, agency: Staff, server: Server
) -> None:
    mine, second = await send(physician, jpeg(fresh())), await send(physician, jpeg(fresh()))
    his = await send(other, jpeg(fresh()))
    link = mine["url"].partition("?link=")[2]
    gone = (404, "no_such_document")
    for document_id in (second["document_id"], his["document_id"], 10**9):
        assert await refusal(physician.get_bytes(f"/api/documents/{document_id}?link={link}")) == gone
    for bad in ("", "?link=", "?link=" + "A" * 32, f"?link={link[:-1]}", "?link=%00%ff", f"?link={link[::-1]}"):
        assert await refusal(physician.get_bytes(f"/api/documents/{mine['document_id']}{bad}")) == gone
    for somebody in (other, agency):
        assert await refusal(somebody.get_bytes(mine["url"])) == gone
    assert (await refusal(physician.get_bytes(f"/api/documents/{2**60}?link={link}")))[0] in {400, 404}


async def test_a_link_for_staff_opens_for_that_account_only_and_every_view_is_on_record(
    physician: Candidate, agency: Staff, server: Server
) -> None:
    kept = await send(physician, jpeg(fresh()))
    url = await link_for(server, "agency", physician.login, kept["document_id"])
    before = await seen_by_staff(server)
    body = await agency.get_bytes(url)
    assert body == await physician.get_bytes(kept["url"])
    await agency.get_bytes(url)
    views = (await seen_by_staff(server))[len(before) :]
    account, owner = await account_of(server, "agency"), await server.person_id(physician.login)
    assert [tuple(view) for view in views] == [
        (account.account_id, "agency", f"document {kept['document_id']} person {owner}")
    ] * 2
    async with server.staff("province") as province:
        assert await refusal(province.get_bytes(url)) == (404, "no_such_document")
    async with server.staff("invigilator") as invigilator:
        assert await refusal(invigilator.get_bytes(url)) == (403, "wrong_role")
    with server.later(minutes=6):
        assert await refusal(agency.get_bytes(url)) == (403, "link_over")
    assert len(await seen_by_staff(server)) == len(before) + 2


async def test_a_view_that_can_not_be_put_on_record_is_none(
    physician: Candidate, agency: Staff, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await send(physician, jpeg(fresh()))
    url = await link_for(server, "agency", physician.login, kept["document_id"])
    monkeypatch.setattr("exam_engine.store.AUDIT", "INSERT INTO people.no_such_table VALUES ($1, $2, $3, $4, $5, $6)")
    status, code = await refusal(agency.get_bytes(url))
    assert status >= 500, code


async def test_a_link_to_a_picture_of_an_attempt_opens_no_document(physician: Candidate, server: Server) -> None:
    kept = await send(physician, jpeg(fresh()))
    house, me = server.house, await account_of(server, physician.login)
    name = await house.pool.fetchval("SELECT name FROM reg.documents WHERE document_id = $1", kept["document_id"])
    until = house.clock.now() + timedelta(minutes=5)
    link = links.sign(house.settings.secret_key, me.account_id, kept["document_id"], name, until)
    url = f"/api/documents/{kept['document_id']}?link={link}"
    assert await refusal(physician.get_bytes(url)) == (404, "no_such_document")


async def test_a_physician_sees_nobody_elses_document_even_by_a_link_for_him(
    physician: Candidate, other: Candidate, server: Server
) -> None:
    kept = await send(physician, jpeg(fresh()))
    url = await link_for(server, other.login, physician.login, kept["document_id"])
    assert await refusal(other.get_bytes(url)) == (404, "no_such_document")


async def test_while_the_store_is_away_nothing_is_lost_and_nothing_said_to_be_kept(
    physician: Candidate, server: Server, settings: Settings
) -> None:
    kept, data = await send(physician, jpeg(fresh())), jpeg(fresh())
    folder, aside = settings.data / "documents", settings.data / "aside"
    count = await server.house.pool.fetchval("SELECT count(*) FROM reg.documents")
    folder.rename(aside)
    folder.write_text("no folder")
    try:
        for work in (
            send(physician, data),
            physician.get_bytes(kept["url"]),
            physician.delete(f"/api/documents/{kept['document_id']}"),
        ):
            assert await refusal(work) == (503, "try_again")
        with pytest.raises(Unavailable):
            await evidence.read(server.house, kept["document_id"])
        with server.later(days=40):
            assert await evidence.sweep_unused(server.house, server.house.clock.now()) == 0
        assert await server.house.pool.fetchval("SELECT count(*) FROM reg.documents") == count
    finally:
        folder.unlink()
        aside.rename(folder)
    assert await physician.get_bytes(kept["url"])
    await send(physician, data)


async def test_while_no_cleaner_can_be_started_the_same_again_later_is_right(
    physician: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = jpeg(fresh())
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/nowhere/python")
        assert await refusal(send(physician, data)) == (503, "try_again")
    await send(physician, data)


# --- dropping ----------------------------------------------------------------------------------------------------


async def test_an_own_document_can_be_dropped_until_it_is_handed_in(
    physician: Candidate, other: Candidate, server: Server, settings: Settings
) -> None:
    before = len(files(settings))
    kept, used = await send(physician, jpeg(fresh())), await send(physician, jpeg(fresh()))
    await evidence.mark_used(server.house.pool, [used["document_id"]])
    path = f"/api/documents/{kept['document_id']}"
    assert await refusal(other.delete(path)) == (404, "no_such_document")
    await physician.delete(path)
    assert await refusal(physician.delete(path)) == (404, "no_such_document")
    assert await refusal(physician.get_bytes(kept["url"])) == (404, "no_such_document")
    assert await refusal(physician.delete(f"/api/documents/{used['document_id']}")) == (409, "document_used")
    assert await physician.get_bytes(used["url"])
    assert len(files(settings)) == before + 1


async def test_a_file_that_two_documents_share_goes_with_the_second(physician: Candidate, settings: Settings) -> None:
    picture, before = fresh(), len(files(settings))
    first, second = await send(physician, jpeg(picture)), await send(physician, jpeg(picture, comment=MARKER))
    assert first["document_id"] != second["document_id"]
    assert len(files(settings)) == before + 1
    await physician.delete(f"/api/documents/{first['document_id']}")
    assert await physician.get_bytes(second["url"])
    await physician.delete(f"/api/documents/{second['document_id']}")
    assert len(files(settings)) == before


async def test_dropping_and_sending_at_once_never_leaves_a_document_without_its_file(physician: Candidate) -> None:
    data = jpeg(fresh())
    for _ in range(5):
        kept = await send(physician, data)
        again, _gone = await asyncio.gather(
            send(physician, data), physician.delete(f"/api/documents/{kept['document_id']}")
        )
        now = await send(physician, data)
        assert await physician.get_bytes(now["url"])
        assert again["document_id"] in {kept["document_id"], now["document_id"]}


async def test_what_was_never_handed_in_goes_after_thirty_days(
    physician: Candidate, server: Server, settings: Settings
) -> None:
    house = server.house
    await evidence.sweep_unused(house, house.clock.now() + timedelta(days=99))
    before = len(files(settings))
    old, used = await send(physician, jpeg(fresh())), await send(physician, jpeg(fresh()))
    await evidence.mark_used(house.pool, [used["document_id"]])
    assert await evidence.sweep_unused(house, house.clock.now() + UNUSED_KEPT - timedelta(minutes=1)) == 0
    later = house.clock.now() + UNUSED_KEPT + timedelta(minutes=1)
    assert sum(await asyncio.gather(*(evidence.sweep_unused(house, later) for _ in range(3)))) == 1
    assert await refusal(physician.get_bytes(old["url"])) == (404, "no_such_document")
    assert await physician.get_bytes(used["url"])
    assert len(files(settings)) == before + 1


# --- what others of the house ask --------------------------------------------------------------------------------


async def test_views_come_in_the_order_asked_without_what_is_not_the_persons(
    physician: Candidate, other: Candidate, server: Server
) -> None:
    mine = [(await send(physician, jpeg(fresh())))["document_id"] for _ in range(2)]
    his = (await send(other, jpeg(fresh())))["document_id"]
    me = await account_of(server, physician.login)
    views = await views_of(server.house, me, me.person_id, [mine[1], his, mine[0], 10**9, mine[1]])
    assert [view.document_id for view in views] == [mine[1], mine[0]]
    for view in views:
        assert len(await physician.get_bytes(view.url)) == view.bytes
    assert await views_of(server.house, me, me.person_id, []) == []


async def test_only_own_documents_can_be_referred_to(physician: Candidate, other: Candidate, server: Server) -> None:
    pool = server.house.pool
    mine, his = (await send(one, jpeg(fresh())) for one in (physician, other)), 0
    mine_id, his = [view["document_id"] async for view in mine]
    owner = await server.person_id(physician.login)
    await evidence.must_be_own(pool, owner, [])
    await evidence.must_be_own(pool, owner, [mine_id, mine_id])
    for bad in ([his], [mine_id, his], [10**9]):
        with pytest.raises(Invalid) as caught:
            await evidence.must_be_own(pool, owner, bad)
        assert caught.value.code == "no_such_document"


async def test_what_is_gone_can_not_be_marked_as_used(physician: Candidate, server: Server) -> None:
    kept = await send(physician, jpeg(fresh()))
    await evidence.mark_used(server.house.pool, [])
    await physician.delete(f"/api/documents/{kept['document_id']}")
    with pytest.raises(Invalid):
        await evidence.mark_used(server.house.pool, [kept["document_id"]])


async def test_what_somebody_else_has_sent_too_is_known_also_in_other_clothes(
    physician: Candidate, other: Candidate, server: Server
) -> None:
    pool, picture = server.house.pool, fresh()
    alone = (await send(physician, jpeg(fresh())))["document_id"]
    twice = (await send(physician, jpeg(picture)))["document_id"]
    again = (await send(physician, jpeg(picture, comment=b"my own")))["document_id"]
    owner, stranger = [await server.person_id(one.login) for one in (physician, other)]
    assert await evidence.shared_with_others(pool, owner, [alone, twice, again]) == []
    his = (await send(other, jpeg(picture, comment=MARKER)))["document_id"]
    assert await evidence.shared_with_others(pool, owner, [again, alone, twice]) == [twice, again]
    assert await evidence.shared_with_others(pool, stranger, [his]) == [his]
    assert await evidence.shared_with_others(pool, stranger, [twice]) == []


async def test_the_house_reads_and_keeps_photos(server: Server) -> None:
    house, owner = server.house, await server.person_id(server.login())
    row = await evidence.keep(house, owner, png(fresh()), title="照片.png", purpose="photo")
    assert (row["purpose"], row["media"], row["title"]) == ("photo", "image/jpeg", "照片.png")
    assert samples.opened(await evidence.read(house, row["document_id"])).size == (400, 500)
    with pytest.raises(Invalid) as caught:
        await evidence.keep(house, owner, png(samples.drawn(200, 300)), title="", purpose="photo")
    assert caught.value.code == "photo_size"
    with pytest.raises(NotFound):
        await evidence.read(house, 10**9)
    await evidence.mark_used(house.pool, [row["document_id"]])
    with pytest.raises(Refused):
        await evidence.drop(house, owner, row["document_id"])


async def test_the_documents_of_another_installation_do_not_open(
    physician: Candidate, server: Server, settings: Settings, tmp_path: Path
) -> None:
    kept = await send(physician, jpeg(fresh()))
    row = await server.house.pool.fetchrow("SELECT * FROM reg.documents WHERE document_id = $1", kept["document_id"])
    assert row is not None
    shutil.copytree(settings.data / "documents", tmp_path / "documents")
    other_house = type(server.house.documents)(tmp_path / "documents", b"z" * 32)
    assert await other_house.get(row["person_id"], row["name"]) is None
    assert msgspec.json.encode(kept["bytes"]) == str(row["bytes"]).encode()
