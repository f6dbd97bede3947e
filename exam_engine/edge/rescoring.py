"""What-if and rescoring: rulings about items after an exam, proposed by one person and approved by another.

Who may propose: nation, author, province; rulings that name keys only nation and author, who may see keys. Who may
approve: province or nation, another person. Agencies see what becomes of their sittings. Approved, the new scheme holds
at once for whatever is marked from then on; workers mark the rest again (exam_engine/rescoring.py).
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from exam_engine import statistics_store, store
from exam_engine.edge.accounts import audit
from exam_engine.edge.deciding import reason_of
from exam_engine.edge.http import Call, Endpoints
from exam_engine.edge.item_statistics import (
    DESK,
    KEY_HOLDERS,
    check_looker,
    key_pools,
    pass_line,
    ruling_shape,
    score_counts,
    shown_name,
    sittings_of,
)
from exam_engine.edge.stats_shapes import (
    Affected,
    AskWhatIf,
    DecideProposal,
    FailedPaper,
    FormChange,
    Progress,
    ProposalMove,
    ProposalRow,
    Proposals,
    ProposalView,
    Propose,
    RuledItem,
    RulingShape,
    WhatIf,
    WithdrawProposal,
)
from exam_engine.errors import Forbidden, Invalid, NotFound, Refused
from exam_engine.sitting import Sitting
from exam_engine.sitting_sheets import Reading
from question_bank import store as bank
from question_bank.item import Item
from scoring import rulings_store as rulings
from scoring.marking import Ref, Ruling, Scheme
from scoring.rescore import Change, Line, Outcome, what_if

SEERS: Final = frozenset({"agency", "province", "nation", "author"})
PROPOSERS: Final = frozenset({"province", "nation", "author"})
APPROVERS: Final = frozenset({"province", "nation"})
NAMED_BY: Final = frozenset({"province", "agency"})  # who sees whole names: those of its own physicians
KEY_ACTS: Final = frozenset({"also", "key"})
ACTS: Final = KEY_ACTS | {"void", "full_credit", "restore"}
AFFECTED_MAX: Final = 1_000
LIST_MAX: Final = 200
FAILURES_MAX: Final = 100
WITHDRAW_MIN: Final = 5

endpoints = Endpoints()


# --- what-if -----------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/what-if", roles=PROPOSERS, body=AskWhatIf, answer=WhatIf)
async def ask_what_if(call: Call) -> WhatIf:
    """What rulings would do to the papers of a sitting; nothing is changed."""
    asked = call.body
    assert isinstance(asked, AskWhatIf)
    sitting, reading, scheme = await _drafted(call, asked.rulings)
    return await _foreseen(call, sitting, reading, scheme, keep_passes=asked.keep_passes)


async def _drafted(call: Call, shapes: Sequence[RulingShape]) -> tuple[Sitting, Reading, Scheme]:
    """The sitting as it stands and the scheme that would hold. Raises NotFound, Forbidden or Invalid."""
    sitting_id = call.path["sitting_id"]
    await check_looker(call, sitting_id)
    sitting = await store.sitting(call.house.pool, sitting_id)
    assert sitting is not None, "somebody may see it"
    reading = await call.request.app[DESK].sheets.read(sitting_id, call.house.clock.now(), timed=False)
    if not reading.people:
        raise Refused("nothing_marked")
    pools = await key_pools(call, sitting.pool)
    pool_of = {ref: item.pool for ref, item in reading.items.items()}
    named = [pool_of.get((shape.item_id, shape.version), "") for shape in shapes if shape.act in KEY_ACTS]
    if pools is not None and not pools.issuperset(named):
        raise Forbidden("keys_not_yours")
    return sitting, reading, _ruled(sitting.scheme, shapes, reading.items)


def _ruled(scheme: Scheme, shapes: Sequence[RulingShape], items: dict[Ref, Item]) -> Scheme:
    """The scheme with these rulings in the place of earlier ones about the same items."""
    wanted: dict[Ref, Ruling | None] = {}
    for shape in shapes:
        ref = (shape.item_id, shape.version)
        if ref not in items or ref in wanted:
            raise Invalid("not_asked_here" if ref not in items else "ruled_twice", item=shape.item_id)
        wanted[ref] = _ruling(shape, items[ref])
    known = {(each.item_id, each.version): each for each in scheme.rulings}
    after: dict[Ref, Ruling | None] = {**known, **wanted}
    if all(known.get(ref) == ruling for ref, ruling in wanted.items()):
        raise Refused("nothing_changes")
    standing = tuple(ruling for _, ruling in sorted(after.items()) if ruling is not None)
    return replace(scheme, rulings=standing, edition=scheme.edition + 1)


def _ruling(shape: RulingShape, item: Item) -> Ruling | None:
    """None: as the bank has it."""
    keys = ["".join(sorted(set(key))) for key in shape.keys]
    options = {option.id for option in item.options}
    several = len(item.key) > 1 or item.type == "X"
    fitting = all(set(key) <= options and (several or len(key) == 1) for key in keys)
    if shape.act not in ACTS or bool(keys) != (shape.act in KEY_ACTS) or not fitting:
        raise Invalid("ruling_wrong", item=shape.item_id)
    ref = (shape.item_id, shape.version)
    match shape.act:
        case "void":
            return Ruling(*ref, void=True)
        case "full_credit":
            return Ruling(*ref, full_credit=True)
        case "also":
            return Ruling(*ref, also=tuple(dict.fromkeys(keys)))
        case "key":
            first, *rest = dict.fromkeys(keys)
            return Ruling(*ref, also=tuple(rest), key=first)
        case _:
            return None


async def _foreseen(call: Call, sitting: Sitting, reading: Reading, scheme: Scheme, *, keep_passes: bool) -> WhatIf:
    line = Line(await pass_line(call.house, sitting), sitting.points_full)
    schemes = (sitting.scheme, scheme)
    found = await asyncio.to_thread(
        what_if, reading.sheets, reading.keys, schemes, line, reading.released, keep_passes=keep_passes
    )
    return _view_of(sitting, reading, found, masked=call.me.role not in NAMED_BY)


def _view_of(sitting: Sitting, reading: Reading, found: Outcome, *, masked: bool) -> WhatIf:
    released = reading.released
    by = {change: [case for case in found.cases if case.change is change] for change in Change}
    return WhatIf(
        sitting_id=sitting.sitting_id,
        edition=sitting.scheme.edition,
        counted=found.counted,
        touched=found.touched,
        up=found.up,
        down=found.down,
        passing_before=found.passing_before,
        passing_after=found.passing_after,
        gains=len(by[Change.GAINS]),
        loses=len(by[Change.LOSES]),
        loses_released=sum(released.get(reading.people[case.row].attempt_id, False) for case in by[Change.LOSES]),
        kept=len(by[Change.KEPT]),
        mean_before=found.mean_before,
        mean_after=found.mean_after,
        before=score_counts(found.before),
        after=score_counts(found.after),
        forms=[
            FormChange(**{**msgspec.structs.asdict(form), "form": reading.forms[form.form]}) for form in found.forms
        ],
        affected=[
            Affected(
                attempt_id=person.attempt_id,
                name=shown_name(person, masked=masked),
                institution=person.institution,
                released=person.attempt_id in released,
                points_before=case.points_before,
                points_after=case.points_after,
                points_max_after=case.points_max_after,
                pass_points_after=case.pass_points_after,
                change=case.change,
            )
            for case in found.cases[:AFFECTED_MAX]
            for person in [reading.people[case.row]]
        ],
    )


# --- proposals ---------------------------------------------------------------------------------------------------


@endpoints.add("POST", "/api/desk/sittings/{sitting_id}/proposals", roles=PROPOSERS, body=Propose, answer=ProposalView)
async def propose(call: Call) -> ProposalView:
    """Propose to rescore a sitting with these rulings."""
    asked, me = call.body, call.me
    assert isinstance(asked, Propose)
    sitting, reading, scheme = await _drafted(call, asked.rulings)
    if sitting.scheme.edition != asked.edition:
        raise Refused("changed_meanwhile")
    reason, withdraw_reason = reason_of(asked.reason), asked.withdraw_reason.strip()
    if not asked.keep_passes and len(withdraw_reason) < WITHDRAW_MIN:
        raise Invalid("withdraw_reason_missing", min=WITHDRAW_MIN)
    foreseen = await _foreseen(call, sitting, reading, scheme, keep_passes=asked.keep_passes)
    # Names are for who may see them when he looks, so they are not kept with the proposal.
    kept = replace(foreseen, affected=[replace(each, name="") for each in foreseen.affected])
    async with call.house.pool.acquire() as connection, connection.transaction():
        proposal_id = await connection.fetchval(
            rulings.PROPOSE,
            sitting.sitting_id,
            sitting.scheme.edition,
            _json(scheme),
            _json([(shape.item_id, shape.version) for shape in asked.rulings]),
            reason,
            asked.keep_passes,
            "" if asked.keep_passes else withdraw_reason,
            _json(kept),
            me.account_id,
            me.person_id,
            me.role,
        )
        facts = {"sitting": sitting.sitting_id, "rulings": msgspec.to_builtins(asked.rulings), "reason": reason}
        facts |= {"keep_passes": asked.keep_passes, "withdraw_reason": withdraw_reason}
        await audit(call, me, "rescore_proposed", f"proposal {proposal_id}", runner=connection, **facts)
    return await _view(call, proposal_id)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


@endpoints.add("GET", "/api/desk/proposals", roles=SEERS, answer=Proposals, query=("sitting",))
async def list_proposals(call: Call) -> Proposals:
    """Proposals to rescore in this account's scope, of one sitting if it is named."""
    named = call.request.query.get("sitting", "")
    if named and not (named.isascii() and named.isdigit() and len(named) <= 16):
        raise Invalid("wrong_shape")
    sittings = await sittings_of(call, int(named) if named else None)
    if named and not sittings:
        raise NotFound("no_such_sitting")
    rows = await call.house.pool.fetch(rulings.OF_SITTINGS, list(sittings), LIST_MAX)
    counts = await _counts(call, [row["proposal_id"] for row in rows])
    names = await _names(call, rows)
    return Proposals(
        rows=[
            ProposalRow(
                proposal_id=row["proposal_id"],
                sitting_id=row["sitting_id"],
                title=sittings[row["sitting_id"]]["title"],
                state=_state(row, sittings[row["sitting_id"]]["edition"]),
                by=names[row["account_id"]],
                at=row["at"],
                reason=row["reason"],
                items=len(msgspec.json.decode(row["refs"])),
                gains=foreseen.gains,
                loses=foreseen.loses,
                progress=_progress(row, counts.get(row["proposal_id"], {})),
            )
            for row in rows
            for foreseen in [msgspec.json.decode(row["foreseen"], type=WhatIf)]
        ]
    )


