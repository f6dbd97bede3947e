"""The invariants, looked for in a world at rest. Each returns sentences about what is wrong; none when all is well."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from exam_engine import attempt as core
from exam_engine.attempt import Attempt
from exam_engine.chain import Entry, first_broken
from exam_engine.messages import (
    Answer,
    Answered,
    CameLate,
    Clear,
    Cleared,
    Corrected,
    Entered,
    Event,
    Extended,
    Marked,
    MarkedForLater,
    Phase,
    Released,
    Resumed,
    Started,
    Submitted,
    Warned,
    read_event,
)
from exam_engine.receipt_checks import Verdict, by_journal, by_signature
from exam_engine.service import row_of
from proctor import board
from proctor.board import Candidate
from tests.contract.fake_receipts import OWED
from tests.simulation.process import worth
from tests.simulation.world import World

Found = Iterator[str]
COUNTED = (Answered, Cleared, MarkedForLater)


def violations(world: World) -> list[str]:
    """Everything that is wrong, in words."""
    if world.stuck:
        return [world.stuck, *(f"a task broke: {error!r}" for error in world.broken)]
    found = [f"a task broke: {error!r}" for error in world.broken]
    for attempt_id, entries in sorted(world.database.journals.items()):
        if (broken := first_broken(entries)) is not None:
            found.append(f"{attempt_id}: the digest of {broken} does not hold")
            continue
        states = _states(entries)
        for check in _OF_ONE:
            found.extend(f"{attempt_id}: {sentence}" for sentence in check(entries, states))
    for check_all in _OF_ALL:
        found.extend(check_all(world))
    return found


def _states(entries: list[Entry]) -> list[tuple[Event, datetime, Attempt, Attempt]]:
    """For every event after the first: it, its instant, the state before and after."""
    first = read_event(entries[0].body)
    assert isinstance(first, Entered)
    state, out = core.begin(first), []
    for entry in entries[1:]:
        event = read_event(entry.body)
        after = core.evolve(state, event, entry.at)
        out.append((event, entry.at, state, after))
        state = after
    return out


States = list[tuple[Event, datetime, Attempt, Attempt]]


def _one_end(_entries: list[Entry], states: States) -> Found:
    ends = [index for index, (event, *_) in enumerate(states) if isinstance(event, Submitted)]
    if len(ends) > 1:
        yield f"{len(ends)} hand-ins"
    if ends and any(isinstance(event, COUNTED) for event, *_ in states[ends[0] :]):
        yield "something counted after the hand-in"
    final = states[-1][3].phase if states else Phase.ENTERED
    if final in (Phase.SUBMITTED, Phase.MARKED, Phase.RELEASED) and not ends:
        yield "an end without a hand-in"


def _nothing_after_the_bell(_entries: list[Entry], states: States) -> Found:
    for event, at, before, _ in states:
        if isinstance(event, COUNTED):
            assert before.deadline_at is not None
            if at > before.deadline_at + timedelta(seconds=before.policy.grace_s):
                yield f"counted at {at}, deadline {before.deadline_at}: {event}"
        if isinstance(event, Submitted):
            assert before.deadline_at is not None
            if not (before.started_at or at) <= event.as_of <= before.deadline_at:
                yield f"handed in as of {event.as_of}, deadline {before.deadline_at}"
            if event.ending == "time" and event.as_of != before.deadline_at:
                yield f"the bell counts as of {event.as_of} and not of {before.deadline_at}"


def _no_number_twice(_entries: list[Entry], states: States) -> Found:
    taken = [seq for event, *_ in states if (seq := getattr(event, "seq", 0))]
    if taken != list(range(1, len(taken) + 1)):
        yield f"numbers {taken}"


def _instants_in_order(entries: list[Entry], _states: States) -> Found:
    yield from (f"{b.version} happened before {a.version}" for a, b in pairwise(entries) if b.at < a.at)


def _deadline_by_the_desk_alone(_entries: list[Entry], states: States) -> Found:
    for event, at, before, after in states:
        match event:
            case Started():
                right = at + timedelta(minutes=before.policy.minutes + before.extra_minutes)
            case Extended():
                right = (before.deadline_at or at) + timedelta(seconds=event.seconds)
            case Resumed() if before.policy.pause_compensated:
                assert before.paused_at is not None
                longest = timedelta(seconds=before.policy.pause_s_max)
                right = (before.deadline_at or at) + (longest if event.by == 0 else at - before.paused_at)
            case _:
                if before.deadline_at != after.deadline_at:
                    yield f"{type(event).__name__} moved the deadline"
                continue
        if after.deadline_at != right:
            yield f"{event} at {at}: the deadline should be {right}"


def _acts_once(_entries: list[Entry], states: States) -> Found:
    acts = [event.act for event, *_ in states if isinstance(event, Warned | Extended) and event.act]
    if len(acts) != len(set(acts)):
        yield f"an act happened twice: {acts}"


def _marked_once(_entries: list[Entry], states: States) -> Found:
    final = states[-1][3] if states else None
    if final is None or final.submitted is None or final.phase is Phase.ANNULLED:
        return
    marks = [event for event, *_ in states if isinstance(event, Marked)]
    revisions = [event.revision for event, *_ in states if isinstance(event, Marked | Corrected)]
    if not marks or revisions != list(range(1, len(revisions) + 1)):
        yield f"handed in and marked as {revisions}"
        return
    if sum(isinstance(event, Released) for event, *_ in states) != 1:
        yield "not released once"


def _a_told_pass_stands(world: World) -> Found:
    """A rescore takes a released pass only where two persons chose so."""
    if not world.database.scoring.keep_passes:
        return
    for attempt_id, entries in world.database.journals.items():
        passed = [e.passed for e in map(read_event, (x.body for x in entries)) if isinstance(e, Released | Corrected)]
        if any(before and not after for before, after in pairwise(passed)):
            yield f"{attempt_id}: a pass was taken away: {passed}"


def _marked_by_what_holds(world: World) -> Found:
    """Every score that counts is of the answers in the journal, by the scheme that holds; its revision is kept."""
    scoring = world.database.scoring
    for attempt_id, entries in world.database.journals.items():
        final = _states(entries)[-1][3] if len(entries) > 1 else None
        if final is None or final.marked is None or final.phase is Phase.ANNULLED:
            continue
        right = worth({no: choice for no, choice in final.answers.items() if choice}, scoring.scheme.edition)
        if final.marked.points != right:
            yield f"{attempt_id}: marked from other answers or by another scheme: {final.marked.points} and not {right}"
        kept = scoring.kept[attempt_id]
        if max(kept) != final.marked.revision or kept[max(kept)][0] != final.marked.points:
            yield f"{attempt_id}: the scores kept are {sorted(kept)}, the journal has {final.marked}"


def _who_was_corrected_was_told(world: World) -> Found:
    scoring, told = world.database.scoring, set()
    for attempt_id, entries in world.database.journals.items():
        before: Marked | Corrected | None = None
        for event in map(read_event, (entry.body for entry in entries)):
            if isinstance(event, Corrected):
                assert before is not None
                told |= {f"C20:{attempt_id}:{event.revision}"} if event.points != before.points else set()
                if attempt_id not in scoring.corrections:
                    yield f"{attempt_id}: corrected, and not on record"
            before = event if isinstance(event, Marked | Corrected) else before
    corrected = {once for once in scoring.told if once.startswith("C20:")}
    if corrected != told:
        yield f"told {sorted(corrected)} and not {sorted(told)}"


_OF_ONE: tuple[Callable[[list[Entry], States], Found], ...] = (
    _one_end,
    _nothing_after_the_bell,
    _no_number_twice,
    _instants_in_order,
    _deadline_by_the_desk_alone,
    _acts_once,
    _marked_once,
)


def _every_ack_is_kept(world: World) -> Found:
    for phone in world.phones:
        kept = {
            entry.seq: read_event(entry.body)
            for entry in world.database.journals[phone.attempt_id]
            if entry.seq is not None
        }
        for ack in phone.acks:
            command = ack.command
            if not isinstance(command, Answer | Clear):
                continue
            event = kept.get(command.seq)
            choice = command.choice if isinstance(command, Answer) else ""
            right = isinstance(event, Answered | Cleared | CameLate) and (event.no, getattr(event, "choice", "")) == (
                command.no,
                choice,
            )
            if not right:
                yield f"{phone.attempt_id}: {ack} was promised, the journal has {event}"
            elif (ack.result == "late") != isinstance(event, CameLate) and ack.result != "already":
                yield f"{phone.attempt_id}: {ack} was told, the journal has {event}"


def _only_the_holder_is_heard(world: World) -> Found:
    for phone in world.phones:
        entries = world.database.journals[phone.attempt_id]
        holder = {
            entry.seq: before.device
            for entry, (_, _, before, _) in zip(entries[1:], _states(entries), strict=True)
            if entry.seq
        }
        for ack in phone.acks:
            if holder.get(ack.command.seq, ack.device) != ack.device:
                yield f"{phone.attempt_id}: {ack} was heard while {holder[ack.command.seq]} held the attempt"


def _the_desk_was_told_the_truth(world: World) -> Found:
    """A word that did something, or needed to do nothing, speaks of a state no older than the word itself."""
    for asked in world.asked:
        if asked.version is not None and asked.version < asked.standing:
            yield (
                f"{asked.attempt_id}: {asked.command} was said when {asked.standing} stood"
                f" and answered from what was known at {asked.version}"
            )


def _boards_converge(world: World) -> Found:
    for process in world.processes:
        if not process.alive:
            continue
        for attempt_id, entries in sorted(world.database.journals.items()):
            right = Candidate()
            for entry in entries:
                right = board.fold(right, entry.version, entry.kind, msgspec.json.decode(entry.body), entry.at)
            seen = process.board._candidates.get(attempt_id)
            if seen != right:
                version = None if seen is None else seen.version
                yield f"{attempt_id}: the board of {process.name} is at {version} and not at {right.version}"


def _memory_is_the_fold(world: World) -> Found:
    for process in world.processes:
        for attempt_id, known in process.service._known.items() if process.alive else ():
            entries = world.database.journals[attempt_id]
            states = _states(entries)
            if known.version != len(entries) or known.digest != entries[-1].digest:
                yield f"{attempt_id}: {process.name} knows {known.version} of {len(entries)}"
            elif states and known.attempt != states[-1][3]:
                yield f"{attempt_id}: what {process.name} knows is not the fold of the journal"


def _rows_follow(world: World) -> Found:
    for attempt_id, entries in sorted(world.database.journals.items()):
        states = _states(entries)
        if states and world.database.rows[attempt_id] != row_of(states[-1][3]):
            yield f"{attempt_id}: the row says {world.database.rows[attempt_id]}"


def _entitlements_are_looked_at(world: World) -> Found:
    for person in sorted(world.database.registration.unsettled):
        yield f"person {person}: an exam has ended, and nobody looked at the entitlements"


def _receipts_prove_the_journal(world: World) -> Found:
    """Whoever signed them and however often: one for each hand-in, and it holds."""
    receipts = world.database.receipts
    keys = {key_id: public for _, key_id, public, *_ in receipts.keys}
    for attempt_id, entries in sorted(world.database.journals.items()):
        kept = receipts.kept.get(attempt_id)
        if kept is None:
            if world.database.rows[attempt_id].phase in OWED:
                yield f"{attempt_id}: handed in, and there is no receipt"
        elif by_journal(by_signature(kept[2], keys), entries).verdict is not Verdict.VALID:
            yield f"{attempt_id}: the receipt does not hold"


_OF_ALL: tuple[Callable[[World], Found], ...] = (
    _receipts_prove_the_journal,
    _every_ack_is_kept,
    _only_the_holder_is_heard,
    _the_desk_was_told_the_truth,
    _boards_converge,
    _memory_is_the_fold,
    _rows_follow,
    _entitlements_are_looked_at,
    _a_told_pass_stands,
    _marked_by_what_holds,
    _who_was_corrected_was_told,
)
