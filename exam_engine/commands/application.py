"""What `exam up` needs of the application (exam_engine/app.py), so that it can be tried with a smaller one."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from exam_engine.settings import Settings


class Account(Protocol):
    """Someone who can log in to the demonstration."""

    @property
    def role(self) -> str:
        """What they may do."""

    @property
    def login(self) -> str:
        """The name they log in with."""

    @property
    def password(self) -> str:
        """The password, which is no secret here."""

    @property
    def name(self) -> str:
        """What they are called."""


class Sitting(Protocol):
    """An exam of the demonstration."""

    @property
    def id(self) -> int | str:
        """Its number in URLs."""

    @property
    def kind(self) -> str:
        """The kind of exam."""

    @property
    def title(self) -> str:
        """Its name on the screens."""


class Prepared(Protocol):
    """What there is to try out; empty without `--demo`."""

    @property
    def accounts(self) -> Sequence[Account]:
        """Who can log in."""

    @property
    def sittings(self) -> Sequence[Sitting]:
        """What can be sat."""


class Application(Protocol):
    """The module app.py, or something smaller."""

    async def prepare(self, settings: Settings, database_url: str) -> Prepared:
        """Seed what the settings ask for; harmless when it is there already."""

    async def serve(
        self,
        settings: Settings,
        database_url: str,
        redis_url: str,
        sock: socket.socket,
        stop: asyncio.Event,
        on_ready: Callable[[], None],
    ) -> None:
        """Serve on the bound `sock`; return within about five seconds of `stop`, with everything closed."""
