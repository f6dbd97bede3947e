"""Reviews over the API: what is illegal changes nothing, of two at once one wins, and nobody decides for himself."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from exam_engine.demo import PASSWORD
from tests.applicant import Reviewer
from tests.candidate import Refusal
from tests.exam_engine.edge.people import (
    REASON,
    Desks,
    decided,
    desks_of,
    many_files,
    newcomer,
    organisation,
    reviewer,
    rows_of,
)
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

STATES: Final = ("draft", "org_review", "agy_review", "org_returned", "agy_returned", "approved", "rejected")
# What a desk may do where (domain.md §3.4 to §3.6); everything else of the same matrix is refused. Taking back is
# legal as a move there, but only for whoever made it, which is nobody of these desks.
LEGAL: Final = {
    ("institution", "org_review"): {"approve", "return"},
    ("institution", "agy_review"): {"undo"},
    ("institution", "org_returned"): {"undo"},
    ("agency", "agy_review"): {"approve", "return", "refuse"},
    ("agency", "agy_returned"): {"undo"},
    ("agency", "approved"): {"undo"},
    ("agency", "rejected"): {"undo"},
    ("province", "approved"): {"reopen"},
    ("province", "rejected"): {"reopen"},
}
CLOSES: Final = {"draft", "org_returned", "agy_returned", "approved"}  # a profile, by institution or province
REFUSED_ROLES: Final = {("institution", "reopen"), ("agency", "reopen"), ("agency", "close")}
ACTS: Final = ("approve", "return", "refuse", "undo", "reopen", "close")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(server: Server) -> AsyncIterator[Desks]:
    await many_files(server, 1500)
    async with desks_of(server) as people:
        yield people


_taken: set[int] = set()


async def a_file(
    server: Server, state: str, subject: str = "profile", *, flagged: bool = False, own: bool = True
) -> Any:
    """A file in this state that no other test has, at the demonstration's institution or at another; its row."""
    row = await server.house.pool.fetchrow(
        """SELECT f.*, a.procedure AS way FROM reg.files f JOIN reg.applications a USING (application_id)
           JOIN people.organisations o ON o.organisation_id = f.institution_id
           WHERE f.subject = $1 AND f.state = $2 AND (o.name = '测试医院') = $3 AND (f.flags <> '{}') = $4
             AND NOT f.application_id = ANY ($5) AND NOT EXISTS (SELECT FROM reg.files g
                 WHERE g.application_id = f.application_id AND f.subject = 'profile' AND g.subject = 'evaluation')
           ORDER BY f.file_id LIMIT 1""",
        subject, state, own, flagged, list(_taken),
    )  # fmt: skip
    assert row is not None, f"no {subject} in {state}"
    _taken.add(row["application_id"])
    return row


async def act(desk: Reviewer, row: Any, what: str, **body: Any) -> Any:
    """One of ACTS on the version of the row; the answer or a Refusal."""
    version = {"version": row["version"]} | body
    if what in ("undo", "reopen", "close"):
        return await desk.post(f"/api/desk/reviews/{row['file_id']}/{what}", version | {"reason": REASON})
    asked: dict[str, Any] = {"act": what, "reason": "" if what == "approve" else REASON}
    if row["subject"] == "evaluation" and what == "approve":
        met = True if row["way"] in ("simple", "simple_applied") else None
        asked["rating"] = {"work": "qualified", "ethics": "qualified", "comment": "同意评定合格", "conditions_met": met}
    return await desk.post(f"/api/desk/reviews/{row['file_id']}/decide", version | asked)


async def refused(desk: Reviewer, row: Any, what: str, **body: Any) -> tuple[int, str]:
    """The status and code of its refusal."""
    with pytest.raises(Refusal) as refusal:
        await act(desk, row, what, **body)
    return refusal.value.status, refusal.value.code


async def state_of(server: Server, row: Any) -> str:
    return str(await server.house.pool.fetchval("SELECT state FROM reg.files WHERE file_id = $1", row["file_id"]))


async def again(server: Server, row: Any) -> dict[str, Any]:
    """The row as it is now."""
    version = await server.house.pool.fetchval("SELECT version FROM reg.files WHERE file_id = $1", row["file_id"])
    return dict(row) | {"version": version}


def legal(role: str, subject: str, state: str) -> set[str]:
    acts = LEGAL.get((role, state), set())
    closes = subject == "profile" and state in CLOSES and role in ("institution", "province")
    return acts | ({"close"} if closes else set())


# Where the seeded files have an evaluation.
EVALUATED: Final = ("org_review", "agy_review", "approved", "rejected")


