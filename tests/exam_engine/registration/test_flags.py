"""Flags: the server says no others than the desk filters by, and the desk offers none that the server never says."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import exam_engine
from exam_engine.registration import application as core
from exam_engine.registration import filing
from exam_engine.registration.application import Application, Identity
from exam_engine.registration.policy import Cycle, ProvincePolicy
from exam_engine.registration.review import Subject

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
CYCLE = Cycle(1, "2024-2026", date(2024, 1, 1), date(2026, 12, 31))
PROFILE, EVALUATION = Subject.PROFILE, Subject.EVALUATION
REGISTERED = {"licence_code": "110110105000901", "title": "chief"}
KNOWN = Identity(person_id=1, name="测试甲", id_type="id_card", id_number="11010519491231002X", registry=REGISTERED)
STRANGER = Identity(person_id=1, name="测试甲", id_type="id_card", id_number="11010519491231002X")
PUNISHED = Identity(
    person_id=1, name="测试甲", id_type="id_card", id_number="11010519491231002X", registry=REGISTERED,
    bad_days=(date(2025, 1, 1),),
)  # fmt: skip


def application(identity: Identity = KNOWN, *, faceless: bool = False, **policy: Any) -> Application:
    return Application(
        application_id=1, cycle=CYCLE, province="11", institution_id=1, agency_id=2, procedure="general",
        simple_refused=False, procedure_body={}, procedure_version=1, faceless=faceless, photo_id=None,
        policy=ProvincePolicy(min_registered_months=0, **policy), identity=identity, parts={},
    )  # fmt: skip


def newly_registered(*, allow_voluntary: bool) -> Application:
    return Application(**{
        name: getattr(application(), name) for name in Application.__struct_fields__
    } | {"policy": ProvincePolicy(min_registered_months=36, allow_voluntary=allow_voluntary)})  # fmt: skip


BAD = {"no_bad": False, "bad": [{"kind": "penalty", "date": "2025-01-01", "fact": "超范围执业"}]}
# A file that has a flag and, beside it, the same file without.
CASES: dict[str, tuple[Application, Subject, dict[str, Any], Application, dict[str, Any]]] = {
    "registry_differs": (application(), PROFILE, {"title": "resident"}, application(), {"title": "chief"}),
    "warnings": (application(), PROFILE, {"qualification_code": f"199099110{KNOWN.id_number}"}, application(), {}),
    "not_registered": (application(STRANGER), PROFILE, {}, application(), {}),
    "faceless": (application(faceless=True), PROFILE, {}, application(), {}),
    "voluntary": (newly_registered(allow_voluntary=True), PROFILE, {}, application(), {}),
    "not_eligible": (newly_registered(allow_voluntary=False), PROFILE, {}, application(), {}),
    "bad_record": (application(), EVALUATION, BAD, application(), {"no_bad": True}),
    "undeclared_record": (application(PUNISHED), EVALUATION, {"no_bad": True}, application(), {"no_bad": True}),
    "ethics_poor": (application(), EVALUATION, {"ethics_2025": "poor"}, application(), {"ethics_2025": "good"}),
    "self_unqualified": (application(), EVALUATION, {"quality": "unqualified"}, application(), {}),
    "disputes": (application(), EVALUATION, {"disputes": True}, application(), {"disputes": False}),
    "credits_missing": (application(), EVALUATION, {"credits_reached": False}, application(), {}),
}
# What only the way of a file shows; tests/exam_engine/edge/test_returned_before.py and test_documents.py go it.
BY_FILING = {filing.RETURNED_BEFORE, filing.SHARED_DOCUMENT}


def said(app: Application, subject: Subject, values: dict[str, Any]) -> list[str]:
    return core.flags(app, subject, values, core.problems(app, subject, values, NOW))


@pytest.mark.parametrize("flag", CASES)
def test_a_flag_is_said_where_there_is_a_reason_and_nowhere_else(flag: str) -> None:
    flagged, subject, values, plain, others = CASES[flag]

    assert said(flagged, subject, values) == [flag]
    assert said(plain, subject, others) == []


def test_the_desk_filters_by_what_the_server_says_and_by_nothing_else() -> None:
    source = (Path(exam_engine.__file__).parent / "web/desk/reviews/filters.ts").read_text()
    listed = re.search(r"export const FLAGS = \[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    offered = re.findall(r"'(\w+)'", listed[1])

    assert sorted(offered) == sorted({*CASES, *BY_FILING})
