"""Scores in PostgreSQL: added, never changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from scoring import rulings_store, store
from scoring.marking import Mark, Multiple, Ruling, Scheme, Score, Verdict
from scoring.store import Kept, Scored, keep_score, keep_scores, latest, save_score

Connection = asyncpg.Connection

SCORE = Score(2, 4, 1, 0, 1, (Mark("a", Verdict.CORRECT, 2), Mark("", Verdict.UNANSWERED, 0)))
BETTER = Score(4, 4, 2, 0, 0, (Mark("a", Verdict.CORRECT, 2), Mark("", Verdict.CREDITED, 2)))
SCHEME = Scheme(2, Multiple.PARTIAL, (Ruling(7, 1, ("c", "ab"), full_credit=True),))
NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


async def test_a_score_comes_back_as_it_was_with_its_scheme_and_reason(connection: Connection) -> None:
    assert await save_score(connection, 1, 1, SCORE, scheme=SCHEME, reason="first", marked_at=NOON)
    found = (await latest(connection, [1]))[1]
    assert (found.revision, found.score, found.scheme, found.reason) == (1, SCORE, SCHEME, "first")
    assert found.marked_at == NOON


async def test_saving_a_revision_again_changes_nothing(connection: Connection) -> None:
    assert await save_score(connection, 2, 1, SCORE)
    assert not await save_score(connection, 2, 1, BETTER)
    assert (await latest(connection, [2]))[2].score == SCORE


async def test_the_latest_revision_counts_and_who_has_no_score_is_missing(connection: Connection) -> None:
    await save_score(connection, 3, 2, BETTER, reason="key of item 7")
    await save_score(connection, 3, 1, SCORE)
    await save_score(connection, 4, 1, SCORE)
    found = await latest(connection, [3, 4, 5])
    assert {attempt_id: each.revision for attempt_id, each in found.items()} == {3: 2, 4: 1}
    assert found[3].score == BETTER


async def test_marking_again_by_the_same_edition_adds_nothing_and_by_a_later_one_a_revision(
    connection: Connection,
) -> None:
    later = Scheme(2, edition=1)
    assert await keep_score(connection, 9, SCORE, Scheme(2)) == Kept(1, SCORE)
    assert await keep_score(connection, 9, BETTER, Scheme(2)) == Kept(1, SCORE)
    assert await keep_score(connection, 9, BETTER, later, reason="key of item 7") == Kept(2, BETTER)
    assert await keep_score(connection, 9, SCORE, later) == Kept(2, BETTER)
    assert await keep_score(connection, 9, SCORE, Scheme(2)) == Kept(2, BETTER)  # an old one never comes back
    assert (await latest(connection, [9]))[9].reason == "key of item 7"


async def test_without_a_time_the_clock_of_the_database_is_asked(connection: Connection) -> None:
    await save_score(connection, 6, 1, SCORE)
    found = (await latest(connection, [6]))[6]
    assert found.scheme is None
    assert 0 <= (await connection.fetchval("SELECT now()") - found.marked_at).total_seconds() < 60


@pytest.mark.parametrize(
    "statement", ["UPDATE score.scores SET points = 4", "DELETE FROM score.scores", "TRUNCATE score.scores CASCADE"]
)
async def test_a_score_is_never_changed(connection: Connection, statement: str) -> None:
    await save_score(connection, 7, 1, SCORE)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="written once"):
        await connection.execute(statement)


async def test_the_database_refuses_a_score_that_does_not_add_up(connection: Connection) -> None:
    for bad in (Score(5, 4, 2, 0, 0, SCORE.marks), Score(2, 4, 2, 1, 0, SCORE.marks)):
        with pytest.raises(asyncpg.CheckViolationError):
            await save_score(connection, 8, 1, bad)


async def test_many_are_kept_at_once_and_each_as_if_it_were_alone(connection: Connection) -> None:
    later = Scheme(2, edition=1)
    await keep_score(connection, 21, SCORE, Scheme(2))
    await keep_score(connection, 22, SCORE, Scheme(2))
    scored = {
        21: Scored(BETTER, Scheme(2)),  # marked before by this scheme: what there is stays
        22: Scored(BETTER, later),
        23: Scored(SCORE, SCHEME),
        24: Scored(BETTER, Scheme(2)),
    }
    kept = {21: Kept(1, SCORE), 22: Kept(2, BETTER), 23: Kept(1, SCORE), 24: Kept(1, BETTER)}
    assert await keep_scores(connection, scored) == kept
    assert await keep_scores(connection, scored) == kept
    found = (await latest(connection, [23]))[23]
    assert (found.revision, found.score, found.scheme, found.reason) == (1, SCORE, SCHEME, "")
    assert await keep_scores(connection, {}) == {}


async def test_every_statement_fits_the_schema(connection: Connection) -> None:
    for statement in (store.ADD, store.ADD_FIRST, store.LATEST):
        await connection.prepare(statement)


async def test_nobody_approves_his_own_proposal_and_of_two_decisions_one_stands(connection: Connection) -> None:
    people = [
        await connection.fetchval(
            """WITH p AS (INSERT INTO people.persons (name, is_test) VALUES ('测试', true) RETURNING person_id)
               INSERT INTO people.accounts (person_id, login, password_hash, role)
               SELECT person_id, $1, '-', 'nation' FROM p RETURNING person_id""",
            f"rescorer{number}",
        )
        for number in range(2)
    ]
    accounts = await connection.fetch(
        "SELECT account_id, person_id FROM people.accounts WHERE person_id = ANY ($1::bigint[]) ORDER BY 1", people
    )
    (one, his), (two, other) = [(row[0], row[1]) for row in accounts]
    wish = ("{}", "[[1, 1]]", "题目答案有误", True, "", "{}", one, his, "nation")
    proposal_id = await connection.fetchval(rulings_store.PROPOSE, 1, 0, *wish)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.fetchval(rulings_store.DECIDE, proposal_id, "approved", "", one, his, "nation")
    decided = (proposal_id, "approved", "", two, other, "nation")
    assert await connection.fetchval(rulings_store.DECIDE, *decided) == proposal_id
    assert await connection.fetchval(rulings_store.DECIDE, *decided) is None
    for statement in ("UPDATE score.proposals SET edition = 4", "DELETE FROM score.decisions"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_two_leaders_who_fail_at_the_same_moment_have_tried_once(connection: Connection) -> None:
    await connection.execute("SET session_replication_role = replica")  # the proposal itself does not matter here
    try:
        for awhile, tries in (("0", 1), ("0", 1), ("1 hour", 2), ("0", 2)):
            await connection.execute(f"UPDATE score.failures SET tried_at = tried_at - interval '{awhile}'")
            await connection.execute(rulings_store.FAILED, 99, [7])
            assert await connection.fetchval("SELECT tries FROM score.failures WHERE attempt_id = 7") == tries
    finally:
        await connection.execute("SET session_replication_role = DEFAULT")
