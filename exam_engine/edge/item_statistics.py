"""Statistics of a sitting, during and after its window; its marking scheme; calibration of its items.

Agencies, provinces and the nation see the figures of the sittings in their scope; authors and the nation see texts,
keys and distractor tables too: the nation's authors of all sittings, a province's of its own pools. Figures say when
they were made (`at`): who looks while new ones are being made gets those before.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec
import structlog
from aiohttp import web

from exam_engine import statistics_store, store
from exam_engine.calibrating import PERSONS_MIN
from exam_engine.edge.accounts import audit
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.masks import masked_name
from exam_engine.edge.stats_shapes import (
    AlarmView,
    AlikePair,
    Calibration,
    FormFigures,
    ItemDetail,
    ItemFigures,
    ItemParameters,
    Likenesses,
    OptionFigures,
    RulingShape,
    SchemeView,
    ScoreCount,
    SecondsView,
    SetScheme,
    SittingStatistics,
    SkippedItem,
    StatisticsRow,
    StatisticsRows,
)
from exam_engine.errors import Invalid, NotFound, Refused
from exam_engine.house import House
from exam_engine.likening import Compared, compare
from exam_engine.sitting import Sitting
from exam_engine.sitting_sheets import Person, Reading, SittingSheets
from question_bank.item import Item
from scoring import rulings_store
from scoring.alarms import Alarm
from scoring.marking import Ruling, Scheme
from scoring.rescore import BINS, Line, Standing, histogram, standing
from scoring.sheets import columns_by
from scoring.sitting_statistics import SittingFigures, sitting_statistics
from scoring.statistics import ItemStatistics

LOOKERS: Final = frozenset({"agency", "province", "nation", "author"})
KEY_HOLDERS: Final = frozenset({"nation", "author"})
PAIR_LOOKERS: Final = frozenset({"agency", "province", "nation"})
SETTERS: Final = frozenset({"province", "nation"})
KEEP: Final = timedelta(seconds=10)
OLD: Final = timedelta(minutes=30)
PATIENCE_S: Final = 0.3  # so long a request waits for new figures where there are others that are not old
COUNTS_MAX: Final = 2  # at a time
SITTINGS_MAX: Final = 16  # kept
TELLS_KEY: Final = frozenset({"option", "rest_mean", "rest_correlation", "count", "key_count", "key_rest_mean"})

log = structlog.get_logger()
endpoints = Endpoints()


class Counted(NamedTuple):
    """A sitting's figures, by the scheme of this edition."""

    reading: Reading
    sitting: Sitting
    pass_points: int
    figures: SittingFigures
    standing: Standing
    compared: Compared | None


