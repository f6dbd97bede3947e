"""Tables proctor.*: which picture belongs to which attempt, and what a model saw in it."""

from typing import Final

import asyncpg

from proctor.vision import Look

ADD_PICTURE: Final = """
INSERT INTO proctor.pictures (attempt_id, name, purpose, face_count, distance, model)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
BELONGS: Final = "SELECT EXISTS (SELECT FROM proctor.pictures WHERE attempt_id = $1 AND name = $2)"


async def add_picture(
    pool: "asyncpg.Pool[asyncpg.Record]", attempt_id: int, name: str, purpose: str, look: Look
) -> None:
    """Put a stored picture on record; the same again changes nothing. `purpose`: entry or again."""
    await pool.execute(ADD_PICTURE, attempt_id, name, purpose, look.face_count, look.distance, look.model)


async def belongs(pool: "asyncpg.Pool[asyncpg.Record]", attempt_id: int, name: str) -> bool:
    """Whether this picture is evidence of this attempt."""
    return bool(await pool.fetchval(BELONGS, attempt_id, name))
