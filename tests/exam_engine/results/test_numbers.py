"""The number of a notice, its check digit and its code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.results.numbers import check_digit, code_of, number_of, read_number, same_code, shown

KEY = b"k" * 32
NUMBER = "DK20261100000300000172"


# ISO 7064's own example, the documentation of python-stdnum (a number and a Croatian OIB), a German VAT number and a
# German tax number: all of MOD 11,10.
@pytest.mark.parametrize("number", ["07945", "794623", "33392005961", "136695976", "36574261809"])
def test_the_check_digit_is_that_of_published_numbers(number: str) -> None:
    assert check_digit(number[:-1]) == number[-1]


def test_a_number_says_cycle_province_agency_and_serial() -> None:
    assert number_of(2026, "11", 3, 17) == NUMBER


@pytest.mark.parametrize(
    "typed", [NUMBER, NUMBER.lower(), " dk2026 1100 0003 0000 0172", "DK-2026-11-000003-0000017-2"]
)
def test_a_number_is_read_as_people_type_it(typed: str) -> None:
    assert read_number(typed) == NUMBER


@pytest.mark.parametrize(
    "typed", ["", "DK", NUMBER[:-1], NUMBER + "0", "XX" + NUMBER[2:], NUMBER[:-1] + "3", "DK" * 11]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert read_number(typed) is None


@settings(max_examples=50)
@given(st.integers(2, 20), st.integers(1, 9))
def test_no_single_wrong_digit_goes_through(place: int, plus: int) -> None:
    wrong = NUMBER[:place] + str((int(NUMBER[place]) + plus) % 10) + NUMBER[place + 1 :]

    assert read_number(wrong) is None


def test_the_code_is_of_this_number_this_content_and_this_key() -> None:
    codes = {
        code_of(KEY, NUMBER, "{}"),
        code_of(KEY, NUMBER, '{"name":"测试"}'),
        code_of(KEY, number_of(2026, "11", 3, 18), "{}"),
        code_of(b"l" * 32, NUMBER, "{}"),
    }

    assert len(codes) == 4
    assert all(len(code) == 12 for code in codes)


def test_a_code_is_read_with_its_dashes_and_with_letters_that_look_like_digits() -> None:
    code = "RD9V0AJ1PAK0"

    assert shown(code) == "RD9V-0AJ1-PAK0"
    assert same_code(code, "rd9v-oaji-pako")
    assert not same_code(code, "RD9V-0AJ1-PAK1")
    assert not same_code(code, "")