class Desk:
    """Figures by sitting and, apart, pairs too alike; kept for a moment, made once for everybody who asks."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.sheets = SittingSheets(house.pool)
        self._kept: dict[tuple[int, bool], Counted] = {}
        self._counting: dict[tuple[int, bool], asyncio.Task[Counted]] = {}
        self._turns = asyncio.Semaphore(COUNTS_MAX)

    async def of(self, sitting_id: int, *, pairs: bool = False) -> Counted:
        """The sitting as it stood a moment ago."""
        key, now = (sitting_id, pairs), self._house.clock.now()
        kept = self._kept.get(key)
        if kept is not None and now - kept.reading.at < KEEP:
            return kept
        counting = self._counting.get(key) or self._begin(key)
        if kept is not None and now - kept.reading.at < OLD:
            done, _ = await asyncio.wait({counting}, timeout=PATIENCE_S)
            if not done:
                return kept
        return await asyncio.shield(counting)

    def forget(self, sitting_id: int) -> None:
        """Its marking was changed: the next look makes new figures."""
        for pairs in (False, True):
            self._kept.pop((sitting_id, pairs), None)

    def _begin(self, key: tuple[int, bool]) -> asyncio.Task[Counted]:
        task = asyncio.create_task(self._count(key))
        self._counting[key] = task
        self._house.jobs.add(task)
        task.add_done_callback(lambda ended: self._end(key, ended))
        return task

    def _end(self, key: tuple[int, bool], ended: asyncio.Task[Counted]) -> None:
        self._house.jobs.discard(ended)
        del self._counting[key]
        if not ended.cancelled() and (error := ended.exception()) is not None:
            log.warning("statistics_not_made", sitting=key[0], reason=type(error).__name__)

    async def _count(self, key: tuple[int, bool]) -> Counted:
        sitting_id, pairs = key
        async with self._turns:
            sitting = await store.sitting(self._house.pool, sitting_id)
            if sitting is None:
                raise NotFound("no_such_sitting")
            reading = await self.sheets.read(sitting_id, self._house.clock.now())
            pass_points = await pass_line(self._house, sitting)
            counted = await asyncio.to_thread(_counted, reading, sitting, pass_points, pairs)
        if len(self._kept) >= SITTINGS_MAX:
            self._kept.clear()
        self._kept[key] = counted
        return counted


DESK: Final = web.AppKey("item_statistics", Desk)


async def pass_line(house: House, sitting: Sitting) -> int:
    """Of the order to release, else of the sitting."""
    order = await house.pool.fetchrow(store.RELEASE_OF, sitting.sitting_id)
    return int(order["pass_points"]) if order else sitting.pass_points


def _counted(reading: Reading, sitting: Sitting, pass_points: int, pairs: bool) -> Counted:
    columns = columns_by(reading.sheets, reading.keys, sitting.scheme)
    line = Line(pass_points, sitting.points_full)
    figures = sitting_statistics(reading.sheets, columns, reading.known)
    stands = standing(reading.sheets, reading.keys, sitting.scheme, line)
    compared = compare(reading, columns, figures) if pairs else None
    return Counted(reading, sitting, pass_points, figures, stands, compared)


# --- who may look ------------------------------------------------------------------------------------------------


async def check_looker(call: Call, sitting_id: int) -> None:
    """Raise NotFound unless the sitting is inside the caller's scope."""
    if not await call.house.pool.fetchval(statistics_store.MAY_LOOK, *_scope(call), sitting_id):
        raise NotFound("no_such_sitting")


def _scope(call: Call) -> tuple[object, ...]:
    me = call.me
    return me.account_id, me.role, me.organisation_id, me.province


async def key_pools(call: Call, pool: str) -> frozenset[str] | None:
    """The pools whose keys the caller may see, in a sitting of this pool; None: all of them."""
    if call.me.role not in KEY_HOLDERS:
        return frozenset()
    national = call.me.role == "nation" or await call.house.pool.fetchval(
        statistics_store.NATIONAL, call.me.organisation_id
    )
    return None if national else frozenset({pool})


async def sittings_of(call: Call, sitting_id: int | None = None) -> dict[int, store.Row]:
    """Title and edition of the scheme by number, of the sittings inside the caller's scope, or of this one."""
    rows = await call.house.pool.fetch(statistics_store.SITTING_IDS, *_scope(call), sitting_id)
    return {row["sitting_id"]: row for row in rows}


# --- figures -----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/item-statistics", roles=LOOKERS, answer=StatisticsRows)
async def list_sittings(call: Call) -> StatisticsRows:
    """The sittings in this account's scope, with how many papers are marked."""
    rows = await call.house.pool.fetch(statistics_store.SITTINGS, *_scope(call))
    ids = [row["sitting_id"] for row in rows]
    open_ = await call.house.pool.fetch(rulings_store.OPEN_PROPOSALS, ids)
    waiting = {row["sitting_id"]: row["number"] for row in open_}
    return StatisticsRows(
        rows=[StatisticsRow(**dict(row), proposals=waiting.get(row["sitting_id"], 0)) for row in rows]
    )


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/statistics", roles=LOOKERS, answer=SittingStatistics)
async def see_sitting_statistics(call: Call) -> SittingStatistics:
    """The test as a whole, every item, what looks wrong: of the papers marked so far."""
    sitting_id = call.path["sitting_id"]
    await check_looker(call, sitting_id)
    counted = await call.request.app[DESK].of(sitting_id)
    return _view(counted, await key_pools(call, counted.sitting.pool))


