"""Members of staff and their roles, and the app accounts of physicians, as provinces and the nation keep them."""

import asyncio
import re
import secrets
from collections.abc import Iterable
from typing import Final

import asyncpg

from exam_engine import store as exam_store
from exam_engine.edge.accounts import audit, hasher
from exam_engine.edge.deciding import DECIDERS, PAGE, before, like, plain, reason_of, scope_of, sought
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.masks import masked_number
from exam_engine.edge.review_shapes import (
    AddStaff,
    AppAccountRow,
    AppAccounts,
    DisableAppAccount,
    Enable,
    StaffAdded,
    StaffRow,
    StaffRows,
    WithReason,
)
from exam_engine.edge.shapes import Done
from exam_engine.errors import Forbidden, Invalid, NotFound, Refused
from exam_engine.registration import names
from exam_engine.registration import people_store as store
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.id_numbers import WrongNumber, read_number
from exam_engine.registration.inbox_store import tell
from exam_engine.registration.phone import PHONE_PATTERN, masked_phone
from exam_engine.store import Row, Runner

# In which kinds of organisation somebody of a role works.
PLACES: Final = {
    "institution": ("institution",),
    "agency": ("agency",),
    "invigilator": ("agency", "province"),
    "chief": ("agency", "province"),
    "author": ("nation",),
    "province": ("province",),
    "nation": ("nation",),
    "auditor": ("province", "nation"),
}
KEPT: Final = {"province": ("institution", "agency", "invigilator", "chief"), "nation": tuple(PLACES)}
# Begins with a letter: a number could be somebody's phone, and is the login of his app account.
LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{2,59}", re.ASCII)
SIGNS: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another
FIRST_PASSWORD_CHARS: Final = 12

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/staff", roles=DECIDERS, answer=StaffRows, query=("q", "role", "before"))
async def see_staff(call: Call) -> StaffRows:
    """Members of staff and their roles."""
    role, kept = call.request.query.get("role", ""), list(KEPT[call.me.role])
    if role not in ("", *PLACES):
        raise Invalid("wrong_shape")
    rows = await call.house.pool.fetch(
        store.STAFF, scope_of(call), kept, before(call), role, like(sought(call)), PAGE + 1
    )
    page = [StaffRow(**dict(row)) for row in rows[:PAGE]]
    return StaffRows(rows=page, next=page[-1].account_id if len(rows) > PAGE else None)


@endpoints.add("POST", "/api/desk/staff", roles=DECIDERS, body=AddStaff, answer=StaffAdded)
async def add_staff(call: Call) -> StaffAdded:
    """Add a member of staff; the answer holds the first password."""
    asked, me = call.body, call.me
    assert isinstance(asked, AddStaff)
    if asked.role not in PLACES:
        raise Invalid("no_such_role")
    if asked.role not in KEPT[me.role]:
        raise Forbidden("wrong_role", role=asked.role)
    name, login, number = plain(asked.name), _login(asked.login), _id_number(call, asked.id_number)
    password, hashed = await _first_password(call)
    try:
        async with call.house.pool.acquire() as connection, connection.transaction():
            await _check_place(call, connection, asked)
            person_id = await _person(connection, name, number, asked.organisation_id)
            account_id = await connection.fetchval(
                exam_store.ADD_ACCOUNT, person_id, login, hashed, asked.role, asked.organisation_id
            )
            facts = {"login": login, "role": asked.role, "organisation": asked.organisation_id, "name": name}
            await audit(call, me, "staff_added", f"account {account_id}", runner=connection, **facts)
    except asyncpg.UniqueViolationError as error:
        raise Refused("login_taken" if "login" in str(error.constraint_name) else "changed_meanwhile") from error
    return StaffAdded(account_id=account_id, login=login, password=password)


def _login(text: str) -> str:
    login = text.strip().lower()
    if not LOGIN.fullmatch(login):
        raise Invalid("login_wrong")
    return login


