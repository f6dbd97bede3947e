"""What the home page shows, put together from the caller's accounts, his file and his exams."""

from datetime import datetime
from typing import Final

import msgspec

from exam_engine.edge.http import Call, hash_token, token_of
from exam_engine.edge.masks import masked_number
from exam_engine.edge.registration_shapes import Certification, FileStanding, Home, HomeStep, NamedWindow
from exam_engine.errors import Refused
from exam_engine.registration import account_store, inbox_store, province_store, road, store
from exam_engine.registration.application import Application, Identity
from exam_engine.registration.phone import masked_phone
from exam_engine.registration.policy import Window
from exam_engine.registration.review import Subject
from exam_engine.store import Row, Runner

BUTTONS: Final = {"certify": "certify", "bind": "bind", "password": "change_password", "notice": "read_notice"}
CERTIFICATIONS_MAX: Final = 5  # a day (domain.md §3.1)


async def home_of(call: Call) -> Home:
    """The caller's home page as it is now."""
    house = call.house
    pool, now = house.pool, house.clock.now()
    account = await pool.fetchrow(account_store.APP_ACCOUNT, call.me.account_id)
    bound = await pool.fetchrow(account_store.ASSESSMENT_OF, call.me.account_id)
    cycle = await current_cycle(pool)
    person_id = bound["person_id"] if bound else call.me.person_id
    app = None if cycle is None or bound is None else await store.find(pool, person_id, cycle)
    place = await _place(pool, account, bound, app)
    reader = await inbox_store.reader(pool, hash_token(token_of(call.request)))
    home = Home(
        now=now,
        place=place,
        button=BUTTONS.get(place, "none"),
        waiting="",
        name=bound_name(app, account),
        phone=masked_phone(account["phone"]) if account else "",
        certification=await certification_of(call, account) if account else None,
        province=bound["province"] if bound else "",
        institution=bound["institution"] if bound else "",
        agency=(bound["agency"] or "") if bound else "",
        cycle="",
        cycle_starts_on=None,
        cycle_ends_on=None,
        windows=[],
        steps=[],
        files=[],
        procedure="none",
        simple_refused=False,
        faceless=False,
        may_exempt=False,
        may_defer=False,
        may_change=False,
        unread=0 if reader is None else await inbox_store.unread(pool, reader),
    )
    return home if app is None else await _with_file(pool, home, app, now)


def bound_name(app: Application | None, account: Row | None) -> str:
    """What the page calls him: the file's name, else the certified one."""
    if app is not None:
        return app.identity.name
    return (account["name"] or "") if account and account["state"] == "certified" else ""


async def _place(pool: Runner, account: Row | None, bound: Row | None, app: Application | None) -> str:
    if account is None and bound is None:
        return "exams_only"
    if bound is None:
        return "bind" if account and account["state"] == "certified" else "certify"
    if bound["password_hash"] is None:
        return "password"
    notice = await pool.fetchrow(province_store.NOTICE_IN_FORCE, bound["province"])
    if notice is None:
        return "home" if app else "notice"
    agreed = await pool.fetchrow(account_store.AGREEMENT, bound["person_id"], notice["notice_id"])
    return "home" if agreed and app else "notice"


async def _with_file(pool: Runner, home: Home, app: Application, now: datetime) -> Home:
    rows = await pool.fetch(account_store.EXAM_STANDS, app.identity.person_id, app.cycle.cycle)
    stands = await pool.fetchrow(account_store.RESULT_STANDS, app.identity.person_id, app.cycle.cycle)
    result = None if stands is None else road.ResultLine(*stands)
    exams = [road.ExamLine(*row) for row in rows]
    action, waiting = road.button(app, now)
    at_home = home.place == "home"
    return msgspec.structs.replace(
        home,
        button=action if at_home else home.button,
        waiting=waiting if at_home else "",
        cycle=app.cycle.name,
        cycle_starts_on=app.cycle.starts_on,
        cycle_ends_on=app.cycle.ends_on,
        windows=await _windows(pool, app),
        steps=[HomeStep(**step._asdict()) for step in road.steps(app, exams, result)],
        files=standings(app),
        procedure=app.procedure,
        simple_refused=app.simple_refused,
        faceless=app.faceless,
        may_exempt=road.may_exempt(app, now),
        may_defer=road.may_defer(app, now),
        may_change=road.may_change(app, now),
    )


async def _windows(pool: Runner, app: Application) -> list[NamedWindow]:
    decided = app.policy
    found = [
        NamedWindow(code="registration", window=decided.registration),
        NamedWindow(code="evaluation", window=decided.evaluation),
    ]
    if app.procedure not in ("simple", "simple_applied"):
        found.append(NamedWindow(code="exemption", window=decided.exemption))
    exams = await pool.fetch(account_store.EXAM_WINDOWS, app.cycle.cycle, app.province, app.agency_id)
    by_kind = {row["kind"]: Window(row["opens_at"], row["closes_at"]) for row in exams}
    kinds = ("humanities",) if app.procedure in ("simple", "simple_applied") else ("professional", "humanities")
    return found + [NamedWindow(code=kind, window=by_kind.get(kind)) for kind in kinds]


def standings(app: Application) -> list[FileStanding]:
    """How each part of a file stands."""
    return [
        FileStanding(
            subject=subject,
            state=part.state,
            version=part.version,
            reason=part.reason,
            due_at=part.due_at,
            moved_at=part.moved_at,
        )
        for subject in Subject
        if (part := app.parts.get(subject)) is not None
    ]


async def certification_of(call: Call, account: Row) -> Certification:
    """How the certification stands, and how many tries are left today."""
    tries = await call.house.throttle.left(f"certify:{account['account_id']}", CERTIFICATIONS_MAX)
    return Certification(
        state=account["state"],
        name=account["name"] or "",
        id_number=masked_number(account["id_number"]),
        failed_fields=list(account["failed_fields"]),
        tries_left=tries,
    )


async def current_cycle(runner: Runner) -> int | None:
    """The cycle that registration is about now; None: none was ever opened."""
    try:
        return (await province_store.current_cycle(runner)).cycle
    except Refused:
        return None


async def bind_tries_max(call: Call, province: str) -> int:
    """How often a binding may be tried in an hour, as the province has decided."""
    cycle = await current_cycle(call.house.pool)
    _, decided = await province_store.policy(call.house.pool, cycle or 0, province)
    return decided.bind_tries_max


def identity_shown(identity: Identity, institution: str) -> dict[str, str]:
    """The read-only values of a profile, as its own physician sees them."""
    return {
        "name": identity.name,
        "id_type": identity.id_type,
        "id_number": masked_number(identity.id_number),
        "institution": institution,
    }
