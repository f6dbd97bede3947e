"""Deleting evidence on time: whatever it is interrupted by, in the end all of it is gone and on record once."""

import itertools
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import asyncpg
import pytest
from PIL import Image

from proctor.evidence_store import Deletion, deletions_of_person
from proctor.keys import KeyUnreadable, PersonKeys
from proctor.pictures import Pictures, StoreAway
from proctor.sweeping import Attempts, Due, Report, Sweeper

Pool = asyncpg.Pool

SECRET = b"a secret of thirty-two bytes....."
NOW = datetime.now(UTC) + timedelta(days=100)  # long after the keys of this test were made
NUMBERS = itertools.count(1)


def portrait(shade: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (160, 160), (shade, 90, 120)).save(out, "JPEG")
    return out.getvalue()


@dataclass
class World:
    """Some persons with attempts, as the exam engine knows them, and their pictures."""

    pool: Pool
    folder: Path
    keys: PersonKeys
    pictures: Pictures
    attempts: dict[int, list[int]] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)

    @property
    def sweeper(self) -> Sweeper:
        """One that knows nothing of what an earlier one did, as after a restart."""
        return Sweeper(self.pool, self.pictures, self.keys, self.attempts_of)

    async def attempts_of(self, persons: Sequence[int]) -> Mapping[int, Attempts]:
        return {
            person: Attempts(tuple(self.attempts[person]), open=person in self.open)
            for person in persons
            if person in self.attempts
        }

    async def person_with(self, *shades_of_attempts: Sequence[int]) -> int:
        """A person with an attempt for each sequence of pictures."""
        person = next(NUMBERS)
        for shades in shades_of_attempts:
            await self.attempt(person, shades)
        return person

    async def attempt(self, person: int, shades: Sequence[int]) -> int:
        attempt_id = 1_000_000_000_000 + next(NUMBERS)
        self.attempts.setdefault(person, []).append(attempt_id)
        for shade in shades:
            kept = await self.pictures.put(person, portrait(shade))
            await self.pool.execute(
                "INSERT INTO proctor.pictures (attempt_id, name, purpose, model) VALUES ($1, $2, 'capture', 'none')",
                attempt_id,
                kept.name,
            )
        return attempt_id

    async def photo(self, person: int, shade: int) -> str:
        kept = await self.pictures.put(person, portrait(shade))
        await self.pool.execute(
            "INSERT INTO proctor.photos (person_id, name, vector, model, source, status) "
            "VALUES ($1, $2, $3, 'm', 'import', 'approved')",
            person,
            kept.name,
            bytes(512),
        )
        return kept.name

    async def names(self, attempt_id: int) -> tuple[str, ...]:
        rows = await self.pool.fetch(
            "SELECT name FROM proctor.pictures WHERE attempt_id = $1 AND deleted_at IS NULL ORDER BY name", attempt_id
        )
        return tuple(row["name"] for row in rows)

    async def due(self, person: int, attempt_id: int) -> Due:
        return Due(attempt_id, person, await self.names(attempt_id), "retention")

    def files(self, person: int) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and path.parent.name == str(person)]

    async def living_key(self, person: int) -> bool:
        return await PersonKeys(self.pool, SECRET).of(person, make=False) is not None

    @asynccontextmanager
    async def recording_fails(self) -> AsyncIterator[None]:
        """As if the process were killed while it writes the record of a deletion."""
        await self.pool.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$;"
            "CREATE TRIGGER killed BEFORE INSERT ON proctor.deletions FOR EACH ROW EXECUTE FUNCTION fail()"
        )
        try:
            with pytest.raises(asyncpg.RaiseError, match="killed"):
                yield
        finally:
            await self.pool.execute("DROP TRIGGER killed ON proctor.deletions; DROP FUNCTION fail()")


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=3) as pool:
        keys = PersonKeys(pool, SECRET)
        made = World(pool, tmp_path / "pictures", keys, Pictures(tmp_path / "pictures", keys))
        yield made
        # the next test has folders of its own: nothing of this one may be left for its sweeper
        await pool.execute("UPDATE proctor.keys SET wrapped = NULL, shredded_at = now() WHERE shredded_at IS NULL")


# --- what is due goes --------------------------------------------------------------------------------------------


