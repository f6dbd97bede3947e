"""The short code: typed from paper it is the same, and any single slip is noticed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.receipt_codes import ALPHABET, LENGTH, code_of, shown, typed

codes = st.binary(max_size=40).map(code_of)
few = settings(max_examples=50, deadline=None)


def test_the_code_of_known_bytes_is_known_for_ever() -> None:
    assert shown(code_of(b"")) == "NA4S-ZY3A-11ZE-BPPT"
    assert shown(code_of(bytes(180))) == "5PSH-DTPN-9DDX-C3JQ"


@few
@given(codes, st.sampled_from(["{}", "{} ", " {}\t", "\u3000{}"]), st.booleans())
def test_a_code_is_read_as_it_is_printed_in_any_case(code: str, padded: str, lower: bool) -> None:
    text = padded.format(shown(code)).replace("\u3000", " ")
    assert typed(text.lower() if lower else text) == code
    assert typed(code) == code


@few
@given(codes)
def test_signs_that_look_alike_are_read_as_each_other(code: str) -> None:
    assert typed(code.replace("0", "O").replace("1", "l")) == code
    assert typed(code.replace("0", "o").replace("1", "I")) == code


@few
@given(codes)
def test_every_single_wrong_sign_is_noticed(code: str) -> None:
    for place in range(LENGTH):
        for sign in ALPHABET:
            slipped = code[:place] + sign + code[place + 1 :]
            assert typed(slipped) == (code if slipped == code else None)


@few
@given(codes)
def test_any_two_signs_exchanged_are_noticed(code: str) -> None:
    for first in range(LENGTH):
        for second in range(first + 1, LENGTH):
            signs = list(code)
            signs[first], signs[second] = signs[second], signs[first]
            exchanged = "".join(signs)
            assert typed(exchanged) == (code if exchanged == code else None)


@few
@given(codes)
def test_a_sign_too_many_or_too_few_is_noticed(code: str) -> None:
    for place in range(LENGTH):
        assert typed(code[:place] + code[place + 1 :]) is None
        assert typed(code[:place] + "7" + code[place:]) is None


@few
@given(st.text(max_size=60))
def test_any_text_is_a_code_or_is_not_and_never_fails(text: str) -> None:
    found = typed(text)
    assert found is None or typed(found) == found
