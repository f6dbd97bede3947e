"""Seals: what is bound to a person, a label and a key opens for these only."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.sealing import DataKey, derived, key_version, seal, unseal, unwrap, wrap

WRAPPER = derived(b"a secret of thirty-two bytes.....", "test")
KEY = DataKey(3, bytes(range(32)))
NONCE = b"n" * 12


@given(st.integers(0, 2**63 - 1), st.text(max_size=80), st.binary(max_size=300))
@settings(derandomize=True)
def test_what_was_sealed_opens_for_its_person_and_label_only(person: int, label: str, data: bytes) -> None:
    sealed = seal(KEY, person, label, data, NONCE)

    assert unseal(KEY, person, label, sealed) == data
    assert unseal(KEY, person + 1, label, sealed) is None
    assert unseal(KEY, person, label + "x", sealed) is None
    assert unseal(DataKey(3, bytes(32)), person, label, sealed) is None
    assert key_version(sealed) == 3


@given(st.integers(0, 10_000), st.integers(0, 7))
@settings(derandomize=True)
def test_a_single_changed_bit_anywhere_keeps_it_shut(place: int, bit: int) -> None:
    sealed = bytearray(seal(KEY, 1, "a", b"data" * 20, NONCE))
    sealed[place % len(sealed)] ^= 1 << bit

    assert unseal(KEY, 1, "a", bytes(sealed)) is None


@pytest.mark.parametrize("length", [0, 1, 2, 3, 14, 15, 30])
def test_what_is_too_short_is_no_seal(length: int) -> None:
    sealed = seal(KEY, 1, "a", b"data", NONCE)[:length]

    assert unseal(KEY, 1, "a", sealed) is None
    assert (key_version(sealed) is None) == (length < 15)


def test_another_format_is_no_seal_of_ours() -> None:
    assert key_version(b"\x03" + seal(KEY, 1, "a", b"data", NONCE)[1:]) is None


def test_a_wrapped_key_comes_out_for_its_person_version_and_secret_only() -> None:
    wrapped = wrap(WRAPPER, 7, KEY, NONCE)

    assert len(wrapped) == 60
    assert KEY.key not in wrapped
    assert unwrap(WRAPPER, 7, 3, wrapped) == KEY
    assert unwrap(WRAPPER, 8, 3, wrapped) is None
    assert unwrap(WRAPPER, 7, 4, wrapped) is None
    assert unwrap(derived(b"another secret", "test"), 7, 3, wrapped) is None
    assert unwrap(WRAPPER, 7, 3, wrapped[:20]) is None
    assert unwrap(WRAPPER, 7, 3, b"") is None


def test_each_purpose_has_a_key_of_its_own_and_none_is_the_secret() -> None:
    secret = b"s" * 32

    assert len({derived(secret, "a"), derived(secret, "b"), secret}) == 3


def test_a_key_keeps_its_bytes_out_of_texts() -> None:
    assert repr(KEY) == "DataKey(version=3)"
