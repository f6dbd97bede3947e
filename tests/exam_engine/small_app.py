"""A stand-in for exam_engine/app.py, and a program `exam up` around it.

    python tests/exam_engine/small_app.py up|serve-one OPTIONS…

Its pages say which process answers, `/die` ends that process as `kill -9` would.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
import uvloop
from aiohttp import web
from redis import asyncio as redis

from exam_engine import __main__ as program
from exam_engine.commands.serving import serve_one
from exam_engine.commands.up import up
from exam_engine.settings import Settings, read_settings


@dataclass(frozen=True)
class Account:
    role: str
    login: str
    password: str
    name: str


@dataclass(frozen=True)
class Sitting:
    id: int
    kind: str
    title: str


@dataclass(frozen=True)
class Prepared:
    accounts: list[Account]
    sittings: list[Sitting]


class SmallApp:
    async def prepare(self, settings: Settings, database_url: str) -> Prepared:
        connection = await asyncpg.connect(database_url)
        await connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz)")
        await connection.close()
        if not settings.demo:
            return Prepared([], [])
        return Prepared(
            [Account("physician", "zhang", "demo", "张伟")], [Sitting(1, "theory", f"{settings.demo_minutes} 分钟")]
        )

    async def serve(
        self,
        settings: Settings,
        database_url: str,
        redis_url: str,
        sock: socket.socket,
        stop: asyncio.Event,
        on_ready: Callable[[], None],
    ) -> None:
        async def visit(_: web.Request) -> web.Response:
            connection = await asyncpg.connect(database_url)
            await connection.execute("INSERT INTO visits VALUES (now())")
            visits = await connection.fetchval("SELECT count(*) FROM visits")
            await connection.close()
            client = redis.from_url(redis_url)
            await client.ping()
            await client.aclose()
            return web.json_response(
                {
                    "pid": os.getpid(),
                    "visits": visits,
                    "database_url": database_url,
                    "secret": settings.secret_key.hex(),
                }
            )

        async def die(_: web.Request) -> web.Response:
            os.kill(os.getpid(), 9)
            raise AssertionError

        app = web.Application()
        app.add_routes([web.get("/", visit), web.get("/die", die)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, sock, shutdown_timeout=1).start()
        on_ready()
        await stop.wait()
        await runner.cleanup()


commands = typer.Typer(pretty_exceptions_enable=False)


@commands.command("up")
def up_command(
    data: Annotated[Path, typer.Option()],
    port: int = 0,
    processes: int = 1,
    demo: bool = False,
    demo_minutes: int | None = None,
    ready_file: Path | None = None,
) -> None:
    settings = read_settings(
        data=data, port=port, processes=processes, vision=0, demo=demo, demo_minutes=demo_minutes, ready_file=ready_file
    )
    uvloop.run(up(settings, SmallApp(), [sys.executable, __file__, "serve-one"]))


@commands.command("serve-one")
def serve_one_command(
    data: Annotated[Path, typer.Option()],
    host: Annotated[str, typer.Option()],
    port: Annotated[int, typer.Option()],
    processes: Annotated[int, typer.Option()],
    vision: Annotated[int, typer.Option()],
    vision_rate: Annotated[int, typer.Option()],
    demo: bool = False,
    demo_minutes: int | None = None,
) -> None:
    settings = read_settings(
        data=data,
        host=host,
        port=port,
        processes=processes,
        vision=vision,
        vision_rate=vision_rate,
        demo=demo,
        demo_minutes=demo_minutes,
    )
    uvloop.run(serve_one(settings, SmallApp()))


if __name__ == "__main__":
    program.app = commands
    program.main()
