"""What phones were told against what the journal has: lost, invented, duplicated, reordered."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from loadtest.history import History, Sent
from loadtest.story import COUNTED, FINAL, NUMBERED, Line, Story

Finding = tuple[str, str]  # class, words

ACKNOWLEDGED: Final = ("saved", "already", "late")
# Kinds that are never told, or not to the phone that said them itself.
UNTOLD: Final = NUMBERED | {"marked", "held", "hold_ended"}
# Refusals after which the command may nevertheless stand there: it was said twice, or nobody knows.
UNSURE: Final = ("refused:superseded", "refused:try_again", "refused:busy", "refused:unavailable")


class Words(msgspec.Struct):
    """Both sides of one attempt's numbered commands, by number. A number may have been sent for two things."""

    written: dict[int, list[Line]]
    sent: dict[int, list[Sent]]


def words_of(history: History | None, story: Story) -> Words:
    """The numbered commands that phones sent, and those in the journal."""
    written: defaultdict[int, list[Line]] = defaultdict(list)
    for line in story.lines:
        if line.facts.seq:
            written[line.facts.seq].append(line)
    sent: defaultdict[int, list[Sent]] = defaultdict(list)
    for each in history.sent if history is not None else ():
        sent[each.seq].append(each)
    return Words(dict(written), dict(sent))


def says(line: Line, sent: Sent) -> bool:
    """Whether the entry is this command; what came late is kept as the same kind of entry, without a choice if none."""
    facts = line.facts
    match sent.kind:
        case "answer":
            return line.kind in ("answered", "came_late") and (facts.no, facts.choice) == (sent.no, sent.choice)
        case "clear":
            return line.kind in ("cleared", "came_late") and (facts.no, facts.choice) == (sent.no, "")
        case "mark":
            return line.kind == "marked_for_later" and (facts.no, facts.on) == (sent.no, sent.choice == "on")
        case _:
            return line.kind == "submitted"


# --- the numbers -----------------------------------------------------------------------------------------------------


def check_numbers(story: Story, words: Words) -> Iterator[Finding]:
    """Versions count 1, 2, 3 … and time does not go back; numbers of commands rise with them, each once."""
    version, at, last_seq = 0, 0.0, 0
    seen: set[int] = set()
    for line in story.lines:
        yield from _version(line.version, version)
        if line.at < at:
            yield "reordered", f"version {line.version} happened before version {version}"
        version, at = max(version, line.version), max(at, line.at)
        if seq := line.facts.seq:
            if seq in seen:
                yield "duplicated", f"seq {seq} stands again at version {line.version}"
            elif seq < last_seq:
                yield "reordered", f"seq {seq} stands at version {line.version}, behind seq {last_seq}"
            seen.add(seq)
            last_seq = max(last_seq, seq)
    for seq in range(1, last_seq):
        if seq not in seen and not any(sent.result in ACKNOWLEDGED for sent in words.sent.get(seq, ())):
            yield "reordered", f"seq {seq} was overtaken by later ones and never came"


def _version(version: int, before: int) -> Iterator[Finding]:
    if version == before:
        yield "duplicated", f"version {version} stands twice"
    elif version > before + 1:
        yield "duplicated", f"a gap: after version {before} comes {version}"
    elif version < before:
        yield "reordered", f"version {version} stands behind version {before}"


# --- phones -> journal -----------------------------------------------------------------------------------------------


def check_promises(history: History, story: Story, words: Words) -> Iterator[Finding]:
    """All that was acknowledged is there, as it was said, and where it was told to be."""
    for sent in history.sent:
        if sent.result in ACKNOWLEDGED:
            yield from _promise(sent, story, words)
    if history.started_at and story.first("started") is None:
        yield "lost", "the phone was told that the exam began; the journal does not say so"


