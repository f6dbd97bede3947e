"""Reference photos: who gets one in use, what waits for a person, and what can never be one."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from PIL import Image

from exam_engine.commands.enrol import OwnVision
from exam_engine.enrolment import Enrolled, enrol, judge_photo, reembed_some
from exam_engine.errors import Forbidden, Invalid, NotFound, Refused
from exam_engine.known_faces import VECTORS_CHUNK, KnownFaces
from exam_engine.photo_files import PHOTO_BYTES_MAX
from proctor import store
from proctor.pictures import JPEG_BYTES_MAX
from proctor.sight import Face, Sight
from tests.exam_engine.photo_samples import (
    BLUE,
    GOOD,
    GREEN,
    POINTS,
    RED,
    REDDISH,
    House,
    PaintedEyes,
    blurred,
    far_away,
    jpeg_of,
    painted,
    photograph,
    portrait,
    stamp,
    two_faces,
    vector_of,
)

Pool = asyncpg.Pool
STAFF, JUDGE = 77, 78


@pytest_asyncio.fixture
async def pool(database_url: str) -> "AsyncIterator[Pool[asyncpg.Record]]":
    async with asyncpg.create_pool(database_url, min_size=1, max_size=8) as made:
        await made.execute("DELETE FROM proctor.photos")
        yield made


@pytest.fixture
def eyes() -> PaintedEyes:
    return PaintedEyes()


@pytest.fixture
def house(pool: "Pool[asyncpg.Record]", tmp_path: Path, eyes: PaintedEyes) -> House:
    return House(pool, tmp_path / "pictures", eyes)


@pytest.fixture
def known() -> KnownFaces:
    return KnownFaces()


@pytest.fixture(scope="module")
def own_vision() -> Iterator[OwnVision]:
    """The real model."""
    with closing(OwnVision()) as vision:
        yield vision


async def brought_in(
    house: House, person_id: int, jpeg: bytes, known: KnownFaces, source: str = "import", *, replace: bool = True
) -> Enrolled:
    return await enrol(house, person_id, jpeg, source=source, by=STAFF, known=known, replace=replace)


async def judged(house: House, photo_id: int, approve: bool = True, reason: str = "", person: int = 0) -> int:
    async with house.pool.acquire() as connection, connection.transaction():
        return await judge_photo(connection, photo_id, approve=approve, reason=reason, by=JUDGE, person_of_judge=person)


async def photos(house: House, person_id: int) -> list[asyncpg.Record]:
    return await house.pool.fetch("SELECT * FROM proctor.photos WHERE person_id = $1 ORDER BY photo_id", person_id)


async def statuses(house: House, person_id: int) -> list[str]:
    return [row["status"] for row in await photos(house, person_id)]


# --- what becomes of a photo -------------------------------------------------------------------------------------


async def test_a_good_photo_that_staff_brings_in_is_in_use_at_once(house: House, known: KnownFaces) -> None:
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="kept")
    (row,) = await photos(house, 1)
    assert (row["status"], row["model"], row["source"], row["added_by"]) == ("approved", "painted/1", "import", STAFF)
    assert await store.gallery(house.pool, 0, 1, "painted/1") == [bytes(row["vector"])]
    kept = await house.pictures.get(1, row["name"])
    assert kept is not None
    assert Image.open(io.BytesIO(kept)).size == (300, 300)


async def test_what_a_physician_hands_in_himself_waits_however_good_it_is(house: House, known: KnownFaces) -> None:
    assert await brought_in(house, 1, painted(RED), known, "self") == Enrolled(outcome="pending")
    assert await store.gallery(house.pool, 0, 1, "painted/1") == []
    assert await statuses(house, 1) == ["pending"]


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({"luma": 10.0}, ("more_light",)),
        ({"luma": 235.0}, ("too_bright",)),
        ({"clipped": 0.5}, ("too_bright",)),
    ],
)
async def test_in_bad_light_a_person_has_to_look(
    house: House, known: KnownFaces, eyes: PaintedEyes, changes: dict[str, float], doubts: tuple[str, ...]
) -> None:
    eyes.quality = msgspec.structs.replace(GOOD, **changes)
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="pending", doubts=doubts)
    assert (await photos(house, 1))[0]["doubts"] == list(doubts)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"face_px": 79.0}, "nearer"),
        ({"sharpness": 0.9}, "hold_still"),
        ({"luma": 10.0, "sharpness": 0.9}, "hold_still"),
    ],
)
async def test_what_can_not_be_compared_with_is_refused_and_nothing_of_it_kept(
    house: House, known: KnownFaces, eyes: PaintedEyes, changes: dict[str, float], problem: str
) -> None:
    eyes.quality = msgspec.structs.replace(GOOD, **changes)
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="refused", problem=problem)
    assert (await photos(house, 1), house.files()) == ([], 0)


async def test_without_a_face_or_with_two_it_is_refused(house: House, known: KnownFaces, eyes: PaintedEyes) -> None:
    eyes.others = (Face((300, 0, 150, 150), 0.99, POINTS),)
    assert (await brought_in(house, 1, painted(RED), known)).problem == "several"
    eyes.quality = None
    assert (await brought_in(house, 1, painted(RED), known)).problem == "no_face"
    assert house.files() == 0


@pytest.mark.parametrize(
    ("picture", "outcome"),
    [
        (photograph("astronaut"), Enrolled(outcome="kept")),
        (photograph("coffee"), Enrolled(outcome="refused", problem="no_face")),
        (two_faces(), Enrolled(outcome="refused", problem="several")),
        (far_away(), Enrolled(outcome="refused", problem="nearer")),
        (stamp(), Enrolled(outcome="refused", problem="nearer")),
        (blurred(), Enrolled(outcome="refused", problem="hold_still")),
    ],
    ids=["a face", "no face", "two faces", "far away", "a stamp", "blurred"],
)
async def test_the_model_tells_a_photo_from_what_is_none(
    house: House, known: KnownFaces, own_vision: OwnVision, picture: Image.Image, outcome: Enrolled
) -> None:
    house.vision = own_vision
    assert await brought_in(house, 1, jpeg_of(picture, quality=92), known) == outcome
    assert len(await photos(house, 1)) == (1 if outcome.outcome == "kept" else 0)


async def test_the_same_face_under_another_number_is_noticed_by_the_model(
    house: House, known: KnownFaces, own_vision: OwnVision
) -> None:
    house.vision = own_vision
    assert (await brought_in(house, 1, jpeg_of(photograph("astronaut")), known)).outcome == "kept"
    again = await brought_in(house, 2, jpeg_of(portrait()), known)
    assert again == Enrolled(outcome="pending", doubts=("same_as_other",))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"not a picture", "not_a_jpeg"),
        (painted(RED)[:400], "picture_broken"),
        (painted(RED, side=60), "picture_size"),
        (painted(RED) + b"\0" * JPEG_BYTES_MAX, "picture_too_large"),
    ],
    ids=["text", "cut off", "tiny", "too many bytes"],
)
async def test_what_is_no_usable_jpeg_is_refused_by_its_content(
    house: House, known: KnownFaces, data: bytes, problem: str
) -> None:
    assert await brought_in(house, 1, data, known) == Enrolled(outcome="refused", problem=problem)


async def test_a_large_photo_of_staff_is_made_smaller_but_not_any_size(house: House, known: KnownFaces) -> None:
    large = jpeg_of(Image.effect_noise((3000, 2400), 120), quality=90)
    assert JPEG_BYTES_MAX < len(large) < PHOTO_BYTES_MAX
    enrolled = await enrol(house, 1, large, source="import", by=STAFF, known=known, bytes_max=PHOTO_BYTES_MAX)
    assert enrolled.outcome == "kept"
    kept = await house.pictures.get(1, (await photos(house, 1))[0]["name"])
    assert kept is not None
    assert max(Image.open(io.BytesIO(kept)).size) == 960
    beyond = large + b"\0" * PHOTO_BYTES_MAX
    enrolled = await enrol(house, 1, beyond, source="import", by=STAFF, known=known, bytes_max=PHOTO_BYTES_MAX)
    assert enrolled.problem == "picture_too_large"


# --- whom it looks like ------------------------------------------------------------------------------------------


async def test_somebody_elses_face_waits_and_ones_own_does_not(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known)
    assert await brought_in(house, 1, painted(REDDISH), known) == Enrolled(outcome="kept")
    assert await brought_in(house, 2, painted(REDDISH), known) == Enrolled(outcome="pending", doubts=("same_as_other",))
    assert await brought_in(house, 3, painted(GREEN), known) == Enrolled(outcome="kept")


async def test_a_face_is_known_to_a_process_that_did_not_bring_it_in(house: House, known: KnownFaces) -> None:
    await brought_in(house, 3, painted(BLUE), KnownFaces())
    await brought_in(house, 1, painted(GREEN), known)
    await brought_in(house, 4, painted(RED), KnownFaces())
    assert (await brought_in(house, 2, painted(RED), known)).doubts == ("same_as_other",)


@pytest.mark.parametrize("gone", ["status = 'refused'", "status = 'replaced'", "deleted_at = now()"])
async def test_a_photo_that_counts_no_more_is_like_nobody(house: House, known: KnownFaces, gone: str) -> None:
    await brought_in(house, 1, painted(RED), known)
    await brought_in(house, 2, painted(GREEN), known)
    await house.pool.execute(f"UPDATE proctor.photos SET {gone} WHERE person_id = 1")
    assert await brought_in(house, 3, painted(RED), known) == Enrolled(outcome="kept")


async def test_of_two_processes_at_once_the_second_sees_the_firsts_photo(house: House) -> None:
    for person in range(1, 21, 2):
        colour = (20 + person * 10, 200 - person * 9, (person * 53) % 200)
        both = await asyncio.gather(
            brought_in(house, person, painted(colour), KnownFaces()),
            brought_in(house, person + 1, painted(colour, side=310), KnownFaces()),
        )
        assert sorted(one.outcome for one in both) == ["kept", "pending"], person
        await house.pool.execute("DELETE FROM proctor.photos")


async def test_everybody_is_compared_with_however_many_they_are(house: House, known: KnownFaces) -> None:
    await house.pool.execute(
        """INSERT INTO proctor.photos (person_id, name, vector, model, source, status)
           SELECT n, repeat('a', 64), CASE n WHEN $1 THEN $2::bytea ELSE $3::bytea END, 'painted/1', 'import',
                  'approved'
           FROM generate_series(1000, $1) AS n""",
        1000 + VECTORS_CHUNK + 2,
        vector_of(BLUE),
        vector_of(RED),
    )
    assert (await brought_in(house, 1, painted(BLUE), known)).doubts == ("same_as_other",)
    assert (await brought_in(house, 2, painted(GREEN), known)).doubts == ()


async def test_vectors_of_another_model_are_not_compared_with(
    house: House, known: KnownFaces, eyes: PaintedEyes
) -> None:
    await brought_in(house, 1, painted(RED), known)
    eyes.model = "painted/2"
    assert await brought_in(house, 2, painted(RED), known) == Enrolled(outcome="kept")
    assert (await brought_in(house, 3, painted(RED), known)).doubts == ("same_as_other",)


# --- replacing, waiting, deciding --------------------------------------------------------------------------------


async def test_a_new_photo_takes_the_place_of_the_one_before(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known)
    await brought_in(house, 1, painted(REDDISH), known)
    assert await statuses(house, 1) == ["replaced", "approved"]


async def test_the_same_photo_again_changes_nothing_and_nobody_looks_at_it_again(
    house: House, known: KnownFaces, eyes: PaintedEyes
) -> None:
    await brought_in(house, 1, painted(RED), known)
    eyes.away = "down"
    for replace in (True, False):
        assert await brought_in(house, 1, painted(RED), known, replace=replace) == Enrolled(outcome="kept")
    assert (eyes.looks, await statuses(house, 1), house.files()) == (1, ["approved"], 1)


async def test_the_same_photo_that_waits_goes_on_waiting(house: House, known: KnownFaces) -> None:
    await brought_in(house, 2, painted(RED), known)
    for _ in range(2):
        assert (await brought_in(house, 1, painted(RED), known)).doubts == ("same_as_other",)
    assert await statuses(house, 1) == ["pending"]


async def test_who_has_a_photo_keeps_it_unless_it_is_to_be_replaced(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known)
    assert await brought_in(house, 1, painted(REDDISH), known, replace=False) == Enrolled(
        outcome="refused", problem="has_photo"
    )
    assert (await statuses(house, 1), house.files()) == (["approved"], 1)


async def test_another_face_does_not_take_the_place_of_a_photo_unseen(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known)
    assert await brought_in(house, 1, painted(GREEN), known) == Enrolled(outcome="pending", doubts=("not_like_before",))
    assert await statuses(house, 1) == ["approved", "pending"]


async def test_of_photos_that_wait_the_newest_counts(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known)
    await brought_in(house, 1, painted(GREEN), known, "self")
    await brought_in(house, 1, painted(BLUE), known, "self")
    assert await statuses(house, 1) == ["approved", "replaced", "pending"]


async def test_approving_replaces_the_one_in_use(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known)
    await brought_in(house, 1, painted(GREEN), known, "self")
    waiting = (await photos(house, 1))[1]
    assert await judged(house, waiting["photo_id"]) == 1
    before, after = await photos(house, 1)
    assert (before["status"], after["status"], after["decided_by"]) == ("replaced", "approved", JUDGE)
    assert after["decided_at"] is not None


async def test_a_photo_that_was_refused_does_not_come_in_by_the_back_door(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known, "self")
    await judged(house, (await photos(house, 1))[0]["photo_id"], approve=False, reason=" 不是本人 ")
    assert (await photos(house, 1))[0]["reason"] == "不是本人"
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="pending", doubts=("refused_before",))


async def test_only_what_waits_can_be_decided_once_and_by_somebody_else(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known, "self")
    photo_id = (await photos(house, 1))[0]["photo_id"]
    with pytest.raises(Forbidden, match="own_photo"):
        await judged(house, photo_id, person=1)
    with pytest.raises(Invalid, match="reason_missing"):
        await judged(house, photo_id, approve=False, reason="  ")
    with pytest.raises(NotFound, match="no_such_photo"):
        await judged(house, photo_id + 1)
    both = await asyncio.gather(
        judged(house, photo_id), judged(house, photo_id, approve=False, reason="模糊"), return_exceptions=True
    )
    (lost,) = [one for one in both if isinstance(one, Refused)]
    assert lost.code == "photo_decided"
    assert await statuses(house, 1) == [lost.facts["status"]]


async def test_a_deleted_photo_can_not_be_decided(house: House, known: KnownFaces) -> None:
    await brought_in(house, 1, painted(RED), known, "self")
    await house.pool.execute("UPDATE proctor.photos SET deleted_at = now()")
    with pytest.raises(NotFound):
        await judged(house, (await photos(house, 1))[0]["photo_id"])


async def test_many_at_once_leave_one_photo_in_use(house: House, known: KnownFaces) -> None:
    shades = [(200, 20 + shade, 20) for shade in range(8)]
    await asyncio.gather(*(brought_in(house, 1, painted(shade), known) for shade in shades))
    assert sorted(await statuses(house, 1)) == ["approved"] + ["replaced"] * 7


# --- when something is away --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "problem"),
    [("down", "model_away"), ("slow", "model_away"), ("full", "model_away"), ("unreadable", "picture_broken")],
)
async def test_without_the_models_word_nothing_is_kept(
    house: House, known: KnownFaces, eyes: PaintedEyes, reason: str, problem: str
) -> None:
    eyes.away = reason
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="refused", problem=problem)
    assert (await photos(house, 1), house.files()) == ([], 0)


async def test_where_there_is_no_model_at_all_a_person_looks_and_the_vector_comes_later(
    house: House, known: KnownFaces, eyes: PaintedEyes
) -> None:
    eyes.away = "none"
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="pending", doubts=("unjudged",))
    await judged(house, (await photos(house, 1))[0]["photo_id"])
    assert await store.gallery(house.pool, 0, 1, "painted/1") == []
    assert await reembed_some(house) == 0
    eyes.away = ""
    assert (await reembed_some(house), await reembed_some(house)) == (1, 0)
    assert len(await store.gallery(house.pool, 0, 1, "painted/1")) == 1


async def test_a_store_that_is_away_refuses_the_photo_and_leaves_no_row(
    house: House, known: KnownFaces, tmp_path: Path
) -> None:
    (tmp_path / "pictures").write_text("a file where the folder should be")
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="refused", problem="store_away")
    assert await photos(house, 1) == []


# --- another model -----------------------------------------------------------------------------------------------


async def test_photos_in_use_get_a_vector_of_the_model_that_runs_now(
    house: House, known: KnownFaces, eyes: PaintedEyes
) -> None:
    for person, colour in enumerate((RED, GREEN, BLUE), start=1):
        await brought_in(house, person, painted(colour), known)
    await brought_in(house, 2, painted(BLUE, side=310), known, "self")
    eyes.model = "painted/2"
    assert await reembed_some(house) == 3
    assert await reembed_some(house) == 0
    assert len(await store.gallery(house.pool, 0, 1, "painted/2")) == 1
    rows = await house.pool.fetch("SELECT model FROM proctor.photos WHERE status = 'pending'")
    assert [row["model"] for row in rows] == ["painted/1"]


async def test_a_picture_that_is_gone_or_shows_no_face_is_looked_at_once(
    house: House, known: KnownFaces, eyes: PaintedEyes
) -> None:
    await brought_in(house, 1, painted(RED), known)
    await brought_in(house, 2, painted(GREEN), known)
    await house.pictures.clear(1)
    eyes.model, eyes.quality = "painted/2", None
    assert (await reembed_some(house), await reembed_some(house)) == (2, 0)
    assert [row["vector"] for row in [*await photos(house, 1), *await photos(house, 2)]] == [None, None]


async def test_a_model_that_is_still_starting_is_no_other_model(
    house: House, known: KnownFaces, eyes: PaintedEyes
) -> None:
    await brought_in(house, 1, painted(RED), known)
    eyes.model = ""
    assert await reembed_some(house) == 0
    assert (await photos(house, 1))[0]["model"] == "painted/1"


async def test_a_photo_pushed_out_of_the_queue_by_an_exam_is_put_in_again(house: House, known: KnownFaces) -> None:
    class Crowded(PaintedEyes):
        async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
            self.away = "full" if self.looks < 2 else ""
            return await super().see(jpeg, key=key, urgent=urgent, wait_s=wait_s)

    house.vision = Crowded()
    assert await brought_in(house, 1, painted(RED), known) == Enrolled(outcome="kept")


async def test_photos_wait_for_a_model_that_is_away(house: House, known: KnownFaces, eyes: PaintedEyes) -> None:
    await brought_in(house, 1, painted(RED), known)

    class Failing(PaintedEyes):
        async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight:
            self.away = "slow"
            return await super().see(jpeg, key=key, urgent=urgent, wait_s=wait_s)

    house.vision = Failing("painted/2")
    assert await reembed_some(house) == 0
    assert (await photos(house, 1))[0]["model"] == "painted/1"
