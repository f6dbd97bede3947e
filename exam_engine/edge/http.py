"""How an endpoint is declared, called and described.

Every endpoint names its roles, the type of its body and of its answer. From that one declaration come the
check of who may call, the decoding with its limits, the mapping of errors to statuses, and the OpenAPI document.
What a handler gets is a `Call`; what it returns is a value of the type it declared.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from exam_engine.edge.shapes import Problem
from exam_engine.errors import Forbidden, Invalid, NotFound, NotLoggedIn, PersonError, TooLarge, Unavailable
from exam_engine.house import House
from exam_engine.journal import DATABASE_AWAY
from exam_engine.store import Account

HOUSE: Final = web.AppKey("house", House)
COOKIE: Final = "exam_session"
BODY_BYTES_MAX: Final = 256 * 1024
PUBLIC: Final = frozenset[str]()
PHYSICIAN: Final = frozenset({"physician"})
WATCHERS: Final = frozenset({"invigilator", "chief", "agency", "province", "nation"})
ACTORS: Final = frozenset({"invigilator", "chief", "province"})
RELEASERS: Final = frozenset({"agency", "province"})
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

log = structlog.get_logger()


@dataclass(frozen=True)
class Call:
    """One request, checked. `account` is there whenever the endpoint names roles; `body` is of the type it names."""

    house: House
    request: web.Request
    account: Account | None
    body: Any
    path: Mapping[str, int] = field(default_factory=dict)

    @property
    def me(self) -> Account:
        """Who calls; only for endpoints with roles."""
        assert self.account is not None
        return self.account

    def address(self) -> str:
        """The caller's address: what the proxy on this host says of it, else what the socket has."""
        return client_address(self.request)


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """`roles` empty: public. `answer` None: the handler makes its own response (pictures, files, sockets).

    `media_too`: what its answer may be besides, as the caller asks.
    `stream`: the body is of type `media` and read by the handler itself, as it comes.
    """

    method: str
    path: str
    handler: Handler
    roles: frozenset[str]
    body: Any = None
    answer: Any = None
    query: tuple[str, ...] = ()
    media: str = ""
    media_too: tuple[str, ...] = ()
    stream: bool = False
    bytes_max: int = BODY_BYTES_MAX
    summary: str = ""


class Endpoints:
    """The list of one edge file; `app.py` joins them."""

    def __init__(self) -> None:
        self.all: list[Endpoint] = []

    def add(self, method: str, path: str, *, roles: frozenset[str], **rest: Any) -> Callable[[Handler], Handler]:
        """Declare the function below as this endpoint; its first docstring line is the summary."""

        def declare(handler: Handler) -> Handler:
            summary = (handler.__doc__ or "").strip().partition("\n")[0]
            self.all.append(Endpoint(method=method, path=path, handler=handler, roles=roles, summary=summary, **rest))
            return handler

        return declare


def install(app: web.Application, endpoints: list[Endpoint]) -> None:
    """Put the endpoints into the application's router."""
    for endpoint in endpoints:
        path = endpoint.path.replace("_id}", "_id:[0-9]{1,16}}").replace("{picture}", "{picture:[0-9a-f]{64}}")
        app.router.add_route(endpoint.method, path, _aiohttp_handler(endpoint))
    app.router.add_route("*", "/api/{rest:.*}", nowhere)


async def nowhere(_request: web.Request) -> web.StreamResponse:
    """Any address of the API that is none, whatever the method."""
    return problem(NotFound("no_such_page"))