@pytest.mark.parametrize(
    ("subject", "state"),
    [("profile", state) for state in STATES] + [("evaluation", state) for state in EVALUATED],
)
async def test_an_illegal_move_is_refused_and_changes_nothing(
    server: Server, desks: Desks, subject: str, state: str
) -> None:
    row = await a_file(server, state, subject)
    before, tried = await rows_of(server, row["file_id"]), 0
    for (role, desk), what in itertools.product(desks._asdict().items(), ACTS):
        if what in legal(role, subject, state) - {"undo"}:
            continue
        expected = (409, "not_your_act" if what in legal(role, subject, state) else "illegal_move")
        if (role, what) in REFUSED_ROLES:
            expected = (403, "wrong_role")
        assert (*await refused(desk, row, what), role, what) == (*expected, role, what)
        tried += 1
    assert tried >= 12
    assert await rows_of(server, row["file_id"]) == before


async def test_what_a_physician_may_not_do_changes_nothing(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        view = await somebody.hand_in("profile", await somebody.profile())
        file_id = (await desks.institution.file_of(somebody.walker.name, "profile"))["file_id"]
        before = await rows_of(server, file_id)
        version = {"version": view["version"]}
        for method, path, body, code in (
            ("PUT", "profile", version | {"values": view["values"]}, "illegal_move"),
            ("POST", "profile/submit", version, "illegal_move"),
            ("PUT", "evaluation", {"version": 1, "values": {}}, "not_enrolled"),
            ("PUT", "exemption", {"version": 1, "values": {}}, "not_enrolled"),
            ("PUT", "deferral", {"version": 1, "values": {}}, "not_enrolled"),
            ("PUT", "change", {"version": 1, "values": {}}, "not_enrolled"),
            ("POST", "profile/withdraw", {"version": view["version"] - 1}, "changed_meanwhile"),
        ):
            url = f"{somebody.base_url}/api/application/{path}"
            async with somebody.http.request(method, url, json=body) as response:
                assert (response.status, (await response.json())["code"]) == (409, code), path
        for path in ("evaluation/submit", "salary/submit", "salary/withdraw"):
            with pytest.raises(Refusal) as refusal:
                await somebody.post(f"/api/application/{path}", version)
            assert (refusal.value.status, refusal.value.code) == (404, "no_such_file")
        procedure = await somebody.get("/api/procedure")
        with pytest.raises(Refusal) as refusal:
            await somebody.post("/api/procedure", {"version": procedure["version"], "choice": "general"})
        assert refusal.value.code == "not_enrolled"
        assert await rows_of(server, file_id) == before


# --- two at once -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "state", "acts"),
    [
        ("institution", "org_review", ("approve", "return")),
        ("institution", "org_review", ("approve", "approve")),
        ("agency", "agy_review", ("approve", "refuse")),
    ],
)
async def test_of_two_reviewers_at_once_one_wins_and_the_other_is_told(
    server: Server, desks: Desks, role: str, state: str, acts: tuple[str, str]
) -> None:
    row = await a_file(server, state)
    first: Reviewer = getattr(desks, role)
    async with reviewer(server, role) as second:
        outcomes = await asyncio.gather(
            *(act(desk, row, what) for desk, what in zip((first, second), acts, strict=True)), return_exceptions=True
        )
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (lost.status, lost.code) == (409, "changed_meanwhile")
    assert lost.facts == {"version": won["version"], "state": won["state"]}
    assert await state_of(server, row) == won["state"]
    moves = await server.house.pool.fetch(
        "SELECT event FROM reg.moves WHERE application_id = $1 AND from_state = $2", row["application_id"], state
    )
    assert len(moves) == 1