async def test_what_is_due_is_deleted_marked_and_noted(world: World) -> None:
    person = await world.person_with([10, 20, 30])
    (attempt,) = world.attempts[person]
    bytes_ = sum(file.stat().st_size for file in world.files(person))

    report = await world.sweeper.sweep([await world.due(person, attempt)], NOW)

    assert report == Report(deletions=1, pictures=3, bytes=bytes_)
    assert world.files(person) == []
    assert await world.names(attempt) == ()
    assert await deletions_of_person(world.pool, person) == [
        Deletion(NOW, person, attempt, "pictures", "retention", "", 3, 0, bytes_)
    ]


async def test_the_faces_as_numbers_and_thumb_nails_go_with_the_pictures_and_those_of_others_stay(world: World) -> None:
    person, bystander = await world.person_with([10]), await world.person_with([10])
    (attempt,), (others,) = world.attempts[person], world.attempts[bystander]
    for number in (attempt, others):
        (name,) = await world.names(number)
        check = await world.pool.fetchval(
            "INSERT INTO proctor.checks (attempt_id, device, steps, vector) VALUES ($1, 'd', '{}', 'v') "
            "RETURNING check_id",
            number,
        )
        await world.pool.execute("INSERT INTO proctor.frames VALUES ($1, 1, $2, now(), '', 's')", check, name)
        await world.pool.execute(
            "INSERT INTO proctor.captures (attempt_id, name, why, at, vector, thumb) "
            "VALUES ($1, $2, 'interval', now(), 'v', 't')",
            number,
            name,
        )

    await world.sweeper.sweep([await world.due(person, attempt)], NOW)

    faces = (
        "SELECT (SELECT count(*) FROM proctor.checks WHERE attempt_id = $1 AND vector IS NOT NULL), "
        "(SELECT count(*) FROM proctor.captures WHERE attempt_id = $1 AND (vector IS NOT NULL OR thumb IS NOT NULL)), "
        "(SELECT count(*) FROM proctor.frames JOIN proctor.checks USING (check_id) "
        "WHERE attempt_id = $1 AND sight IS NOT NULL)"
    )
    found = [tuple(row) for number in (attempt, others) for row in await world.pool.fetch(faces, number)]
    assert found == [(0, 0, 0), (1, 1, 1)]


async def test_photos_that_are_due_go_with_their_numbers(world: World) -> None:
    person = await world.person_with()
    name = await world.photo(person, 10)

    report = await world.sweeper.sweep([Due(None, person, (name,), "photo_unused")], NOW)

    assert (report.deletions, report.pictures) == (1, 1)
    rows = await world.pool.fetch("SELECT deleted_at, vector FROM proctor.photos WHERE person_id = $1", person)
    assert [tuple(row) for row in rows] == [(NOW, None)]
    assert world.files(person) == []


async def test_a_picture_that_another_attempt_shows_too_stays_until_the_last(world: World) -> None:
    person = await world.person_with([10, 20], [20, 30])
    first, second = world.attempts[person]
    (shared,) = set(await world.names(first)) & set(await world.names(second))

    await world.sweeper.sweep([await world.due(person, first)], NOW)
    assert await world.pictures.get(person, shared) is not None
    assert len(world.files(person)) == 2
    await world.sweeper.sweep([await world.due(person, second)], NOW)
    assert world.files(person) == []


async def test_a_picture_that_is_the_photo_too_stays_with_the_photo_and_the_other_way_round(world: World) -> None:
    person = await world.person_with([10])
    (attempt,) = world.attempts[person]
    photo = await world.photo(person, 10)
    other = await world.person_with([10])
    others_photo = await world.photo(other, 10)

    await world.sweeper.sweep([await world.due(person, attempt)], NOW)
    await world.sweeper.sweep([Due(None, other, (others_photo,), "photo_unused")], NOW)

    assert await world.pictures.get(person, photo) is not None
    assert await world.pictures.get(other, others_photo) is not None


async def test_two_attempts_with_the_same_picture_both_due_leave_nothing(world: World) -> None:
    person = await world.person_with([10], [10])
    due = [await world.due(person, attempt) for attempt in world.attempts[person]]

    report = await world.sweeper.sweep(due, NOW)

    assert (report.deletions, report.pictures, report.missing) == (2, 2, 0)
    assert world.files(person) == []


