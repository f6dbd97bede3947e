"""What belongs to nobody: health, the OpenAPI document, metrics, and the pages themselves."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

import asyncpg
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from exam_engine.edge.http import LOOPBACK, PUBLIC, Call, Endpoints, as_json, proxied
from exam_engine.edge.shapes import Health
from exam_engine.errors import NotFound

DIST: Final = Path(__file__).parent.parent / "web" / "dist"
HEALTH_S: Final = 2.0
FOREVER: Final = "public, max-age=31536000, immutable"

endpoints = Endpoints()
OPENAPI: Final = web.AppKey("openapi", dict)


@endpoints.add("GET", "/api/health", roles=PUBLIC, answer=Health)
async def health(call: Call) -> web.Response:
    """Whether this process can do its work: 200, or 503 with what is missing."""
    database = await _answers(call.house.pool.fetchval("SELECT 1"))
    redis = await _answers(call.house.redis.ping())
    ready = database and not call.house.closing
    answer = Health(ready=ready, version=call.house.version, database=database, redis=redis)
    return as_json(answer, 200 if ready else 503)


async def _answers(asking: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(HEALTH_S):
            await asking
    except (OSError, RedisError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


@endpoints.add("GET", "/api/openapi.json", roles=PUBLIC)
async def openapi(call: Call) -> web.Response:
    """This document."""
    return as_json(call.request.app[OPENAPI])


@endpoints.add("GET", "/metrics", roles=PUBLIC, media="text/plain")
async def metrics(call: Call) -> web.Response:
    """Figures for Prometheus, on this host only."""
    if call.request.remote not in LOOPBACK or proxied(call.request):
        raise NotFound("no_such_page")
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def add_pages(app: web.Application, dist: Path = DIST) -> None:
    """The built front end: hashed assets for ever, everything else asked anew; unknown paths get their app's page."""
    files = {"/" + str(path.relative_to(dist)): path for path in dist.rglob("*") if path.is_file()}

    async def page(request: web.Request) -> web.StreamResponse:
        path = files.get(request.path)
        if path is None:
            if request.path.startswith("/api/") or "." in request.path.rpartition("/")[2]:
                raise web.HTTPNotFound
            path = files.get("/desk/index.html" if request.path.startswith("/desk") else "/app/index.html")
        if path is None:
            raise web.HTTPNotFound
        response = web.FileResponse(path)
        response.headers["Cache-Control"] = FOREVER if "/assets/" in request.path else "no-cache"
        if path.name == "sw.js":
            response.headers["Service-Worker-Allowed"] = "/"
        return response

    app.router.add_get("/{page:.*}", page)
