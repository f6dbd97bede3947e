"""Figures over time, the command centre for a projector, and what is kept how long."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from exam_engine import store as exam_store
from exam_engine.counting import Place, Tally, count_all
from exam_engine.edge.desk import check_scope
from exam_engine.edge.http import WATCHERS, Call, Endpoints
from exam_engine.edge.proctor_shapes import Centre, CentreSitting, Counts, CountsAt, DeletionRow, GroupCounts, Retention
from exam_engine.edge.wall import vision_of
from exam_engine.house import House
from exam_engine.retiring import due_evidence
from proctor import case_store, evidence_store, store
from proctor.policy import Proctoring

KEEPERS: Final = frozenset({"agency", "province", "nation"})
POINTS_MAX: Final = 720
CENTRE_POINTS_MAX: Final = 240
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
Key = Callable[[Place], str]

endpoints = Endpoints()


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/counts", roles=WATCHERS, answer=Counts)
async def see_counts(call: Call) -> Counts:
    """One sitting over time."""
    sitting_id = call.path["sitting_id"]
    await check_scope(call, sitting_id)
    points = await _points(call.house, [sitting_id], POINTS_MAX)
    return Counts(sitting_id=sitting_id, points=points.get(sitting_id, []))


async def _points(house: House, sitting_ids: Sequence[int], limit: int) -> dict[int, list[CountsAt]]:
    found: dict[int, list[CountsAt]] = {}
    for row in await house.pool.fetch(store.COUNTS, list(sitting_ids), limit):
        found.setdefault(row["sitting_id"], []).append(
            CountsAt(
                at=row["at"],
                entered=row["entered"],
                running=row["running"],
                offline=row["offline"],
                flagged=row["flagged"],
                handed_in=row["handed_in"],
            )
        )
    return found


@endpoints.add("GET", "/api/desk/centre", roles=WATCHERS, answer=Centre)
async def see_centre(call: Call) -> Centre:
    """The command centre."""
    house, me, now = call.house, call.me, call.house.clock.now()
    rows = await house.pool.fetch(exam_store.SITTINGS_OF_STAFF, me.account_id, me.role, me.organisation_id, me.province)
    sittings = [exam_store.read_sitting(row) for row in rows]
    sittings = [s for s in sittings if s.opens_at <= now < s.closes_at and s.kind != "practice"]
    ids = [s.sitting_id for s in sittings]
    places = await count_all(house, ids)
    points = await _points(house, ids, CENTRE_POINTS_MAX)
    attempts = [row[0] for sitting_id in ids for row in await house.pool.fetch(exam_store.ATTEMPT_IDS, sitting_id)]
    kinds = await house.pool.fetch(store.INCIDENT_KINDS, attempts)
    return Centre(
        now=now,
        vision=vision_of(house),
        total=_group("", places, lambda _: ""),
        provinces=_groups(places, lambda place: place.province),
        institutions=_groups(places, lambda place: place.institution),
        sittings=[
            CentreSitting(
                sitting_id=s.sitting_id,
                title=s.title,
                closes_at=s.closes_at,
                now=_group(str(s.sitting_id), places, lambda place: str(place.sitting_id)),
                points=points.get(s.sitting_id, []),
            )
            for s in sittings
        ],
        cases_open=await house.pool.fetchval(case_store.COUNT_OPEN, ids),
        incidents={row["rule"]: row["n"] for row in kinds},
    )


def _groups(places: Mapping[Place, Tally], key: Key) -> list[GroupCounts]:
    """By group, the largest first."""
    keys = sorted({key(place) for place in places})
    groups = [_group(each, places, key) for each in keys]
    return sorted(groups, key=lambda group: (-group.expected, group.key))


def _group(name: str, places: Mapping[Place, Tally], key: Key) -> GroupCounts:
    total = Tally()
    for place, tally in places.items():
        if key(place) == name:
            total.add(tally)
    return GroupCounts(
        key=name,
        expected=total.expected,
        entered=total.entered,
        running=total.running,
        offline=total.offline,
        flagged=total.flagged,
        handed_in=total.handed_in,
    )


# --- what is kept ------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/retention", roles=KEEPERS, answer=Retention)
async def see_retention(call: Call) -> Retention:
    """What evidence is kept, what is due, what was deleted."""
    pool, now = call.house.pool, call.house.clock.now()
    standing = await evidence_store.standing(pool)
    policy = Proctoring()
    due = 0
    async for chunk in due_evidence(pool, now):
        due += sum(len(one.names) for one in chunk)
    return Retention(
        pictures=standing.pictures + standing.photos,
        due=due,
        keep_days=policy.keep_days,
        keep_case_days=policy.keep_case_days,
        deletions=[
            DeletionRow(
                at=total.last_at,
                reason=total.rule,
                attempts=total.deletions,
                pictures=total.pictures,
                bytes=total.bytes,
            )
            for total in await evidence_store.deletions_by_rule(pool, EPOCH, now)
        ],
    )
