"""Items to files. What a file says, an import of it says again: the same items, or it is not written.

Whatever the format, the file is read back before anybody gets it, and an item that does not come back as it was is
left out and named, with its whole set. So the round trip is a fact about this very file and not a hope.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from question_bank.formats import (
    aiken,
    gift,
    gift_writing,
    jsonl,
    moodle_writing,
    moodle_xml,
    qti_package,
    qti_writing,
    xlsx,
)
from question_bank.formats import tables_writing as tables
from question_bank.formats.archive import FILE_COUNT_MAX
from question_bank.formats.reading import Reading, Unreadable
from question_bank.item import Item, problems, set_problems

Read = Callable[[bytes, dict[str, str], str], Reading]

# What XML has no place for; expat would refuse the whole file.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Left(msgspec.Struct, frozen=True):
    """An item that the file does not hold: its code in the bank, a code for programs, a sentence for people."""

    item: str
    code: str
    reason: str


class Writing(msgspec.Struct, frozen=True):
    """A file: its content, the items in it, those left out, and fields that the format has no place for at all."""

    data: bytes
    written: int
    left: tuple[Left, ...] = ()
    lost: tuple[str, ...] = ()


class Writer(NamedTuple):
    """A format that is written."""

    suffix: str
    write: Callable[[Sequence[Item]], bytes]
    read: Read
    why_not: Callable[[Item], str] = lambda _: ""
    lost: Callable[[Sequence[Item]], list[str]] = lambda _: []
    same: Callable[[Item], object] = lambda item: item  # what of an item has to come back
    count_max: int | None = None


def _why_not_xml(item: Item) -> str:
    texts = (item.code, item.topic, item.set_code, item.stem, item.case, item.explanation)
    lists = (*item.specialties, *item.enemies, *(picture.alt for picture in item.pictures))
    bad = any(_NO_XML.search(text) for text in (*texts, *lists, *(option.text for option in item.options)))
    return "A text of it has a character that XML can't hold." if bad else ""


def _why_not_xlsx(item: Item) -> str:
    return _why_not_xml(item) or tables.why_not_xlsx(item)


def _of_aiken(item: Item) -> object:
    return item.stem, item.options, item.key


WRITERS: Final = {
    "xlsx": Writer("xlsx", tables.write_xlsx, xlsx.read, _why_not_xlsx),
    "jsonl": Writer("jsonl", tables.write_jsonl, jsonl.read),
    "gift": Writer("gift", gift_writing.write, gift.read),
    "aiken": Writer("txt", aiken.write, aiken.read, aiken.why_not, aiken.lost, _of_aiken),
    "moodle_xml": Writer("xml", moodle_writing.write, moodle_xml.read, _why_not_xml),
    "qti": Writer("zip", qti_writing.write, qti_package.read, _why_not_xml, count_max=FILE_COUNT_MAX - 1),
}


def write(kind: str, items: Sequence[Item]) -> Writing:
    """The file of format `kind` (a key of WRITERS) with those of `items` that it holds whole, in their order."""
    writer = WRITERS[kind]
    plain = [replace(item, item_id=0, version=1) for item in items]
    reasons = dict(_refused_at_once(plain, writer))
    kept = _without(plain, reasons)
    data = writer.write(kept)
    while changed := _changed(kept, data, writer):
        reasons.update((code, ("changed", "It would not come back as it is.")) for code in changed)
        kept = _without(kept, reasons)
        data = writer.write(kept)
    stayed = {item.code for item in kept}
    left = tuple(Left(item.code, *reasons.get(item.code, OF_SET)) for item in plain if item.code not in stayed)
    return Writing(data if kept else b"", len(kept), left, tuple(writer.lost(kept)))


OF_SET: Final = ("set_incomplete", "Another item of its set can't be written.")


def _refused_at_once(items: Sequence[Item], writer: Writer) -> Iterable[tuple[str, tuple[str, str]]]:
    for number, item in enumerate(items):
        if writer.count_max is not None and number >= writer.count_max:
            yield item.code, ("too_many", f"A file of this format holds at most {writer.count_max} items.")
        elif found := problems(item):
            yield item.code, (found[0].code, f"It is not valid: {found[0].text}")
        elif reason := writer.why_not(item):
            yield item.code, ("format", reason)
    yield from _broken_sets(items)


def _broken_sets(items: Sequence[Item]) -> Iterable[tuple[str, tuple[str, str]]]:
    """Sets that are not whole among these items: the rest of one may have another status."""
    sets: dict[str, list[Item]] = {}
    for item in items:
        if item.set_code:
            sets.setdefault(item.set_code, []).append(item)
    for members in sets.values():
        if found := set_problems(members):
            yield from ((member.code, (found[0].code, found[0].text)) for member in members)


def _without(items: Sequence[Item], reasons: Collection[str]) -> list[Item]:
    """The items that nothing speaks against, without the sets of those that something does."""
    sets = {item.set_code for item in items if item.code in reasons and item.set_code}
    return [item for item in items if item.code not in reasons and item.set_code not in sets]


def _changed(items: Sequence[Item], data: bytes, writer: Writer) -> set[str]:
    """The codes of the items that do not come back as they are."""
    if not items:
        return set()
    pools = {item.pool for item in items}
    assert len(pools) == 1, "a file holds the items of one pool"
    try:
        back = [writer.same(item) for item in writer.read(data, {}, pools.pop()).items]
    except Unreadable:
        return {item.code for item in items}
    return _unmatched(items, back, writer.same)


def _unmatched(items: Sequence[Item], back: Sequence[object], same: Callable[[Item], object]) -> set[str]:
    """The codes of the items that `back` does not hold; of all when it holds them in another order."""
    wanted = [same(item) for item in items]
    if wanted == back:
        return set()
    found = Counter(back)
    found.subtract(wanted)
    missing = {item.code for item, value in zip(items, wanted, strict=True) if found[value] < 0}
    return missing or {item.code for item in items}
