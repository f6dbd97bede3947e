"""What every endpoint answers to each role that may call it, about rows of its own scope (role_table.py)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from exam_engine.app import ENDPOINTS
from tests.exam_engine.edge.cast import Cast, ask, gathered, named
from tests.exam_engine.edge.role_table import LINES, ROLES
from tests.exam_engine.edge.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(server: Server) -> AsyncIterator[Cast]:
    async with gathered(server) as people:
        yield people


async def test_whoever_may_call_an_endpoint_gets_what_is_written_down(cast: Cast) -> None:
    """One after the other in the order of the program: some change what the next one meets."""
    expected, found = {}, {}
    for endpoint in ENDPOINTS:
        line = LINES.get(named(endpoint))
        for role in (role for role in ROLES if line and role in line.roles):
            assert line is not None
            status, code, _ = await ask(cast.own(role, endpoint), endpoint, cast)
            expected[f"{role} {named(endpoint)}"] = line.of_own(role)
            found[f"{role} {named(endpoint)}"] = f"{status} {code}".strip()
    different = [f"{key}: {found[key]}, not {expected[key]}" for key in found if found[key] != expected[key]]
    assert not different, "\n".join(different)
    assert len(found) > 200
