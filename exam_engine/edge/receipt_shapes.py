"""What travels over HTTP about receipts and a physician's own journal. Bytes travel as hex unless said otherwise."""

from datetime import datetime

import msgspec

from exam_engine.messages import Ending, Phase
from exam_engine.receipt_checks import Verdict
from exam_engine.sitting import Kind


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class OwnReceipt(_Shape, frozen=True, kw_only=True):
    """A receipt as its owner keeps it. `code` in groups of four; `text` is the whole signed receipt, base64url.

    `url` leads to the public page and carries both; `svg` is its QR code. `salt` lets him prove his answers.
    """

    attempt_id: int
    title: str
    cycle: str
    code: str
    text: str
    url: str
    svg: str
    key_id: str
    submitted_at: datetime
    written_at: datetime
    ending: Ending
    version: int
    digest: str
    item_count: int
    answered: int
    unanswered: int
    late: int
    salt: str


class ReceiptChecked(_Shape, frozen=True, kw_only=True):
    """What anybody may know of a receipt. Nothing but the verdict is said of one that is not genuine.

    `changed_at`: the number of the first journal entry that is not what was signed, else 0. `journal`: whether the
    journal was compared. `person` is masked.
    """

    verdict: Verdict
    changed_at: int
    journal: bool
    code: str
    key_id: str
    title: str = ""
    cycle: str = ""
    person: str = ""
    submitted_at: datetime | None = None
    written_at: datetime | None = None
    ending: Ending | None = None
    version: int = 0
    digest: str = ""
    item_count: int = 0
    answered: int = 0
    unanswered: int = 0
    late: int = 0


class ReceiptKey(_Shape, frozen=True, kw_only=True):
    """A public key, Ed25519. It signs what was handed in `since`, until the next key."""

    key_id: str
    public_key: str
    pem: str
    since: datetime
    made_at: datetime


class ReceiptKeyList(_Shape, frozen=True, kw_only=True):
    """All of them, oldest first."""

    public_keys: list[ReceiptKey]


class OwnEntry(_Shape, frozen=True, kw_only=True):
    """One entry of the journal. `body` is the event as JSON text, exactly as it was sealed; empty while withheld.

    `digest` is empty where it would let somebody find out what is withheld.
    """

    version: int
    seq: int | None
    kind: str
    at: datetime
    body: str
    digest: str


class OwnAnswer(_Shape, frozen=True, kw_only=True):
    """An answer that counted: letters by place as he saw them, when it was saved, and how often he changed his mind."""

    no: int
    choice: str
    version: int
    saved_at: datetime
    changes: int


class OwnJournal(_Shape, frozen=True, kw_only=True):
    """我的答题日志. `taken_in`: up to which entry his devices said they had heard."""

    attempt_id: int
    title: str
    kind: Kind
    phase: Phase
    item_count: int
    taken_in: int
    answers: list[OwnAnswer]
    entries: list[OwnEntry]