def _promise(sent: Sent, story: Story, words: Words) -> Iterator[Finding]:
    there = words.written.get(sent.seq, [])
    found = [line for line in there if says(line, sent)]
    if not found:
        # What is missing altogether, or stands there as somebody else's, is reported by those who look for that.
        ends = sent.kind == "hand_in" and story.end.phase not in FINAL
        foreign = there and not any(says(line, each) for line in there for each in words.sent[sent.seq])
        if not ends and not foreign:
            yield "lost", f"{_said(sent)} was acknowledged ({sent.result}) and is not in the journal"
        return
    line = found[0]
    if sent.result == "already":
        if 0 < sent.version < line.version:  # 0: learnt from the server's numbering alone, which names no version
            yield "reordered", f"{_said(sent)}: told to be there at version {sent.version}, it came at {line.version}"
        return
    if all(line.version != sent.version for line in found):
        yield "reordered", f"{_said(sent)}: told version {sent.version}, the journal has it at {line.version}"
    if (sent.result == "late") is not (line.kind == "came_late"):
        yield "after_bell", f"{_said(sent)}: the phone was told {sent.result}, the journal has {line.kind}"


def check_told(history: History, story: Story) -> Iterator[Finding]:
    """Events came down in their order, and none is missing below the highest that came; a snapshot begins anew."""
    kinds = {line.version: line.kind for line in story.lines}
    stretch: list[int] = []
    floor: int | None = None
    for version in history.told_versions:
        if abs(version) > story.last_version or (version > 0 and version not in kinds):
            yield "lost", f"the phone was told of version {abs(version)}, which the journal does not have"
        elif version < 0:
            yield from _stretch(floor, stretch, kinds)
            floor, stretch = -version, []
        else:
            stretch.append(version)
    yield from _stretch(floor, stretch, kinds)


def _stretch(floor: int | None, told: Sequence[int], kinds: dict[int, str]) -> Iterator[Finding]:
    """`floor`: the version of the snapshot it began with; what comes again, or is older, does no harm."""
    floor = min(told, default=1) - 1 if floor is None else floor
    top, seen = floor, set[int]()
    for version in told:
        if version <= floor or version in seen:
            continue
        if version < top:
            yield "reordered", f"the phone was told of version {version} after version {top}"
        seen.add(version)
        top = max(top, version)
    for version in range(floor + 1, top):
        if version not in seen and kinds.get(version, "answered") not in UNTOLD:
            yield "reordered", f"the phone was never told of version {version} ({kinds[version]}), but of {top}"


# --- journal -> phones -----------------------------------------------------------------------------------------------


def check_origins(story: Story, words: Words) -> Iterator[Finding]:
    """Every numbered entry is a command that a phone of this attempt sent, while that phone held the attempt."""
    for line in story.lines:
        if not line.facts.seq:
            if line.kind in NUMBERED or (line.kind == "submitted" and line.facts.ending == "candidate"):
                yield "invented", f"version {line.version} ({line.kind}) has no number"
            continue
        senders = [sent for sent in words.sent.get(line.facts.seq, ()) if says(line, sent)]
        if not senders:
            yield "invented", f"{_wrote(line)}: no phone sent that"
        elif all(sent.device != line.before.device for sent in senders):
            yield "invented", f"{_wrote(line)}: sent by {senders[0].device} while {line.before.device} held the attempt"
        elif all(_refused_for_good(sent) for sent in senders):
            yield "invented", f"{_wrote(line)}: the phone was told {senders[0].result} and said it only once"


def _refused_for_good(sent: Sent) -> bool:
    return sent.result.startswith("refused:") and sent.times == 1 and sent.result not in UNSURE


def counted(line: Line) -> bool:
    """Whether the entry changes what counts (answers, clearings) or belongs to it (marks)."""
    return line.kind in COUNTED


def _said(sent: Sent) -> str:
    what = f"{sent.kind} {sent.no} {sent.choice}".strip() if sent.no else sent.kind
    return f"seq {sent.seq} ({what})"


def _wrote(line: Line) -> str:
    facts = line.facts
    what = f"{line.kind} {facts.no} {facts.choice}".strip() if facts.no else line.kind
    return f"version {line.version}, seq {facts.seq} ({what})"