@endpoints.add("GET", "/api/desk/proposals/{proposal_id}", roles=SEERS, answer=ProposalView)
async def see_proposal(call: Call) -> ProposalView:
    """One proposal, what it was foreseen to do, and how far it is."""
    return await _view(call, call.path["proposal_id"])


async def _row(call: Call, proposal_id: int) -> store.Row:
    """Raises NotFound where its sitting is outside the caller's scope."""
    row = await call.house.pool.fetchrow(rulings.PROPOSAL, proposal_id)
    if row is None or not await _may_see(call, row["sitting_id"]):
        raise NotFound("no_such_proposal")
    return row


async def _may_see(call: Call, sitting_id: int) -> bool:
    try:
        await check_looker(call, sitting_id)
    except NotFound:
        return False
    return True


def _state(row: store.Row, edition: int) -> str:
    """`edition`: of the scheme that holds now."""
    if row["act"] == "approved":
        return "done" if row["done_at"] else "applying"
    return row["act"] or ("open" if row["edition"] == edition else "stale")


async def _view(call: Call, proposal_id: int) -> ProposalView:
    row = await _row(call, proposal_id)
    sitting = await store.sitting(call.house.pool, row["sitting_id"])
    assert sitting is not None, "sittings are never deleted"
    state = _state(row, sitting.scheme.edition)
    acts, refused_by = _acts(call.me, row, state)
    names = await _names(call, [row])
    counts = await _counts(call, [proposal_id])
    moves = [ProposalMove(act="proposed", at=row["at"], by=names[row["account_id"]], role=row["role"], reason="")]
    if row["act"] is not None:
        by, why = names[row["decided_by"]], row["decided_why"]
        moves.append(ProposalMove(act=row["act"], at=row["decided_at"], by=by, role=row["decided_as"], reason=why))
    return ProposalView(
        proposal_id=proposal_id,
        sitting_id=sitting.sitting_id,
        title=sitting.title,
        edition=row["edition"],
        state=state,
        rulings=await _ruled_items(call, row),
        reason=row["reason"],
        keep_passes=row["keep_passes"],
        withdraw_reason=row["withdraw_reason"],
        moves=moves,
        progress=_progress(row, counts.get(proposal_id, {})),
        failures=await _failures(call, proposal_id),
        foreseen=await _named(call, msgspec.json.decode(row["foreseen"], type=WhatIf)),
        acts=acts,
        refused_by=refused_by,
    )


