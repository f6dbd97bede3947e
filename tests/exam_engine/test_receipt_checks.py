"""The verdicts: whatever is changed in the journal behind a receipt is found, and where it can be told, the place."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from exam_engine.chain import GENESIS, Entry, seal
from exam_engine.messages import Annulled, Answered, Ending, Held, Marked, Started, Submitted
from exam_engine.receipt_checks import Checked, Verdict, by_answers, by_copy, by_journal, by_signature
from exam_engine.receipts import key_id_of, made, saved, signed
from tests.exam_engine.samples import at, entered, journal_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
KEYS = {key_id_of(PUBLIC): PUBLIC}
SALT = b"sixteen bytes of"
ATTEMPT = 7_000_000_000_001
JOURNAL = journal_of(
    ATTEMPT,
    (entered(), at(-60)),
    (Started(at(3600)), at(0)),
    (Answered(1, 1, "a"), at(10)),
    (Held(5), at(11)),
    (Answered(2, 2, "b"), at(12)),
    (Submitted(at(20), Ending.CANDIDATE, 8, seq=3), at(20)),
    (Marked(1, 60, 100), at(30)),
)
WHAT = saved(JOURNAL)
assert WHAT is not None
SIGNED = signed(made(WHAT, key_id_of(PUBLIC), SALT), KEY)
GENUINE = by_signature(SIGNED, KEYS)


def resealed(entries: list[Entry]) -> list[Entry]:
    """As somebody does it who knows how the chain is made."""
    previous, done = GENESIS, []
    for version, entry in enumerate(entries, start=1):
        previous = seal(previous, entry.attempt_id, version, entry.seq, entry.kind, entry.body, entry.at)
        done.append(replace(entry, version=version, digest=previous))
    return done


def changed(place: int, body: str) -> list[Entry]:
    return [replace(entry, body=body) if entry.version == place else entry for entry in JOURNAL]


OTHERWISE = '{"type":"answered","seq":1,"no":1,"choice":"c"}'
FORGERIES: dict[str, tuple[Callable[[], list[Entry]], int]] = {
    "an answer is another": (lambda: changed(3, OTHERWISE), 3),
    "an answer is another, and all is sealed anew": (lambda: resealed(changed(3, OTHERWISE)), 6),
    "an answer is gone": (lambda: [entry for entry in JOURNAL if entry.version != 3], 3),
    "an answer is gone, and all is sealed anew": (lambda: resealed([*JOURNAL[:2], *JOURNAL[3:]]), 6),
    "an answer is put in, and all is sealed anew": (lambda: resealed([*JOURNAL[:4], JOURNAL[2], *JOURNAL[4:]]), 6),
    "the end is cut off": (lambda: JOURNAL[:5], 6),
    "a minute is another": (lambda: [replace(e, at=at(19)) if e.version == 6 else e for e in JOURNAL], 6),
    "it is another's": (lambda: resealed([replace(entry, attempt_id=ATTEMPT + 1) for entry in JOURNAL]), 6),
}


def test_a_receipt_and_the_journal_it_was_made_from_agree() -> None:
    checked = by_journal(GENUINE, JOURNAL)

    assert (checked.verdict, checked.changed_at, checked.journal) == (Verdict.VALID, 0, True)


def test_what_comes_after_hand_in_is_no_business_of_a_receipt() -> None:
    annulled = journal_of(ATTEMPT, *[(Annulled("设备故障", 900), at(40))])[0]
    later = [*JOURNAL, replace(annulled, version=8)]
    for journal in (JOURNAL[:6], later, [*JOURNAL[:6], replace(JOURNAL[6], body="{}")]):
        assert by_journal(GENUINE, journal).verdict is Verdict.VALID


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_changed_journal_is_found(forgery: str) -> None:
    forge, place = FORGERIES[forgery]

    for checked in (by_journal(GENUINE, forge()), by_copy(GENUINE, forge())):
        assert (checked.verdict, checked.changed_at) == (Verdict.JOURNAL_CHANGED, place)


def test_a_journal_that_is_not_here_says_nothing() -> None:
    assert by_journal(GENUINE, []) == Checked(Verdict.NO_JOURNAL, GENUINE.receipt)


def test_an_owners_copy_holds_with_what_is_withheld_in_it() -> None:
    copy = [replace(entry, body="") if entry.kind in ("held", "marked") else entry for entry in JOURNAL]
    assert by_copy(GENUINE, copy) == Checked(Verdict.VALID, GENUINE.receipt, journal=True)
    assert by_copy(GENUINE, []).verdict is Verdict.JOURNAL_CHANGED
    lied = [replace(entry, body="", digest=bytes(32)) if entry.kind == "held" else entry for entry in JOURNAL]
    assert by_copy(GENUINE, lied).changed_at == 5


def test_who_did_not_sign_it_is_told_apart_from_what_was_changed() -> None:
    other = Ed25519PrivateKey.from_private_bytes(SALT * 2).public_key().public_bytes_raw()
    strange = by_signature(SIGNED, {key_id_of(other): other})
    assert strange.verdict is Verdict.UNKNOWN_KEY
    forged = by_signature(SIGNED[:60] + b"\xff" + SIGNED[61:], KEYS)
    assert forged.verdict is Verdict.SIGNATURE_WRONG
    for checked in (strange, forged):
        assert by_journal(checked, JOURNAL) == by_copy(checked, JOURNAL) == by_answers(checked, SALT, {}) == checked


def test_answers_are_proven_or_not() -> None:
    agreed = by_journal(GENUINE, JOURNAL)
    assert by_answers(agreed, SALT, {1: "a", 2: "b"}) == agreed
    assert by_answers(agreed, SALT, {1: "a", 2: "c"}).verdict is Verdict.ANSWERS_WRONG
