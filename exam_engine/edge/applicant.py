"""The physician on his way to the exam: who he is, his assessment account, the notice, his home page."""

import hmac
from datetime import datetime
from typing import Final

import asyncpg

from exam_engine.edge import homes
from exam_engine.edge.accounts import audit, matches
from exam_engine.edge.faces import CONSENT_VERSION
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.registration_shapes import (
    AgreeNotice,
    Bind,
    Certification,
    Certify,
    ChangePassword,
    Home,
    Notice,
    PastCycle,
    PastCycles,
    Places,
)
from exam_engine.edge.sign_up import hashed_password
from exam_engine.errors import Invalid, NotFound, Refused, TooMany
from exam_engine.registration import account_store, filing, inbox_store, phone, province_store, store
from exam_engine.registration import certification as certifying
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.dictionaries import ID_TYPES, TITLES
from exam_engine.registration.id_numbers import WrongNumber, plain, read_number
from exam_engine.registration.names import WrongName, read_name, same
from exam_engine.store import Row, Runner
from proctor import store as proctor

CERTIFICATIONS_S: Final = 86_400
BINDINGS_S: Final = 3_600
READ_S: Final = 10  # a notice is on the screen at least so long, unless it was scrolled to its end
PLACES_MAX, PLACES_S = 300, 600

endpoints = Endpoints()


@endpoints.add("GET", "/api/home", roles=PHYSICIAN, answer=Home)
async def see_home(call: Call) -> Home:
    """定考个人首页: where the caller stands, and what he does next."""
    return await homes.home_of(call)


@endpoints.add("GET", "/api/home/cycles", roles=PHYSICIAN, answer=PastCycles)
async def past_cycles(call: Call) -> PastCycles:
    """历次考核: the cycles before."""
    pool = call.house.pool
    found = []
    for row in await pool.fetch(store.PAST_CYCLES, call.me.person_id, await homes.current_cycle(pool)):
        app = await store.load(pool, row["application_id"])
        assert app is not None
        found.append(
            PastCycle(
                cycle=row["name"],
                starts_on=row["starts_on"],
                ends_on=row["ends_on"],
                institution=row["institution"],
                procedure=row["procedure"],
                files=homes.standings(app),
            )
        )
    return PastCycles(cycles=found)


# --- 医师认证 ----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/certification", roles=PHYSICIAN, answer=Certification)
async def see_certification(call: Call) -> Certification:
    """How the certification of this account stands."""
    return await homes.certification_of(call, await _app_account(call.house.pool, call))


async def _app_account(runner: Runner, call: Call, *, lock: bool = False) -> Row:
    query = account_store.APP_ACCOUNT_LOCKED if lock else account_store.APP_ACCOUNT
    row = await runner.fetchrow(query, call.me.account_id)
    if row is None:
        raise NotFound("no_app_account")
    return row


@endpoints.add("POST", "/api/certification", roles=PHYSICIAN, body=Certify, answer=Certification)
async def certify(call: Call) -> Certification:
    """医师认证: compare with the registration snapshot."""
    asked: Certify = call.body
    if asked.id_type not in ID_TYPES:
        raise Invalid("id_type_wrong")
    if asked.title not in TITLES:
        raise Invalid("title_wrong")
    house, now = call.house, call.house.clock.now()
    claim = _claim(asked, now)
    await house.throttle.take(f"certify:{call.me.account_id}", homes.CERTIFICATIONS_MAX, CERTIFICATIONS_S)
    try:
        async with house.pool.acquire() as connection, connection.transaction():
            await _certify(call, connection, claim, now)
    except asyncpg.UniqueViolationError as error:
        raise Refused("identity_taken") from error
    house.bus.wake_inbox(persons=[call.me.person_id])
    return await homes.certification_of(call, await _app_account(house.pool, call))


def _claim(asked: Certify, now: datetime) -> certifying.Claim:
    """What was typed, in normal form; raises Invalid."""
    today = now.astimezone(SHANGHAI).date()
    try:
        return certifying.Claim(
            name=read_name(asked.name),
            id_type=asked.id_type,
            id_number=read_number(asked.id_number, today, asked.id_type),
            practice_place=asked.practice_place.strip(),
            title=asked.title,
        )
    except (WrongName, WrongNumber) as wrong:
        raise Invalid(wrong.code) from wrong