def _acts(me: store.Account, row: store.Row, state: str) -> tuple[list[str], str]:
    """What this account may do now, or why it may do nothing."""
    own = me.person_id == row["person_id"]
    if state == "stale":
        return (["withdraw"] if own else ["reject"] if me.role in APPROVERS else []), "proposal_stale"
    if state != "open":
        return [], ""
    if own:
        return ["withdraw"], "own_proposal"
    return (["approve", "reject"], "") if me.role in APPROVERS else ([], "wrong_role")


async def _ruled_items(call: Call, row: store.Row) -> list[RuledItem]:
    refs = msgspec.json.decode(row["refs"], type=list[tuple[int, int]])
    items = await bank.by_reference(call.house.pool, set(refs))
    after = {(each.item_id, each.version): each for each in msgspec.json.decode(row["scheme"], type=Scheme).rulings}
    told = call.me.role in APPROVERS | KEY_HOLDERS  # who decides must know about what
    return [
        RuledItem(
            ruling=ruling_shape(after[ref], keys=told)
            if ref in after
            else RulingShape(item_id=ref[0], version=ref[1], act="restore"),
            code=items[ref].code,
            stem=items[ref].stem if told else "",
            options={option.id: option.text for option in items[ref].options} if told else {},
            key=items[ref].key if told else "",
        )
        for ref in refs
    ]


