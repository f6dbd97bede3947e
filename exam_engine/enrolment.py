"""Reference photos: looked at, doubted, put to use. A person has one in use, and at most one that waits.

A photo that can't be compared with (no face, several, too small, blurred) is refused; one that can but should not be
trusted unseen waits for a person: bad light, somebody else's face (`proctor/duplicates.py`), not the face of the photo
it would replace, a picture that was refused before, and whatever a physician hands in himself. The rest of what staff
brings in is in use at once.

The model looks first and everything is kept last: a model that is away, or a process that dies, leaves at most a sealed
file that no row names. Where no model is installed at all, a person is the only one who can look: photos wait for him,
and get their vector from `reembed_some` when there is a model.
"""

import asyncio
from hashlib import sha256
from typing import Final, Protocol

import asyncpg
import msgspec
import structlog

from exam_engine.errors import Forbidden, Invalid, NotFound, Refused
from exam_engine.known_faces import KnownFaces
from proctor import store
from proctor.identity import SINGLE_MAX, distance
from proctor.pictures import JPEG_BYTES_MAX, BadPicture, Pictures, StoreAway, clean_jpeg
from proctor.quality import FACE_PX_MIN, hints
from proctor.sight import Sight
from proctor.vision import VisionAway, VisionState

ORDER: Final = ("no_face", "several", "nearer", "more_light", "too_bright", "hold_still")  # as proctor/quality.py
REFUSING: Final = frozenset({"no_face", "several", "nearer", "hold_still"})
TRUSTED: Final = frozenset({"import", "registration"})  # whose source is staff, or a file that staff has reviewed
URGENT_S: Final = 8.0  # somebody waits
TRIES: Final = 5
PATIENT_S: Final = 120.0  # behind the captures of an exam that is on
REEMBED_MAX: Final = 20

log = structlog.get_logger()


class Eyes(Protocol):
    """As much of `proctor.vision.Vision` as is needed here."""

    async def see(self, jpeg: bytes, *, key: int, urgent: bool, wait_s: float) -> Sight: ...
    def state(self) -> VisionState: ...


class Enroller(Protocol):
    """What enrolling needs of the house."""

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]": ...
    @property
    def pictures(self) -> Pictures: ...
    @property
    def vision(self) -> Eyes: ...


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a photo. `outcome`: kept (in use), pending (for `doubts`) or refused (for `problem`).

    Problems: those of `clean_jpeg`, of `proctor/quality.py` that refuse, model_away, store_away, and has_photo. Doubts:
    more_light, too_bright, same_as_other, not_like_before, refused_before, and unjudged (there is no model).
    """

    outcome: str
    problem: str = ""
    doubts: tuple[str, ...] = ()


class Looked(msgspec.Struct, frozen=True):
    """What is in a picture; None: there is no model."""

    sight: Sight | None

    @property
    def vector(self) -> bytes:
        """Empty without a usable face or a model."""
        return self.sight.vector if self.sight else b""

    @property
    def model(self) -> str:
        """Which model looked."""
        return self.sight.model if self.sight else "none"


class NotEnrolled(Exception):
    """This picture can't be a reference photo; `problem` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


async def enrol(
    house: Enroller,
    person_id: int,
    jpeg: bytes,
    *,
    source: str,
    by: int,
    known: KnownFaces,
    urgent: bool = False,
    bytes_max: int = JPEG_BYTES_MAX,
    replace: bool = True,
) -> Enrolled:
    """Take a reference photo of a person, or say why not. The same picture again changes nothing.

    `source`: import, self or registration. `by`: the account, 0 for the command line. Not `replace`: who has a photo
    in use keeps it. What the database says against it comes through; then nothing was changed.
    """
    try:
        clean = await cleaned(jpeg, bytes_max)
        if await _has_it_already(house, person_id, clean, replace=replace):
            return Enrolled(outcome="kept")
        looked = await look(house, person_id, clean, urgent=urgent)
        wrong = wrong_with(looked)
        name = await _keep(house, person_id, clean)
    except NotEnrolled as error:
        return Enrolled(outcome="refused", problem=error.problem)
    if looked.vector:
        await known.read(house.pool, looked.model)  # most of it before anybody has to wait for us
    async with house.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.ENROL_ALONE, store.ENROL_KEY)
        return await _put_to_use(connection, person_id, name, looked, wrong, source, by, known)


