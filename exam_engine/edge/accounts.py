"""Logging in and out: sessions are rows, passwords argon2, tries throttled."""

import asyncio
import secrets
from typing import Final

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import json

from exam_engine import store
from exam_engine.edge.http import COOKIE, PUBLIC, Call, Endpoints, as_json, bearer, hash_token, who
from exam_engine.edge.shapes import Done, LogIn, Me
from exam_engine.edge.throttle import Throttle
from exam_engine.errors import NotLoggedIn
from exam_engine.store import Account

SESSION_S: Final = 12 * 3600
TRIES_MAX: Final = 5  # domain.md §3.1: five wrong passwords lock the account
TRIES_WINDOW_S: Final = 30 * 60
ADDRESS_TRIES_MAX: Final = 200  # a whole hospital may sit behind one address
HASHERS_MAX: Final = 2

endpoints = Endpoints()

# RFC 9106's second recommendation asks 64 MiB; OWASP's minimum keeps a morning with 10,000 log-ins possible.
hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY: Final = hasher.hash(secrets.token_urlsafe(16))
_hashing = asyncio.Semaphore(HASHERS_MAX)


@endpoints.add("POST", "/api/session", roles=PUBLIC, body=LogIn, answer=Me)
async def log_in(call: Call) -> web.Response:
    """Log in: sets the session cookie, or answers with a bearer token."""
    asked: LogIn = call.body
    login = asked.login.strip().lower()
    throttle = Throttle(call.house.redis)
    await throttle.check(f"login:{login}", TRIES_MAX, TRIES_WINDOW_S)
    await throttle.check(f"address:{call.address()}", ADDRESS_TRIES_MAX, TRIES_WINDOW_S)
    found = await store.log_in(call.house.pool, login)
    if not await _right(asked.password, found[1] if found else _NOBODY) or found is None:
        await throttle.count(f"login:{login}", TRIES_WINDOW_S)
        await throttle.count(f"address:{call.address()}", TRIES_WINDOW_S)
        await audit(call, None, "log_in_failed", login)
        raise NotLoggedIn("wrong_login")
    await throttle.forget(f"login:{login}")
    account = found[0]
    token = secrets.token_urlsafe(32)
    await call.house.pool.execute(
        store.ADD_SESSION,
        hash_token(token),
        account.account_id,
        "bearer" if asked.bearer else "cookie",
        SESSION_S,
        call.request.headers.get("User-Agent", "")[:300],
        call.address(),
    )
    await audit(call, account, "logged_in", login)
    answer = as_json(me(account, token if asked.bearer else None))
    if not asked.bearer:
        answer.set_cookie(
            COOKIE, token, max_age=SESSION_S, httponly=True, samesite="Strict", secure=call.request.secure, path="/"
        )
    return answer


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
    token = bearer(call.request) or call.request.cookies.get(COOKIE, "")
    if token:
        await call.house.pool.execute(store.DROP_SESSION, hash_token(token))
    answer = as_json(Done())
    answer.del_cookie(COOKIE, path="/")
    return answer


async def audit(call: Call, account: Account | None, act: str, subject: str, **facts: object) -> None:
    """Put a decision or an event of an account on record."""
    await call.house.pool.execute(
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


async def _right(password: str, password_hash: str) -> bool:
    async with _hashing:
        return await asyncio.to_thread(_verify, password, password_hash)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
