"""Real servers for tests: one PostgreSQL and one Valkey for the whole run, a fresh database for each module."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from exam_engine.embedded import Servers, servers
from exam_engine.migrating import migrate
from exam_engine.settings import read_settings


def url_of(database_url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(database_url)._replace(path=f"/{name}").geturl()


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """A folder that the servers' system user can enter, which pytest's own temporary folders are not for root."""
    folder = _reachable_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded() -> Iterator[Servers]:
    """The servers of the run."""
    folder = _reachable_folder()
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        try:
            yield runner.run(stack.enter_async_context(servers(read_settings(data=folder, environ={}))))
        finally:
            runner.run(stack.aclose())
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(embedded: Servers) -> str:
    """The name of a migrated database that fresh ones are copied from."""
    with psycopg.connect(embedded.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_of_tests")
    asyncio.run(migrate(url_of(embedded.database_url, "template_of_tests")))
    return "template_of_tests"


@pytest.fixture(scope="module")
def database_url(embedded: Servers, template: str) -> Iterator[str]:
    """A fresh migrated database for the module."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(embedded.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield url_of(embedded.database_url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url(embedded: Servers) -> str:
    """The run's Valkey; tests share it and keep apart by their keys."""
    return embedded.redis_url


def _reachable_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="exam-test-", dir="/tmp"))
    folder.chmod(0o711)
    return folder
