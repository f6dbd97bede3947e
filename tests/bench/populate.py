"""Attempts and sessions in bulk, by the product's own code: what a benchmark starts from."""

from pathlib import Path

import asyncpg

from exam_engine.app import build
from exam_engine.casting import DEVICE, add_people, begin_attempts
from exam_engine.house import House
from exam_engine.settings import Settings


def settings(data: Path) -> Settings:
    """For a house that serves nothing."""
    return Settings(data=data, secret_key=b"0" * 32, vision=0)


async def sitting_like(pool: "asyncpg.Pool[asyncpg.Record]", kind: str, title: str, seconds: int | None = None) -> int:
    """A copy of the demonstration's sitting of this kind; `seconds` ends its window then, cutting what runs."""
    sitting_id: int = await pool.fetchval(
        """INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool,
               item_count, points_per_item, pass_points, policy, blueprint)
           SELECT cycle, kind, round, $2, province, agency_id, now() - interval '1 minute',
               CASE WHEN $3::float IS NULL THEN closes_at ELSE now() + make_interval(secs => $3::float) END, pool,
               item_count, points_per_item, pass_points,
               (policy::jsonb || jsonb_build_object('cut_at_close', $3::float IS NOT NULL, 'minutes', 60))::json,
               blueprint
           FROM exam.sittings WHERE kind = $1 ORDER BY sitting_id LIMIT 1 RETURNING sitting_id""",
        kind,
        title,
        seconds,
    )
    return sitting_id


async def people(pool: "asyncpg.Pool[asyncpg.Record]", count: int, sitting_id: int) -> list[tuple[int, str]]:
    """New entitled physicians: (person_id, bearer token)."""
    return await add_people(pool, count, sitting_id)


async def running(house: House, sitting_id: int, persons: list[int], *, start: bool = True) -> list[int]:
    """Attempts of these persons, entered, identified and (if wanted) started."""
    return await begin_attempts(house, sitting_id, persons, lambda _done: None, start=start)


__all__ = ["DEVICE", "build", "people", "running", "settings", "sitting_like"]