async def test_a_withdrawal_and_an_opening_at_once_leave_one_of_the_two(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        view = await somebody.hand_in("profile", await somebody.profile())
        file_id = (await desks.institution.file_of(somebody.walker.name, "profile"))["file_id"]
        outcomes: Any = await asyncio.gather(
            somebody.post("/api/application/profile/withdraw", {"version": view["version"]}),
            desks.institution.open(file_id),
            return_exceptions=True,
        )
        withdrawal, opened = outcomes
        state = await server.house.pool.fetchval("SELECT state FROM reg.files WHERE file_id = $1", file_id)
        if isinstance(withdrawal, Refusal):
            assert (withdrawal.code, state, opened["acts"]) == ("opened_already", "org_review", ["approve", "return"])
        else:
            assert (withdrawal["state"], state) == ("draft", "draft")
            assert opened["acts"] == ["close"]


# --- taking back -------------------------------------------------------------------------------------------------


async def test_a_file_is_withdrawn_until_a_reviewer_has_opened_it(server: Server, desks: Desks) -> None:
    async with await newcomer(server) as somebody:
        await somebody.arrive()
        view = await somebody.hand_in("profile", await somebody.profile())
        assert view["may_withdraw"]
        view = await somebody.post("/api/application/profile/withdraw", {"version": view["version"]})
        assert (view["state"], view["editable"]) == ("draft", True)
        view = await somebody.hand_in("profile", {"department": "外科"})
        row = await desks.institution.file_of(somebody.walker.name, "profile")
        assert (row["mine"], row["opened_by"]) == (True, "")
        await desks.province.open(row["file_id"])  # looking is free: it is not the province's turn
        assert (await somebody.get("/api/application/profile"))["may_withdraw"]
        await desks.institution.open(row["file_id"])
        view = await somebody.get("/api/application/profile")
        assert not view["may_withdraw"]
        before = await rows_of(server, row["file_id"])
        with pytest.raises(Refusal) as refusal:
            await somebody.post("/api/application/profile/withdraw", {"version": view["version"]})
        assert (refusal.value.status, refusal.value.code) == (409, "opened_already")
        assert await rows_of(server, row["file_id"]) == before
        row = await desks.institution.file_of(somebody.walker.name, "profile")
        assert row["opened_by"] == "测试卫生机构审核员"


async def test_a_reviewer_takes_his_own_last_act_back_one_step(server: Server, desks: Desks) -> None:
    row = await a_file(server, "org_review")
    passed = await act(desks.institution, row, "approve")
    assert (passed["state"], passed["may_undo"]) == ("agy_review", True)
    row = await again(server, row)
    await server.add_staff("colleague", "institution", await organisation(server, "测试医院"))
    async with reviewer(server, "colleague") as colleague:
        assert await refused(colleague, row, "undo") == (409, "not_your_act")
    with pytest.raises(Refusal) as refusal:
        await desks.institution.post(
            f"/api/desk/reviews/{row['file_id']}/undo", {"version": row["version"], "reason": "  错  "}
        )
    assert (refusal.value.status, refusal.value.code) == (400, "reason_missing")
    back = await act(desks.institution, row, "undo")
    assert (back["state"], back["may_undo"]) == ("org_review", False)
    row = await again(server, row)
    assert await refused(desks.institution, row, "undo") == (409, "illegal_move")
    assert await refused(desks.agency, row, "approve") == (409, "illegal_move")
    detail = await desks.institution.open(row["file_id"])
    assert (detail["org_opinion"], detail["acts"]) == (None, ["approve", "return"])


async def test_nothing_is_taken_back_once_the_next_level_has_opened_it(server: Server, desks: Desks) -> None:
    row = await a_file(server, "org_review")
    await act(desks.institution, row, "approve")
    row = await again(server, row)
    await desks.agency.open(row["file_id"])
    before = await rows_of(server, row["file_id"])
    assert await refused(desks.institution, row, "undo") == (409, "gone_on")
    assert await rows_of(server, row["file_id"]) == before


async def test_an_agency_takes_back_within_half_an_hour_and_the_province_opens_again_later(
    server: Server, desks: Desks
) -> None:
    row = await a_file(server, "agy_review")
    await act(desks.agency, row, "approve")
    row = await again(server, row)
    assert (await act(desks.agency, row, "undo"))["state"] == "agy_review"
    await act(desks.agency, await again(server, row), "refuse")
    row = await again(server, row)
    with server.later(minutes=31):
        assert await refused(desks.agency, row, "undo") == (409, "undo_over")
        assert await refused(desks.agency, row, "approve") == (409, "illegal_move")
        assert await refused(desks.institution, row, "reopen") == (403, "wrong_role")
        opened = await act(desks.province, row, "reopen")
        assert opened["state"] == "agy_review"
    assert (await act(desks.agency, await again(server, row), "approve"))["state"] == "approved"
    history = (await desks.province.open(row["file_id"]))["moves"]
    assert [move["event"] for move in history][-5:] == ["approve", "undo", "refuse", "reopen", "approve"]
    assert [move["role"] for move in history][-2:] == ["province", "agency"]


# --- batches -----------------------------------------------------------------------------------------------------


async def test_a_batch_passes_what_is_plain_and_says_of_each_other_why_not(server: Server, desks: Desks) -> None:
    plain = [await a_file(server, "org_review") for _ in range(3)]
    flagged = await a_file(server, "org_review", flagged=True)
    elsewhere = await a_file(server, "org_review", own=False)
    evaluation = await a_file(server, "org_review", "evaluation")
    stale = dict(await a_file(server, "org_review")) | {"version": 1}
    asked = [*plain, flagged, elsewhere, evaluation, stale, plain[0]]
    body = {"files": [{"file_id": row["file_id"], "version": row["version"]} for row in asked]}
    others = [await rows_of(server, row["file_id"]) for row in (flagged, elsewhere, evaluation, stale)]
    lines = (await desks.institution.post("/api/desk/reviews/approve", body))["lines"]
    assert [(line["file_id"], line["state"], line["refused"]) for line in lines] == [
        *[(row["file_id"], "agy_review", "") for row in plain],
        (flagged["file_id"], "", "needs_a_look"),
        (elsewhere["file_id"], "", "no_such_file"),
        (evaluation["file_id"], "", "needs_a_look"),
        (stale["file_id"], "", "changed_meanwhile"),
    ]
    after = [await rows_of(server, row["file_id"]) for row in (flagged, elsewhere, evaluation, stale)]
    assert [rows[:-1] for rows in after] == [rows[:-1] for rows in others], "but the institution's own digest"  # type: ignore[index]


async def test_a_batch_is_no_larger_than_the_province_allows(server: Server, desks: Desks) -> None:
    rows = [await a_file(server, "agy_review") for _ in range(2)]
    await decided(desks.province, batch_max=1)
    try:
        body = {"files": [{"file_id": row["file_id"], "version": row["version"]} for row in rows]}
        lines = (await desks.agency.post("/api/desk/reviews/approve", body))["lines"]
    finally:
        await decided(desks.province, batch_max=100)
    assert [line["refused"] for line in lines] == ["batch_too_large"] * 2
    assert [await state_of(server, row) for row in rows] == ["agy_review"] * 2


# --- nobody for himself ------------------------------------------------------------------------------------------


async def account_for(server: Server, person_id: int, login: str, role: str, place: str) -> None:
    """Another account of somebody who is there already."""
    await server.house.pool.execute(
        """INSERT INTO people.accounts (person_id, login, password_hash, role, organisation_id)
           SELECT $1, $2, password_hash, $3, $4 FROM people.accounts WHERE login = 'invigilator'""",
        person_id, login, role, await organisation(server, place),
    )  # fmt: skip


async def test_nobody_reviews_both_levels_of_one_file(server: Server, desks: Desks) -> None:
    row, other = await a_file(server, "org_review"), await a_file(server, "org_review")
    await server.add_staff("both-first", "institution", await organisation(server, "测试医院"))
    person_id = await server.person_id("both-first")
    await account_for(server, person_id, "both-second", "agency", "测试考核机构")
    async with reviewer(server, "both-first") as first, reviewer(server, "both-second") as second:
        await act(first, row, "approve")
        await act(desks.institution, other, "approve")
        row, other = await again(server, row), await again(server, other)
        before = await rows_of(server, row["file_id"])
        for what in ("approve", "return", "refuse"):
            assert await refused(second, row, what) == (403, "reviewed_before")
        body = {"files": [{"file_id": row["file_id"], "version": row["version"]}]}
        (line,) = (await second.post("/api/desk/reviews/approve", body))["lines"]
        assert line["refused"] == "reviewed_before"
        assert await rows_of(server, row["file_id"]) == before
        (shown,) = [each for each in await second.queue(q=row["name"]) if each["file_id"] == row["file_id"]]
        assert (shown["mine"], shown["refused_by"]) == (False, "reviewed_before")
        detail = await second.post(f"/api/desk/reviews/{row['file_id']}/open")
        assert (detail["acts"], detail["refused_by"]) == ([], "reviewed_before")
        assert (await act(second, other, "approve"))["state"] == "approved", "what others passed he may"
    assert (await act(desks.agency, row, "approve"))["state"] == "approved"


@pytest.mark.parametrize(
    ("role", "place", "state"),
    [
        ("institution", "测试医院", "org_review"),
        ("agency", "测试考核机构", "agy_review"),
        ("province", "测试省定考办", "approved"),
    ],
)
async def test_nobody_decides_his_own_file(server: Server, desks: Desks, role: str, place: str, state: str) -> None:
    row = await a_file(server, state)
    await account_for(server, row["person_id"], f"himself-{role}", role, place)
    async with Reviewer(server.base_url, f"himself-{role}", PASSWORD) as himself:
        before = await rows_of(server, row["file_id"])
        for what in sorted(legal(role, "profile", state) - {"undo"}):
            assert await refused(himself, row, what) == (403, "own_file")
        detail = await himself.post(f"/api/desk/reviews/{row['file_id']}/open")
        assert (detail["acts"], detail["refused_by"]) == ([], "own_file")
        assert await rows_of(server, row["file_id"]) == before, "his look at it keeps nobody from it"
