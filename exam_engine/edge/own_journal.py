"""我的答题日志: the physician's own journal, from entering to the release, to read, to print and to keep.

It opens when the exam is over: before, it would tell whoever sits next to him what he has just chosen. It then shows
his own answers, by number and letter as he saw them, also of a real paper: they are his, and a receipt he can't compare
with anything would prove nothing. It shows no stem, no option's text, no key, and nothing of right or wrong; I-6 and
the rule that papers are not looked through again (domain.md §3.9, §6.6) stand.

What is withheld until the release: the mark, and that a case holds it back. Their entries are there with an empty body.
The digest of the mark's entry would give it away, since there are only some hundred marks to try; so after hand-in no
digest is told before the release. Those up to hand-in are, so that he can walk the chain to the one in his receipt.
"""

from collections.abc import Sequence

from exam_engine import receipt_store as store
from exam_engine.chain import Entry
from exam_engine.edge.http import PHYSICIAN, Call, Endpoints
from exam_engine.edge.physician import HIDDEN_KINDS, UNFINISHED, own_attempt
from exam_engine.edge.receipt_shapes import OwnAnswer, OwnEntry, OwnJournal
from exam_engine.errors import Refused
from exam_engine.messages import Answered, Cleared, Phase, read_event

endpoints = Endpoints()


@endpoints.add("GET", "/api/attempts/{attempt_id}/journal", roles=PHYSICIAN, answer=OwnJournal)
async def own_journal(call: Call) -> OwnJournal:
    """我的答题日志: what happened in the attempt and what was saved, each with the server's time."""
    owner = await own_attempt(call)
    house, attempt_id = call.house, call.path["attempt_id"]
    attempt = (await house.service.look(attempt_id)).attempt
    if attempt.phase in UNFINISHED:
        raise Refused("not_submitted")
    sitting = await house.registry.sitting(owner.sitting_id)
    entries = await house.journal.load(attempt_id)
    released = attempt.phase is Phase.RELEASED
    return OwnJournal(
        attempt_id=attempt_id,
        title=sitting.title,
        kind=sitting.kind,
        phase=attempt.phase if attempt.phase is not Phase.MARKED else Phase.SUBMITTED,
        item_count=attempt.item_count,
        taken_in=await house.pool.fetchval(store.TAKEN_IN_UP_TO, attempt_id),
        answers=counted(entries),
        entries=told(entries, released=released),
    )


def counted(entries: Sequence[Entry]) -> list[OwnAnswer]:
    """The answers that counted at the end, by number: the last word on each item that did not come late."""
    last: dict[int, OwnAnswer] = {}
    words: dict[int, int] = {}
    for entry in entries:
        if entry.kind not in ("answered", "cleared"):
            continue
        event = read_event(entry.body)
        assert isinstance(event, Answered | Cleared)
        words[event.no] = words.get(event.no, 0) + 1
        choice = event.choice if isinstance(event, Answered) else ""
        last[event.no] = OwnAnswer(
            no=event.no, choice=choice, version=entry.version, saved_at=entry.at, changes=words[event.no] - 1
        )
    return [answer for _, answer in sorted(last.items()) if answer.choice]


def told(entries: Sequence[Entry], *, released: bool) -> list[OwnEntry]:
    """The entries as their owner may have them now."""
    submitted = next((entry.version for entry in entries if entry.kind == "submitted"), 0)
    return [
        OwnEntry(
            version=entry.version,
            seq=entry.seq,
            kind=entry.kind,
            at=entry.at,
            body=entry.body if released or entry.kind not in HIDDEN_KINDS else "",
            digest=entry.digest.hex() if released or entry.version <= submitted else "",
        )
        for entry in entries
    ]
