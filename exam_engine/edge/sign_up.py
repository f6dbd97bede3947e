"""Signing up by phone, and a new password by phone (domain.md §3.1, §5 P1)."""

import asyncio
import hmac
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Final

import asyncpg
import structlog

from exam_engine import store
from exam_engine.edge.accounts import audit, hasher
from exam_engine.edge.http import PUBLIC, Call, Endpoints
from exam_engine.edge.registration_shapes import AskCode, CodeSent, ResetPassword, SignUp
from exam_engine.edge.shapes import Done
from exam_engine.errors import Invalid, Refused, Unavailable
from exam_engine.registration import account_store, inbox, inbox_store, phone
from exam_engine.registration.sms import SmsAway
from exam_engine.store import Runner
from proctor.sealing import derived

PURPOSES: Final = frozenset({"register", "reset"})
ADDRESS_CODES_MAX, ADDRESS_CODES_S = 60, 3_600  # a whole hospital may sit behind one address
ADDRESS_TRIES_MAX, ADDRESS_TRIES_S = 200, 3_600
DAY_S: Final = 86_400

log = structlog.get_logger()
endpoints = Endpoints()


@endpoints.add("POST", "/api/sign-up/code", roles=PUBLIC, body=AskCode, answer=CodeSent)
async def ask_code(call: Call) -> CodeSent:
    """Send a code to a phone, to sign up or for a new password."""
    asked: AskCode = call.body
    number = phone.normalised_phone(asked.phone)
    if asked.purpose not in PURPOSES:
        raise Invalid("no_such_purpose")
    house = call.house
    now = house.clock.now()
    known = await house.pool.fetchrow(account_store.ACCOUNT_OF_PHONE, number)
    if asked.purpose == "register" and known is not None:
        raise Refused("phone_taken")
    phone.may_send(await house.pool.fetchval(account_store.SENT_AT, number, asked.purpose), now)
    await house.throttle.take(f"code-address:{call.address()}", ADDRESS_CODES_MAX, ADDRESS_CODES_S)
    await house.throttle.take(f"code-phone:{number}", phone.CODES_A_DAY, DAY_S)
    code = f"{secrets.randbelow(10**6):06d}"
    hashed = _hashed(call, number, code)
    # Whether a phone that asks for a new password is known is not said, and costs nobody an SMS.
    if await house.pool.fetchval(
        account_store.ADD_CODE, number, asked.purpose, hashed, now, now - phone.CODE_AGAIN
    ) and (asked.purpose == "register" or known is not None):
        await _send(call, number, asked.purpose, code)
    return CodeSent(
        retry_after_s=int(phone.CODE_AGAIN.total_seconds()),
        valid_s=int(phone.CODE_KEPT.total_seconds()),
        shown=code if house.settings.demo else None,
    )


async def _send(call: Call, number: str, purpose: str, code: str) -> None:
    """Hand it to the gateway. A code that did not go out counts for nothing: it may be asked for again at once."""
    try:
        await call.house.sms.send(number, inbox.code_text(code))
    except SmsAway as error:
        log.warning("sms_away", reason=str(error))
        await call.house.pool.execute(account_store.DROP_CODE, number, purpose)
        await call.house.throttle.give_back(f"code-phone:{number}")
        raise Unavailable("sms_away", retry_after_s=60) from error


def _hashed(call: Call, number: str, code: str) -> bytes:
    """Six digits are soon tried out by who reads the table: only with the installation's secret."""
    return hmac.digest(derived(call.house.settings.secret_key, "sms codes 1"), f"{number} {code}".encode(), sha256)


async def _prove(call: Call, number: str, purpose: str, code: str, now: datetime) -> None:
    """Use up a code. A wrong one is counted for good, whatever becomes of the request. Raises Refused."""
    await call.house.throttle.take(f"code-tries:{call.address()}", ADDRESS_TRIES_MAX, ADDRESS_TRIES_S)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(account_store.CODE_LOCKED, number, purpose)
        right = (
            row is not None
            and phone.code_counts(row["sent_at"], row["tries"], now)
            and hmac.compare_digest(bytes(row["code_hash"]), _hashed(call, number, code))
        )
        await connection.execute(account_store.DROP_CODE if right else account_store.TRIED, number, purpose)
    if not right:
        raise Refused("code_wrong")


@endpoints.add("POST", "/api/sign-up", roles=PUBLIC, body=SignUp, answer=Done)
async def sign_up(call: Call) -> Done:
    """【立即注册】: an account for a phone that was proved."""
    asked: SignUp = call.body
    house = call.house
    number = phone.normalised_phone(asked.phone)
    if asked.terms != phone.TERMS_VERSION:
        raise Refused("terms_missing", version=phone.TERMS_VERSION)
    phone.check_password(asked.password, number)
    if await house.pool.fetchrow(account_store.ACCOUNT_OF_PHONE, number) is not None:
        raise Refused("phone_taken")
    await _prove(call, number, "register", asked.code, house.clock.now())
    password_hash = await hashed_password(call, asked.password)
    try:
        async with house.pool.acquire() as connection, connection.transaction():
            await _add(call, connection, number, password_hash, asked.terms)
    except asyncpg.UniqueViolationError as error:  # the same phone twice at once
        raise Refused("phone_taken") from error
    return Done()


async def hashed_password(call: Call, password: str) -> str:
    """What is stored of a password; few are hashed at a time, off the loop."""
    async with call.house.hashing:
        return await asyncio.to_thread(hasher.hash, password)


async def _add(call: Call, connection: Runner, number: str, password_hash: str, terms: str) -> None:
    """Until it is bound the account belongs to a person row of its own, so certification alone opens nothing."""
    person_id = await connection.fetchval(
        store.ADD_PERSON, phone.masked_phone(number), None, None, call.house.settings.demo
    )
    account_id = await connection.fetchval(store.ADD_ACCOUNT, person_id, number, password_hash, "physician", None)
    await connection.execute(account_store.ADD_APP_ACCOUNT, account_id, number, person_id, terms)
    await inbox_store.tell(connection, person_id, "M01")
    await audit(call, None, "signed_up", f"account {account_id}", runner=connection, terms=terms)


@endpoints.add("POST", "/api/sign-up/password", roles=PUBLIC, body=ResetPassword, answer=Done)
async def reset_password(call: Call) -> Done:
    """A new password for who holds the phone; every open session of it ends."""
    asked: ResetPassword = call.body
    house = call.house
    number = phone.normalised_phone(asked.phone)
    phone.check_password(asked.password, number)
    await _prove(call, number, "reset", asked.code, house.clock.now())
    known = await house.pool.fetchrow(account_store.ACCOUNT_OF_PHONE, number)
    if known is None or known["disabled"]:
        raise Refused("code_wrong")
    password_hash = await hashed_password(call, asked.password)
    async with house.pool.acquire() as connection, connection.transaction():
        await connection.execute(account_store.SET_HASH, known["account_id"], password_hash)
        ended = await connection.fetch(account_store.DROP_SESSIONS, known["account_id"])
        await audit(call, None, "password_reset", f"account {known['account_id']}", runner=connection)
    for row in ended:
        house.bus.end_session(bytes(row["token_hash"]).hex())
    await house.throttle.forget(f"login:{number}")
    return Done()
