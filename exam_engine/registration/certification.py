"""医师认证: an exact match with the snapshot of the electronic registration (domain.md §3.1).

Which field differs is said; what is stored there never is.
"""

import msgspec

from exam_engine.registration.names import same


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says he is; already normalised and checked."""

    name: str
    id_type: str
    id_number: str
    practice_place: str
    title: str


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """The registry's row of that ID number."""

    name: str
    practice_place: str
    title: str


def differing(claim: Claim, registered: Registered | None) -> list[str]:
    """The fields that differ. With no such number, or another name on it, no more is said: it would help to guess."""
    if registered is None:
        return ["id_number"]
    if not same(claim.name, registered.name):
        return ["name"]
    place = _plain(claim.practice_place) != _plain(registered.practice_place)
    title = bool(registered.title) and claim.title != registered.title
    return ["practice_place"] * place + ["title"] * title


def _plain(place: str) -> str:
    """Names of institutions without blanks and with one kind of brackets."""
    return "".join(place.split()).replace("（", "(").replace("）", ")")