async def _named(call: Call, foreseen: WhatIf) -> WhatIf:
    """With the names of who is affected, as this account may see them."""
    names = await _sitters(call, [each.attempt_id for each in foreseen.affected])
    return replace(foreseen, affected=[replace(each, name=names[each.attempt_id]) for each in foreseen.affected])


async def _failures(call: Call, proposal_id: int) -> list[FailedPaper]:
    rows = await call.house.pool.fetch(rulings.FAILURES, proposal_id, FAILURES_MAX)
    names = await _sitters(call, [row["attempt_id"] for row in rows])
    return [FailedPaper(name=names[row["attempt_id"]], **dict(row)) for row in rows]


async def _sitters(call: Call, attempt_ids: list[int]) -> dict[int, str]:
    """Whose attempts they are, as this account may see it."""
    rows = await call.house.pool.fetch(statistics_store.NAMES, attempt_ids)
    whole = call.me.role in NAMED_BY
    return {row["attempt_id"]: row["name"] if whole else row["name"][:1] + "**" for row in rows}


async def _names(call: Call, rows: Sequence[store.Row]) -> dict[int, str]:
    accounts = {row["account_id"] for row in rows} | {row["decided_by"] for row in rows if row["decided_by"]}
    found = await call.house.pool.fetch(store.ACCOUNT_NAMES, list(accounts))
    return {row["account_id"]: row["name"] for row in found}