def _id_number(call: Call, text: str) -> str | None:
    """The number as it is kept, if one was given; raises Invalid."""
    if not text.strip():
        return None
    try:
        return read_number(text, call.house.clock.now().astimezone(SHANGHAI).date())
    except WrongNumber as error:
        raise Invalid("id_number_wrong") from error


async def _check_place(call: Call, runner: Runner, asked: AddStaff) -> None:
    """Raise unless the organisation is in scope, open, and one where such a role works."""
    place = await runner.fetchrow(store.PLACE_HELD, scope_of(call), asked.organisation_id)
    if place is None:
        raise NotFound("no_such_organisation")
    if place["disabled"]:
        raise Refused("organisation_closed")
    if place["kind"] not in PLACES[asked.role]:
        raise Refused("organisation_unfit", kind=place["kind"], role=asked.role)


async def _person(runner: Runner, name: str, number: str | None, organisation_id: int) -> int:
    """Who it is: a known person where the number is known, because nobody may review himself (domain.md P-2)."""
    known = None if number is None else await runner.fetchrow(store.PERSON_OF_NUMBER, number)
    if known is None:
        return int(await runner.fetchval(exam_store.ADD_PERSON, name, number, organisation_id, False))
    if not names.same(known["name"], name):
        raise Refused("identity_differs")
    return int(known["person_id"])


async def _first_password(call: Call) -> tuple[str, str]:
    """A password to hand over once, and its hash."""
    password = "".join(secrets.choice(SIGNS) for _ in range(FIRST_PASSWORD_CHARS))
    async with call.house.hashing:
        return password, await asyncio.to_thread(hasher.hash, password)


@endpoints.add("POST", "/api/desk/staff/{account_id}/disabled", roles=DECIDERS, body=Enable, answer=StaffRow)
async def disable_staff(call: Call) -> StaffRow:
    """Disable or enable a member of staff."""
    asked, account_id = call.body, call.path["account_id"]
    assert isinstance(asked, Enable)
    reason = reason_of(asked.reason)
    ended: list[bytes] = []
    async with call.house.pool.acquire() as connection, connection.transaction():
        known = await _member_locked(call, connection)
        if known["disabled"] != asked.disabled:
            await connection.execute(store.SET_DISABLED, account_id, asked.disabled)
            if asked.disabled:
                ended = await _end_sessions(connection, account_id)
            facts = {"from": known["disabled"], "to": asked.disabled, "reason": reason}
            act = "staff_disabled" if asked.disabled else "staff_enabled"
            await audit(call, call.me, act, f"account {account_id}", runner=connection, **facts)
    _close(call, ended)
    return StaffRow(**dict(known) | {"disabled": asked.disabled})


async def _member_locked(call: Call, runner: Runner) -> Row:
    """The member of staff of the path; raises NotFound outside the scope, Refused for the caller himself."""
    kept, account_id = list(KEPT[call.me.role]), call.path["account_id"]
    row = await runner.fetchrow(store.MEMBER_LOCKED, scope_of(call), kept, account_id)
    if row is None:
        raise NotFound("no_such_account")
    if account_id == call.me.account_id:
        raise Refused("own_account")
    return row


async def _end_sessions(runner: Runner, account_id: int) -> list[bytes]:
    """Log an account out everywhere: the hashes of its tokens, for `_close` after the commit."""
    return [row["token_hash"] for row in await runner.fetch(store.END_SESSIONS, account_id)]


def _close(call: Call, tokens: Iterable[bytes]) -> None:
    """What those sessions have open anywhere must close."""
    for token_hash in tokens:
        call.house.bus.end_session(token_hash.hex())


