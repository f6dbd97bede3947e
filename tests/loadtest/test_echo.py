"""The yardstick: a real bare server, really echoing."""

import asyncio
import sys

import pytest

from loadtest.echo import NoEcho, echo_per_s


async def test_it_echoes_and_is_gone_afterwards() -> None:
    before = len(asyncio.all_tasks())
    assert await echo_per_s(sockets=20, seconds=0.5) > 20
    assert len(asyncio.all_tasks()) == before


async def test_a_server_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(NoEcho, match="did not start"):
        await echo_per_s(sockets=1, seconds=0.1)