async def _counts(call: Call, proposal_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What became of the papers of each proposal: touched, changed, gained, lost, kept, failed."""
    found: dict[int, dict[str, int]] = {}
    for query in (rulings.COUNTS, rulings.FAILURE_COUNTS):
        for row in await call.house.pool.fetch(query, list(proposal_ids)):
            found.setdefault(row["proposal_id"], {}).update(row)
    return found


def _progress(row: store.Row, counts: dict[str, int]) -> Progress | None:
    if row["act"] != "approved":
        return None
    figures = {name: counts.get(name, 0) for name in ("touched", "changed", "gained", "lost", "kept", "failed")}
    return Progress(total=row["total"], looked=row["looked"], done_at=row["done_at"], **figures)


# --- deciding ----------------------------------------------------------------------------------------------------


@endpoints.add(
    "POST",
    "/api/desk/proposals/{proposal_id}/decision",
    roles=APPROVERS,
    body=DecideProposal,
    answer=ProposalView,
)
async def decide_proposal(call: Call) -> ProposalView:
    """Approve or reject a proposal of somebody else; approved, workers carry it out."""
    asked = call.body
    assert isinstance(asked, DecideProposal)
    row = await _row(call, call.path["proposal_id"])
    if row["person_id"] == call.me.person_id:
        raise Refused("own_proposal")
    if row["act"] is not None:
        raise Refused("proposal_decided", act=row["act"])
    if asked.approve:
        await _approve(call, row, asked)
    else:
        await _decide(call, row, "rejected", reason_of(asked.reason))
    return await _view(call, row["proposal_id"])


async def _approve(call: Call, row: store.Row, asked: DecideProposal) -> None:
    if not row["keep_passes"]:
        await _check_losses(call, row, asked.loses_released)
    sitting_id = row["sitting_id"]
    async with call.house.pool.acquire() as connection, connection.transaction():
        edition = await connection.fetchval(statistics_store.SCHEME_LOCKED, sitting_id)
        if edition != row["edition"]:
            raise Refused("proposal_stale")
        if await connection.fetchval(rulings.RUNNING, sitting_id) is not None:
            raise Refused("rescore_running")
        await _on_record(call, connection, row, "approved", asked.reason.strip())
        await connection.execute(statistics_store.SET_SCHEME, sitting_id, row["scheme"])
        total = await connection.fetchval(statistics_store.TO_RESCORE, sitting_id)
        await connection.execute(rulings.BEGIN, row["proposal_id"], total)
    call.request.app[DESK].forget(sitting_id)


async def _check_losses(call: Call, row: store.Row, seen: int) -> None:
    """Passes that were told are only taken away by somebody who has seen how many; others may be released since."""
    sitting = await store.sitting(call.house.pool, row["sitting_id"])
    assert sitting is not None
    reading = await call.request.app[DESK].sheets.read(sitting.sitting_id, call.house.clock.now(), timed=False)
    scheme = msgspec.json.decode(row["scheme"], type=Scheme)
    now = await _foreseen(call, sitting, reading, scheme, keep_passes=False)
    if now.loses_released != seen:
        raise Refused("others_lose_now", loses_released=now.loses_released)


async def _decide(call: Call, row: store.Row, act: str, reason: str) -> None:
    async with call.house.pool.acquire() as connection, connection.transaction():
        await _on_record(call, connection, row, act, reason)


async def _on_record(call: Call, runner: store.Runner, row: store.Row, act: str, reason: str) -> None:
    """Of two who decide at once one wins. Raises Refused."""
    me, proposal_id = call.me, row["proposal_id"]
    done = await runner.fetchval(rulings.DECIDE, proposal_id, act, reason, me.account_id, me.person_id, me.role)
    if done is None:
        raise Refused("proposal_decided", act="")
    await audit(call, me, f"rescore_{act}", f"proposal {proposal_id}", runner=runner, reason=reason)


@endpoints.add(
    "POST",
    "/api/desk/proposals/{proposal_id}/withdraw",
    roles=PROPOSERS,
    body=WithdrawProposal,
    answer=ProposalView,
)
async def withdraw_proposal(call: Call) -> ProposalView:
    """Take one's own proposal back while it is open."""
    asked = call.body
    assert isinstance(asked, WithdrawProposal)
    row = await _row(call, call.path["proposal_id"])
    if row["person_id"] != call.me.person_id:
        raise Refused("not_your_proposal")
    if row["act"] is not None:
        raise Refused("proposal_decided", act=row["act"])
    await _decide(call, row, "withdrawn", reason_of(asked.reason))
    return await _view(call, row["proposal_id"])
