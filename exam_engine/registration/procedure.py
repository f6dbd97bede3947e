"""选择考核程序: who may take the simple procedure (domain.md §3.5, R-301 to R-306)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from exam_engine.registration import dictionaries
from exam_engine.registration.forms import Complaint, Field, FieldKind, Form, Section, complaints, read_date
from exam_engine.registration.policy import Cycle, ProvincePolicy, RecordLevel

LEVEL_ORDER: Final = (RecordLevel.COUNTY, RecordLevel.CITY, RecordLevel.PROVINCE, RecordLevel.NATION)
K = FieldKind

# The three ticks and the evidence each asks for. `other` is worded by the province.
FORM: Final = Form(
    "procedure",
    (
        Section(
            "conditions",
            (
                Field(code="years_good", kind=K.TICK),
                Field(
                    code="good_records",
                    kind=K.ROWS,
                    required=True,
                    only_if=("years_good", "yes"),
                    fields=(
                        Field(
                            code="kind", kind=K.CHOICE, required=True, options="good", choices=dictionaries.GOOD_KINDS
                        ),
                        Field(code="what", kind=K.TEXT, required=True),
                        Field(code="issuer", kind=K.TEXT, required=True),
                        Field(
                            code="level",
                            kind=K.CHOICE,
                            required=True,
                            options="record_level",
                            choices=dictionaries.RECORD_LEVELS,
                        ),
                        Field(code="date", kind=K.DATE, required=True),
                        Field(code="evidence", kind=K.FILES, required=True),
                    ),
                ),
                Field(code="years_clean", kind=K.TICK),
                Field(code="clean_declared", kind=K.TICK, required=True, only_if=("years_clean", "yes")),
                Field(code="other", kind=K.TICK),
                Field(code="other_evidence", kind=K.FILES, required=True, only_if=("other", "yes")),
                Field(code="licence", kind=K.FILES, required=True, hint=True),
            ),
        ),
    ),
)
CONDITIONS: Final = ("years_good", "years_clean", "other")


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """Computed, never typed: years of practice from the first licence to the cycle's end, and what is on record."""

    years: int
    months: int
    bad_records: int  # penalties, sanctions and accidents in the cycle that authorities reported


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """`possible` False: a tick would contradict what is known, for `why` (years, bad_record, not_offered)."""

    code: str
    possible: bool
    why: str = ""
    years: int = 0
    texts: list[str] = []


def practice(licensed_on: date | None, cycle: Cycle, bad_days: Sequence[date]) -> Practice:
    """Years and months from the certificate's first issue to the cycle's end (R-305); nothing without a licence."""
    bad = sum(cycle.holds(day) for day in bad_days)
    if licensed_on is None or licensed_on > cycle.ends_on:
        return Practice(years=0, months=0, bad_records=bad)
    months = (cycle.ends_on.year - licensed_on.year) * 12 + cycle.ends_on.month - licensed_on.month
    months -= cycle.ends_on.day < licensed_on.day
    return Practice(years=months // 12, months=months % 12, bad_records=bad)


def conditions(known: Practice, policy: ProvincePolicy) -> list[Condition]:
    """R-301 as it stands for this physician."""
    good = known.years >= policy.simple_years
    long = known.years >= policy.simple_years_clean
    clean = known.bad_records == 0
    return [
        Condition(code="years_good", possible=good, why="" if good else "years", years=policy.simple_years),
        Condition(
            code="years_clean",
            possible=long and clean,
            why="" if long and clean else ("years" if not long else "bad_record"),
            years=policy.simple_years_clean,
        ),
        Condition(
            code="other",
            possible=bool(policy.other_conditions),
            why="" if policy.other_conditions else "not_offered",
            texts=list(policy.other_conditions),
        ),
    ]


def check(values: Mapping[str, Any], known: Practice, cycle: Cycle, policy: ProvincePolicy) -> list[Complaint]:
    """What stands against 【申请简易程序】 with these ticks and this evidence; empty: it may be applied for."""
    found = complaints(FORM, values)
    ticked = [code for code in CONDITIONS if values.get(code)]
    if not ticked:
        found.append(Complaint(field="conditions", code="none_ticked"))
    facts: dict[str, str | int] = {"years": known.years, "months": known.months}
    for condition in conditions(known, policy):
        if condition.code in ticked and not condition.possible:
            found.append(
                Complaint(
                    field=condition.code,
                    code=f"contradicts_{condition.why}",
                    facts=facts | {"needed": condition.years, "bad_records": known.bad_records},
                )
            )
    return found + _records(values, cycle, policy)


def _records(values: Mapping[str, Any], cycle: Cycle, policy: ProvincePolicy) -> list[Complaint]:
    found = []
    least = LEVEL_ORDER.index(policy.good_record_level)
    for n, row in enumerate(values.get("good_records") or () if values.get("years_good") else ()):
        day = read_date(row.get("date"))
        if day is not None and not cycle.holds(day):
            found.append(Complaint(field=f"good_records.{n}.date", code="outside_cycle"))
        if row.get("level") in dictionaries.RECORD_LEVELS and LEVEL_ORDER.index(RecordLevel(row["level"])) < least:
            found.append(
                Complaint(field=f"good_records.{n}.level", code="level_low", facts={"level": policy.good_record_level})
            )
    return found