async def test_where_the_disk_says_no_the_rest_goes_on_and_nothing_is_called_deleted(world: World) -> None:
    stuck, easy = await world.person_with([10]), await world.person_with([10])
    due = [await world.due(person, world.attempts[person][0]) for person in (stuck, easy)]
    (file,) = world.files(stuck)
    file.unlink()
    (file / "in the way").mkdir(parents=True)  # a folder of this name can't be unlinked as a file

    report = await world.sweeper.sweep(due, NOW)

    assert (report.deletions, report.failed) == (1, 1)
    assert len(await world.names(world.attempts[stuck][0])) == 1
    shutil.rmtree(file)
    assert (await world.sweeper.sweep([due[0]], NOW)).failed == 0


async def test_without_its_store_nothing_is_called_deleted(world: World) -> None:
    person = await world.person_with([10])
    (attempt,) = world.attempts[person]
    away = world.folder.rename(world.folder.with_name("not mounted"))

    report = await world.sweeper.sweep([await world.due(person, attempt)], NOW)
    report += await world.sweeper.shred_where_nothing_is_left(NOW)

    assert report == Report(failed=1)
    assert len(await world.names(attempt)) == 1
    away.rename(world.folder)
    assert (await world.sweeper.sweep([await world.due(person, attempt)], NOW)).pictures == 1


# --- the key -----------------------------------------------------------------------------------------------------


async def test_the_key_is_shredded_when_nothing_is_left_and_not_before(world: World) -> None:
    person = await world.person_with([10], [20])
    bystander = await world.person_with([10])
    first, second = world.attempts[person]

    await world.sweeper.sweep([await world.due(person, first)], NOW)
    assert (await world.sweeper.shred_where_nothing_is_left(NOW)).shredded == 0
    await world.sweeper.sweep([await world.due(person, second)], NOW)
    assert await world.sweeper.shred_where_nothing_is_left(NOW) == Report(deletions=1, shredded=1)

    assert not await world.living_key(person)
    assert await world.living_key(bystander)
    assert [(one.kind, one.rule) for one in await deletions_of_person(world.pool, person)] == [
        ("pictures", "retention"),
        ("pictures", "retention"),
        ("key", "nothing_left"),
    ]


async def test_a_photo_or_an_open_attempt_keeps_the_key(world: World) -> None:
    with_photo, sitting = await world.person_with([10]), await world.person_with([10])
    photo = await world.photo(with_photo, 50)
    world.open.add(sitting)
    for person in (with_photo, sitting):
        await world.sweeper.sweep([await world.due(person, world.attempts[person][0])], NOW)

    assert (await world.sweeper.shred_where_nothing_is_left(NOW)).shredded == 0
    world.open.clear()
    await world.sweeper.sweep([Due(None, with_photo, (photo,), "photo_unused")], NOW)
    assert (await world.sweeper.shred_where_nothing_is_left(NOW)).shredded == 2


async def test_a_key_just_made_is_not_taken_for_a_forgotten_one(world: World) -> None:
    person = await world.person_with()
    await world.pictures.put(person, portrait(10))  # its row is not written yet

    assert (await world.sweeper.shred_where_nothing_is_left(datetime.now(UTC))).shredded == 0
    assert await world.living_key(person)


async def test_files_that_no_row_names_go_with_the_key(world: World) -> None:
    person = await world.person_with([10])
    (attempt,) = world.attempts[person]
    await world.pictures.put(person, portrait(200))  # the process died before it wrote the row
    await world.sweeper.sweep([await world.due(person, attempt)], NOW)
    assert len(world.files(person)) == 1

    report = await world.sweeper.shred_where_nothing_is_left(NOW)

    assert (report.shredded, report.pictures) == (1, 1)
    assert world.files(person) == []


# --- interrupted, and repeated -----------------------------------------------------------------------------------


async def finish(world: World, person: int) -> Report:
    """A later sweep, which finds due whatever is not marked yet."""
    due = [await world.due(person, attempt) for attempt in world.attempts[person]]
    report = await world.sweeper.sweep([one for one in due if one.names], NOW)
    return report + await world.sweeper.shred_where_nothing_is_left(NOW)


async def all_gone(world: World, person: int) -> list[tuple[str, int]]:
    assert world.files(person) == []
    assert not await world.living_key(person)
    assert [await world.names(attempt) for attempt in world.attempts[person]] == [()]
    return [(one.kind, one.pictures) for one in await deletions_of_person(world.pool, person)]


