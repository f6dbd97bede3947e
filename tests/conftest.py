"""Real servers for tests: one PostgreSQL and one Valkey for the whole run, a fresh database for each module."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from exam_engine.embedded import Servers, servers
from exam_engine.migrating import migrate
from exam_engine.settings import read_settings


class Loop(asyncio.SelectorEventLoop):
    """All that asyncio's debug mode checks, but no stack kept of every future and every callback: half of the time."""

    def get_debug(self) -> bool:
        """What those ask before they keep it; the loop's own checks look at what `set_debug` was told."""
        return False


class Loops(asyncio.DefaultEventLoopPolicy):
    """Where pytest-asyncio and `asyncio.run` get their loops."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return Loop()


asyncio.set_event_loop_policy(Loops())

# How long an example takes says how busy the machine is: several parts of the tests share it.
settings.register_profile(
    "patient", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

# What makes a commit wait for the disk. The run's own server does without: nobody pulls its plug.
DURABLE = ("fsync", "full_page_writes")


def url_of(database_url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(database_url)._replace(path=f"/{name}").geturl()


def make_durable(database_url: str, durable: Literal["on", "off"]) -> None:
    """Let the whole server wait for the disk at every commit, as an installation does, or not."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for setting in DURABLE:
            connection.execute(f"ALTER SYSTEM SET {setting} = {durable}")
        connection.execute("SELECT pg_reload_conf()")
        while connection.execute("SHOW fsync").fetchone() != (durable,):  # it is a signal, and takes its time
            pass


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
            started = runner.run(stack.enter_async_context(servers(read_settings(data=folder, environ={}))))
            make_durable(started.database_url, "off")
            yield started
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
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # half the time of WAL_LOG
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
