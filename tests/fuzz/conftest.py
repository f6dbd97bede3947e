"""A server in a thread of its own, so that tests without a loop can be hard on it."""

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.exam_engine.edge.server import Server, forget, running, settings_in

T = TypeVar("T")
CALL_S: Final = 60
EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "6"))

# The same examples at every run, so that a red test is red again; `make fuzz` asks for more of them.
settings.register_profile(
    "fuzz",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
)


class Portal:
    """The server's thread: `call` runs a coroutine in its loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server")
        self._stack = AsyncExitStack()
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What comes of it, in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_S)

    def serve(self, database_url: str, redis_url: str, folder: Any) -> Server:
        """Start the server."""
        self.call(forget(redis_url))
        return self.call(self._stack.enter_async_context(running(database_url, redis_url, settings_in(folder))))

    def close(self) -> None:
        """Stop the server and its thread."""
        try:
            self.call(self._stack.aclose())
            self.call(self._loop.shutdown_default_executor())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


@pytest.fixture(scope="module")
def portal(database_url: str, redis_url: str) -> Iterator[Portal]:
    """The thread of the module's server; it ends before its database does."""
    assert database_url
    assert redis_url
    made = Portal()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(
    portal: Portal, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The module's server."""
    yield portal.serve(database_url, redis_url, tmp_path_factory.mktemp("data"))
    portal.call(forget(redis_url))
