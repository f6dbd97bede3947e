"""What tests of the load test share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.exam_engine.edge.server import Server, forget, running, settings_in


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One server for all tests of a module."""
    await forget(redis_url)
    async with running(database_url, redis_url, settings_in(tmp_path_factory.mktemp("data"))) as started:
        yield started
    await forget(redis_url)
