"""Rows of exam.* and proctor.* for tests that need an exam in the database but not one that is sat."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from exam_engine.sitting import Policy
from proctor.policy import Proctoring

Pool = asyncpg.Pool

CLOSED = datetime(2020, 5, 1, 8, 0, tzinfo=UTC)
POLICY = Policy(proctoring=Proctoring(appeal_days=15, keep_days=90, keep_case_days=1096))
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Rows:
    """Makes rows; every name and number in them is used once in the run."""

    pool: Pool

    async def sitting(self, policy: Policy = POLICY, closes_at: datetime = CLOSED) -> int:
        number = next(NUMBERS)
        await self.pool.execute("INSERT INTO exam.cycles VALUES (1, 'test') ON CONFLICT DO NOTHING")
        organisation = await self.pool.fetchval(
            "INSERT INTO people.organisations (kind, name, province) VALUES ('agency', $1, '35') "
            "RETURNING organisation_id",
            f"测试机构{number}",
        )
        return int(
            await self.pool.fetchval(
                "INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool, "
                "item_count, points_per_item, pass_points, policy, blueprint) "
                "VALUES (1, 'humanities', 'first', 't', '35', $1, $2, $3, 'p', 1, 1, 1, $4, '{}') RETURNING sitting_id",
                organisation,
                closes_at - timedelta(days=11),
                closes_at,
                msgspec.json.encode(policy).decode(),
            )
        )

    async def person(self, *sittings: int) -> int:
        person_id = await self.pool.fetchval(
            "INSERT INTO people.persons (name, is_test) VALUES ($1, true) RETURNING person_id", f"测试{next(NUMBERS)}"
        )
        for sitting_id in sittings:
            await self.pool.execute(
                "INSERT INTO exam.entitlements (sitting_id, person_id) VALUES ($1, $2)", sitting_id, person_id
            )
        return int(person_id)

    async def attempt(
        self, sitting_id: int, person_id: int, phase: str = "released", ended_at: datetime | None = CLOSED
    ) -> int:
        attempt_id = 1_000_000_000_000 + next(NUMBERS)
        await self.pool.execute(
            "INSERT INTO exam.attempts (attempt_id, sitting_id, person_id, number, phase, entered_at, deadline_at, "
            "next_check_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            attempt_id,
            sitting_id,
            person_id,
            next(NUMBERS),
            phase,
            CLOSED - timedelta(hours=1),
            ended_at,
            ended_at if phase == "running" else None,
        )
        return attempt_id

    async def picture(self, attempt_id: int, name: str) -> None:
        await self.pool.execute(
            "INSERT INTO proctor.pictures (attempt_id, name, purpose, model) VALUES ($1, $2, 'capture', 'none')",
            attempt_id,
            name,
        )

    async def photo(self, person_id: int, name: str, added_at: datetime = CLOSED - timedelta(days=30)) -> None:
        await self.pool.execute(
            "INSERT INTO proctor.photos (person_id, name, model, source, status, added_at) "
            "VALUES ($1, $2, 'm', 'import', 'approved', $3)",
            person_id,
            name,
            added_at,
        )

    async def case(self, attempt_id: int, phase: str, closed_at: datetime | None) -> None:
        await self.pool.execute(
            "INSERT INTO proctor.cases (attempt_id, sitting_id, person_id, request, allegation, phase, version, holds, "
            "opened_at, opened_by, closed_at) SELECT attempt_id, sitting_id, person_id, $2, 'other', $3, 1, false, "
            "$4, 1, $5 FROM exam.attempts WHERE attempt_id = $1",
            attempt_id,
            f"request {next(NUMBERS)}",
            phase,
            CLOSED,
            closed_at,
        )
