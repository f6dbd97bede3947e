"""Names are compared, so the same name has one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.registration.names import WrongName, read_name, same


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("测试甲", "测试甲"),
        (" 测　试 ", "测试"),
        ("测\u200b试", "测试"),
        ("测试•甲", "测试·甲"),
        ("测试．甲", "测试·甲"),
        ("测试‧甲", "测试·甲"),
        ("测试・甲", "测试·甲"),
        ("测试.甲", "测试·甲"),
        ("测试 · 甲", "测试·甲"),
        ("Ｔｅｓｔ　Ａ", "Test A"),
        ("Test  A", "Test A"),
        ("Test-A. O'B", "Test-A. O'B"),
        ("Tést  Á.", "Tést Á."),
        ("Te\u0301st", "Tést"),
        ("\uf900试", "\u8c48试"),
        ("㐂试", "㐂试"),
        ("\U00020000试", "\U00020000试"),
        ("〇试", "〇试"),
        ("ئابلەت", "ئابلەت"),
    ],
)
def test_a_name_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert read_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "name_length"),
        ("测", "name_length"),
        ("　", "name_length"),
        ("测" * 31, "name_length"),
        ("测试1", "name_signs"),
        ("测试①", "name_signs"),
        ("·测试", "name_signs"),
        ("测试·", "name_signs"),
        ("测试··甲", "name_signs"),
        ("=测试()", "name_signs"),
        ("测试😀", "name_signs"),
        ("测试\x00", "name_signs"),
        ("测\ue000", "name_signs"),
        ("<b>测试", "name_signs"),
    ],
)
def test_what_is_no_name_is_refused(typed: str, code: str) -> None:
    with pytest.raises(WrongName) as caught:
        read_name(typed)
    assert caught.value.code == code


def test_capitals_and_dots_make_no_other_person() -> None:
    assert same("TEST a", "Test A")
    assert same("测试•甲", "测试．甲")
    assert not same("测试甲", "测试乙")


SIGNS = st.one_of(st.characters(categories=["L", "M", "Z", "P"]), st.sampled_from("·•‧・．.-' 　测试Á\u200b"))


@given(st.text(SIGNS, max_size=12))
def test_a_name_that_is_kept_is_kept_as_it_is(text: str) -> None:
    try:
        kept = read_name(text)
    except WrongName:
        return
    assert read_name(kept) == kept
    assert same(kept, text)
