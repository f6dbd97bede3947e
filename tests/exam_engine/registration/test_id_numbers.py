"""GB 11643 by its own samples, by made-up numbers, and by slips of the hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.registration.dictionaries import PROVINCES
from exam_engine.registration.id_numbers import WrongNumber, birthday, check_sign, is_card, plain, read_number

TODAY = date(2026, 11, 23)


@st.composite
def cards(draw: st.DrawFn) -> str:
    born_on = draw(st.dates(date(1900, 1, 1), date(2008, 11, 23)))
    area = draw(st.sampled_from(PROVINCES)) + f"{draw(st.integers(0, 9999)):04}"
    first = f"{area}{born_on:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return first + check_sign(first)


def problem(text: str, id_type: str = "id_card") -> str:
    with pytest.raises(WrongNumber) as caught:
        read_number(text, TODAY, id_type)
    return caught.value.code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("11010519491231002X", "11010519491231002X"),  # the standard's own sample
        ("11010519491231002x", "11010519491231002X"),
        (" 110105 19491231 002x ", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        ("110105-19491231-002X", "11010519491231002X"),
        ("\u200b11010519491231002X\ufeff", "11010519491231002X"),
        ("110105491231002", "11010519491231002X"),  # 15 digits: "19" and the check sign are added
    ],
)
def test_a_card_is_kept_as_it_is_compared(typed: str, kept: str) -> None:
    assert read_number(typed, TODAY, "id_card") == kept
    assert read_number(typed, TODAY) == kept
    assert is_card(kept)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("110105194912310021", "id_check"),
        ("440524188001010014", "id_age"),  # right by its sign, and of 1880
        ("110105202001010010", "id_check"),
        ("110105194902300029", "id_date"),
        ("110105194913010029", "id_date"),
        ("00010519491231002X", "id_province"),
        ("99010519491231002X", "id_province"),
        ("1101051949123100", "id_format"),
        ("1101051949123100211", "id_format"),
        ("11010519491231002Y", "id_format"),
        ("1101051949123A0021", "id_format"),
        ("٣٣٠١٠٥١٩٤٩١٢٣١٠٠٢٩", "id_format"),  # digits, but no ASCII ones
        ("=11010519491231002X", "id_format"),
        ("", "id_format"),
        ("X" * 18, "id_format"),
    ],
)
def test_a_wrong_card_is_refused_by_what_is_wrong_with_it(typed: str, code: str) -> None:
    if code == "id_date":  # with its check sign right, so that the date alone is wrong
        typed = typed[:17] + check_sign(typed[:17])
    assert problem(typed) == code


@pytest.mark.parametrize(
    ("born_on", "code"),
    [
        (date(2008, 11, 23), None),
        (date(2008, 11, 24), "id_age"),
        (date(2026, 11, 23), "id_age"),
        (date(2026, 11, 24), "id_date"),
        (date(1900, 1, 1), None),
        (date(1899, 12, 31), "id_age"),
    ],
)
def test_somebody_who_practises_is_of_age_and_born_since_1900(born_on: date, code: str | None) -> None:
    first = f"110105{born_on:%Y%m%d}001"
    number = first + check_sign(first)
    if code is None:
        assert read_number(number, TODAY) == number
    else:
        assert problem(number) == code


@pytest.mark.parametrize(
    ("typed", "id_type", "kept"),
    [
        ("h1234567801", "hk_macao_permit", "H1234567801"),
        ("01234567", "taiwan_permit", "01234567"),
        ("e12345678", "passport", "E12345678"),
        ("ABC110119120101", "foreign_permanent", "ABC110119120101"),
        ("110105194912310021", "foreign_permanent", "110105194912310021"),  # no check sign is asked of it
        ("E 1234 5678", "", "E12345678"),
        ("01234567", "", "01234567"),
    ],
)
def test_other_documents_are_taken_by_their_shape(typed: str, id_type: str, kept: str) -> None:
    assert read_number(typed, TODAY, id_type) == kept


@pytest.mark.parametrize(
    "typed", ["E1234", "护照123456", "E12345678'--", "A" * 19, "2020-01-01", "2020-01-01 08:30:00"]
)
def test_what_has_no_documents_shape_is_refused(typed: str) -> None:
    assert problem(typed, "passport") == "id_format"
    assert problem(typed, "") == "id_format"


def test_many_digits_are_a_card_with_a_slip_and_no_other_document() -> None:
    assert problem("1101051949123100", "") == "id_format"
    assert problem("110105194912310021", "") == "id_check"


@given(cards())
def test_a_number_with_its_check_sign_passes(number: str) -> None:
    assert read_number(number, TODAY) == number
    assert birthday(number) is not None


@given(cards(), st.integers(0, 16), st.integers(1, 9))
def test_a_changed_digit_never_passes(number: str, place: int, by: int) -> None:
    changed = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert problem(changed) in {"id_province", "id_check"}


@given(cards(), st.integers(0, 15))
def test_two_digits_that_changed_places_never_pass(number: str, place: int) -> None:
    one, other = number[place], number[place + 1]
    if one != other:
        assert problem(number[:place] + other + one + number[place + 2 :]) in {"id_province", "id_check"}


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 999))
def test_an_old_number_and_what_it_became_are_the_same(born_on: date, serial: int) -> None:
    new = f"110105{born_on:%Y%m%d}{serial:03}"
    assert read_number(f"110105{born_on:%y%m%d}{serial:03}", TODAY) == new + check_sign(new)


@given(st.text(max_size=40))
def test_anything_typed_is_a_number_or_a_refusal(text: str) -> None:
    try:
        kept = read_number(text, TODAY)
    except WrongNumber:
        return
    assert kept.isascii()
    assert kept == plain(kept) == read_number(kept, TODAY)