def _aiohttp_handler(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            call = await _check(endpoint, request)
            answer = await endpoint.handler(call)
        except PersonError as error:
            return problem(error)
        if isinstance(answer, web.StreamResponse):
            return answer
        return as_json(answer)

    return handle


async def _check(endpoint: Endpoint, request: web.Request) -> Call:
    house = request.app[HOUSE]
    account = await who(house, request) if endpoint.roles else None
    if endpoint.roles:
        if account is None:
            raise NotLoggedIn("not_logged_in")
        if account.role not in endpoint.roles:
            raise Forbidden("wrong_role", role=account.role)
    if request.method not in SAFE_METHODS:
        _refuse_foreign(request)
    body = await _read(endpoint, request) if endpoint.body is not None else None
    path = {name: _number(value) for name, value in request.match_info.items() if name.endswith("_id")}
    return Call(house, request, account, body, path)


def _number(digits: str) -> int:
    number = int(digits)
    if number >= 2**53:
        raise Invalid("number_too_large")
    return number


async def who(house: House, request: web.Request) -> Account | None:
    """The account of the request's bearer token, else of its cookie."""
    token = token_of(request)
    if not 20 <= len(token) <= 100:
        return None
    return await house.sessions.get(hash_token(token))


def token_of(request: web.Request) -> str:
    """The token the request carries, or nothing."""
    return bearer(request) or request.cookies.get(COOKIE, "")


def session_of(request: web.Request) -> str:
    """The name of the request's session among open sockets: the hash of its token."""
    return hash_token(token_of(request)).hex()


def proxied(request: web.Request) -> bool:
    """Whether a proxy on this host speaks for somebody else. Nobody from outside can pretend to be one."""
    return request.remote in LOOPBACK and "X-Forwarded-For" in request.headers


def client_address(request: web.Request) -> str:
    """Who really asks; the proxy puts its own caller last."""
    if proxied(request):
        return request.headers["X-Forwarded-For"].rpartition(",")[2].strip()[:100]
    return request.remote or ""


def by_https(request: web.Request) -> bool:
    """Whether the caller's own line is encrypted, here or up to the proxy."""
    return request.secure or (proxied(request) and request.headers.get("X-Forwarded-Proto") == "https")


def hash_token(token: str) -> bytes:
    """What is stored of a token: whoever reads the table can't log in with it."""
    return sha256(token.encode()).digest()


def bearer(request: web.Request) -> str:
    """The token of the Authorization header, or nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_foreign(request: web.Request) -> None:
    """A browser only sends our header after asking us, so a foreign page can't act with somebody's cookie."""
    if bearer(request):
        return
    if request.headers.get("X-Exam") != "1" or not same_origin(request):
        raise Forbidden("foreign_page")


def same_origin(request: web.Request) -> bool:
    """Whether the page that asks (if a browser says which) was served from this address."""
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


async def read_bytes(request: web.Request, limit: int) -> bytes:
    """The whole body, at most `limit` bytes; raises TooLarge without reading further."""
    if (request.content_length or 0) > limit:
        raise TooLarge("body_too_large", limit=limit)
    data = bytearray()
    try:
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > limit:
                raise TooLarge("body_too_large", limit=limit)
    except web.RequestPayloadError as error:
        raise Invalid("body_broken") from error
    return bytes(data)


async def _read(endpoint: Endpoint, request: web.Request) -> Any:
    data = await read_bytes(request, endpoint.bytes_max)
    if endpoint.body is bytes:
        return data
    try:
        return msgspec.json.decode(data, type=endpoint.body)
    except msgspec.ValidationError as error:
        raise Invalid("wrong_shape", detail=str(error)[:200]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("not_json") from error


def as_json(value: object, status: int = 200) -> web.Response:
    """Any message or shape as an answer; never kept by caches."""
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def problem(error: PersonError) -> web.Response:
    """The one place where errors become statuses."""
    answer = as_json(Problem(code=error.code, facts=error.facts), error.status)
    if "retry_after_s" in error.facts:
        answer.headers["Retry-After"] = str(error.facts["retry_after_s"])
    return answer


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Security headers on everything; a bug becomes a plain 500 with an entry in the log, never a traceback."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if request.path.startswith("/api/") and error.status >= 400:
            response = as_json(Problem(code="http_error", facts={"status": error.status}), error.status)
        else:
            _protect(error)
            raise
    except DATABASE_AWAY as error:
        log.warning("database_away", path=request.path, reason=type(error).__name__)
        response = problem(Unavailable("try_again", retry_after_s=5))
    except Exception:
        log.exception("bug", method=request.method, path=request.path)
        response = as_json(Problem(code="bug"), 500)
    if not response.prepared:
        _protect(response)
    return response


def _protect(response: web.StreamResponse) -> None:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")


CSP: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
