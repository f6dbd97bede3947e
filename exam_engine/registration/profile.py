"""确认个人信息: the three parts of the registration file, and what must agree in it (domain.md §5, P6)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from exam_engine.registration import certificates, dictionaries
from exam_engine.registration.forms import Complaint, Field, FieldKind, Form, Section, complaints, read_date
from exam_engine.registration.id_numbers import is_card
from exam_engine.registration.phone import PHONE_PATTERN
from exam_engine.registration.policy import Cycle

AGE_MIN: Final = 18
AGE_MAX: Final = 80  # above: a warning
K = FieldKind


def _field(code: str, kind: FieldKind, *, required: bool = True, **rest: Any) -> Field:
    return Field(code=code, kind=kind, required=required, **rest)


def _choice(code: str, options: str, choices: tuple[str, ...], *, required: bool = True, **rest: Any) -> Field:
    return Field(code=code, kind=K.CHOICE, required=required, options=options, choices=choices, **rest)


BASIC: Final = Section(
    "basic",
    (
        _field("name", K.SHOWN),
        _field("id_type", K.SHOWN, options="id_type"),
        _field("id_number", K.SHOWN),
        _choice("sex", "sex", dictionaries.SEXES),
        _field("born_on", K.DATE),
        _choice("ethnicity", "ethnicity", dictionaries.ETHNICITIES),
        _field("phone", K.TEXT, pattern=PHONE_PATTERN),
        _field("photo", K.PHOTO, hint=True),
        _choice("education", "education", dictionaries.EDUCATION),
        _choice("degree", "degree", dictionaries.DEGREES),
        _field("school", K.TEXT, length_max=60),
        _field("major", K.TEXT, length_max=60),
        _field("graduated_on", K.DATE),
        _field("email", K.TEXT, required=False, pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    ),
)
PRACTICE: Final = Section(
    "practice",
    (
        _field("qualification_code", K.TEXT, pattern=certificates.QUALIFICATION_PATTERN, hint=True),
        _field("qualified_on", K.DATE),
        _field("licence_code", K.TEXT, pattern=certificates.LICENCE_PATTERN, hint=True),
        _field("licensed_on", K.DATE, hint=True),
        _choice("level", "level", dictionaries.LEVELS),
        _choice("category", "category", dictionaries.CATEGORIES),
        _choice("specialty", "specialty", dictionaries.ALL_SPECIALTIES),
        _field("institution", K.SHOWN),
        _field("department", K.TEXT, length_max=40),
        _choice("title", "title", dictionaries.TITLES),
        _field("titled_on", K.DATE, required=False),
        _field("post", K.TEXT, required=False, length_max=40),
        _field("posted_on", K.DATE, required=False),
        _choice("exam_specialty", "specialty", dictionaries.ALL_SPECIALTIES, hint=True),
    ),
)
PERSONAL: Final = Section(
    "personal",
    (
        _field("working_since", K.DATE),
        _field("specialty_years", K.NUMBER, minimum=0, maximum=70),
        _choice("on_post", "on_post", dictionaries.ON_POST),
        _field("moved", K.YESNO),
        _field(
            "moves",
            K.ROWS,
            only_if=("moved", "yes"),
            fields=(
                _choice("kind", "practice_move", dictionaries.MOVES_OF_PRACTICE),
                _field("date", K.DATE),
                _field("detail", K.TEXT, length_max=200),
            ),
        ),
        _choice("last_result", "last_result", dictionaries.LAST_RESULTS, required=False),
        _field("licence_scan", K.FILES, hint=True),
    ),
)
FORM: Final = Form("profile", (BASIC, PRACTICE, PERSONAL))

# 变更申请 after enrolment: the practising data only.
CHANGEABLE: Final = (
    "licence_code", "licensed_on", "level", "category", "specialty", "department", "title", "titled_on", "post",
    "posted_on", "exam_specialty",
)  # fmt: skip
CHANGE_FORM: Final = Form(
    "change",
    (
        Section("practice", tuple(field for field in PRACTICE.fields if field.code in CHANGEABLE)),
        Section(
            "why",
            (
                _field("explanation", K.LONG, length_min=5, length_max=500),
                _field("evidence", K.FILES),
            ),
        ),
    ),
)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the person whatever he types: his identity, and his row of the registry if there is one."""

    id_number: str
    id_type: str = "id_card"
    registry: Mapping[str, str] = {}