@pytest.mark.parametrize("gone", [0, 1, 2, 3])
async def test_killed_after_some_files_it_goes_on(world: World, gone: int) -> None:
    person = await world.person_with([10, 20, 30])
    for file in world.files(person)[:gone]:
        file.unlink()

    report = await finish(world, person)

    assert (report.pictures, report.missing, report.shredded) == (3, gone, 1)
    assert await all_gone(world, person) == [("pictures", 3), ("key", 0)]


async def test_killed_between_marking_and_noting_it_goes_on(world: World) -> None:
    person = await world.person_with([10, 20])
    (attempt,) = world.attempts[person]
    due = await world.due(person, attempt)
    async with world.recording_fails():
        await world.sweeper.sweep([due], NOW)
    assert len(await world.names(attempt)) == 2  # neither marked nor noted
    assert await deletions_of_person(world.pool, person) == []

    report = await finish(world, person)

    assert (report.pictures, report.missing) == (2, 2)
    assert await all_gone(world, person) == [("pictures", 2), ("key", 0)]


async def test_killed_before_the_key_is_shredded_it_goes_on(world: World) -> None:
    person = await world.person_with([10])
    await world.sweeper.sweep([await world.due(person, world.attempts[person][0])], NOW)
    async with world.recording_fails():
        await world.sweeper.shred_where_nothing_is_left(NOW)
    assert await world.living_key(person)

    await finish(world, person)

    assert await all_gone(world, person) == [("pictures", 1), ("key", 0)]


async def test_the_same_sweep_twice_notes_nothing_twice(world: World) -> None:
    person = await world.person_with([10, 20])
    due = [await world.due(person, world.attempts[person][0])]
    await world.sweeper.sweep(due, NOW)
    await world.sweeper.shred_where_nothing_is_left(NOW)

    again = await world.sweeper.sweep(due, NOW) + await world.sweeper.shred_where_nothing_is_left(NOW)

    assert again == Report()
    assert await all_gone(world, person) == [("pictures", 2), ("key", 0)]


# --- by order ----------------------------------------------------------------------------------------------------


async def test_by_order_everything_of_a_person_goes_and_nothing_of_anybody_else(world: World) -> None:
    person, bystander = await world.person_with([10, 20], [20]), await world.person_with([10])
    await world.photo(person, 10)
    names = {name for attempt in world.attempts[person] for name in await world.names(attempt)}

    report = await world.sweeper.forget(person, "本人撤回同意", NOW)

    assert (report.deletions, report.pictures, report.shredded) == (4, 4, 1)
    assert world.files(person) == []
    assert [await world.pictures.get(person, name) for name in names] == [None, None]
    deletions = await deletions_of_person(world.pool, person)
    assert {(one.rule, one.reason) for one in deletions} == {("ordered", "本人撤回同意")}
    assert [one.kind for one in deletions] == ["key", "pictures", "pictures", "photos"]
    (name,) = await world.names(world.attempts[bystander][0])
    assert await world.pictures.get(bystander, name) is not None
    assert await world.sweeper.forget(person, "again", NOW) == Report()


async def test_an_order_shreds_the_key_even_when_the_files_can_not_be_reached_and_may_be_repeated(world: World) -> None:
    person = await world.person_with([10])
    (attempt,) = world.attempts[person]
    away = world.folder.rename(world.folder.with_name("not mounted"))
    with pytest.raises(StoreAway):
        await world.sweeper.forget(person, "order", NOW)
    away.rename(world.folder)

    assert not await world.living_key(person)
    (name,) = await world.names(attempt)
    assert await world.pictures.get(person, name) is None
    report = await world.sweeper.forget(person, "order", NOW)
    assert (report.pictures, report.shredded) == (1, 0)
    assert await all_gone(world, person) == [("key", 0), ("pictures", 1)]


async def test_sweeping_needs_no_secret(world: World) -> None:
    person = await world.person_with([10])
    (attempt,) = world.attempts[person]
    stranger = PersonKeys(world.pool, sha256(b"another").digest())
    with pytest.raises(KeyUnreadable):
        await stranger.of(person, make=False)
    sweeper = Sweeper(world.pool, Pictures(world.folder, stranger), stranger, world.attempts_of)

    await sweeper.sweep([await world.due(person, attempt)], NOW)
    await sweeper.shred_where_nothing_is_left(NOW)

    assert await all_gone(world, person) == [("pictures", 1), ("key", 0)]
