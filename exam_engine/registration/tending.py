"""What time and others' acts do to registration files, with nobody asking: led by one process at a time.

Windows that closed, exemptions nobody decided in time, reminders of exams, entitlements after a released result, photos
that become the exam's reference. Each function does a bounded piece, in short transactions, and says how much it did;
all are harmless when repeated.
"""

from typing import Final

import structlog

from exam_engine.enrolment import enrol
from exam_engine.errors import NotFound, PersonError, Unavailable
from exam_engine.house import House
from exam_engine.makeup import absences
from exam_engine.registration import account_store, evidence, filing, inbox_store, settling, store
from exam_engine.registration.document_kinds import DOCUMENT_BYTES_MAX
from exam_engine.registration.filing import SYSTEM
from exam_engine.registration.phone import CODE_KEPT
from exam_engine.registration.review import Act, Event, Subject

SETTLE_MAX: Final = 50
MOVES_MAX: Final = 200
PHOTOS_MAX: Final = 10
TEND_S: Final = 30.0

# Profiles that were not handed in when their window (or the time for a correction) ended.
LATE_PROFILES: Final = """
SELECT f.application_id FROM reg.files f JOIN reg.policies y ON y.cycle = f.cycle AND y.province = f.province
WHERE f.subject = 'profile' AND f.state IN ('draft', 'org_returned', 'agy_returned')
  AND (y.body -> 'registration' ->> 'closes_at')::timestamptz <= $1 AND (f.due_at IS NULL OR f.due_at <= $1)
ORDER BY f.file_id LIMIT $2
"""
# Exemptions undecided when their window is over and the professional exam ends within the province's hours.
SILENT_EXEMPTIONS: Final = """
SELECT f.application_id FROM reg.files f JOIN reg.policies y ON y.cycle = f.cycle AND y.province = f.province
WHERE f.subject = 'exemption' AND f.state IN ('org_review', 'agy_review')
  AND (y.body -> 'exemption' ->> 'closes_at')::timestamptz <= $1
  AND (SELECT max(s.closes_at) FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
       WHERE e.person_id = f.person_id AND s.cycle = f.cycle AND s.kind = 'professional' AND s.round = 'first')
      <= $1 + make_interval(hours => coalesce((y.body ->> 'escalate_h')::integer, 24))
ORDER BY f.file_id LIMIT $2
"""
# The instants a window's reminders are due (domain.md §3.11, M26): three days before its end, and on the last day.
REMINDERS_DUE: Final = """
SELECT s.sitting_id, s.kind, s.opens_at, s.closes_at, w.what
FROM exam.sittings s CROSS JOIN (VALUES ('three_days', 72), ('last_day', 24)) AS w (what, hours)
WHERE s.kind <> 'practice' AND s.opens_at <= $1 AND s.closes_at > $1
  AND s.closes_at <= $1 + make_interval(hours => w.hours)
  AND s.closes_at - s.opens_at > make_interval(hours => w.hours)
  AND NOT EXISTS (SELECT FROM reg.reminders r WHERE r.sitting_id = s.sitting_id AND r.what = w.what
      AND r.closes_at = s.closes_at)
ORDER BY s.sitting_id, w.hours DESC LIMIT 20
"""
ADD_REMINDER: Final = """
INSERT INTO reg.reminders (sitting_id, what, closes_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING sitting_id
"""
TO_REMIND: Final = """
SELECT e.person_id FROM exam.entitlements e WHERE e.sitting_id = $1 AND e.state = 'open'
  AND NOT EXISTS (SELECT FROM exam.attempts a WHERE a.sitting_id = e.sitting_id AND a.person_id = e.person_id
      AND a.phase IN ('running', 'submitted', 'marked', 'released'))
"""
PHOTOS_DUE: Final = """
SELECT application_id, person_id, photo_id FROM reg.applications WHERE photo_due ORDER BY application_id LIMIT $1
"""
PHOTO_DONE: Final = "UPDATE reg.applications SET photo_due = false WHERE application_id = $1 AND photo_id = $2"

log = structlog.get_logger()


