"""The digest chain of a journal, worked out anew from its rule (exam_engine/chain.py), and the seal of its paper.

Each digest is SHA-256 over the digest before it and `attempt|version|seq|kind|microseconds|body`, seq 0 where there is
none; before the first entry stands SHA-256 of "exam.journal". The paper is the text whose SHA-256 the first entry has.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from loadtest.records import micros
from loadtest.story import Story

FIRST: Final = sha256(b"exam.journal").digest()


def broken_seals(attempt_id: int, story: Story) -> Iterator[str]:
    """What does not follow from what stands before it, in words.

    Each entry is held against the digest *kept* before it, so that one entry changed is told once and not with all
    that come after.
    """
    previous = FIRST
    for line in story.lines:
        entry, facts = line.entry, line.facts
        head = f"{attempt_id}|{entry.version}|{entry.seq or 0}|{entry.kind}|{micros(entry.at)}|"
        if sha256(previous + head.encode() + entry.body.encode()).digest() != entry.digest:
            yield f"the digest of version {entry.version} ({entry.kind}) does not follow from the one before"
        elif facts.type != entry.kind or facts.seq != (entry.seq or 0):
            yield f"version {entry.version}: its columns ({entry.kind}, seq {entry.seq}) are not what its body says"
        previous = entry.digest


def broken_paper(story: Story, paper: str | None) -> Iterator[str]:
    """Whether the paper is the one that was frozen when the attempt was entered."""
    first = story.lines[0].facts
    if paper is None:
        yield "the frozen paper is missing"
    elif sha256(paper.encode()).hexdigest() != first.paper:
        yield "the paper is not the one that the first entry has sealed"