async def _certify(call: Call, connection: Runner, claim: certifying.Claim, now: datetime) -> None:
    account = await _app_account(connection, call, lock=True)
    if account["state"] == "certified":
        raise Refused("certified_already")
    row = await connection.fetchrow(account_store.REGISTERED_AS, claim.id_number)
    registered = None if row is None else certifying.Registered(**row)
    failed = certifying.differing(claim, registered)
    said = (claim.name, claim.id_type, claim.id_number, claim.practice_place, claim.title)
    if failed:
        await connection.execute(account_store.NOT_CERTIFIED, call.me.account_id, *said, failed)
        await inbox_store.tell(connection, call.me.person_id, "M04", {"fields": ",".join(failed)})
    else:
        await connection.execute(account_store.CERTIFIED, call.me.account_id, *said, now)
        await inbox_store.tell(connection, call.me.person_id, "M03")
    act = "certification_failed" if failed else "certified"
    await audit(call, call.me, act, f"account {call.me.account_id}", runner=connection, fields=failed)


@endpoints.add("GET", "/api/certification/places", roles=PHYSICIAN, answer=Places, query=("q",))
async def find_places(call: Call) -> Places:
    """Practice places by a part of their name."""
    text = call.request.query.get("q", "").strip()[:60]
    if len(text) < 2 or "\0" in text:
        return Places(places=[])
    await call.house.throttle.take(f"places:{call.me.account_id}", PLACES_MAX, PLACES_S)
    pattern = "%" + text.replace("\\", "").replace("%", "").replace("_", "") + "%"
    return Places(places=[row["name"] for row in await call.house.pool.fetch(account_store.PLACES, pattern)])


# --- 定考账号绑定 ------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/binding", roles=PHYSICIAN, body=Bind, answer=Home)
async def bind(call: Call) -> Home:
    """定考账号绑定: one app account, one assessment account, one ID number."""
    asked: Bind = call.body
    house, me, now = call.house, call.me, call.house.clock.now()
    number = plain(asked.id_number)
    limit = await homes.bind_tries_max(call, asked.province)
    keys = [f"bind:{me.account_id}"]
    account = await _app_account(house.pool, call)
    if account["state"] == "certified" and account["id_number"] == number:
        keys.append(f"bind-number:{asked.province}:{number}")  # nobody else uses up the tries of a number
    try:
        for key in keys:
            await house.throttle.take(key, limit, BINDINGS_S)
    except TooMany:
        await inbox_store.tell(house.pool, me.person_id, "M07", once=f"M07:{now:%Y-%m-%dT%H}")
        house.bus.wake_inbox(persons=[me.person_id])
        raise
    try:
        async with house.pool.acquire() as connection, connection.transaction():
            await _bind(call, connection, asked, number, now)
    except asyncpg.UniqueViolationError as error:
        raise Refused("bound_already") from error
    for key in keys:
        await house.throttle.forget(key)
    house.bus.wake_inbox(persons=[me.person_id])
    return await homes.home_of(call)


async def _bind(call: Call, connection: Runner, asked: Bind, number: str, now: datetime) -> None:
    """Which of province, number, name and password is wrong is never said: it would help to guess.

    Others' accounts are not even looked up: neither an answer nor its time tells whether there is one.
    """
    account = await _app_account(connection, call, lock=True)
    if account["state"] != "certified":
        raise Refused("not_certified")
    own = number == account["id_number"]
    row = await connection.fetchrow(account_store.ASSESSMENT_TO_BIND, asked.province, number) if own else None
    right = row is not None and await _right_password(call, asked.password, row["password_hash"])
    if row is None or not right or not same(asked.name, row["name"]) or not same(row["name"], account["name"]):
        raise Refused("wrong_binding")
    if row["state"] == "bound":
        raise Refused("bound_already")
    if await connection.fetchval(account_store.OTHER_ACCOUNT, row["person_id"], call.me.account_id):
        raise Refused("bound_already")
    await connection.execute(account_store.BIND, row["assessment_id"], call.me.account_id, now)
    await connection.execute(account_store.BECOME, call.me.account_id, row["person_id"], row["institution_id"])
    await inbox_store.tell(connection, row["person_id"], "M06")
    await audit(call, call.me, "bound", f"assessment {row['assessment_id']}", runner=connection)


