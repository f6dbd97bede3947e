"""Is a receipt genuine, and does the journal still say what it said: the verdicts, in the order they are reached."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from exam_engine.chain import GENESIS, Entry, first_broken, seal
from exam_engine.receipts import Receipt, commitment, decode, signature_holds


class Verdict(StrEnum):
    """`VALID`: also as far as the journal was asked. The others say what is wrong first."""

    VALID = "valid"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE_WRONG = "signature_wrong"
    JOURNAL_CHANGED = "journal_changed"
    NO_JOURNAL = "no_journal"  # signed by us, but the journal is not here (archived, another installation)
    ANSWERS_WRONG = "answers_wrong"


class Checked(msgspec.Struct, frozen=True):
    """`changed_at`: the number of the journal's first entry that is not what was signed; 0 unless it was changed.

    `journal`: whether the journal was compared.
    """

    verdict: Verdict
    receipt: Receipt
    changed_at: int = 0
    journal: bool = False


def by_signature(signed: bytes, keys: Mapping[str, bytes]) -> Checked:
    """Whether one of these keys (public, by id) signed it. Raises receipts.Broken."""
    receipt = decode(signed)
    key = keys.get(receipt.key_id)
    if key is None:
        return Checked(Verdict.UNKNOWN_KEY, receipt)
    return Checked(Verdict.VALID if signature_holds(signed, key) else Verdict.SIGNATURE_WRONG, receipt)


def by_journal(checked: Checked, entries: Sequence[Entry]) -> Checked:
    """The same receipt, compared with the whole journal as it is now; nothing is said of one that is not genuine."""
    if checked.verdict is not Verdict.VALID:
        return checked
    receipt = checked.receipt
    if not entries:
        return Checked(Verdict.NO_JOURNAL, receipt)
    then = list(entries[: receipt.version])
    changed_at = first_broken(then) or _ends_otherwise(receipt, then)
    if changed_at:
        return Checked(Verdict.JOURNAL_CHANGED, receipt, changed_at, journal=True)
    return Checked(Verdict.VALID, receipt, journal=True)


def _ends_otherwise(receipt: Receipt, then: Sequence[Entry]) -> int:
    """Sealed anew from somewhere on, it hangs together again, but ends in another digest; or its end is missing."""
    if len(then) < receipt.version:
        return len(then) + 1
    last = then[-1]
    same = (last.digest, last.kind, last.attempt_id) == (receipt.digest, "submitted", receipt.attempt_id)
    return 0 if same else receipt.version


def by_copy(checked: Checked, entries: Sequence[Entry]) -> Checked:
    """The same receipt, compared with its owner's own copy of the journal; a withheld entry there has no body.

    Of a withheld entry only the digest is known, and believed: what comes after it, up to the signed one, follows.
    """
    if checked.verdict is not Verdict.VALID:
        return checked
    previous = GENESIS
    for number, entry in enumerate(entries[: checked.receipt.version], start=1):
        if entry.version != number or entry.digest != _sealed(previous, entry):
            return Checked(Verdict.JOURNAL_CHANGED, checked.receipt, number, journal=True)
        previous = entry.digest
    changed_at = _ends_otherwise(checked.receipt, entries[: checked.receipt.version])
    verdict = Verdict.JOURNAL_CHANGED if changed_at else Verdict.VALID
    return Checked(verdict, checked.receipt, changed_at, journal=True)


def _sealed(previous: bytes, entry: Entry) -> bytes:
    if not entry.body:
        return entry.digest
    return seal(previous, entry.attempt_id, entry.version, entry.seq, entry.kind, entry.body, entry.at)


def by_answers(checked: Checked, salt: bytes, answers: Mapping[int, str]) -> Checked:
    """The same receipt; whether these are the answers it commits to."""
    if checked.verdict is not Verdict.VALID or commitment(salt, answers) == checked.receipt.commitment:
        return checked
    return Checked(Verdict.ANSWERS_WRONG, checked.receipt, journal=checked.journal)
