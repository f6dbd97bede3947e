"""What is wrong with a profile, a choice of procedure, a self-evaluation and an exemption (domain.md §4, §5)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from exam_engine.errors import Invalid, Refused
from exam_engine.registration import certificates, exemption, phone, procedure, profile, self_evaluation
from exam_engine.registration.forms import Complaint
from exam_engine.registration.policy import Cycle, ProvincePolicy, RecordLevel, Window

CYCLE = Cycle(1, "2024-2026", date(2024, 1, 1), date(2026, 12, 31))
TODAY = date(2026, 3, 1)
NUMBER = "11010519491231002X"
KNOWN = profile.Known(id_number=NUMBER, registry={"licence_code": "110110105000901", "title": "chief"})
PROFILE: dict[str, Any] = {
    "sex": "female",
    "born_on": "1949-12-31",
    "ethnicity": "01",
    "phone": "19900000000",
    "photo": 1,
    "education": "bachelor",
    "degree": "bachelor",
    "school": "测试医科大学",
    "major": "临床医学",
    "graduated_on": "1975-07-01",
    "qualification_code": f"1990111{10}{NUMBER}",
    "qualified_on": "1990-05-01",
    "licence_code": "110110105000901",
    "licensed_on": "1990-06-01",
    "level": "1",
    "category": "clinical",
    "specialty": "internal",
    "department": "内科",
    "title": "chief",
    "exam_specialty": "internal",
    "working_since": "1975-08-01",
    "specialty_years": 35,
    "on_post": "rehired",
    "moved": False,
    "licence_scan": [2],
}


def words(found: list[Complaint], *, soft: bool = False) -> list[str]:
    return [f"{each.field} {each.code}" for each in found if each.soft is soft]


def profile_said(**changed: Any) -> list[str]:
    return words(profile.check(PROFILE | changed, KNOWN, CYCLE, TODAY))


def test_a_right_profile_has_no_complaints() -> None:
    assert profile.check(PROFILE, KNOWN, CYCLE, TODAY) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"sex": "male"}, "sex not_as_id"),
        ({"born_on": "1949-12-30"}, "born_on not_as_id"),
        ({"licensed_on": "1989-06-01"}, "licensed_on before"),
        ({"graduated_on": "1949-01-01"}, "graduated_on before"),
        ({"graduated_on": "2026-03-02"}, "graduated_on in_the_future"),
        ({"qualified_on": "1960-05-01"}, "qualified_on too_young"),
        ({"specialty": "stomatology"}, "specialty not_of_category"),
        ({"exam_specialty": "chinese"}, "exam_specialty not_of_category"),
        ({"licence_code": "110110105000902"}, "licence_code not_as_registered"),
        ({"licence_code": "1101101050009"}, "licence_code wrong_format"),
        ({"qualification_code": "123"}, "qualification_code wrong_format"),
        ({"phone": "12345678901"}, "phone wrong_format"),
        ({"email": "nobody"}, "email wrong_format"),
        ({"moved": True, "moves": []}, "moves missing"),
    ],
)
def test_what_contradicts_itself_or_the_registry_is_said(changed: dict[str, Any], complaint: str) -> None:
    assert profile_said(**changed) == [complaint]


def test_nothing_of_what_the_registry_holds_is_ever_said() -> None:
    found = profile.check(PROFILE | {"licence_code": "110110105000902", "title": "none"}, KNOWN, CYCLE, TODAY)

    assert "110110105000901" not in repr(found)
    assert "chief" not in repr(found)
    assert words(found, soft=True) == ["title not_as_registered"]


def test_somebody_over_eighty_is_a_warning_only() -> None:
    old = profile.check(PROFILE, KNOWN, CYCLE, date(2031, 1, 1))

    assert words(old, soft=True) == ["born_on old"]
    assert words(old) == []


def test_a_new_draft_begins_with_what_is_known() -> None:
    assert profile.prefilled(KNOWN) == {"sex": "female", "born_on": "1949-12-31", "title": "chief"}


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2000, 2, 29), date(2001, 2, 28), 0),
        (date(2000, 2, 29), date(2001, 3, 1), 1),
        (date(2000, 5, 1), date(2018, 5, 1), 18),
        (date(2000, 5, 2), date(2018, 5, 1), 17),
    ],
)
def test_full_years(start: date, end: date, years: int) -> None:
    assert profile.years_between(start, end) == years


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"199011110{NUMBER}", []),
        (f"199099110{NUMBER}", ["unknown_province"]),
        (f"199011210{NUMBER}", ["not_as_level"]),
        (f"199011120{NUMBER}", ["not_as_category"]),
        ("199011110440524188001010014", ["not_as_id"]),
        ("199011110110105491231002", []),
    ],
)
def test_the_parts_of_a_qualification_code_are_warnings(code: str, said: list[str]) -> None:
    values = {"qualification_code": code, "level": "1", "category": "clinical"}

    assert [each.code for each in certificates.complaints(values, NUMBER)] == said


# --- procedure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("licensed_on", "years", "months"),
    [
        (date(2021, 12, 31), 5, 0),
        (date(2022, 1, 1), 4, 11),
        (date(2026, 12, 31), 0, 0),
        (date(2027, 1, 1), 0, 0),
        (date(2014, 12, 1), 12, 0),
        (None, 0, 0),
    ],
)
def test_years_of_practice_run_from_the_licence_to_the_cycles_end(
    licensed_on: date | None, years: int, months: int
) -> None:
    known = procedure.practice(licensed_on, CYCLE, [])

    assert (known.years, known.months) == (years, months)


def test_bad_records_count_within_the_cycle_only() -> None:
    days = [date(2023, 12, 31), date(2024, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]

    assert procedure.practice(None, CYCLE, days).bad_records == 2


GOOD_ROW = {
    "kind": "award",
    "what": "先进",
    "issuer": "市卫健委",
    "level": "city",
    "date": "2025-05-01",
    "evidence": [3],
}
TICKS: list[tuple[str, int, int, dict[str, Any], list[str]]] = [
    ("nothing ticked", 20, 0, {}, ["conditions none_ticked"]),
    ("five years and an award", 5, 0, {"years_good": True, "good_records": [GOOD_ROW]}, []),
    (
        "four years and an award",
        4,
        0,
        {"years_good": True, "good_records": [GOOD_ROW]},
        ["years_good contradicts_years"],
    ),
    ("an award without proof", 5, 0, {"years_good": True}, ["good_records missing"]),
    (
        "an award of before",
        5,
        0,
        {"years_good": True, "good_records": [GOOD_ROW | {"date": "2023-05-01"}]},
        ["good_records.0.date outside_cycle"],
    ),
    (
        "an award of a county",
        5,
        0,
        {"years_good": True, "good_records": [GOOD_ROW | {"level": "county"}]},
        ["good_records.0.level level_low"],
    ),
    ("twelve clean years", 12, 0, {"years_clean": True, "clean_declared": True}, []),
    ("twelve years undeclared", 12, 0, {"years_clean": True}, ["clean_declared missing"]),
    (
        "twelve years with a penalty",
        12,
        1,
        {"years_clean": True, "clean_declared": True},
        ["years_clean contradicts_bad_record"],
    ),
    (
        "eleven clean years",
        11,
        0,
        {"years_clean": True, "clean_declared": True},
        ["years_clean contradicts_years"],
    ),
    (
        "what the province does not offer",
        30,
        0,
        {"other": True, "other_evidence": [4]},
        ["other contradicts_not_offered"],
    ),
]


@pytest.mark.parametrize(
    ("years", "bad", "values", "said"), [case[1:] for case in TICKS], ids=[case[0] for case in TICKS]
)
def test_a_tick_that_contradicts_what_is_known_is_refused(
    years: int, bad: int, values: dict[str, Any], said: list[str]
) -> None:
    known = procedure.Practice(years=years, months=0, bad_records=bad)

    assert words(procedure.check(values | {"licence": [1]}, known, CYCLE, ProvincePolicy())) == said


def test_a_province_may_take_awards_of_counties_and_have_conditions_of_its_own() -> None:
    policy = ProvincePolicy(good_record_level=RecordLevel.COUNTY, other_conditions=["援藏满一年"])
    known = procedure.Practice(years=5, months=0, bad_records=0)
    values = {"years_good": True, "good_records": [GOOD_ROW | {"level": "county"}], "licence": [1]}
    other = {"other": True, "other_evidence": [4], "licence": [1]}

    assert procedure.check(values, known, CYCLE, policy) == []
    assert procedure.check(other, known, CYCLE, policy) == []


# --- self-evaluation ---------------------------------------------------------------------------------------------

RATED = ("workload", "quality", "mandated_tasks", "lawful", "honest", "attitude", "privacy")
EVALUATION: dict[str, Any] = (
    dict.fromkeys(RATED, "qualified")
    | {f"ethics_{year}": "good" for year in (2024, 2025, 2026)}
    | {"no_bad": True, "credits_reached": True, "disputes": False}
)
BAD_ROW = {"kind": "penalty", "date": "2025-01-01", "fact": "超范围执业"}


def evaluation_said(*, simple: bool = False, **changed: Any) -> list[str]:
    return words(self_evaluation.check(EVALUATION | changed, CYCLE, report_required=simple))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"no_bad": False}, ["no_bad say_one"]),
        ({"bad": [BAD_ROW]}, ["no_bad say_one"]),
        ({"no_bad": False, "bad": [BAD_ROW]}, []),
        ({"no_bad": False, "bad": [BAD_ROW | {"date": "2020-01-01"}]}, ["bad.0.date outside_cycle"]),
        ({"ethics_2025": None}, ["ethics_2025 missing"]),
        ({"disputes": True}, ["disputes_note missing"]),
        ({"workload_note": "好" * 501}, ["workload_note too_long"]),
    ],
)
def test_a_self_evaluation_is_complete_and_says_one_thing(changed: dict[str, Any], said: list[str]) -> None:
    assert evaluation_said(**changed) == said


@pytest.mark.parametrize(
    ("length", "said"), [(0, "missing"), (299, "too_short"), (300, ""), (3000, ""), (3001, "too_long")]
)
def test_the_report_of_the_simple_procedure_has_three_hundred_to_three_thousand_signs(length: int, said: str) -> None:
    spaced = "\n ".join("字" * length)

    assert evaluation_said(simple=True, report=spaced) == ([f"report {said}"] if said else [])


def test_the_general_procedure_needs_no_report() -> None:
    assert evaluation_said(report="") == []


@pytest.mark.parametrize(
    ("changed", "on_record", "flags"),
    [
        ({}, 0, []),
        ({}, 1, ["undeclared_record"]),
        ({"no_bad": False, "bad": [BAD_ROW]}, 1, ["bad_record"]),
        ({"ethics_2026": "poor"}, 0, ["ethics_poor"]),
        ({"quality": "unqualified"}, 0, ["self_unqualified"]),
        ({"disputes": True, "credits_reached": False}, 0, ["disputes", "credits_missing"]),
    ],
)
def test_what_a_reviewer_should_look_at_twice_is_flagged(
    changed: dict[str, Any], on_record: int, flags: list[str]
) -> None:
    assert self_evaluation.flags(EVALUATION | changed, CYCLE, on_record) == flags


# --- exemption ---------------------------------------------------------------------------------------------------

EXEMPTION: dict[str, Any] = {
    "reason": "residency",
    "certificate": "住院医师规范化培训合格证书",
    "certificate_no": "T-1",
    "obtained_on": "2025-06-01",
    "evidence": [1],
    "licence": [2],
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"obtained_on": "2023-12-31"}, ["obtained_on outside_cycle"]),
        ({"obtained_on": "2026-03-02"}, ["obtained_on in_the_future"]),
        ({"reason": "provincial"}, ["reason not_offered"]),
        ({"reason": "transfer_training"}, ["reason not_a_choice"]),
        ({"evidence": []}, ["evidence missing"]),
        ({"licence": []}, ["licence missing"]),
    ],
)
def test_an_exemption_needs_a_reason_of_the_law_and_a_certificate_of_the_cycle(
    changed: dict[str, Any], said: list[str]
) -> None:
    assert words(exemption.check(EXEMPTION | changed, CYCLE, ProvincePolicy(), TODAY)) == said


def test_a_reason_of_the_province_is_offered_in_its_own_words_or_not_at_all() -> None:
    plain = exemption.form(ProvincePolicy()).fields()["reason"]
    assert plain.choices == ("residency", "promotion")
    assert plain.told == {}
    own = ProvincePolicy(other_exemptions=["援外医疗队满一年", "援疆满一年"])
    offered = exemption.form(own).fields()["reason"]
    assert offered.choices == ("residency", "promotion", "provincial")
    assert offered.told == {"provincial": ("援外医疗队满一年", "援疆满一年")}
    assert words(exemption.check(EXEMPTION | {"reason": "provincial"}, CYCLE, own, TODAY)) == []


# --- phones, passwords, windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["19900000000", " +86 199 0000 0000", "199-0000-0000"])
def test_a_phone_is_read_with_blanks_and_country_code(text: str) -> None:
    assert phone.normalised_phone(text) == "19900000000"


@pytest.mark.parametrize(
    "text", ["", "12900000000", "1990000000", "199000000000", "１９９００００００００", "+1 9900000000"]
)
def test_what_is_no_phone_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        phone.normalised_phone(text)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short1", "password_length"),
        ("x" * 20 + "1", "password_length"),
        ("onlyletters", "password_kinds"),
        ("1234567890", "password_kinds"),
        ("a666666b", "password_known"),
        ("19900000000", "password_kinds"),
        ("old-one-12", "password_known"),
    ],
)
def test_a_weak_password_is_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        phone.check_password(password, "19900000000", old="old-one-12")

    assert refusal.value.code == code


def test_a_code_counts_for_five_minutes_and_five_tries() -> None:
    sent = datetime(2026, 3, 1, tzinfo=UTC)

    assert phone.code_counts(sent, 4, sent + timedelta(minutes=4, seconds=59))
    assert not phone.code_counts(sent, 5, sent)
    assert not phone.code_counts(sent, 0, sent + timedelta(minutes=5))
    assert not phone.code_counts(sent, 0, sent - timedelta(seconds=1))


def test_a_code_is_sent_once_a_minute() -> None:
    sent = datetime(2026, 3, 1, tzinfo=UTC)
    phone.may_send(None, sent)
    phone.may_send(sent, sent + timedelta(seconds=60))
    with pytest.raises(Refused) as refusal:
        phone.may_send(sent, sent + timedelta(seconds=20))

    assert refusal.value.facts == {"retry_after_s": 41}


def test_a_window_is_open_from_its_first_instant_to_before_its_last() -> None:
    opens = datetime(2026, 3, 1, tzinfo=UTC)
    window = Window(opens, opens + timedelta(days=1))

    assert [window.is_open(opens + timedelta(seconds=s)) for s in (-1, 0, 86_399, 86_400)] == [False, True, True, False]
    with pytest.raises(ValueError, match="closes after"):
        Window(opens, opens)
    with pytest.raises(ValueError, match="offset"):
        Window(opens.replace(tzinfo=None), opens)