def check(values: Mapping[str, Any], known: Known, cycle: Cycle, today: date) -> list[Complaint]:
    """Everything wrong with a profile: the form's own complaints, then what contradicts itself or the registry."""
    found = complaints(FORM, values)
    wrong = {each.field.partition(".")[0] for each in found}
    days = {code: day for code in FORM.fields() if code not in wrong and (day := read_date(values.get(code)))}
    found += _days(days, cycle, today)
    found += _identity(values, days, known)
    found += certificates.complaints(values, known.id_number)
    found += _specialty(values)
    found += [each for each in _registry(values, known) if each.field not in wrong]
    return found


def _days(days: Mapping[str, date], cycle: Cycle, today: date) -> list[Complaint]:
    found = [Complaint(field=code, code="in_the_future") for code, day in days.items() if day > today]
    for early, late in (
        ("born_on", "graduated_on"),
        ("qualified_on", "licensed_on"),
        ("born_on", "working_since"),
    ):
        if early in days and late in days and days[late] < days[early]:
            found.append(Complaint(field=late, code="before", facts={"field": early}))
    born, qualified, licensed = days.get("born_on"), days.get("qualified_on"), days.get("licensed_on")
    if born and qualified and years_between(born, qualified) < AGE_MIN:
        found.append(Complaint(field="qualified_on", code="too_young", facts={"age": AGE_MIN}))
    if licensed and licensed > cycle.ends_on:
        found.append(Complaint(field="licensed_on", code="after_cycle"))
    if born:
        age = years_between(born, today)
        if age < AGE_MIN:
            found.append(Complaint(field="born_on", code="too_young", facts={"age": AGE_MIN}))
        elif age > AGE_MAX:
            found.append(Complaint(field="born_on", code="old", facts={"age": age}, soft=True))
    return found


def _identity(values: Mapping[str, Any], days: Mapping[str, date], known: Known) -> list[Complaint]:
    if known.id_type != "id_card" or not is_card(known.id_number):
        return []
    found = []
    sex, born_on = derived(known.id_number)
    if values.get("sex") and values["sex"] != sex:
        found.append(Complaint(field="sex", code="not_as_id"))
    if "born_on" in days and days["born_on"] != born_on:
        found.append(Complaint(field="born_on", code="not_as_id"))
    return found


def derived(id_number: str) -> tuple[str, date | None]:
    """Sex and birthday that an 18-digit ID number holds (domain.md §5.A)."""
    sex = "male" if int(id_number[16]) % 2 else "female"
    return sex, read_date(f"{id_number[6:10]}-{id_number[10:12]}-{id_number[12:14]}")


def _specialty(values: Mapping[str, Any]) -> list[Complaint]:
    allowed = dictionaries.SPECIALTIES.get(str(values.get("category")), dictionaries.ALL_SPECIALTIES)
    return [
        Complaint(field=code, code="not_of_category")
        for code in ("specialty", "exam_specialty")
        if values.get(code) in dictionaries.ALL_SPECIALTIES and values[code] not in allowed
    ]


def _registry(values: Mapping[str, Any], known: Known) -> list[Complaint]:
    """身份证号、执业证书号等必须与电子化注册系统一致: says which field differs, never what is stored."""
    found = []
    for code in ("qualification_code", "licence_code"):
        stored = known.registry.get(code, "")
        if stored and values.get(code) and str(values[code]).upper() != stored:
            found.append(Complaint(field=code, code="not_as_registered"))
    for code in ("level", "category", "specialty", "qualified_on", "licensed_on", "title"):
        stored = known.registry.get(code, "")
        if stored and values.get(code) and str(values[code]) != stored:
            found.append(Complaint(field=code, code="not_as_registered", soft=True))
    return found


def years_between(start: date, end: date) -> int:
    """Full years from one day to another; the 29th of February has its birthday on the 1st of March."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def prefilled(known: Known) -> dict[str, Any]:
    """What a new draft begins with: what the ID number and the registry say already."""
    values: dict[str, Any] = {}
    if known.id_type == "id_card" and is_card(known.id_number):
        sex, born_on = derived(known.id_number)
        values |= {"sex": sex} | ({"born_on": born_on.isoformat()} if born_on else {})
    shown = ("level", "category", "specialty", "title", "qualified_on", "licensed_on")
    values |= {code: known.registry[code] for code in shown if known.registry.get(code)}
    return values
