"""免考申请 (domain.md §3.7, R-401 to R-406) and 延考申请 (§4.4): what they ask for."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from exam_engine.registration import dictionaries
from exam_engine.registration.forms import Complaint, Field, FieldKind, Form, Section, complaints, read_date
from exam_engine.registration.policy import Cycle, ProvincePolicy

K = FieldKind
OTHER: Final = "provincial"  # of the reasons, the one that a province may fill in

FORM: Final = Form(
    "exemption",
    (
        Section(
            "reason",
            (
                Field(
                    code="reason",
                    kind=K.CHOICE,
                    required=True,
                    options="exemption_reason",
                    choices=dictionaries.EXEMPTION_REASONS,
                ),
                Field(code="certificate", kind=K.TEXT, required=True),
                Field(code="certificate_no", kind=K.TEXT, required=True, length_max=60),
                Field(code="obtained_on", kind=K.DATE, required=True, hint=True),
                Field(code="evidence", kind=K.FILES, required=True),
                Field(code="licence", kind=K.FILES, required=True, hint=True),
            ),
        ),
    ),
)
DEFERRAL_FORM: Final = Form(
    "deferral",
    (
        Section(
            "reason",
            (
                Field(
                    code="reason",
                    kind=K.CHOICE,
                    required=True,
                    options="deferral_reason",
                    choices=dictionaries.DEFERRAL_REASONS,
                ),
                Field(code="explanation", kind=K.LONG, required=True, length_min=5, length_max=500),
                Field(code="evidence", kind=K.FILES, required=True),
            ),
        ),
    ),
)


def form(policy: ProvincePolicy) -> Form:
    """The form as the province has it: its own reasons with their words, or without any where it set none (R-401)."""
    [section] = FORM.sections
    reason, *others = section.fields
    if policy.other_exemptions:
        reason = msgspec.structs.replace(reason, told={OTHER: tuple(policy.other_exemptions)})
    else:
        reason = msgspec.structs.replace(reason, choices=tuple(code for code in reason.choices if code != OTHER))
    return Form(FORM.code, (Section(section.code, (reason, *others)),))


def check(values: Mapping[str, Any], cycle: Cycle, policy: ProvincePolicy, today: date) -> list[Complaint]:
    """What stands against an application for exemption (R-401, R-403)."""
    found = complaints(FORM, values)
    if values.get("reason") == OTHER and not policy.other_exemptions:
        found.append(Complaint(field="reason", code="not_offered"))
    day = read_date(values.get("obtained_on"))
    if day is not None and not cycle.holds(day):
        found.append(Complaint(field="obtained_on", code="outside_cycle"))
    elif day is not None and day > today:
        found.append(Complaint(field="obtained_on", code="in_the_future"))
    return found
