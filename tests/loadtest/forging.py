"""Journals edited by somebody who knows how they are sealed: bodies changed, entries put in and left out."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from exam_engine.chain import GENESIS, seal
from loadtest.records import Entry

Which = Callable[[Entry], bool]


def body(entry: Entry, **changes: Any) -> Entry:
    """The entry with other words in its body; its seq column follows."""
    content = msgspec.json.decode(entry.body) | changes
    return replace(entry, body=msgspec.json.encode(content).decode(), seq=content.get("seq") or None)


def sealed(attempt_id: int, entries: Sequence[Entry]) -> list[Entry]:
    """These entries as one whole journal: numbered from 1, each digest following from the one before."""
    previous, journal = GENESIS, []
    for version, entry in enumerate(entries, 1):
        previous = seal(previous, attempt_id, version, entry.seq, entry.kind, entry.body, entry.at)
        journal.append(replace(entry, version=version, digest=previous))
    return journal


def last(entries: Sequence[Entry], kind: str) -> int:
    """Where the last entry of this kind stands."""
    return max(place for place, entry in enumerate(entries) if entry.kind == kind)
