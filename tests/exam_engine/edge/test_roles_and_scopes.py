"""Who may do what to whom: roles, scopes, sessions, foreign pages, and what is put on record."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp
import pytest
import pytest_asyncio

from exam_engine.app import ENDPOINTS
from exam_engine.demo import PASSWORD
from exam_engine.edge.accounts import TRIES_MAX
from exam_engine.edge.http import COOKIE, PHYSICIAN, Endpoint
from exam_engine.edge.masks import masked_number
from exam_engine.edge.throttle import Throttle
from tests.candidate import HEADERS, Candidate, Refusal, Staff
from tests.exam_engine.edge.cast import Cast, ask, body_of, gathered, named
from tests.exam_engine.edge.role_table import LINES, PUBLIC_LINES, ROLES
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUARDED: Final = [endpoint for endpoint in ENDPOINTS if endpoint.roles]
# Both read them: his own documents and messages a physician, those of his reviews a member of staff.
FOR_EVERYBODY: Final = {
    "GET /api/documents/{document_id}",
    "GET /api/inbox",
    "POST /api/inbox/read",
    "GET /api/inbox/live",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Cast]:
    async with gathered(server) as people:
        yield people


# --- roles ---------------------------------------------------------------------------------------------------------


async def test_every_endpoint_has_its_line_and_every_line_its_endpoint() -> None:
    assert {named(endpoint) for endpoint in GUARDED} == set(LINES)
    assert {named(endpoint) for endpoint in ENDPOINTS if not endpoint.roles} == PUBLIC_LINES


async def test_the_roles_of_every_endpoint_are_those_written_down() -> None:
    assert {named(e): sorted(e.roles) for e in GUARDED} == {name: sorted(line.roles) for name, line in LINES.items()}


async def test_only_documents_and_messages_are_for_physicians_and_staff_at_once() -> None:
    for endpoint in GUARDED:
        mixed = endpoint.roles != PHYSICIAN and bool(endpoint.roles & PHYSICIAN)
        assert mixed == (named(endpoint) in FOR_EVERYBODY), named(endpoint)


@pytest.mark.parametrize("endpoint", GUARDED, ids=named)
async def test_who_is_not_logged_in_is_refused(server: Server, cast: Cast, endpoint: Endpoint) -> None:
    async with aiohttp.ClientSession(headers=HEADERS) as http:
        nobody = Candidate(server.base_url, "nobody", "")
        await nobody.http.close()
        nobody.http = http
        status, code, _ = await ask(nobody, endpoint, cast)
    assert (status, code) == (401, "not_logged_in")


@pytest.mark.parametrize("endpoint", GUARDED, ids=named)
async def test_every_other_role_is_refused(cast: Cast, endpoint: Endpoint) -> None:
    for role in ROLES:
        if role not in LINES[named(endpoint)].roles:
            status, code, _ = await ask(cast.by_role[role], endpoint, cast)
            assert (status, code) == (403, "wrong_role"), role


async def test_an_invigilator_can_not_annul(cast: Cast) -> None:
    invigilator = cast.by_role["invigilator"]
    body = {"request_id": "annul-by-invigilator", "command": {"type": "annul", "reason": "无权作废"},
            "attempt_ids": [cast.candidate.attempt_id]}  # fmt: skip
    with pytest.raises(Refusal) as caught:
        await invigilator.post(f"/api/desk/sittings/{cast.sitting_id}/acts", body)
    assert (caught.value.status, caught.value.code) == (403, "wrong_role")


# --- scopes --------------------------------------------------------------------------------------------------------


def out_of_scope() -> Iterator[Any]:
    for endpoint in (endpoint for endpoint in GUARDED if named(endpoint) in LINES):
        line = LINES[named(endpoint)]
        for role in line.roles:
            expected = line.of_others(role)
            if expected is not None and role != "nation":  # whose scope is everything
                yield pytest.param(endpoint, role, expected, id=f"{role} {named(endpoint)}")


@pytest.mark.parametrize(("endpoint", "role", "expected"), list(out_of_scope()))
async def test_what_is_out_of_scope_does_not_exist(
    server: Server, cast: Cast, endpoint: Endpoint, role: str, expected: str
) -> None:
    before = await rows_of(server, cast)
    status, code, _ = await ask(cast.stranger(role, endpoint), endpoint, cast)
    assert f"{status} {code}".strip() == expected
    assert await rows_of(server, cast) == before


async def rows_of(server: Server, cast: Cast) -> object:
    """All that a stranger could do to the candidate and the applicant."""
    person_id = await server.person_id(cast.applicant.phone)
    return await server.journal(cast.candidate.attempt_id), *[
        await server.house.pool.fetchval(f"SELECT json_agg(t) FROM {table} t WHERE person_id = $1", person_id)
        for table in ("reg.applications", "reg.files", "reg.documents", "reg.messages", "reg.assessment_accounts")
    ]


async def test_every_endpoint_that_reads_json_is_asked_with_what_it_wants() -> None:
    read = {named(endpoint) for endpoint in GUARDED if endpoint.body not in (None, bytes)}
    asked = {named(endpoint) for endpoint in GUARDED if isinstance(body_of(endpoint), dict)}
    assert read == asked


LISTS: Final = [e for e in GUARDED if e.method == "GET" and named(e) in LINES and LINES[named(e)].others is None]
# Where the applicant's own desks and he himself read who he is.
SHOWS_HIM: Final = {
    "GET /api/home", "GET /api/certification", "GET /api/application/{subject}", "GET /api/desk/reviews",
    "GET /api/desk/physicians", "GET /api/desk/final-results",
}  # fmt: skip


@pytest.mark.parametrize("endpoint", [e for e in LISTS if e.media != "text/event-stream"], ids=named)
async def test_what_names_nobody_tells_a_stranger_nothing_of_somebody(cast: Cast, endpoint: Endpoint) -> None:
    applicant = cast.applicant
    marks = (applicant.walker.name, applicant.number, masked_number(applicant.number), applicant.phone)
    for role in (role for role in LINES[named(endpoint)].roles if role not in ("nation", "auditor")):
        url = endpoint.path.format(subject="profile")
        own = (await cast.own(role, endpoint).get_bytes(url)).decode("utf-8", "replace")
        assert named(endpoint) not in SHOWS_HIM or marks[0] in own, role
        theirs = (await cast.stranger(role, endpoint).get_bytes(url)).decode("utf-8", "replace")
        assert [mark for mark in marks if mark in theirs] == [], role


@pytest.mark.parametrize("role", ["invigilator", "chief", "agency", "province"])
async def test_the_list_of_sittings_ends_at_the_scope(cast: Cast, role: str) -> None:
    mine = (await cast.by_role[role].get("/api/desk/sittings"))["sittings"]
    theirs = (await cast.strangers[role].get("/api/desk/sittings"))["sittings"]
    assert cast.sitting_id in {sitting["sitting_id"] for sitting in mine}
    assert theirs == []


async def test_a_candidate_can_not_look_at_anothers_attempt_by_any_socket(cast: Cast) -> None:
    stranger = cast.strangers["physician"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await stranger.connect(f"/api/attempts/{cast.candidate.attempt_id}/live")
    assert caught.value.status == 404


async def test_a_stranger_can_not_put_a_portrait_into_anothers_attempt(server: Server, cast: Cast) -> None:
    stranger = server.candidate(login=cast.strangers["physician"].login)
    async with stranger:
        stranger.attempt_id = cast.candidate.attempt_id
        before = await server.journal(stranger.attempt_id)
        with pytest.raises(Refusal) as caught:
            await stranger.portrait()
        assert (caught.value.status, caught.value.code) == (404, "no_such_attempt")
        assert await server.journal(stranger.attempt_id) == before


async def test_who_is_not_entitled_can_not_enter(server: Server) -> None:
    sitting_id = await server.five_items()
    async with server.candidate() as candidate:
        await server.house.pool.execute(
            "DELETE FROM exam.entitlements WHERE sitting_id = $1 AND person_id = $2",
            sitting_id,
            await server.person_id(candidate.login),
        )
        with pytest.raises(Refusal) as caught:
            await candidate.enter(sitting_id)
        assert (caught.value.status, caught.value.code) == (404, "no_such_sitting")


async def test_a_picture_of_one_attempt_does_not_open_under_another(server: Server, cast: Cast) -> None:
    async with server.candidate() as other, server.staff("invigilator") as desk:
        await other.begin(cast.sitting_id)
        name = (await other.portrait(77))["picture"]
        assert await desk.picture_links(cast.sitting_id, (cast.candidate.attempt_id, name)) == []
        (link,) = await desk.picture_links(cast.sitting_id, (other.attempt_id, name))
        assert (await desk.get_bytes(link)).startswith(b"\xff\xd8\xff")
        elsewhere = link.replace(str(other.attempt_id), str(cast.candidate.attempt_id))
        with pytest.raises(Refusal) as caught:
            await desk.get_bytes(elsewhere)
        assert (caught.value.status, caught.value.code) == (403, "link_old")


# --- foreign pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.method not in ("GET", "HEAD")], ids=named)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1"]
)
async def test_a_foreign_page_can_not_act_with_somebodys_cookie(
    server: Server, cast: Cast, endpoint: Endpoint, origin: str
) -> None:
    role = next(iter(endpoint.roles)) if endpoint.roles else "auditor"
    person = cast.candidate if role == "physician" else cast.by_role[role]
    before = await server.journal(cast.candidate.attempt_id)
    assert (await ask(person, endpoint, cast, Origin=origin))[:2] == (403, "foreign_page")
    cookies = person.http.cookie_jar
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as bare:
        bare.cookie_jar.update_cookies({cookie.key: cookie.value for cookie in cookies})
        stolen = Candidate(server.base_url, "", "")
        await stolen.http.close()
        stolen.http = bare
        assert (await ask(stolen, endpoint, cast))[:2] == (403, "foreign_page"), "without our header"
    assert await server.journal(cast.candidate.attempt_id) == before


async def test_our_own_page_may_act(server: Server, cast: Cast) -> None:
    body = {"device": cast.candidate.device, "commands": []}
    url = f"{server.base_url}/api/attempts/{cast.candidate.attempt_id}/commands"
    async with cast.candidate.http.post(url, json=body, headers={"Origin": server.base_url}) as response:
        assert response.status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_a_foreign_page_can_not_open_a_socket(cast: Cast, origin: str) -> None:
    candidate, desk = cast.candidate, cast.by_role["invigilator"]
    for person, path in (
        (candidate, f"/api/attempts/{candidate.attempt_id}/live"),
        (desk, f"/api/desk/sittings/{cast.sitting_id}/live"),
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await person.http.ws_connect(person.base_url + path, headers={"Origin": origin})
        assert caught.value.status == 403


# --- sessions ------------------------------------------------------------------------------------------------------


async def log_in(server: Server, login: str, password: str, *, bearer: bool = False) -> aiohttp.ClientResponse:
    """The whole response of a log-in, nothing kept."""
    async with (
        aiohttp.ClientSession(headers=HEADERS, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.post(
            f"{server.base_url}/api/session", json={"login": login, "password": password, "bearer": bearer}
        ) as response,
    ):
        await response.read()
        return response


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(server: Server) -> None:
    response = await log_in(server, server.login(), PASSWORD)
    parts = {part.strip().lower() for part in response.headers["Set-Cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert (await response.json())["token"] is None, "what is in the cookie is not in the page"


async def test_a_session_ends_with_the_log_out(server: Server) -> None:
    async with server.candidate() as candidate:
        cookies = {cookie.key: cookie.value for cookie in candidate.http.cookie_jar}
        assert (await candidate.get("/api/session"))["role"] == "physician"
        await candidate.delete("/api/session")
        async with aiohttp.ClientSession(headers=HEADERS, cookies=cookies) as kept:
            for path in ("/api/session", "/api/papers"):
                async with kept.get(server.base_url + path) as response:
                    assert response.status == 401


async def test_a_socket_ends_with_the_session_it_was_opened_in(server: Server) -> None:
    async with server.candidate() as candidate:
        await candidate.begin(await server.five_items())
        socket = await candidate.socket()
        await socket.until("welcome")
        await candidate.delete("/api/session")
        await socket.until("bye", code="logged_out")
        assert (await socket.receive())["type"] == "closed"


async def test_a_bearer_token_works_without_cookie_and_header_and_ends_with_the_log_out(server: Server) -> None:
    response = await log_in(server, server.login(), PASSWORD, bearer=True)
    assert "Set-Cookie" not in response.headers
    token = (await response.json())["token"]
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://app.example"}
    sitting_id = await server.five_items()
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.post(f"{server.base_url}/api/sittings/{sitting_id}/enter") as entered:
            assert entered.status == 200
        async with http.delete(f"{server.base_url}/api/session") as out:
            assert out.status == 200
        async with http.get(f"{server.base_url}/api/papers") as after:
            assert after.status == 401


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 5000, "' OR 1=1 --" + "x" * 20])
async def test_an_invented_token_is_nobody(server: Server, token: str) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        async with http.get(f"{server.base_url}/api/papers") as response:
            assert response.status == 401
        async with http.get(f"{server.base_url}/api/papers", cookies={COOKIE: token}) as response:
            assert response.status == 401


async def test_what_is_stored_of_a_session_does_not_log_anybody_in(server: Server) -> None:
    async with server.candidate() as candidate:
        stored = await server.house.pool.fetch("SELECT token_hash FROM people.sessions")
        cookies = [cookie.value for cookie in candidate.http.cookie_jar]
        assert not {row["token_hash"].hex() for row in stored} & set(cookies)


async def test_a_session_that_ran_out_is_nobody(server: Server) -> None:
    async with server.candidate() as candidate:
        await server.house.pool.execute(
            """UPDATE people.sessions SET expires_at = now() WHERE account_id =
               (SELECT account_id FROM people.accounts WHERE login = $1)""",
            candidate.login,
        )
        with pytest.raises(Refusal) as caught:
            await candidate.get("/api/papers")
        assert caught.value.status == 401


async def test_a_disabled_account_is_nobody_at_once(server: Server) -> None:
    async with server.candidate() as candidate:
        await server.house.pool.execute("UPDATE people.accounts SET disabled = true WHERE login = $1", candidate.login)
        with pytest.raises(Refusal) as caught:
            await candidate.get("/api/papers")
        assert caught.value.status == 401
        assert (await log_in(server, candidate.login, PASSWORD)).status == 401


async def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(server: Server) -> None:
    login = server.login()
    for spelling in (login, login.upper(), f" {login}", f"{login} ", login.title()):
        response = await log_in(server, spelling, "wrong")
        assert (response.status, (await response.json())["code"]) == (401, "wrong_login")
    response = await log_in(server, login, PASSWORD)
    problem = await response.json()
    assert (response.status, problem["code"]) == (429, "too_many_tries")
    assert 0 < int(response.headers["Retry-After"]) <= 30 * 60
    assert (await log_in(server, server.login(), PASSWORD)).status == 200, "others do not wait with him"


async def test_a_right_password_in_between_begins_the_count_anew(server: Server) -> None:
    login = server.login()
    for _ in range(2):
        for _ in range(TRIES_MAX - 1):
            assert (await log_in(server, login, "wrong")).status == 401
        assert (await log_in(server, login, PASSWORD)).status == 200


async def test_tries_made_at_the_same_time_are_counted_too(server: Server) -> None:
    login = server.login()
    tries = await asyncio.gather(*(log_in(server, login, f"wrong {n}") for n in range(4 * TRIES_MAX)))
    assert [response.status for response in tries].count(401) <= TRIES_MAX


async def test_nobody_can_tell_an_unknown_login_from_a_wrong_password(server: Server) -> None:
    known, unknown = await log_in(server, server.login(), "wrong"), await log_in(server, "nobody-at-all", "wrong")
    assert known.status == unknown.status
    assert await known.json() == await unknown.json()


# --- on record -----------------------------------------------------------------------------------------------------


async def test_log_ins_acts_release_and_extra_time_are_put_on_record(server: Server) -> None:
    sitting_id, login = await server.five_items(), server.login()
    person_id = await server.person_id(login)
    await log_in(server, login, "wrong")
    async with server.candidate(login=login) as candidate, AsyncExitStack() as stack:
        roles = ("invigilator", "chief", "agency", "province")
        desk: dict[str, Staff] = {}
        for role in roles:
            desk[role] = await stack.enter_async_context(server.staff(role))
        extra = {"person_id": person_id, "minutes": 15, "reason": "行动不便，已核实"}
        await desk["province"].post(f"/api/desk/sittings/{sitting_id}/extra-time", extra)
        await candidate.begin(sitting_id)
        await desk["invigilator"].act(sitting_id, {"type": "warn", "text": "请安静"}, candidate.attempt_id)
        await desk["chief"].act(sitting_id, {"type": "annul", "reason": "设备故障"}, candidate.attempt_id)
        await desk["agency"].post(f"/api/desk/sittings/{sitting_id}/release", {"pass_points": 60})
        async with desk["agency"].http.get(f"{server.base_url}/api/desk/sittings/{sitting_id}/results.xlsx") as sheet:
            assert (sheet.status, (await sheet.read())[:2]) == (200, b"PK")
    rows = await server.house.pool.fetch(
        """SELECT act, role, subject, facts, address FROM people.audit
           WHERE subject IN ($1, $2, $3) ORDER BY audit_id""",
        login,
        f"sitting {sitting_id}",
        f"sitting {sitting_id} person {person_id}",
    )
    assert [(row["act"], row["role"]) for row in rows] == [
        ("log_in_failed", ""),
        ("logged_in", "physician"),
        ("extra_time", "province"),
        ("act_warn", "invigilator"),
        ("act_annul", "chief"),
        ("release", "agency"),
        ("results_exported", "agency"),
    ]
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    assert json.loads(rows[2]["facts"]) == {"minutes": 15, "reason": "行动不便，已核实"}


class BrokenKeys:
    """A client of Valkey with a bug of its own."""

    async def incr(self, name: str) -> int:
        raise LookupError(name)


async def test_when_a_request_meets_a_bug_its_password_is_not_logged(
    server: Server, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    password = "a-password-nobody-may-read"
    throttle, broken = server.house.throttle, BrokenKeys()
    server.house.throttle = Throttle(broken)  # type: ignore[arg-type]  # what it breaks is the test
    try:
        response = await log_in(server, "province", password)
    finally:
        server.house.throttle = throttle
    assert (response.status, await response.json()) == (500, {"code": "bug", "facts": {}})
    said = "".join(capfd.readouterr()) + caplog.text
    assert "LookupError" in said
    assert password not in said


# --- headers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/desk/", "/api/health", "/api/papers", "/api/nothing", "/nothing.js", "/api/openapi.json"]
)
async def test_every_answer_carries_the_security_headers(server: Server, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(server.base_url + path) as response:
        headers = response.headers
        policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert re.search(r"script-src 'self'(;|$)", policy), "no inline scripts, no eval"
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert "microphone=()" in headers["Permissions-Policy"]


async def test_what_the_api_says_is_kept_by_no_cache(cast: Cast) -> None:
    for endpoint in (endpoint for endpoint in GUARDED if endpoint.method == "GET" and endpoint.roles == PHYSICIAN):
        headers = (await ask(cast.candidate, endpoint, cast))[2]
        if "/live" not in endpoint.path:
            assert headers["Cache-Control"] == "no-store"


async def test_figures_are_for_this_host_only(server: Server) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{server.base_url}/metrics") as here:
        assert here.status == 200
        assert b"exam_journal_entries" in await here.read()
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with aiohttp.ClientSession(connector=elsewhere) as http, http.get(f"{server.base_url}/metrics") as there:
        assert (there.status, (await there.json())["code"]) == (404, "no_such_page")


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/app/../../app.py",
        "/%2e%2e/%2e%2e/pyproject.toml",
        "/app/..%2f..%2fapp.py",
        "//etc/passwd",
    ],
)
async def test_no_file_outside_the_pages_is_served(server: Server, path: str) -> None:
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 200"))
    assert b"exam_engine" not in answer
    assert b"root:" not in answer
