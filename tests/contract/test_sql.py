"""Every statement of the product is understood by the migrated schema."""

import importlib
import pkgutil
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

import exam_engine

BEGINNINGS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def statements() -> dict[str, str]:
    """Module constants that are statements, by module and name. Pieces of statements begin otherwise."""
    names = [f"exam_engine.{found.name}" for found in pkgutil.walk_packages(exam_engine.__path__) if found.name != "__main__"]
    inside = [f"exam_engine.{found.name}" for found in pkgutil.iter_modules([*exam_engine.__path__])]
    found: dict[str, str] = {}
    for name in sorted({*names, *inside, "question_bank.store", "scoring.store", "proctor.store"} - {"exam_engine.__main__"}):
        for constant, value in vars(importlib.import_module(name)).items():
            if isinstance(value, str) and value.strip().startswith(BEGINNINGS):
                found.setdefault(value, f"{name}.{constant}")
    return {where: sql for sql, where in found.items()}


STATEMENTS = statements()


@pytest_asyncio.fixture
async def connection(database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    made = await asyncpg.connect(database_url)
    yield made
    await made.close()


@pytest.mark.parametrize("where", STATEMENTS)
async def test_the_statement_fits_the_schema(connection: "asyncpg.Connection[asyncpg.Record]", where: str) -> None:
    prepared = await connection.prepare(STATEMENTS[where])

    assert prepared.get_query() == STATEMENTS[where]


def test_the_statements_of_every_store_were_found() -> None:
    modules = {where.rpartition(".")[0] for where in STATEMENTS}

    assert modules >= {"exam_engine.journal", "exam_engine.store", "question_bank.store", "scoring.store", "proctor.store"}
    assert len(STATEMENTS) >= 50
