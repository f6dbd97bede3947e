"""Attempts and sessions in bulk, by the product's own code: what a benchmark starts from."""

import asyncio
import secrets
from pathlib import Path

import asyncpg

from exam_engine import store
from exam_engine.app import build
from exam_engine.edge.http import hash_token
from exam_engine.entering import enter
from exam_engine.house import House
from exam_engine.messages import Start, TakePortrait
from exam_engine.settings import Settings
from proctor.identity import Verdict

AT_ONCE = 100
DEVICE = "bench-device"


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
    made = await pool.fetch(
        """INSERT INTO people.persons (name, is_test)
           SELECT '压测医师', true FROM generate_series(1, $1) RETURNING person_id""",
        count,
    )
    ids = [row[0] for row in made]
    tokens = [secrets.token_urlsafe(32) for _ in ids]
    accounts = await pool.fetch(
        """INSERT INTO people.accounts (person_id, login, password_hash, role)
           SELECT id, 'bench' || id, 'none', 'physician' FROM unnest($1::bigint[]) AS id RETURNING account_id""",
        ids,
    )
    await pool.executemany(
        store.ADD_SESSION,
        [(hash_token(t), row[0], "bearer", 86_400, "bench", "") for t, row in zip(tokens, accounts, strict=True)],
    )
    await pool.execute(store.ENTITLE, sitting_id, ids)
    return list(zip(ids, tokens, strict=True))


async def running(house: House, sitting_id: int, persons: list[int], *, start: bool = True) -> list[int]:
    """Attempts of these persons, entered, identified and (if wanted) started."""
    made: list[int] = []

    async def one(person_id: int) -> int:
        attempt_id = await enter(house, sitting_id, person_id)
        picture = f"{attempt_id:064x}"
        await house.service.handle(attempt_id, TakePortrait(device=DEVICE, picture=picture, verdict=Verdict.ACCEPT))
        if start:
            await house.service.handle(attempt_id, Start(), device=DEVICE)
        return attempt_id

    for begin in range(0, len(persons), AT_ONCE):
        made += await asyncio.gather(*(one(person) for person in persons[begin : begin + AT_ONCE]))
    return made


__all__ = ["DEVICE", "build", "people", "running", "settings", "sitting_like"]
