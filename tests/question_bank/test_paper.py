"""Papers and their digests."""

import msgspec

from question_bank.paper import Paper, PaperEntry, digest

PAPER = Paper(7, (PaperEntry(1, 1, "cab"), PaperEntry(2, 3, "ab", multiple=True, group=1, chain=True)))


def test_a_digest_never_changes_from_one_release_to_the_next() -> None:
    assert digest(PAPER) == "36d8afce70c84a8776b77ce6e1dbfe76ca3960dbf4b77e5b3b7dce747c8445af"


def test_any_difference_shows_in_the_digest() -> None:
    entry = PAPER.entries[0]
    others = [msgspec.structs.replace(entry, **{name: value}) for name, value in CHANGES]
    papers = [Paper(7, (other, *PAPER.entries[1:])) for other in others]
    papers += [Paper(8, PAPER.entries), Paper(7, PAPER.entries[::-1]), Paper(7, PAPER.entries[:1])]
    assert len({digest(paper) for paper in [PAPER, *papers]}) == 1 + len(papers)


CHANGES = [("item_id", 9), ("version", 2), ("order", "abc"), ("multiple", True), ("group", 1), ("chain", True)]


def test_a_paper_comes_back_from_its_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PAPER), type=Paper) == PAPER
