"""Every statement of the product is understood by the migrated schema."""

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

import exam_engine

BEGINNINGS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
PATTERN = re.compile(r"\{[a-z_]+\}")  # what others are formatted from; '{}' is an empty array, and {3} a repetition


def modules() -> list[str]:
    """Everything of the exam engine, and the stores of the others."""
    walked = [found.name for found in pkgutil.walk_packages(exam_engine.__path__, "exam_engine.")]
    return sorted(
        {
            *walked,
            "question_bank.store",
            "question_bank.holdings_store",
            *(f"question_bank.{name}_store" for name in ("exposure", "finding", "imports", "life", "pictures")),
            "scoring.store",
            "scoring.rulings_store",
            "proctor.store",
        }
        - {"exam_engine.__main__"}
    )


def statements() -> dict[str, str]:
    """Module constants that are statements, by module and name; what others are made of (pieces, patterns) is none."""
    found: dict[str, str] = {}
    for module in modules():
        constants = vars(importlib.import_module(module)).items()
        texts = {name: value for name, value in constants if isinstance(value, str)}
        for name, sql in texts.items():
            piece = any(other != sql and sql.strip() in other for other in texts.values())
            piece = piece or PATTERN.search(sql) is not None
            if sql.strip().startswith(BEGINNINGS) and not piece and sql not in found.values():
                found[f"{module}.{name}"] = sql
    return found


STATEMENTS = statements()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    made = await asyncpg.connect(database_url)
    yield made
    await made.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("where", STATEMENTS)
async def test_the_statement_fits_the_schema(connection: "asyncpg.Connection[asyncpg.Record]", where: str) -> None:
    prepared = await connection.prepare(STATEMENTS[where])

    assert prepared.get_query() == STATEMENTS[where]


def test_the_statements_of_every_store_were_found() -> None:
    found = {where.rpartition(".")[0] for where in STATEMENTS}

    assert found >= {
        "exam_engine.journal",
        "exam_engine.store",
        "question_bank.store",
        "scoring.store",
        "proctor.store",
    }
    assert len(STATEMENTS) >= 50
