"""Items that ask nearly the same, found among tens of thousands: for an author as he types, and for a whole pool.

Two texts are compared as sets of their pairs of neighbouring signs, without spaces, punctuation and differences of
width: Chinese has no words to split at, and a pair of signs is about one. They are near when they share enough of all
their pairs (Jaccard), or when one holds nearly all of the other. Nothing is estimated: an index tells
who shares any pair with a text, and for a whole pool what every two texts share is counted, an array at a time.

Near is not the same: 正确 and 错误, 10 and 100 differ in a sign and ask the opposite. So what differs is always
named, numbers and negations above all: whether it was meant is for a person to say.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from question_bank.item import Item, normal

LEAST: Final = 60  # percent of all pairs of signs
HELD: Final = 90  # percent of the pairs of the shorter one that the longer one holds
HELD_LENGTH_MIN: Final = 15  # signs; a shorter text is held by many
GENERIC_LENGTH: Final = 12  # signs; a shorter stem (下列说法正确的是) says little without its options
GENERIC_OPTIONS: Final = 50  # percent of its options that have to be shared then
PAIRS_MAX: Final = 20_000  # of one report: a pool made from one template has no end of pairs
LOOKED_AT: Final = 5  # times as many as are wanted
DIFFERENCES_MAX: Final = 12
SHOWN_MAX: Final = 60  # signs of a difference
GRAVE_LENGTH_MAX: Final = 5  # signs; in a longer passage that differs a number or a 不 is no difference of its own
NEGATIONS: Final = (
    *("不", "非", "无", "未", "没", "勿", "禁", "忌", "除", "错", "误", "正确", "异常", "正常", "首选", "以上", "以下"),
    *("阳", "阴", "增", "减", "升", "降", "高", "低", "左", "右", "急", "慢", "快", "早", "晚"),
)
_POINT: Final = re.compile(r"(?<=\d)\.(?=\d)")
_TOKEN: Final = re.compile(r"\d+(?:点\d+)?|[a-z]+|.", re.DOTALL)
_NUMBER: Final = re.compile(r"\d|[⁰¹²³⁴-⁹₀-₉一二三四五六七八九十百千万两半]")
_UNIT: Final = re.compile(r"^(?:mg|ml|mmol|mol|kg|g|l|kpa|mmhg|iu|u|%|‰|℃|小时|分钟|秒|天|周|月|年|岁|次|cm|mm|m)+$")


class Text(msgspec.Struct, frozen=True):
    """What is compared of an item. `set_code`: items of one set share their case and are no duplicates."""

    item_id: int
    stem: str
    case: str = ""
    options: tuple[str, ...] = ()
    set_code: str = ""
    right: tuple[str, ...] = ()  # the texts of the right options

    @classmethod
    def of(cls, item: Item) -> "Text":
        """Of an item of the bank."""
        right = tuple(sorted(normal(option.text) for option in item.options if option.id in item.key))
        options = tuple(option.text for option in item.options)
        return cls(item.item_id, item.stem, item.case, options, item.set_code, right)


class Difference(msgspec.Struct, frozen=True):
    """A place where two texts differ. `kind`: number, negation (or opposite), unit, key (other right options), word."""

    kind: str
    ours: str
    theirs: str


class Pair(msgspec.Struct, frozen=True):
    """Two near items. `verdict`: same; near; differs (by what changes the question: numbers, negations, the key)."""

    ours: Text
    theirs: Text
    stem_percent: int
    options_percent: int
    verdict: str
    differences: tuple[Difference, ...]


class Report(msgspec.Struct, frozen=True):
    """All pairs, the nearest first; `complete` false: there were too many to compare them all."""

    pairs: list[Pair]
    complete: bool


class _Entry(msgspec.Struct, frozen=True, gc=False):
    text: Text
    plain: str
    grams: frozenset[str]


class Index:
    """The texts of a pool. One may be put in again: then it replaces what was there under its number."""

    def __init__(self, texts: Iterable[Text] = ()) -> None:
        self._entries: dict[int, _Entry] = {}
        self._holders: dict[str, set[int]] = {}
        for text in texts:
            self.put(text)

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, text: Text) -> None:
        """Add a text, or replace it."""
        self.drop(text.item_id)
        entry = _entry(text)
        self._entries[text.item_id] = entry
        for gram in entry.grams:
            self._holders.setdefault(gram, set()).add(text.item_id)

    def drop(self, item_id: int) -> None:
        """Forget a text; harmless when it is unknown."""
        entry = self._entries.pop(item_id, None)
        for gram in entry.grams if entry else ():
            self._holders[gram].discard(item_id)

    def text(self, item_id: int) -> Text:
        """The text of an item that is in it."""
        return self._entries[item_id].text

    def near(self, text: Text, least: int = LEAST, most: int = 20) -> list[Pair]:
        """Those near to `text`, the nearest first. `text` itself is not among them."""
        entry = _entry(text)
        rated = [
            (-percent, item_id)
            for item_id in set[int]().union(*(self._holders.get(gram, ()) for gram in entry.grams))
            if item_id != text.item_id and (percent := _percent(entry, self._entries[item_id], least))
        ]
        nearest = sorted(rated)[: LOOKED_AT * most]  # naming all differences takes longer than finding them
        pairs = (_pair(entry, self._entries[item_id], -minus) for minus, item_id in nearest)
        return sorted(filter(None, pairs), key=_nearest)[:most]

    def report(self, least: int = LEAST) -> Report:
        """All near pairs of the pool. The older item, by its number, is `ours`."""
        entries = sorted(self._entries.values(), key=lambda entry: (len(entry.grams), entry.text.item_id))
        found: list[Pair] = []
        for place, partners in _sharing(entries, least):
            one = entries[place]
            for other in (entries[partner] for partner in partners):
                first, second = (one, other) if one.text.item_id < other.text.item_id else (other, one)
                percent = _percent(first, second, least)
                if percent and (pair := _pair(first, second, percent)):
                    found.append(pair)
            if len(found) >= PAIRS_MAX:
                return Report(sorted(found, key=_nearest)[:PAIRS_MAX], complete=False)
        return Report(sorted(found, key=_nearest), complete=True)


def _sharing(entries: Sequence[_Entry], least: int) -> Iterator[tuple[int, Sequence[int]]]:
    """Per place the places after it, so the longer texts, that share enough to be near; without those of no partner."""
    numbers: dict[str, int] = {}
    members = [np.array([numbers.setdefault(g, len(numbers)) for g in entry.grams], np.int64) for entry in entries]
    sizes = np.array([len(each) for each in members], np.int64)
    owners = np.repeat(np.arange(len(entries), dtype=np.int64), sizes)
    every = np.concatenate(members) if members else np.empty(0, np.int64)
    order = np.argsort(every, kind="stable")
    holders = np.split(owners[order], np.cumsum(np.bincount(every, minlength=len(numbers)))[:-1])
    for place, mine in enumerate(members):
        shared = np.bincount(np.concatenate([holders[g] for g in mine]), minlength=len(entries))[place + 1 :]
        larger = sizes[place + 1 :]
        near = (100 * shared >= least * (len(mine) + larger - shared)) | (100 * shared >= HELD * len(mine))
        partners = np.flatnonzero(near)
        if len(partners):
            yield place, (partners + place + 1).tolist()


def plain(text: str) -> str:
    """What is compared of a text: no spaces, no punctuation, one width, small letters; 38.5 and 5% stay."""
    said = _POINT.sub("点", normal(text).lower())
    return "".join(sign for sign in said if sign in "%‰" or unicodedata.category(sign)[0] not in "PZC")


def _entry(text: Text) -> _Entry:
    said = plain(text.case + text.stem)
    return _Entry(text, said, _grams(said))


def _grams(said: str) -> frozenset[str]:
    return frozenset(first + second for first, second in pairwise(said)) or frozenset({said})


def _percent(one: _Entry, other: _Entry, least: int) -> int:
    """How much they share, 1-100; 0: they are not near. 100 is for texts that are equal."""
    if one.text.set_code and one.text.set_code == other.text.set_code:
        return 0
    shared = len(one.grams & other.grams)
    fewer, more = sorted((len(one.grams), len(other.grams)))
    jaccard = 100 * shared // (fewer + more - shared)
    held = 100 * shared // fewer
    if jaccard < least and (held < HELD or min(len(one.plain), len(other.plain)) < HELD_LENGTH_MIN):
        return 0
    return 100 if one.plain == other.plain else min(99, max(jaccard, held if jaccard < least else 0))


def _pair(one: _Entry, other: _Entry, percent: int) -> Pair | None:
    """The pair with all that differs; None when two short stems have nothing else in common."""
    options = _options_percent(one.text, other.text)
    short = min(len(one.plain), len(other.plain)) < GENERIC_LENGTH
    if short and options < GENERIC_OPTIONS and one.text.options and other.text.options:
        return None
    differences = list(_differences(one, other))
    if options == 100 and one.text.right and other.text.right and one.text.right != other.text.right:
        differences.append(Difference("key", _shown("；".join(one.text.right)), _shown("；".join(other.text.right))))
    grave = any(each.kind in ("number", "negation", "key") for each in differences)
    same = percent == 100 and options == 100
    verdict = "differs" if grave else "same" if same else "near"
    return Pair(one.text, other.text, percent, options, verdict, tuple(differences[:DIFFERENCES_MAX]))


def _options_percent(one: Text, other: Text) -> int:
    """How much of the options they share, whatever their order."""
    if not one.options and not other.options:
        return 100
    ours, theirs = ({plain(option) or normal(option) for option in text.options} for text in (one, other))
    if ours == theirs:
        return 100
    first, second = (frozenset().union(*map(_grams, texts)) if texts else frozenset() for texts in (ours, theirs))
    return min(99, 100 * len(first & second) // max(1, len(first | second)))


def _differences(one: _Entry, other: _Entry) -> Iterator[Difference]:
    """What is said otherwise, in the order of the text; numbers and words stay whole."""
    if one.plain == other.plain:
        return
    ours, theirs = _TOKEN.findall(one.plain), _TOKEN.findall(other.plain)
    for kind, start, end, begin, stop in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind != "equal":
            yield _difference(ours, (start, end), theirs, (begin, stop))


def _difference(ours: Sequence[str], mine: tuple[int, int], theirs: Sequence[str], his: tuple[int, int]) -> Difference:
    first, second = "".join(ours[slice(*mine)]), "".join(theirs[slice(*his)])
    return Difference(_kind(first, second), _shown(first), _shown(second))


def _kind(first: str, second: str) -> str:
    short = max(len(first), len(second)) <= GRAVE_LENGTH_MAX
    if short and _NUMBER.search(first + second):
        return "number"
    if short and any(word in first or word in second for word in NEGATIONS):
        return "negation"
    return "unit" if _UNIT.match(first) or _UNIT.match(second) else "word"


def _shown(text: str) -> str:
    text = re.sub(r"(?<=\d)点(?=\d)", ".", text)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


def _nearest(pair: Pair) -> tuple[int, int, int, int]:
    return -pair.stem_percent, -pair.options_percent, pair.ours.item_id, pair.theirs.item_id
