"""自评: conduct records, work results, ethics, and the 述职报告 (domain.md §3.6, §5 P8)."""

from collections.abc import Mapping
from typing import Any, Final

from exam_engine.registration import dictionaries
from exam_engine.registration.forms import Complaint, Field, FieldKind, Form, Section, complaints, read_date
from exam_engine.registration.policy import Cycle

REPORT_MIN: Final = 300
REPORT_MAX: Final = 3000
NOTE_MAX: Final = 500
K = FieldKind

WORK: Final = ("workload", "quality", "mandated_tasks")
ETHICS: Final = ("lawful", "honest", "attitude", "privacy")

_GOOD_ROWS: Final = (
    Field(code="kind", kind=K.CHOICE, required=True, options="good", choices=dictionaries.GOOD_KINDS),
    Field(code="what", kind=K.TEXT, required=True),
    Field(code="issuer", kind=K.TEXT, required=True),
    Field(code="level", kind=K.CHOICE, required=True, options="record_level", choices=dictionaries.RECORD_LEVELS),
    Field(code="date", kind=K.DATE, required=True),
    Field(code="evidence", kind=K.FILES),
)
_BAD_ROWS: Final = (
    Field(code="kind", kind=K.CHOICE, required=True, options="bad", choices=dictionaries.BAD_KINDS),
    Field(code="date", kind=K.DATE, required=True),
    Field(code="fact", kind=K.TEXT, required=True, length_max=500),
)


def _rated(code: str) -> tuple[Field, Field]:
    return (
        Field(code=code, kind=K.CHOICE, required=True, options="rating", choices=dictionaries.RATINGS),
        Field(code=f"{code}_note", kind=K.LONG, length_max=NOTE_MAX),
    )


def form(cycle: Cycle, *, report_required: bool) -> Form:
    """The form of this cycle: one ethics grade a year; the report is asked of the simple procedure only."""
    years = tuple(
        Field(
            code=f"ethics_{year}",
            kind=K.CHOICE,
            required=True,
            options="ethics_grade",
            choices=dictionaries.ETHICS_GRADES,
        )
        for year in cycle.years()
    )
    return Form(
        "evaluation",
        (
            Section(
                "conduct",
                (
                    Field(code="good", kind=K.ROWS, fields=_GOOD_ROWS),
                    Field(code="no_bad", kind=K.TICK),
                    Field(code="bad", kind=K.ROWS, fields=_BAD_ROWS),
                ),
            ),
            Section(
                "work",
                (
                    *(field for code in WORK for field in _rated(code)),
                    Field(code="credits_reached", kind=K.YESNO, required=True),
                    Field(code="disputes", kind=K.YESNO, required=True),
                    Field(
                        code="disputes_note",
                        kind=K.LONG,
                        required=True,
                        length_min=5,
                        length_max=NOTE_MAX,
                        only_if=("disputes", "yes"),
                    ),
                ),
            ),
            Section("ethics", (*years, *(field for code in ETHICS for field in _rated(code)))),
            Section(
                "report",
                (
                    Field(
                        code="report",
                        kind=K.LONG,
                        required=report_required,
                        length_min=REPORT_MIN,
                        length_max=REPORT_MAX,
                        hint=True,
                    ),
                ),
            ),
        ),
    )


def check(values: Mapping[str, Any], cycle: Cycle, *, report_required: bool) -> list[Complaint]:
    """Everything wrong with a self-evaluation; conduct has to be said one way or the other, and only one."""
    found = complaints(form(cycle, report_required=report_required), values)
    if bool(values.get("no_bad")) == bool(values.get("bad")):
        found.append(Complaint(field="no_bad", code="say_one"))
    for rows in ("good", "bad"):
        for n, row in enumerate(values.get(rows) or ()):
            day = read_date(row.get("date"))
            if day is not None and not cycle.holds(day):
                found.append(Complaint(field=f"{rows}.{n}.date", code="outside_cycle"))
    return found


def flags(values: Mapping[str, Any], cycle: Cycle, bad_on_record: int) -> list[str]:
    """What reviewers should look at twice (U12, R-303); a file with flags never goes through in a batch."""
    found = []
    if values.get("bad"):
        found.append("bad_record")
    if bad_on_record and values.get("no_bad"):
        found.append("undeclared_record")
    if any(values.get(f"ethics_{year}") == "poor" for year in cycle.years()):
        found.append("ethics_poor")
    if any(values.get(code) == "unqualified" for code in (*WORK, *ETHICS)):
        found.append("self_unqualified")
    if values.get("disputes"):
        found.append("disputes")
    if values.get("credits_reached") is False:
        found.append("credits_missing")
    return found
