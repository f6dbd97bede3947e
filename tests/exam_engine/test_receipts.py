"""The receipt as bytes: the same for ever, the same whenever it is made again, nothing in it that can be changed."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exam_engine import receipts
from exam_engine.messages import Answered, CameLate, Cleared, Ending, MarkedForLater, Started, Submitted
from exam_engine.receipt_codes import code_of
from exam_engine.receipts import (
    ENDINGS,
    SIGNED_BYTES,
    TEXT_CHARS,
    Broken,
    Receipt,
    commitment,
    decode,
    encode,
    key_id_of,
    made,
    read_text,
    saved,
    signature_holds,
    signed,
    write_text,
)
from tests.exam_engine.samples import at, entered, journal_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
SALT = b"sixteen bytes of"
JOURNAL = journal_of(
    7_000_000_000_001,
    (entered(), at(-60)),
    (Started(at(3600)), at(0)),
    (Answered(1, 1, "a"), at(10)),
    (Answered(2, 4, "ac"), at(11)),
    (Answered(3, 2, "b"), at(12)),
    (MarkedForLater(4, 2, True), at(13)),
    (Cleared(5, 2), at(14)),
    (Submitted(at(3600), Ending.TIME, 8), at(3605.25)),
    (CameLate(6, 3, "d"), at(3606)),
)


def receipt() -> Receipt:
    what = saved(JOURNAL)
    assert what is not None
    return made(what, key_id_of(PUBLIC), SALT)


def test_it_says_what_was_saved_at_hand_in_and_nothing_of_later() -> None:
    it = receipt()

    assert (it.attempt_id, it.sitting_id, it.version, it.ending) == (7_000_000_000_001, 3, 8, Ending.TIME)
    assert (it.submitted_at, it.written_at) == (at(3600), at(3605.25))
    assert (it.item_count, it.answered, it.unanswered, it.late) == (10, 2, 8, 0)
    assert it.digest == JOURNAL[7].digest
    assert made(saved(JOURNAL[:8]), it.key_id, SALT) == it  # type: ignore[arg-type]


def test_nothing_was_handed_in_where_nothing_was() -> None:
    assert saved(JOURNAL[:7]) is None
    assert saved(JOURNAL[:1]) is None


def test_the_bytes_that_are_signed_are_these_for_ever() -> None:
    """Receipts lie in drawers: a program that writes or reads them otherwise is wrong, not this test."""
    it = replace(receipt(), digest=bytes(range(32)), commitment=bytes(range(32, 64)), late=3)

    assert encode(it).hex() == (
        "01"
        "56475aa75463474c"
        "0000065dd0837001"
        "0000000000000003"
        "00064c00f1c20800"
        "00064c00f21223d0"
        "01"
        "00000008"
        "000a"
        "0002"
        "0003"
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
    )
    assert sha256(signed(it, KEY)).hexdigest() == "d0331814bcf17d0f5ab454545423d12a65b53656add5531c40c2a24291e4d508"
    assert code_of(signed(it, KEY)) == "EMDZFPCV4CQFBTE5"


def test_made_again_it_is_the_same_to_the_byte() -> None:
    assert signed(receipt(), KEY) == signed(receipt(), KEY)
    assert len(signed(receipt(), KEY)) == SIGNED_BYTES == 180


def test_no_bit_of_it_can_be_changed() -> None:
    whole = signed(receipt(), KEY)
    assert signature_holds(whole, PUBLIC)
    for place in range(len(whole)):
        for bit in (1, 128):
            forged = whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
            assert not signature_holds(forged, PUBLIC), place
    assert not signature_holds(whole, Ed25519PrivateKey.from_private_bytes(SALT * 2).public_key().public_bytes_raw())
    assert not signature_holds(whole, b"no key")


def test_the_commitment_opens_for_these_answers_and_this_salt_only() -> None:
    bound = receipt().commitment

    assert commitment(SALT, {4: "ac", 1: "a"}) == bound
    assert commitment(SALT, {1: "a", 2: "", 4: "ac"}) == bound, "what was cleared is no answer"
    for others in ({1: "a"}, {1: "a", 4: "a"}, {1: "ac", 4: "a"}, {1: "a", 4: "ac", 2: "b"}, {}):
        assert commitment(SALT, others) != bound
    assert commitment(b"another salt....", {1: "a", 4: "ac"}) != bound


@st.composite
def any_receipt(draw: st.DrawFn) -> Receipt:
    numbers = st.integers(0, 2**53 - 1)
    instants = st.integers(-(10**15), 10**15).map(lambda us: at() + timedelta(microseconds=us))
    few = st.integers(0, 1000)
    return Receipt(
        key_id=draw(st.binary(min_size=8, max_size=8)).hex(),
        attempt_id=draw(numbers),
        sitting_id=draw(numbers),
        submitted_at=draw(instants),
        written_at=draw(instants),
        ending=draw(st.sampled_from(ENDINGS)),
        version=draw(st.integers(1, 2**31 - 1)),
        item_count=draw(few),
        answered=draw(few),
        late=draw(few),
        digest=draw(st.binary(min_size=32, max_size=32)),
        commitment=draw(st.binary(min_size=32, max_size=32)),
    )


@settings(max_examples=50, deadline=None)
@given(any_receipt())
def test_what_is_written_is_read_again(it: Receipt) -> None:
    whole = signed(it, KEY)

    assert decode(whole) == it
    assert read_text(write_text(whole)) == whole
    assert len(write_text(whole)) == TEXT_CHARS


BROKEN: dict[str, Any] = {
    "nothing": b"",
    "too short": signed(receipt(), KEY)[:-1],
    "too long": signed(receipt(), KEY) + b"\0",
    "another format": b"\2" + signed(receipt(), KEY)[1:],
    "an ending there is not": signed(receipt(), KEY)[:41] + b"\x09" + signed(receipt(), KEY)[42:],
    "an instant there is not": signed(receipt(), KEY)[:25] + b"\x7f" * 8 + signed(receipt(), KEY)[33:],
}


@pytest.mark.parametrize("what", BROKEN)
def test_other_bytes_are_no_receipt(what: str) -> None:
    with pytest.raises(Broken):
        decode(BROKEN[what])


def test_other_texts_are_no_receipt() -> None:
    text = write_text(signed(receipt(), KEY))
    for other in ("", text[:-1], text + "A", "*" + text[1:], "试" * TEXT_CHARS, text[:-1] + "\n"):
        assert read_text(other) is None


def test_every_ending_has_a_place_and_keeps_it() -> None:
    assert ENDINGS == (Ending.CANDIDATE, Ending.TIME, Ending.INVIGILATOR, Ending.RULE)
    assert set(ENDINGS) == set(Ending)


def test_microseconds_are_kept() -> None:
    it = replace(receipt(), written_at=at(3605) + timedelta(microseconds=1))
    assert decode(signed(it, KEY)).written_at.microsecond == 1
    assert receipts.FORMAT == 1
