"""A paper: which item versions one physician sees, in which order, and with the options in which order.

A paper holds no text and no key. Whoever shows it looks up the texts, whoever marks it looks up the keys, both by
(item_id, version): a later correction of an item never changes what was asked.
"""

import hashlib

import msgspec


class PaperEntry(msgspec.Struct, frozen=True, gc=False):
    """One numbered question of a paper; its position is its place in `Paper.entries`, from 1."""

    item_id: int
    version: int
    order: str  # option ids as they are shown, "cadbe": the first shown option is the item's option c
    multiple: bool = False  # several options may be chosen (type X)
    group: int = 0  # 0 alone; neighbours with the same positive number are one set
    chain: bool = False  # the case unfolds (A4): a sitting may forbid going back in it
    section: int | msgspec.UnsetType = msgspec.UNSET  # from 1; without sections nothing is written, as it always was

    @property
    def section_no(self) -> int:
        """The section of the blueprint it belongs to, from 1; 0 when the paper has none."""
        return 0 if self.section is msgspec.UNSET else self.section


class Paper(msgspec.Struct, frozen=True):
    """What `assemble` drew with `seed`; the number shown as 1 is `entries[0]`."""

    seed: int
    entries: tuple[PaperEntry, ...]
    form: int | msgspec.UnsetType = msgspec.UNSET  # which of the sitting's parallel forms, from 1; not written without


def digest(paper: Paper) -> str:
    """SHA-256, 64 hex digits, over the canonical JSON of the paper: equal papers have equal digests, on any machine."""
    return hashlib.sha256(msgspec.json.encode(paper, order="deterministic")).hexdigest()
