"""What somebody's file and exams say of the legs of his result, and what is still waited for (domain.md §3.6-§3.10).

Pure: `store.facts_of` reads, this judges. Time alone changes some legs (a window that ends makes an absence), so that
with the legs comes the instant at which they have to be looked at again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from exam_engine.sitting import Kind, Round
from scoring.result import BAD, GOOD, Leg, Legs, Verdict, verdict

EXCLUDED: Final = frozenset({"rejected", "deferred", "closed"})  # no object of this cycle's assessment
UNDER_REVIEW: Final = frozenset({"org_review", "agy_review", "escalated"})
EXEMPTION_OPEN: Final = UNDER_REVIEW | {"org_returned", "agy_returned"}
HUMANITIES, PROFESSIONAL = Kind.HUMANITIES, Kind.PROFESSIONAL


class Sat(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt (or paper) of the cycle that was begun, the oldest first. `phase` as in exam.attempts."""

    kind: Kind
    round: Round
    phase: str
    passed: bool | None = None
    held: bool = False
    barred: bool = False


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """One sitting he is entitled to. `state`: open, locked (then `why`), held, exempt."""

    kind: Kind
    round: Round
    state: str
    closes_at: datetime
    why: str = ""


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: open until `until` (a reason may be accepted so long), accepted, refused."""

    state: str
    until: datetime


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the legs depend on. States of the file's parts; "" where there is no such part.

    `work`, `ethics`: the agency's rating. `rating_until`: until when a self-evaluation may be handed in.
    """

    profile: str
    evaluation: str
    work: str
    ethics: str
    procedure: str
    exemption: str
    rating_until: datetime | None
    makeup: bool
    absence: timedelta
    sat: tuple[Sat, ...] = ()
    seats: tuple[Seat, ...] = ()
    absences: Mapping[tuple[Kind, Round], Absence] = {}


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """The legs now. `excluded`: why he is not assessed in this cycle. `look_at`: when time alone may change them."""

    legs: Legs
    missing: tuple[str, ...] = ()
    excluded: str = ""
    look_at: datetime | None = None

    def verdict(self, facts: tuple[str, ...] = ()) -> Verdict:
        """Of these legs and of what else stands against him."""
        return verdict(self.legs, facts)


class _Leg(msgspec.Struct, frozen=True):
    """One leg as found: `missing` of a waiting one, and when to look again."""

    leg: Leg
    missing: str = ""
    look_at: datetime | None = None


def look(known: Known, now: datetime) -> Looked:
    """The legs as they are now."""
    if known.profile in EXCLUDED:
        return Looked(legs=_all(Leg.WAITING), excluded=known.profile)
    if known.profile == "not_enrolled":
        absent = Legs(work=Leg.ABSENT, ethics=Leg.ABSENT, humanities=NONE, professional=NONE, took_part=False)
        return Looked(legs=absent)
    if known.profile != "approved":
        return Looked(legs=_all(Leg.WAITING), missing=("profile",))
    work, ethics = _rated(known, known.work, now), _rated(known, known.ethics, now)
    humanities, professional = _exams(known, {work.leg, ethics.leg}, now)
    found = (work, ethics, humanities, professional)
    return Looked(
        legs=Legs(work=work.leg, ethics=ethics.leg, humanities=humanities.leg, professional=professional.leg),
        missing=tuple(dict.fromkeys(each.missing for each in found if each.missing)),
        look_at=min((each.look_at for each in found if each.look_at is not None), default=None),
    )


NONE: Final = Leg.NOT_REQUIRED


def _all(leg: Leg) -> Legs:
    return Legs(work=leg, ethics=leg, humanities=leg, professional=leg)


def _rated(known: Known, rating: str, now: datetime) -> _Leg:
    """工作成绩 or 职业道德, as the agency has rated it; never handed in when its time is over: absent (R-603)."""
    if known.evaluation == "approved":
        return _Leg(Leg.QUALIFIED)
    if known.evaluation == "rejected":
        return _Leg(Leg(rating) if rating else Leg.UNQUALIFIED)
    if known.evaluation in UNDER_REVIEW or known.rating_until is None:
        return _Leg(Leg.WAITING, "evaluation")
    if now < known.rating_until:
        return _Leg(Leg.WAITING, "evaluation", known.rating_until)
    return _Leg(Leg.ABSENT)


def _exams(known: Known, rated: set[Leg], now: datetime) -> tuple[_Leg, _Leg]:
    if rated & BAD:
        return _Leg(NONE), _Leg(NONE)  # domain.md §3.6: no exam
    professional = _required(known)
    if not rated <= GOOD:
        return _Leg(Leg.WAITING), professional or _Leg(Leg.WAITING)
    first, second = _exam(known, HUMANITIES, now), professional or _exam(known, PROFESSIONAL, now)
    return _blocked(known, HUMANITIES, first, second), _blocked(known, PROFESSIONAL, second, first)