async def cleaned(jpeg: bytes, bytes_max: int = JPEG_BYTES_MAX) -> bytes:
    """The picture as it would be kept. Raises NotEnrolled."""
    try:
        return await asyncio.to_thread(clean_jpeg, jpeg, bytes_max)
    except BadPicture as error:
        raise NotEnrolled(error.code) from error


async def look(house: Enroller, person_id: int, clean: bytes, *, urgent: bool) -> Looked:
    """Have the model look at a clean picture; nothing is kept. Raises NotEnrolled."""
    try:
        sight = await _see(house, person_id, clean, urgent=urgent)
    except VisionAway as away:
        if away.reason == "none":
            return Looked(None)
        raise NotEnrolled("picture_broken" if away.reason == "unreadable" else "model_away") from away
    return Looked(sight)


async def _see(house: Enroller, person_id: int, clean: bytes, *, urgent: bool = False) -> Sight:
    """Captures of an exam may push a photo out of a full queue: it is put in again a few times. Raises VisionAway."""
    wait_s = URGENT_S if urgent else PATIENT_S
    for tries_left in reversed(range(1 if urgent else TRIES)):
        try:
            # Attempts have numbers above zero: the newest picture of one never takes the place of a photo.
            return await house.vision.see(clean, key=-person_id, urgent=urgent, wait_s=wait_s)
        except VisionAway as away:
            if away.reason != "full" or not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


def hints_of(looked: Looked) -> tuple[str, ...]:
    """What is wrong with it as a reference photo, most important first; empty: it is good.

    A capture's face is measured at the size the picture is shown; what all others are compared with must have that many
    pixels of its own: a stamp enlarged is no photo.
    """
    if looked.sight is None:
        return ("unjudged",)
    wrong = hints(looked.sight)
    quality = looked.sight.quality
    if quality is not None and quality.face_px < FACE_PX_MIN and "nearer" not in wrong:
        return tuple(code for code in ORDER if code in {*wrong, "nearer"})
    return wrong


def wrong_with(looked: Looked) -> tuple[str, ...]:
    """The doubts about a photo that can be compared with; raises NotEnrolled if it can't."""
    wrong = hints_of(looked)
    for code in wrong:
        if code in REFUSING:
            raise NotEnrolled(code)
    return wrong


async def _has_it_already(house: Enroller, person_id: int, clean: bytes, *, replace: bool) -> bool:
    """Whether this very picture is in use: no model need look again. Raises NotEnrolled: another is, and stays."""
    row = await house.pool.fetchrow(store.PHOTO_IN_USE, person_id)
    if row is None:
        return False
    if row["name"] == await asyncio.to_thread(_name_in_store, clean):
        return True
    if not replace:
        raise NotEnrolled("has_photo")
    return False


def _name_in_store(clean: bytes) -> str:
    """What `Pictures.put` will call it: it trusts nobody and cleans once more."""
    return sha256(clean_jpeg(clean)).hexdigest()


async def _keep(house: Enroller, person_id: int, jpeg: bytes) -> str:
    try:
        return (await house.pictures.put(person_id, jpeg)).name
    except StoreAway as error:
        log.warning("photo_not_kept", reason=str(error))
        raise NotEnrolled("store_away") from error


