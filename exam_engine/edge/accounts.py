"""Logging in and out: sessions are rows, passwords argon2, tries throttled."""

import asyncio
import secrets
from typing import Final

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import json

from exam_engine import store
from exam_engine.edge.http import COOKIE, PUBLIC, Call, Endpoints, as_json, by_https, hash_token, token_of, who
from exam_engine.edge.shapes import Done, LogIn, Me
from exam_engine.errors import NotLoggedIn, TooMany
from exam_engine.registration import account_store, inbox_store
from exam_engine.store import Account

SESSION_S: Final = 12 * 3600
TRIES_MAX: Final = 5  # domain.md §3.1: five wrong passwords lock the account
TRIES_WINDOW_S: Final = 30 * 60
ADDRESS_TRIES_MAX: Final = 200  # a whole hospital may sit behind one address

endpoints = Endpoints()

# RFC 9106's second recommendation asks 64 MiB; OWASP's minimum keeps a morning with 10,000 log-ins possible.
hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY: Final = hasher.hash(secrets.token_urlsafe(16))


@endpoints.add("POST", "/api/session", roles=PUBLIC, body=LogIn, answer=Me)
async def log_in(call: Call) -> web.Response:
    """Log in: sets the session cookie, or answers with a bearer token."""
    asked: LogIn = call.body
    login = asked.login.strip().lower()
    throttle = call.house.throttle
    by_login, by_address = f"login:{login}", f"address:{call.address()}"
    # Counted before it is known to be wrong: tries made at the same time must not all find the counter low.
    await _take_try(call, by_login, login)
    await throttle.take(by_address, ADDRESS_TRIES_MAX, TRIES_WINDOW_S)
    found = await store.log_in(call.house.pool, login)
    if not await matches(call, asked.password, found[1] if found else _NOBODY) or found is None:
        await audit(call, None, "log_in_failed", login)
        raise NotLoggedIn("wrong_login")
    await throttle.forget(by_login)
    await throttle.give_back(by_address)
    account = found[0]
    token = secrets.token_urlsafe(32)
    await call.house.pool.execute(
        store.ADD_SESSION,
        hash_token(token),
        account.account_id,
        "bearer" if asked.bearer else "cookie",
        SESSION_S,
        _plain(call.request.headers.get("User-Agent", ""))[:300],
        call.address(),
    )
    await audit(call, account, "logged_in", login)
    answer = as_json(me(account, token if asked.bearer else None))
    if not asked.bearer:
        answer.set_cookie(
            COOKIE, token, max_age=SESSION_S, httponly=True, samesite="Strict", secure=by_https(call.request), path="/"
        )
    return answer


async def _take_try(call: Call, key: str, login: str) -> None:
    """Count a try; whose account is locked by it hears of it once. Raises TooMany."""
    try:
        await call.house.throttle.take(key, TRIES_MAX, TRIES_WINDOW_S)
    except TooMany:
        pool = call.house.pool
        person_id = await pool.fetchval(account_store.PERSON_OF_LOGIN, login)
        if person_id is not None:
            hour = call.house.clock.now().strftime("%Y-%m-%dT%H")
            await inbox_store.tell(pool, person_id, "M02", once=f"M02:{hour}")
        raise


@endpoints.add("GET", "/api/session", roles=PUBLIC, answer=Me)
async def who_am_i(call: Call) -> Me:
    """Who is logged in here."""
    account = await who(call.house, call.request)
    if account is None:
        raise NotLoggedIn("not_logged_in")
    return me(account)


@endpoints.add("DELETE", "/api/session", roles=PUBLIC, answer=Done)
async def log_out(call: Call) -> web.Response:
    """End this session; harmless when there is none."""
    token = token_of(call.request)
    if token:
        await call.house.pool.execute(store.DROP_SESSION, hash_token(token))
        call.house.bus.end_session(hash_token(token).hex())
    answer = as_json(Done())
    answer.del_cookie(COOKIE, path="/")
    return answer


async def audit(
    call: Call,
    account: Account | None,
    act: str,
    subject: str,
    *,
    runner: "store.Runner | None" = None,
    **facts: object,
) -> None:
    """Put a decision or an event of an account on record, in the transaction of `runner` if there is one."""
    await (runner or call.house.pool).execute(
        store.AUDIT,
        account.account_id if account else None,
        account.role if account else "",
        call.address(),
        act,
        subject[:200],
        json.encode(facts).decode(),
    )


def me(account: Account, token: str | None = None) -> Me:
    """What a browser may know of an account."""
    return Me(
        account_id=account.account_id,
        name=account.name,
        role=account.role,
        organisation=account.organisation,
        token=token,
    )


def _plain(text: str) -> str:
    """What a header holds, as text that can be kept: some browsers send bytes that are none."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


async def matches(call: Call, password: str, password_hash: str) -> bool:
    """Whether the password is the one of this hash; few are checked at a time, off the loop."""
    async with call.house.hashing:
        return await asyncio.to_thread(_verify, password, password_hash)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