@endpoints.add("POST", "/api/desk/staff/{account_id}/password", roles=DECIDERS, body=WithReason, answer=StaffAdded)
async def renew_password(call: Call) -> StaffAdded:
    """A new first password for a member of staff."""
    asked, account_id = call.body, call.path["account_id"]
    assert isinstance(asked, WithReason)
    reason = reason_of(asked.reason)
    password, hashed = await _first_password(call)
    async with call.house.pool.acquire() as connection, connection.transaction():
        known = await _member_locked(call, connection)
        await connection.execute(store.SET_PASSWORD, account_id, hashed)
        ended = await _end_sessions(connection, account_id)
        facts = {"reason": reason, "sessions_ended": len(ended)}
        await audit(call, call.me, "password_renewed", f"account {account_id}", runner=connection, **facts)
    _close(call, ended)
    return StaffAdded(account_id=account_id, login=known["login"], password=password)


# --- app accounts ------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/app-accounts", roles=DECIDERS, answer=AppAccounts, query=("q", "before"))
async def see_app_accounts(call: Call) -> AppAccounts:
    """App accounts by phone or name."""
    text = sought(call)
    rows = await call.house.pool.fetch(
        store.APP_ACCOUNTS, scope_of(call), before(call), like(text), _sort_of(text), PAGE + 1
    )
    page = [
        AppAccountRow(**dict(row) | {"phone": masked_phone(row["phone"]), "id_number": masked_number(row["id_number"])})
        for row in rows[:PAGE]
    ]
    return AppAccounts(rows=page, next=page[-1].account_id if len(rows) > PAGE else None)


def _sort_of(text: str) -> str:
    """What is looked for: a whole number, its last four digits, or how a name begins."""
    if re.fullmatch(PHONE_PATTERN, text, re.ASCII):
        return "phone"
    if re.fullmatch(r"[0-9]{4}", text, re.ASCII):
        return "tail"
    return "name" if text else ""


@endpoints.add(
    "POST", "/api/desk/app-accounts/{account_id}/disabled", roles=DECIDERS, body=DisableAppAccount, answer=Done
)
async def disable_app_account(call: Call) -> Done:
    """Disable an app account; its identity becomes free for its owner."""
    asked, account_id = call.body, call.path["account_id"]
    assert isinstance(asked, DisableAppAccount)
    reason = reason_of(asked.reason)
    ended: list[bytes] = []
    async with call.house.pool.acquire() as connection, connection.transaction():
        known = await _app_account_locked(call, connection)
        if (known["state"] == "disabled") != asked.disabled:
            if asked.disabled:
                ended = await _disable(connection, account_id, known)
            else:
                await connection.execute(store.FORGET_IDENTITY, account_id, "registered")
                await connection.execute(store.STAND_IN, account_id, known["stand_in_id"], False)
            facts = {
                "from": known["state"],
                "to": "disabled" if asked.disabled else "registered",
                "unbound": known["assessment_id"],
                "person": known["person_id"],
                "reason": reason,
            }
            act = "app_account_disabled" if asked.disabled else "app_account_enabled"
            await audit(call, call.me, act, f"account {account_id}", runner=connection, **facts)
    _close(call, ended)
    return Done()


async def _app_account_locked(call: Call, runner: Runner) -> Row:
    """The app account of the path; raises NotFound outside the scope."""
    account_id = call.path["account_id"]
    await runner.execute(store.BOUND_LOCKED, account_id)
    row = await runner.fetchrow(store.APP_ACCOUNT_LOCKED, account_id)
    if row is None or await runner.fetchval(store.APP_ACCOUNT, scope_of(call), account_id) is None:
        raise NotFound("no_such_account")
    return row


async def _disable(runner: Runner, account_id: int, known: Row) -> list[bytes]:
    """Nobody logs in with it, it is nobody any more, and who it was bound to can be bound again."""
    await runner.execute(store.UNBIND, account_id)
    await runner.execute(store.FORGET_IDENTITY, account_id, "disabled")
    await runner.execute(store.STAND_IN, account_id, known["stand_in_id"], True)
    await tell(runner, known["person_id"], "M05")
    return await _end_sessions(runner, account_id)