async def _put_to_use(
    connection: store.Runner,
    person_id: int,
    name: str,
    looked: Looked,
    wrong: tuple[str, ...],
    source: str,
    by: int,
    known: KnownFaces,
) -> Enrolled:
    """With the lock held: nobody else's photo comes in between."""
    before = await connection.fetchrow(store.SAME_PHOTO, person_id, name)
    if before is not None and before["status"] == "approved":
        return Enrolled(outcome="kept")
    if before is not None and before["status"] == "pending":
        return Enrolled(outcome="pending", doubts=tuple(before["doubts"]))
    doubts = [*wrong]
    if looked.vector:
        await known.read(connection, looked.model)
        if await known.like_another(connection, person_id, looked.vector):
            doubts.append("same_as_other")
        if await _is_unlike_the_one_in_use(connection, person_id, looked):
            doubts.append("not_like_before")
    if before is not None and before["status"] == "refused":
        doubts.append("refused_before")
    status = "approved" if source in TRUSTED and not doubts else "pending"
    await connection.execute(store.REPLACE_PHOTOS, person_id, status)
    await connection.fetchval(
        store.ADD_PHOTO, person_id, name, looked.vector or None, looked.model, source, status, doubts, by
    )
    return Enrolled(outcome="kept" if status == "approved" else "pending", doubts=tuple(doubts))


async def _is_unlike_the_one_in_use(connection: store.Runner, person_id: int, looked: Looked) -> bool:
    """Whoever brings in another face under a person's number would else be let in as him."""
    row = await connection.fetchrow(store.PHOTO_IN_USE, person_id)
    if row is None or row["vector"] is None or row["model"] != looked.model:
        return False
    return distance(looked.vector, bytes(row["vector"])) > SINGLE_MAX


async def judge_photo(
    connection: store.Runner, photo_id: int, *, approve: bool, reason: str, by: int, person_of_judge: int
) -> int:
    """Put a waiting photo to use, in place of the one before, or refuse it for a reason; whose it is.

    Inside the caller's transaction. Raises NotFound, Refused (somebody was faster), Forbidden (one's own), Invalid.
    """
    await connection.execute(store.ENROL_ALONE, store.ENROL_KEY)
    row = await connection.fetchrow(store.PHOTO_BY_ID, photo_id)
    if row is None:
        raise NotFound("no_such_photo")
    if row["person_id"] == person_of_judge:
        raise Forbidden("own_photo")
    if row["status"] != "pending":
        raise Refused("photo_decided", status=row["status"])
    if not approve and not reason.strip():
        raise Invalid("reason_missing")
    if approve:
        await connection.execute(store.REPLACE_FOR, row["person_id"], photo_id)
    await connection.execute(store.DECIDE_PHOTO, photo_id, "approved" if approve else "refused", by, reason.strip())
    return int(row["person_id"])


async def reembed_some(house: Enroller) -> int:
    """Give photos in use a vector of the model that runs now; how many were looked at. Call it again until 0.

    One in which the model finds nothing, or whose picture is gone, is marked as looked at and has no vector: its person
    compares by eye, until he has another photo.
    """
    state = house.vision.state()
    if state.reason or not state.model:  # away, or still starting
        return 0
    rows = await house.pool.fetch(store.OTHER_MODEL, state.model, REEMBED_MAX)
    for done, row in enumerate(rows):
        try:
            jpeg = await house.pictures.get(row["person_id"], row["name"])
            sight = None if jpeg is None else await _see_if_readable(house, row["person_id"], jpeg)
        except (StoreAway, VisionAway) as error:
            log.warning("photos_wait_for_the_model", reason=str(error))
            return done
        if sight is None or not sight.vector:
            log.warning("photo_without_a_face", photo=row["photo_id"], picture_gone=jpeg is None)
        vector, model = (sight.vector or None, sight.model) if sight else (None, state.model)
        await house.pool.execute(store.SET_VECTOR, row["photo_id"], row["model"], vector, model)
    return len(rows)


async def _see_if_readable(house: Enroller, person_id: int, jpeg: bytes) -> Sight | None:
    try:
        return await _see(house, person_id, jpeg)
    except VisionAway as away:
        if away.reason == "unreadable":
            return None
        raise
