"""考核结果通知书: frozen when it is issued; what changes later does not change what somebody holds in his hand."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from exam_engine.edge.masks import masked_number
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.policy import Cycle
from exam_engine.results import numbers, store
from exam_engine.results.final import RECHECK_FOR
from exam_engine.results.store import Result
from exam_engine.store import Row, Runner


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed (domain.md P15), but for the number and the code. Codes, not words: the page has those."""

    name: str
    sex: str
    id_number: str  # masked: the paper is shown around
    level: str
    category: str
    specialty: str
    licence_code: str
    institution: str
    cycle: Cycle
    procedure: str
    work: str
    ethics: str
    professional: str
    professional_points: int | None
    professional_max: int | None
    humanities: str
    humanities_points: int | None
    humanities_max: int | None
    outcome: str
    reasons: list[str]
    text: str
    agency: str
    issued_on: date
    recheck_until: datetime | None
    revision: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """An issued notice. `text`: its body exactly as it was frozen; `replaced_by`: the number that made it void."""

    number: str
    result_id: int
    text: str
    body: Body
    issued_at: datetime
    replaced_by: str

    def code(self, key: bytes) -> str:
        """The 校验码."""
        return numbers.code_of(key, self.number, self.text)


def read(row: Row) -> Notice:
    """A row of NOTICE."""
    return Notice(
        number=row["number"],
        result_id=row["result_id"],
        text=row["body"],
        body=msgspec.json.decode(row["body"], type=Body),
        issued_at=row["issued_at"],
        replaced_by=row["replaced_by"] or "",
    )


async def issue(runner: Runner, result: Result, now: datetime) -> Result:
    """Freeze a notice of this result; the one before it is void. The caller saves the result that comes back."""
    assert result.agency_id is not None, "who decided it is its agency"
    former = await runner.fetch(store.NOTICES_OF, result.result_id)
    body = await _body(runner, result, len(former) + 1, now)
    serial = await runner.fetchval(store.NEXT_SERIAL, result.agency_id, result.cycle)
    number = numbers.number_of(body.cycle.ends_on.year, result.province, result.agency_id, serial)
    text = msgspec.json.encode(body).decode()
    await runner.execute(store.ADD_NOTICE, number, result.result_id, body.revision, body.outcome, text, now)
    if former:
        await runner.execute(store.VOID, former[-1]["number"], number, now)
    return msgspec.structs.replace(result, notice_number=number)


async def _body(runner: Runner, result: Result, revision: int, now: datetime) -> Body:
    row = await runner.fetchrow(store.SHOWN_ON_NOTICE, result.result_id)
    assert row is not None
    profile = json.loads(row["profile"])
    exams = await runner.fetch(store.EXAMS, result.person_id, result.cycle)

    def shown(name: str) -> str:
        return str(profile.get(name) or row[name] or "")

    return Body(
        name=result.name,
        sex=row["sex"] or sex_of(result.id_number),
        id_number=masked_number(result.id_number),
        level=shown("level"),
        category=shown("category"),
        specialty=shown("specialty"),
        licence_code=shown("licence_code"),
        institution=row["institution"],
        cycle=Cycle(result.cycle, row["cycle_name"], row["starts_on"], row["ends_on"]),
        procedure=result.procedure,
        work=result.legs.work.value,
        ethics=result.legs.ethics.value,
        professional=result.legs.professional.value,
        humanities=result.legs.humanities.value,
        outcome=result.outcome,
        reasons=list(result.reasons),
        text=result.text,
        agency=row["agency"],
        issued_on=now.astimezone(SHANGHAI).date(),
        recheck_until=now + RECHECK_FOR if revision == 1 else None,
        revision=revision,
        **_points(exams),
    )


def _points(exams: list[Row]) -> Mapping[str, Any]:
    """Of each kind the exam that counts: the one that was passed, else the last."""
    found: dict[str, Any] = {}
    for kind in ("humanities", "professional"):
        rows = [row for row in exams if row["kind"] == kind and row["phase"] == "released"]
        counted = next((row for row in rows if row["passed"]), rows[-1] if rows else None)
        found[f"{kind}_points"] = counted["points"] if counted else None
        found[f"{kind}_max"] = counted["points_max"] if counted else None
    return found


def sex_of(id_number: str) -> str:
    """By the 17th digit of an ID number; "" of other papers."""
    if len(id_number) != 18 or not id_number[:17].isdigit():
        return ""
    return "male" if int(id_number[16]) % 2 else "female"
