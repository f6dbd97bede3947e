"""One tile of the board: what is known of a candidate, put together as the desk reads it. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from exam_engine import store
from exam_engine.edge.shapes import Tile
from proctor import board
from proctor.board import Candidate
from proctor.identity import similarity
from proctor.rules import risk


class Person(msgspec.Struct, frozen=True):
    person_id: int
    name: str
    number: str
    room: int
    organisation: str
    photo: str


class Watched(msgspec.Struct, frozen=True):
    """What proctoring says of one candidate; `open` are the incidents nobody has reviewed, as (level, raised at)."""

    open: tuple[tuple[int, datetime], ...] = ()
    capture: str = ""
    capture_at: datetime | None = None
    face: str = ""
    similarity: int | None = None
    claimed_by: str = ""
    claimed_until: datetime | None = None
    case_open: bool = False

    @property
    def changed_at(self) -> datetime | None:
        """When it last had something to look at."""
        return max((at for _, at in self.open), default=None)


UNWATCHED: Final = Watched()


class Presence(msgspec.Struct, frozen=True):
    """`connected` None: never seen."""

    connected: bool | None
    seen_at: datetime | None


def read_watched(row: store.Row) -> Watched:
    """A row of `proctor.store.WATCHED`."""
    distance = row["distance"]
    return Watched(
        open=tuple(zip(row["levels"] or (), row["raised"] or (), strict=True)),
        capture=row["name"] or "",
        capture_at=row["at"],
        face=row["kind"] or "",
        similarity=None if distance is None else similarity(distance),
        claimed_by=row["claimed_by"] or "",
        claimed_until=row["until"],
        case_open=row["case_open"],
    )


def flags_of(candidate: Candidate, watched: Watched, connected: bool | None, now: datetime) -> tuple[str, ...]:
    """What stands out, of the exam and of proctoring."""
    flags = board.flags(candidate, connected, now)
    more = [("incident", bool(watched.open)), ("case_open", watched.case_open)]
    return (*flags, *(name for name, there in more if there))


def rank_of(flags: tuple[str, ...], watched: Watched, now: datetime) -> int:
    """Who deserves a look: what stands out now, and what nobody has reviewed yet."""
    return board.attention(flags) + risk(watched.open, now)


def tile_of(
    attempt_id: int,
    candidate: Candidate,
    person: Person,
    watched: Watched,
    presence: Presence,
    flags: tuple[str, ...],
    rank: int,
) -> Tile:
    """The tile."""
    last = candidate.last_notice
    return Tile(
        attempt_id=attempt_id,
        person_id=person.person_id,
        name=person.name,
        id_number=person.number,
        phase=candidate.phase,
        version=candidate.version,
        answered=candidate.answered.bit_count(),
        item_count=candidate.item_count,
        deadline_at=candidate.deadline_at,
        paused_at=candidate.paused_at,
        ticking=board.ticking(candidate),
        identity=candidate.identity,
        locked=candidate.locked,
        connected=presence.connected,
        seen_at=presence.seen_at,
        last_answer_at=candidate.last_answer_at,
        picture=candidate.picture,
        notices_open=len(candidate.notices_open),
        last_notice=last,
        last_notice_acknowledged=bool(last) and last not in candidate.notices_open,
        late=candidate.late,
        devices=candidate.devices,
        ending=candidate.ending,
        flags=list(flags),
        attention=rank,
        why=candidate.why,
        room=person.room,
        organisation=person.organisation,
        incidents=len(watched.open),
        worst=max((level for level, _ in watched.open), default=0),
        changed_at=watched.changed_at,
        capture=watched.capture,
        capture_at=watched.capture_at,
        face=watched.face,
        similarity=watched.similarity,
        photo=person.photo,
        claimed_by=watched.claimed_by,
        claimed_until=watched.claimed_until,
        case_open=watched.case_open,
    )
