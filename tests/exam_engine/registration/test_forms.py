"""Forms as data: what a draft may hold, and what is said of values that are incomplete or wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.registration import exemption, procedure, profile
from exam_engine.registration.forms import (
    Field,
    FieldKind,
    Form,
    Section,
    WrongValue,
    applies,
    complaints,
    files_of,
    fits,
    read_date,
)

K = FieldKind
FORM = Form(
    "sample",
    (
        Section(
            "only",
            (
                Field(code="name", kind=K.TEXT, required=True, length_max=5),
                Field(code="story", kind=K.LONG, length_min=3, length_max=6),
                Field(code="level", kind=K.CHOICE, choices=("1", "2")),
                Field(code="day", kind=K.DATE),
                Field(code="years", kind=K.NUMBER, minimum=0, maximum=70),
                Field(code="moved", kind=K.YESNO, required=True),
                Field(code="where", kind=K.TEXT, required=True, only_if=("moved", "yes")),
                Field(code="sworn", kind=K.TICK, required=True),
                Field(code="papers", kind=K.FILES, required=True),
                Field(code="face", kind=K.PHOTO),
                Field(code="number", kind=K.SHOWN),
                Field(code="code", kind=K.TEXT, pattern=r"\d{3}"),
                Field(
                    code="rows",
                    kind=K.ROWS,
                    fields=(Field(code="what", kind=K.TEXT, required=True), Field(code="proof", kind=K.FILES)),
                ),
            ),
        ),
    ),
)
RIGHT: dict[str, Any] = {"name": "甲", "moved": False, "sworn": True, "papers": [1]}


def said(**changed: Any) -> list[str]:
    return [f"{each.field} {each.code}" for each in complaints(FORM, fits(FORM, RIGHT | changed))]


def test_right_values_have_no_complaints() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": ""}, "name missing"),
        ({"name": "一二三四五六"}, "name too_long"),
        ({"story": "一 二"}, "story too_short"),
        ({"story": "一二三四五六七"}, "story too_long"),
        ({"level": "3"}, "level not_a_choice"),
        ({"day": "2026-02-30"}, "day not_a_date"),
        ({"day": "26-2-3"}, "day not_a_date"),
        ({"years": 71}, "years out_of_range"),
        ({"years": -1}, "years out_of_range"),
        ({"moved": None}, "moved missing"),
        ({"moved": True}, "where missing"),
        ({"sworn": False}, "sworn missing"),
        ({"papers": []}, "papers missing"),
        ({"code": "12a"}, "code wrong_format"),
        ({"rows": [{"what": "x"}, {}]}, "rows.1.what missing"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changed: dict[str, Any], complaint: str) -> None:
    assert said(**changed) == [complaint]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"nothing": 1}, "nothing"),
        ({"number": "110"}, "number"),
        ({"name": 5}, "name"),
        ({"name": "x" * 1000}, "name"),
        ({"years": "5"}, "years"),
        ({"years": True}, "years"),
        ({"years": 2**60}, "years"),
        ({"moved": "yes"}, "moved"),
        ({"papers": 5}, "papers"),
        ({"papers": list(range(1, 11))}, "papers"),
        ({"papers": [0]}, "papers"),
        ({"papers": ["1"]}, "papers"),
        ({"rows": [5]}, "rows"),
        ({"rows": [{}] * 31}, "rows"),
        ({"rows": [{"what": "x"}, {"what": 5}]}, "rows.1.what"),
        ({"rows": [{"other": 5}]}, "rows.0.other"),
    ],
)
def test_a_value_of_another_kind_is_not_even_a_draft(values: dict[str, Any], where: str) -> None:
    with pytest.raises(WrongValue) as wrong:
        fits(FORM, values)

    assert wrong.value.field == where


def test_text_is_kept_without_control_signs_and_a_story_with_its_lines() -> None:
    kept = fits(FORM, {"name": " 甲\0乙 ", "story": "一\n二\x07"})

    assert kept == {"name": "甲乙", "story": "一\n二"}


def test_a_file_named_twice_counts_once() -> None:
    assert fits(FORM, {"papers": [3, 3, 4]}) == {"papers": [3, 4]}


def test_every_document_of_a_form_is_found_also_in_rows() -> None:
    values = {"papers": [3, 4], "face": 9, "rows": [{"what": "x", "proof": [5]}, {"what": "y"}]}

    assert files_of(FORM, values) == [3, 4, 9, 5]


@pytest.mark.parametrize(("value", "shown"), [(True, True), (False, False), (None, False)])
def test_a_field_is_shown_by_what_was_said_before_it(value: object, shown: bool) -> None:
    where = FORM.fields()["where"]

    assert applies(where, {"moved": value}) is shown


FORMS = (FORM, profile.FORM, procedure.FORM, exemption.FORM)
ANY_CODE = st.sampled_from(sorted({code for form in FORMS for code in form.fields()})) | st.text(max_size=3)
SIMPLE = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
ANYTHING = SIMPLE | st.lists(
    SIMPLE | st.lists(SIMPLE, max_size=2) | st.dictionaries(ANY_CODE, SIMPLE, max_size=2), max_size=3
)
VALUES = st.dictionaries(ANY_CODE, ANYTHING, max_size=4) | st.sampled_from(FORMS).flatmap(
    lambda form: st.dictionaries(st.sampled_from(sorted(form.fields())), SIMPLE | ANYTHING, max_size=4)
)


@given(VALUES)
def test_no_values_whatever_make_a_form_fall_over(values: dict[str, Any]) -> None:
    for form in FORMS:
        try:
            kept = fits(form, values)
        except WrongValue:
            continue
        complaints(form, kept)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            code: st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())
            for code in profile.FORM.fields()
        },
    )
)
def test_whatever_fits_is_kept_as_it_was_when_it_is_kept_again(values: dict[str, Any]) -> None:
    try:
        kept = fits(profile.FORM, values)
    except WrongValue:
        return
    assert fits(profile.FORM, kept) == kept


@pytest.mark.parametrize("text", ["2026-13-01", "2026-1-1", "", None, 20260101, "2026-01-01T00:00", "２０２６-01-01"])
def test_what_is_no_day_is_none(text: object) -> None:
    assert read_date(text) is None