def _view(counted: Counted, pools: frozenset[str] | None) -> SittingStatistics:
    reading, sitting, figures = counted.reading, counted.sitting, counted.figures
    released = reading.released
    passes = counted.standing.passing.tolist()
    return SittingStatistics(
        sitting_id=sitting.sitting_id,
        title=sitting.title,
        at=reading.at,
        closes_at=sitting.closes_at,
        edition=sitting.scheme.edition,
        entered=len(reading.everybody),
        handed_in=sum(each.phase in ("submitted", "marked", "released") for each in reading.everybody),
        counted=figures.persons,
        timed=reading.timed,
        points_max=sitting.points_full,
        pass_points=counted.pass_points,
        passing=sum(
            released.get(person, passing)
            for person, passing in zip(reading.sheets.persons.tolist(), passes, strict=True)
        ),
        mean=figures.mean,
        sd=figures.sd,
        sem=figures.sem,
        reliability=figures.reliability,
        reliability_by=figures.reliability_by,
        forms=[_form(reading, form) for form in figures.forms],
        form_count=figures.form_count,
        histogram=score_counts(histogram(counted.standing)),
        items=[_item(counted, place, pools) for place in _in_order(counted)],
        keys=pools is None or bool(pools),
    )


def score_counts(bins: Sequence[int]) -> list[ScoreCount]:
    """Bins of 2 percent."""
    return [ScoreCount(percent=number * 100 // BINS, count=count) for number, count in enumerate(bins)]


def _form(reading: Reading, form: msgspec.Struct) -> FormFigures:
    facts = msgspec.structs.asdict(form)
    return FormFigures(**{**facts, "form": reading.forms[facts["form"]]})


def _in_order(counted: Counted) -> list[int]:
    """Columns by the code of their item."""
    asked, items = counted.reading.sheets.asked, counted.reading.items
    return sorted(range(len(asked)), key=lambda place: (items[asked[place].ref].code, asked[place]))


def _item(counted: Counted, place: int, pools: frozenset[str] | None) -> ItemFigures:
    asked, found = counted.reading.sheets.asked[place], counted.figures.items[place]
    item = counted.reading.items[asked.ref]
    keys = pools is None or item.pool in pools
    rulings = {(each.item_id, each.version): each for each in counted.sitting.scheme.rulings}
    return ItemFigures(
        item_id=asked.item_id,
        version=asked.version,
        code=item.code,
        type=item.type,
        topic=item.topic,
        count=found.count,
        p=found.p,
        p_reached=found.p_reached,
        rest_correlation=found.rest_correlation,
        omitted=found.omitted,
        not_reached=found.not_reached,
        seconds=None if found.seconds is None else SecondsView(**msgspec.structs.asdict(found.seconds)),
        alarms=[_alarm(alarm, keys=keys) for alarm in found.alarms],
        ruling=act_of(rulings[asked.ref]) if asked.ref in rulings else "",
    )


def _alarm(alarm: Alarm, *, keys: bool) -> AlarmView:
    hidden = TELLS_KEY if alarm.code == "wrong_key" and not keys else frozenset[str]()
    return AlarmView(code=alarm.code, facts={name: value for name, value in alarm.facts.items() if name not in hidden})


@endpoints.add(
    "GET",
    "/api/desk/sittings/{sitting_id}/statistics/items/{item_id}",
    roles=LOOKERS,
    answer=ItemDetail,
    query=("version",),
)
async def see_item_statistics(call: Call) -> ItemDetail:
    """One item of a sitting, with its distractor table for who may see keys."""
    sitting_id, item_id = call.path["sitting_id"], call.path["item_id"]
    await check_looker(call, sitting_id)
    version = call.request.query.get("version", "")
    if version and not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Invalid("wrong_shape")
    counted = await call.request.app[DESK].of(sitting_id)
    asked = counted.reading.sheets.asked
    places = [n for n, one in enumerate(asked) if one.item_id == item_id and version in ("", str(one.version))]
    if not places:
        raise NotFound("not_asked_here")
    place = max(places, key=lambda n: (asked[n].version, counted.figures.items[n].count))
    item = counted.reading.items[asked[place].ref]
    row = await call.house.pool.fetchrow(statistics_store.PARAMETERS, *asked[place].ref)
    pools = await key_pools(call, counted.sitting.pool)
    keys = pools is None or item.pool in pools
    if keys:
        await audit(call, call.me, "item_key_seen", f"item {item_id}", sitting=sitting_id)
    found = counted.figures.items[place]
    return ItemDetail(
        figures=_item(counted, place, pools),
        case=item.case if keys else "",
        stem=item.stem if keys else "",
        key=item.key if keys else "",
        explanation=item.explanation if keys else "",
        options=_options(item, found) if keys else [],
        omitted_rest_mean=found.omitted_rest_mean,
        parameters=None
        if row is None
        else ItemParameters(item_id=item_id, version=asked[place].version, code=item.code, **dict(row)),
    )


def _options(item: Item, found: ItemStatistics) -> list[OptionFigures]:
    texts = {option.id: option.text for option in item.options}
    told = {option.option: option for option in found.options}
    lines = [
        OptionFigures(**msgspec.structs.asdict(option), text=texts.get(option.option, "")) for option in found.options
    ]
    nobody = [
        OptionFigures(option=name, text=text, right=False, count=0, share=0.0, rest_mean=None, rest_correlation=None)
        for name, text in texts.items()
        if name not in told and len(item.key) == 1
    ]
    return sorted(lines + nobody, key=lambda each: (len(each.option), each.option))


# --- likeness ----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/likeness", roles=PAIR_LOOKERS, answer=Likenesses)
async def see_likeness(call: Call) -> Likenesses:
    """Pairs of papers too alike."""
    sitting_id = call.path["sitting_id"]
    await check_looker(call, sitting_id)
    counted = await call.request.app[DESK].of(sitting_id, pairs=True)
    compared = counted.compared
    assert compared is not None, "pairs were asked for"
    people = {each.attempt_id: each for each in counted.reading.people}
    masked = call.me.role == "nation"
    await audit(call, call.me, "likeness_seen", f"sitting {sitting_id}", pairs=len(compared.pairs))
    return Likenesses(
        at=counted.reading.at,
        within=compared.within,
        compared=compared.compared,
        found=compared.found,
        pairs=[
            AlikePair(
                attempt_ids=list(ids),
                names=[shown_name(people[number], masked=masked) for number in ids],
                institutions=[people[number].institution for number in ids],
                rooms=[people[number].room for number in ids],
                scores=list(pair.scores),
                same_wrong=pair.same_wrong,
                expected=pair.expected,
                chance=pair.chance,
                items=[counted.reading.items[_ref(name)].code for name in pair.items],
            )
            for pair in compared.pairs
            for ids in [(int(pair.persons[0]), int(pair.persons[1]))]
        ],
    )


def shown_name(person: Person, *, masked: bool) -> str:
    """A name, or its first character only."""
    return masked_name(person.name) if masked else person.name


def _ref(column: str) -> tuple[int, int]:
    item_id, _, version = column.partition(".")
    return int(item_id), int(version)


# --- schemes -----------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/scheme", roles=LOOKERS, answer=SchemeView)
async def see_scheme(call: Call) -> SchemeView:
    """How the papers of a sitting are marked."""
    await check_looker(call, call.path["sitting_id"])
    return await _scheme_view(call)


async def _scheme_view(call: Call) -> SchemeView:
    sitting = await store.sitting(call.house.pool, call.path["sitting_id"])
    assert sitting is not None, "somebody may see it"
    begun = await call.house.pool.fetchval(statistics_store.MARKING_BEGUN, sitting.sitting_id)
    keys = call.me.role in KEY_HOLDERS
    return SchemeView(
        sitting_id=sitting.sitting_id,
        edition=sitting.scheme.edition,
        points_per_item=sitting.scheme.points_per_item,
        section_points=list(sitting.scheme.section_points),
        multiple=sitting.scheme.multiple,
        points_max=sitting.points_full,
        pass_points=await pass_line(call.house, sitting),
        rulings=[ruling_shape(ruling, keys=keys) for ruling in sitting.scheme.rulings],
        open=not begun,
    )


def act_of(ruling: Ruling) -> str:
    """The word for a ruling."""
    if ruling.void:
        return "void"
    if ruling.full_credit:
        return "full_credit"
    return "key" if ruling.key else "also"


def ruling_shape(ruling: Ruling, *, keys: bool) -> RulingShape:
    """As it is shown; without the keys to who may not see them."""
    named = [each for each in (ruling.key, *ruling.also) if each] if keys else []
    return RulingShape(item_id=ruling.item_id, version=ruling.version, act=act_of(ruling), keys=named)


@endpoints.add("PUT", "/api/desk/sittings/{sitting_id}/scheme", roles=SETTERS, body=SetScheme, answer=SchemeView)
async def set_scheme(call: Call) -> SchemeView:
    """Decide how they are marked, while nothing is marked yet."""
    sitting_id, asked = call.path["sitting_id"], call.body
    assert isinstance(asked, SetScheme)
    await check_looker(call, sitting_id)
    async with call.house.pool.acquire() as connection, connection.transaction():
        edition = await connection.fetchval(statistics_store.SCHEME_LOCKED, sitting_id)
        if edition != asked.edition:
            raise Refused("changed_meanwhile")
        if await connection.fetchval(statistics_store.MARKING_BEGUN, sitting_id):
            raise Refused("marking_begun")
        sections = await connection.fetchval(statistics_store.SECTION_COUNT, sitting_id)
        if len(asked.section_points) not in (0, sections):
            raise Invalid("section_points_wrong", sections=sections)
        scheme = Scheme(asked.points_per_item, asked.multiple, (), tuple(asked.section_points), edition + 1)
        await connection.execute(statistics_store.SET_SCHEME, sitting_id, msgspec.json.encode(scheme).decode())
        after = await store.sitting(connection, sitting_id)
        assert after is not None
        if after.pass_points > after.points_full:
            raise Refused("pass_line_too_high", points_max=after.points_full)
        facts = {"edition": edition + 1, "points": asked.points_per_item, "sections": asked.section_points}
        await audit(
            call, call.me, "scheme_set", f"sitting {sitting_id}", runner=connection, **facts, multiple=asked.multiple
        )
    call.request.app[DESK].forget(sitting_id)
    return await _scheme_view(call)


# --- calibration -------------------------------------------------------------------------------------------------


@endpoints.add("GET", "/api/desk/sittings/{sitting_id}/calibration", roles=LOOKERS, answer=Calibration)
async def see_calibration(call: Call) -> Calibration:
    """What the last calibration of this sitting's items gave."""
    await check_looker(call, call.path["sitting_id"])
    return await _calibration(call)


async def _calibration(call: Call) -> Calibration:
    row = await call.house.pool.fetchrow(rulings_store.CALIBRATION, call.path["sitting_id"])
    if row is None:
        return Calibration(state="none", at=None, persons=0, rounds=0, kept=[], skipped=[])
    kept = msgspec.json.decode(row["kept"], type=list[dict[str, int | float | str]])
    skipped = msgspec.json.decode(row["skipped"], type=list[dict[str, int | str]])
    return Calibration(
        state=row["state"],
        at=row["at"],
        persons=row["persons"],
        rounds=row["rounds"],
        kept=[msgspec.convert({**one, "model": "2PL", "at": row["at"]}, ItemParameters) for one in kept],
        skipped=[msgspec.convert(one, SkippedItem) for one in skipped],
    )


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/calibration", roles=KEY_HOLDERS, answer=Calibration)
async def order_calibration(call: Call) -> Calibration:
    """Calibrate the items of a sitting; the work goes on after the answer."""
    sitting_id, pool = call.path["sitting_id"], call.house.pool
    await check_looker(call, sitting_id)
    marked = await pool.fetchval(statistics_store.TO_RESCORE, sitting_id)
    if marked < PERSONS_MIN:
        raise Refused("too_few_papers", limit=PERSONS_MIN)
    async with pool.acquire() as connection, connection.transaction():
        ordered = await connection.fetchval(rulings_store.ORDER_CALIBRATION, sitting_id, call.me.account_id)
        if ordered is None:
            raise Refused("calibration_running")
        await audit(call, call.me, "calibration_ordered", f"sitting {sitting_id}", runner=connection)
    return await _calibration(call)
