"""The composition root: the only place that builds anything. Everything else receives what it needs."""

import asyncio
import contextlib
import importlib.metadata
import random
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Final

import asyncpg
import structlog
from aiohttp import web
from prometheus_client import REGISTRY, Gauge
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisError

from exam_engine import demo_results, workers
from exam_engine.bank_view import Pools
from exam_engine.bus import Bus, Keys, Wake
from exam_engine.clock import DatabaseClock
from exam_engine.collecting import Collector, calm_collector
from exam_engine.demo import Demo, seed
from exam_engine.edge import (
    accounts,
    agency,
    applicant,
    archives,
    bank,
    bank_files,
    bank_finding,
    bank_pictures,
    blueprints,
    camera,
    cases,
    centre,
    desk,
    documents,
    final_deciding,
    final_results,
    inbox,
    item_statistics,
    live,
    makeup,
    organisations,
    own_file,
    own_journal,
    own_log,
    own_makeup,
    own_result,
    paper_exams,
    photos,
    physician,
    plans,
    provincial,
    receipts,
    record_imports,
    rescoring,
    reviews,
    rosters,
    sign_up,
    sittings,
    staff,
    statistics,
    system,
    verifying,
    wall,
    watching,
)
from exam_engine.edge.boards import Boards
from exam_engine.edge.http import HOUSE, Endpoint, guard, install
from exam_engine.edge.lingering import Lingering
from exam_engine.edge.openapi import document
from exam_engine.edge.throttle import Throttle
from exam_engine.house import House
from exam_engine.journal import Journal
from exam_engine.known_faces import KnownFaces
from exam_engine.near import Near
from exam_engine.papers import Papers
from exam_engine.photo_jobs import Enrolment
from exam_engine.registration.documents import Documents
from exam_engine.registration.sms import FileSms
from exam_engine.registry import Registry
from exam_engine.service import Service
from exam_engine.settings import CannotStart, ExitCode, Settings
from exam_engine.warming import WARM_S, warm_papers
from proctor.keys import PersonKeys
from proctor.pictures import Pictures
from proctor.sampling import Sampler
from proctor.vision import NoVision, Vision
from proctor.vision_pool import VisionPool

POOL_MIN: Final = 4
POOL_MAX: Final = 16
SHUTDOWN_S: Final = 3.0
JOBS_S: Final = 1.0
END_S: Final = 5.0
BACKLOG: Final = 4096
REFRESHED_MAX: Final = 200  # attempts brought up to date without a pause
HASHERS_MAX: Final = 2  # passwords checked at the same time: they take a core each
PARTS: Final = (
    system, accounts, physician, live, watching, own_log, camera, photos, desk, wall, cases, centre, agency,
    sign_up, applicant, own_file, documents, inbox, reviews, rosters, provincial, organisations, staff,
    statistics, receipts, own_journal,
    bank, bank_finding, bank_pictures, bank_files,
    record_imports, item_statistics, rescoring,
    final_results, final_deciding, archives, own_result, verifying, paper_exams,
    blueprints, plans, sittings,
    makeup, own_makeup,
)  # fmt: skip
ENDPOINTS: Final[tuple[Endpoint, ...]] = tuple(endpoint for part in PARTS for endpoint in part.endpoints.all)

log = structlog.get_logger()


def version() -> str:
    """Of the installed program."""
    return importlib.metadata.version("physician-exam")


async def prepare(settings: Settings, database_url: str) -> Demo:
    """Seed the demonstration if it was asked for; harmless when it is there already."""
    if not settings.demo:
        return Demo()
    await seed(database_url, settings.demo_minutes)
    await demo_results.seed(database_url)
    return await seed(database_url, settings.demo_minutes)  # with everybody who can log in


async def serve(
    settings: Settings,
    database_url: str,
    redis_url: str,
    sock: socket.socket,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
) -> None:
    """Serve on the bound socket until `stop` is set; then tell the sockets to come back and close everything."""
    async with build(settings, database_url, redis_url) as house:
        app = application(house)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, handler_cancellation=False)
        await runner.setup()
        try:
            await web.SockSite(runner, sock, backlog=BACKLOG).start()
            calm_collector()
            on_ready()
            await stop.wait()
            house.closing = True
            async with asyncio.timeout(SHUTDOWN_S):
                await asyncio.gather(live.say_goodbye(house), app[desk.BOARDS].say_goodbye())
        except TimeoutError:
            log.warning("goodbye_cut_short")
        finally:
            await runner.cleanup()


def application(house: House) -> web.Application:
    """The aiohttp application of a built house."""
    app = web.Application(middlewares=[guard])
    app[HOUSE] = house
    app[system.OPENAPI] = document(ENDPOINTS, house.version)
    app[physician.LINGERING] = Lingering(house.service)
    app[desk.BOARDS] = Boards(house)
    app[photos.ENROLMENT] = Enrolment(house)
    app[statistics.FIGURES] = statistics.Figures(house)
    app[blueprints.POOLS] = Pools(house.pool)
    app[item_statistics.DESK] = item_statistics.Desk(house)
    app[bank_finding.NEAR] = Near(house.pool)
    app[bank_pictures.CLEANING] = asyncio.Semaphore(bank_pictures.CLEANED_MAX)
    inbox.open_streams(app, house)
    receipts.open_office(app, house)
    install(app, list(ENDPOINTS))
    system.add_pages(app)
    return app