def _required(known: Known) -> _Leg | None:
    """What the professional leg is without an exam; None: it has to be sat."""
    if known.procedure in ("simple", "simple_applied"):
        return _Leg(NONE)
    if known.exemption == "approved":
        return _Leg(Leg.EXEMPT)
    return _Leg(Leg.WAITING, "exemption") if known.exemption in EXEMPTION_OPEN else None


def _blocked(known: Known, kind: Kind, leg: _Leg, other: _Leg) -> _Leg:
    """Where the order of exams keeps him out for good, because the other exam is lost."""
    seats = [seat for seat in known.seats if seat.kind is kind and seat.round is Round.FIRST]
    shut = bool(seats) and all(seat.why in ("humanities_first", "professional_first") for seat in seats)
    never = leg.leg in (Leg.WAITING, Leg.ABSENT) and not _sat(known, kind, Round.FIRST)
    return _Leg(Leg.BLOCKED) if shut and never and other.leg in BAD else leg


def _exam(known: Known, kind: Kind, now: datetime) -> _Leg:
    """One exam: the first pass wins (R-804), one make-up after a failure or an accepted absence (R-803)."""
    first, again = _sat(known, kind, Round.FIRST), _sat(known, kind, Round.MAKEUP)
    if any(sat.barred for sat in (*first, *again)):
        return _Leg(Leg.BARRED)
    if any(sat.phase == "released" and sat.passed for sat in (*first, *again)):
        return _Leg(Leg.PASSED)
    if (open_ := _unreleased(kind, (*first, *again))) is not None:
        return open_
    if _failed(again):
        return _Leg(Leg.FAILED)
    if _failed(first):
        return _makeup(known, kind, Leg.FAILED, now) if known.makeup else _Leg(Leg.FAILED)
    return _unsat(known, kind, now)


def _sat(known: Known, kind: Kind, round_: Round) -> list[Sat]:
    """What counts: an annulled attempt is as if it had never been, unless it was annulled for cheating."""
    rows = [sat for sat in known.sat if sat.kind is kind and sat.round is round_]
    return [sat for sat in rows if sat.phase != "annulled" or sat.barred]


def _failed(rows: list[Sat]) -> bool:
    return any(sat.phase == "released" for sat in rows)


def _unreleased(kind: Kind, rows: tuple[Sat, ...]) -> _Leg | None:
    for sat in rows:
        if sat.phase in ("submitted", "marked"):
            return _Leg(Leg.WAITING, f"{kind}_case" if sat.held else f"{kind}_release")
        if sat.phase == "running":
            return _Leg(Leg.WAITING, kind.value)
    return None


def _unsat(known: Known, kind: Kind, now: datetime) -> _Leg:
    """Never sat in the first round: still possible, on paper, or an absence."""
    seats = [seat for seat in known.seats if seat.kind is kind and seat.round is Round.FIRST]
    if any(seat.why == "paper_exam" for seat in seats):
        return _Leg(Leg.WAITING, f"{kind}_paper")
    if not seats:
        return _Leg(Leg.WAITING, kind.value)
    closes_at = max(seat.closes_at for seat in seats)
    if now < closes_at:
        return _Leg(Leg.WAITING, kind.value, closes_at)
    return _absent(known, kind, Round.FIRST, closes_at, now)


def _makeup(known: Known, kind: Kind, otherwise: Leg, now: datetime) -> _Leg:
    """统一补考: waited for until its window is over; who does not come stays what he was."""
    seats = [seat for seat in known.seats if seat.kind is kind and seat.round is Round.MAKEUP]
    if any(seat.why == "paper_exam" for seat in seats):
        return _Leg(Leg.WAITING, f"{kind}_paper")
    if not seats:
        return _Leg(Leg.WAITING, f"{kind}_makeup")
    closes_at = max(seat.closes_at for seat in seats)
    if now < closes_at:
        return _Leg(Leg.WAITING, f"{kind}_makeup", closes_at)
    missed = _absent(known, kind, Round.MAKEUP, closes_at, now)
    return _Leg(otherwise) if missed.leg is Leg.ABSENT else missed


def _absent(known: Known, kind: Kind, round_: Round, closed_at: datetime, now: datetime) -> _Leg:
    """缺考: only an accepted reason opens the make-up (Q8); until it may be accepted, nothing is decided."""
    absence = known.absences.get((kind, round_))
    state = absence.state if absence else "open"
    if state == "accepted":
        if round_ is Round.FIRST and known.makeup:
            return _makeup(known, kind, Leg.ABSENT, now)
        return _Leg(Leg.WAITING, f"{kind}_makeup")
    until = absence.until if absence else closed_at + known.absence
    if state == "open" and now < until:
        return _Leg(Leg.WAITING, f"{kind}_absence", until)
    return _Leg(Leg.ABSENT)