async def tend(house: House) -> None:
    """One round of everything but entitlements, which are in more of a hurry (`settle_some`)."""
    await close_windows(house)
    await absences.notice(house)
    await escalate(house)
    await remind(house)
    await enrol_photos(house)
    await house.pool.execute(account_store.DROP_OLD_CODES, house.clock.now() - 2 * CODE_KEPT)


async def settle_some(house: House) -> int:
    """Entitlements of people whose results were released or whose windows were moved; how many were looked at."""
    now = house.clock.now()
    async with house.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(settling.UNSETTLED, SETTLE_MAX)
        told = [
            row["person_id"] for row in rows if await settling.settle(connection, row["person_id"], row["cycle"], now)
        ]
    house.bus.wake_inbox(persons=told)
    return len(rows)


async def close_windows(house: House) -> int:
    """报名时间已截止: profiles never handed in are NOT_ENROLLED."""
    return await _move_all(house, LATE_PROFILES, Subject.PROFILE, Event.WINDOW_CLOSED)


async def escalate(house: House) -> int:
    """Exemptions nobody decided go to the province; silence never costs the physician the exam."""
    return await _move_all(house, SILENT_EXEMPTIONS, Subject.EXEMPTION, Event.ESCALATE)


async def _move_all(house: House, query: str, subject: Subject, event: Event) -> int:
    """Move every file the query finds, one transaction each; what has moved on meanwhile is left alone."""
    done = 0
    while rows := await house.pool.fetch(query, house.clock.now(), MOVES_MAX):
        before = done
        for row in rows:
            done += await _move(house, row["application_id"], subject, event)
        if done == before:
            break
    return done


async def _move(house: House, application_id: int, subject: Subject, event: Event) -> int:
    now = house.clock.now()
    try:
        async with house.pool.acquire() as connection, connection.transaction():
            app = await store.load(connection, application_id, lock=True)
            assert app is not None
            moved = await filing.move(connection, app, subject, Act(event=event), None, SYSTEM, now)
    except PersonError as error:
        log.warning("file_moved_meanwhile", application=application_id, event=event.value, reason=error.code)
        return 0
    house.bus.wake_inbox(persons=moved.wake.persons, organisations=moved.wake.organisations)
    return 1


async def remind(house: House) -> int:
    """M26 again, three days before a window ends and on its last day, to who has not sat; how many were told."""
    told: list[int] = []
    for due in await house.pool.fetch(REMINDERS_DUE, house.clock.now()):
        facts = {"kind": due["kind"], "opens_at": due["opens_at"], "closes_at": due["closes_at"]}
        async with house.pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(ADD_REMINDER, due["sitting_id"], due["what"], due["closes_at"]) is None:
                continue
            persons = [row["person_id"] for row in await connection.fetch(TO_REMIND, due["sitting_id"])]
            await inbox_store.tell_many(connection, persons, "M26", facts)
        told += persons
    house.bus.wake_inbox(persons=told)
    return len(told)


async def enrol_photos(house: House) -> int:
    """Photos of profiles that were enrolled become the reference the exam compares with; how many were looked at."""
    rows = await house.pool.fetch(PHOTOS_DUE, PHOTOS_MAX)
    for done, row in enumerate(rows):
        try:
            jpeg = await evidence.read(house, row["photo_id"])
            taken = await enrol(
                house,
                row["person_id"],
                jpeg,
                source="registration",
                by=0,
                known=house.known,
                bytes_max=DOCUMENT_BYTES_MAX,
            )
        except Unavailable as error:
            log.warning("photos_of_profiles_wait", reason=error.code)
            return done
        except NotFound:  # the document is lost, which was logged: nobody else's photo waits for it
            await house.pool.execute(PHOTO_DONE, row["application_id"], row["photo_id"])
            continue
        if taken.problem in ("model_away", "store_away"):
            return done
        if taken.outcome == "refused":
            log.warning("photo_of_profile_unusable", application=row["application_id"], problem=taken.problem)
        await house.pool.execute(PHOTO_DONE, row["application_id"], row["photo_id"])
    return len(rows)
