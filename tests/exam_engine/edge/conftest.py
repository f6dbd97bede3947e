"""One server per module, on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from exam_engine.settings import Settings
from tests.exam_engine.edge.server import Server, forget, running, settings_in


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Those of the module's server."""
    folder: Path = tmp_path_factory.mktemp("data")
    return settings_in(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(database_url: str, redis_url: str, settings: Settings) -> AsyncIterator[Server]:
    """The server of the module; all its tests run in the module's loop."""
    await forget(redis_url)
    async with running(database_url, redis_url, settings) as started:
        yield started
    await forget(redis_url)
