"""The seal: whatever is changed in a journal, it breaks at the version that was changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exam_engine.chain import GENESIS, Entry, first_broken, seal
from exam_engine.messages import Answered, DeviceTaken, Ending, Started, Submitted
from tests.exam_engine.samples import PHONE, at, entered, journal_of

JOURNAL = journal_of(
    7_000_000_000_001,
    (entered(), at(-60)),
    (DeviceTaken(PHONE), at(-30)),
    (Started(at(3600)), at(0)),
    (Answered(1, 1, "a"), at(10.000001)),
    (Answered(2, 2, "b"), at(11)),
    (Submitted(at(12), Ending.CANDIDATE, 8, seq=3), at(12)),
)
FORGERIES: dict[str, Callable[[Entry], Entry]] = {
    "another attempt": lambda entry: replace(entry, attempt_id=entry.attempt_id + 1),
    "another number of the device": lambda entry: replace(entry, seq=(entry.seq or 0) + 1),
    "another kind": lambda entry: replace(entry, kind="annulled"),
    "another body": lambda entry: replace(entry, body=entry.body.replace("}", ',"x":1}', 1)),
    "one character of the body": lambda entry: replace(entry, body=entry.body + " "),
    "a microsecond": lambda entry: replace(entry, at=entry.at + timedelta(microseconds=1)),
    "another digest": lambda entry: replace(entry, digest=bytes([entry.digest[0] ^ 1]) + entry.digest[1:]),
}


def test_a_journal_nobody_touched_holds() -> None:
    assert first_broken(JOURNAL) is None
    assert first_broken([]) is None


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("version", range(1, len(JOURNAL) + 1))
def test_any_field_changed_in_any_entry_is_found_at_that_entry(forgery: str, version: int) -> None:
    forged = [FORGERIES[forgery](entry) if entry.version == version else entry for entry in JOURNAL]

    assert first_broken(forged) == version


def test_an_entry_taken_away_is_found_where_it_is_missing() -> None:
    for version in range(1, len(JOURNAL)):
        assert first_broken([entry for entry in JOURNAL if entry.version != version]) == version


def test_entries_in_another_order_or_twice_are_found() -> None:
    assert first_broken([JOURNAL[0], JOURNAL[2], JOURNAL[1]]) == 2
    assert first_broken([JOURNAL[0], JOURNAL[0]]) == 2


def test_an_entry_sealed_anew_breaks_the_one_after_it() -> None:
    entry = replace(JOURNAL[3], body=JOURNAL[3].body.replace('"a"', '"c"'))
    sealed = seal(JOURNAL[2].digest, entry.attempt_id, entry.version, entry.seq, entry.kind, entry.body, entry.at)

    assert first_broken([*JOURNAL[:3], replace(entry, digest=sealed), *JOURNAL[4:]]) == 5


def test_a_journal_that_does_not_begin_at_the_beginning_is_broken() -> None:
    entry = JOURNAL[0]
    elsewhere = seal(b"x" * 32, entry.attempt_id, entry.version, entry.seq, entry.kind, entry.body, entry.at)

    assert first_broken([replace(entry, digest=elsewhere)]) == 1


def test_the_seal_is_the_same_on_every_machine_and_in_every_year() -> None:
    digest = seal(GENESIS, 1, 1, None, "entered", '{"type":"entered"}', at(0))

    assert digest.hex() == "b33c712c543439787a7bbc7580e682d8ccae3b1197b959680e9526796949c226"


@given(st.integers(0, len(JOURNAL) - 1), st.text(max_size=40))
def test_no_text_can_be_put_in_the_place_of_a_body(index: int, text: str) -> None:
    forged = [*JOURNAL]
    forged[index] = replace(forged[index], body=text)

    assert first_broken(forged) == (None if text == JOURNAL[index].body else index + 1)