async def _right_password(call: Call, password: str, password_hash: str | None) -> bool:
    """No hash: it is still the initial one, which everybody knows; that is why the certified identity must agree."""
    if password_hash is None:
        return hmac.compare_digest(password.encode(), phone.INITIAL_PASSWORD.encode())
    return await matches(call, password, password_hash)


@endpoints.add("POST", "/api/binding/password", roles=PHYSICIAN, body=ChangePassword, answer=Home)
async def change_assessment_password(call: Call) -> Home:
    """Change the assessment account's password; the first time from the initial one."""
    asked: ChangePassword = call.body
    me = call.me
    await call.house.throttle.take(f"assessment-password:{me.account_id}", 10, BINDINGS_S)
    phone.check_password(asked.new, old=asked.old)
    new_hash = await hashed_password(call, asked.new)
    async with call.house.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(account_store.ASSESSMENT_HASH_LOCKED, me.account_id)
        if row is None:
            raise Refused("not_bound")
        if not await _right_password(call, asked.old, row["password_hash"]):
            raise Refused("wrong_old_password")
        await connection.execute(account_store.SET_ASSESSMENT_HASH, row["assessment_id"], new_hash)
        await audit(call, me, "assessment_password", f"assessment {row['assessment_id']}", runner=connection)
    return await homes.home_of(call)


# --- 《用户告知书》 -----------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/notice", roles=PHYSICIAN, answer=Notice)
async def see_notice(call: Call) -> Notice:
    """《用户告知书》 in force for the caller."""
    bound, notice = await _notice(call, call.house.pool)
    agreed = await call.house.pool.fetchrow(account_store.AGREEMENT, bound["person_id"], notice["notice_id"])
    return Notice(
        notice_id=notice["notice_id"],
        version=notice["version"],
        title=notice["title"],
        body=notice["body"],
        digest=notice["digest"],
        published_at=notice["published_at"],
        agreed_at=agreed["at"] if agreed else None,
        face=agreed["face"] if agreed else None,
        face_version=CONSENT_VERSION,
        read_s=READ_S,
    )


async def _notice(call: Call, runner: Runner, *, hold: bool = False) -> tuple[Row, Row]:
    """The caller's bound assessment account, held if asked for, and the notice in force where it is."""
    query = account_store.ASSESSMENT_OF_HELD if hold else account_store.ASSESSMENT_OF
    bound = await runner.fetchrow(query, call.me.account_id)
    if bound is None:
        raise Refused("not_bound")
    notice = await runner.fetchrow(province_store.NOTICE_IN_FORCE, bound["province"])
    if notice is None:
        raise Refused("no_notice")
    return bound, notice


@endpoints.add("POST", "/api/notice", roles=PHYSICIAN, body=AgreeNotice, answer=Home)
async def agree_notice(call: Call) -> Home:
    """Agree to the notice, and separately to face capture or not."""
    asked: AgreeNotice = call.body
    house, now = call.house, call.house.clock.now()
    async with house.pool.acquire() as connection, connection.transaction():
        bound, notice = await _notice(call, connection, hold=True)
        if bound["password_hash"] is None:
            raise Refused("password_initial")
        if (asked.notice_id, asked.digest) != (notice["notice_id"], notice["digest"]):
            raise Refused("notice_changed", version=notice["version"])
        if asked.face_version != CONSENT_VERSION:
            raise Refused("consent_changed", version=CONSENT_VERSION)
        person_id, cycle = bound["person_id"], await homes.current_cycle(connection)
        await connection.execute(
            account_store.ADD_AGREEMENT, person_id, notice["notice_id"], asked.face, now, call.address()
        )
        await connection.execute(proctor.ADD_CONSENT, person_id, CONSENT_VERSION, asked.face)
        if cycle is not None:
            place = (bound["province"], bound["institution_id"])
            await filing.begin(connection, person_id, cycle, *place, now, faceless=not asked.face)
            await connection.execute(store.SET_FACELESS, person_id, cycle, not asked.face)
        subject = f"notice {notice['notice_id']} person {person_id}"
        await audit(call, call.me, "notice_agreed", subject, runner=connection, face=asked.face)
    return await homes.home_of(call)