@contextlib.asynccontextmanager
async def build(settings: Settings, database_url: str, redis_url: str, *, idle: bool = False) -> AsyncIterator[House]:
    """Everything a process is made of, running; closed in the opposite order.

    `idle`: only what commits and announces; the loops that serve everybody are left to the processes that serve.
    """
    set_up_log()
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(connect_database(database_url))
        keys, channel = await connect_redis(redis_url)
        stack.push_async_callback(channel.aclose)
        stack.push_async_callback(keys.aclose)

        async def ask_clock() -> datetime:
            asked: datetime = await pool.fetchval("SELECT clock_timestamp()")
            return asked

        clock = DatabaseClock(ask_clock)
        await clock.follow()
        journal = Journal(pool)
        keys_of_persons = PersonKeys(pool, settings.secret_key)
        vision = make_vision(settings)
        bus = Bus(keys, channel, secrets.token_hex(8), clock.now)
        house = House(
            settings=settings,
            pool=pool,
            redis=keys,
            clock=clock,
            journal=journal,
            bus=bus,
            service=Service(journal, clock.now, bus),
            papers=Papers(pool),
            registry=Registry(pool, clock.now),
            keys=keys_of_persons,
            pictures=Pictures(settings.data / "pictures", keys_of_persons),
            documents=Documents(settings.data / "documents", settings.secret_key),
            vision=vision,
            sampler=Sampler(settings.vision_rate),
            known=KnownFaces(),
            sms=FileSms(settings.data / "sms", clock.now),
            rng=random.Random(secrets.randbits(64)),  # noqa: S311  guards nothing
            version=version(),
            throttle=Throttle(keys),
            hashing=asyncio.Semaphore(HASHERS_MAX),
        )
        bus.heard.append(_refresher(house))
        bus.session_ended.append(lambda session: live.end_session(house, session))
        measure(house)
        loops: dict[str, Callable[[], Awaitable[None]]] = {"journal": journal.run, "bus": bus.run}
        if not idle:
            loops |= {
                "workers": lambda: workers.run(house),
                "vision": vision.run,
                "papers": lambda: workers.every(WARM_S, lambda: warm_papers(house)),
                "collector": lambda: Collector().run(lambda: len(house.devices)),
                "silence": lambda: workers.every(live.LISTEN_S, lambda: live.close_silent(house)),
            }
        for name, work in loops.items():
            task = asyncio.create_task(workers.forever(name, work))
            stack.push_async_callback(_end, task)
        stack.push_async_callback(_finish, house)
        yield house


def make_vision(settings: Settings) -> Vision:
    """The face models' worker processes, or the honest word that there are none."""
    if not settings.vision:
        return NoVision()
    return VisionPool(settings.vision)


async def _finish(house: House) -> None:
    """What goes on after its request was answered gets a moment, then it is for the next start."""
    if house.jobs:
        _, left = await asyncio.wait(house.jobs, timeout=JOBS_S)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def connect_database(url: str) -> "asyncpg.Pool[asyncpg.Record]":
    """The pool of a process; statements are prepared once per connection."""
    return asyncpg.create_pool(
        url,
        min_size=POOL_MIN,
        max_size=POOL_MAX,
        command_timeout=60,
        reset=_leave_as_it_is,
        server_settings={"application_name": "exam", "timezone": "UTC"},
    )


async def _leave_as_it_is(_connection: object) -> None:
    """Nobody leaves anything on a connection (`workers.lead` gives its lock back itself): spare the round trip."""


async def connect_redis(url: str) -> tuple[Keys, Redis]:
    """What holds keys (a node or a cluster) and the connection for the channel. Raises CannotStart."""
    url = url.replace("valkeys://", "rediss://").replace("valkey://", "redis://")
    channel = Redis.from_url(url, socket_timeout=None, socket_connect_timeout=5)
    keys = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        info = await keys.info("cluster")
    except (RedisError, OSError) as error:
        raise CannotStart(f"Redis can't be reached: {error}", ExitCode.UNREACHABLE) from error
    if info.get("cluster_enabled"):
        await keys.aclose()
        return RedisCluster.from_url(url), channel
    return keys, channel


def _refresher(house: House) -> Callable[[Wake], None]:
    """Other processes wrote: bring held attempts up to date, one wake-up after the other."""
    waiting: dict[int, int] = {}
    running: set[asyncio.Task[None]] = set()

    async def refresh() -> None:
        while waiting:  # after a bell that is thousands: who sits at another socket here is served in between
            versions = {attempt: waiting.pop(attempt) for attempt in list(waiting)[:REFRESHED_MAX]}
            await house.service.refresh(versions)

    def heard(wake: Wake) -> None:
        for attempts in wake.versions.values():
            waiting.update({int(attempt): version_ for attempt, version_ in attempts.items()})
        if waiting and not running:
            task = asyncio.create_task(refresh())
            running.add(task)
            task.add_done_callback(running.discard)

    return heard


def set_up_log() -> None:
    """One line an entry, tracebacks without the values of variables: a password must never be in a log."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )


def measure(house: House) -> None:
    """Gauges of this process; made anew when a process builds a second house, as tests do."""
    gauges = {
        "exam_sockets": ("Connected candidates' devices", lambda: len(house.all_devices())),
        "exam_attempts_held": ("Attempts in memory", lambda: len(house.service.held_versions())),
        "exam_journal_entries": ("Journal entries committed", lambda: house.journal.entries),
        "exam_journal_turns": ("Group commits", lambda: house.journal.turns),
        "exam_clock_stepped_seconds": ("Step of the database's clock kept out", lambda: house.clock.stepped_s),
    }
    for name, (text, read) in gauges.items():
        with contextlib.suppress(KeyError):
            REGISTRY.unregister(REGISTRY._names_to_collectors[name])  # noqa: SLF001  there is no public look-up
        Gauge(name, text).set_function(read)


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel a loop until it is over: inside a command of redis-py a single cancellation may be swallowed."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=END_S)
    if not task.cancelled():
        task.exception()  # it was said in the log already
