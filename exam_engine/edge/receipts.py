"""Receipts: for their owner, and for anybody who is shown one."""

from typing import Final

import segno
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exam_engine import receipt_store as store
from exam_engine.edge.http import PHYSICIAN, PUBLIC, Call, Endpoints, by_https
from exam_engine.edge.masks import masked_name
from exam_engine.edge.physician import own_attempt
from exam_engine.edge.receipt_shapes import OwnReceipt, ReceiptChecked, ReceiptKey, ReceiptKeyList
from exam_engine.errors import NotFound
from exam_engine.house import House
from exam_engine.receipt_checks import Checked, Verdict
from exam_engine.receipt_codes import code_of, shown
from exam_engine.receipt_keys import SigningKey
from exam_engine.receipt_office import Office, check, find
from exam_engine.receipts import Broken, decode, write_text

OFFICE: Final = web.AppKey("receipt_office", Office)
CHECKS_MAX: Final = 60  # per address
CHECKS_S: Final = 600
QR_SCALE: Final = 4  # of 69 dots at most: it fits a telephone of 360 px
GENUINE: Final = frozenset({Verdict.VALID, Verdict.JOURNAL_CHANGED, Verdict.NO_JOURNAL})

endpoints = Endpoints()


def open_office(app: web.Application, house: House) -> None:
    """The office of this process."""
    app[OFFICE] = Office(house.pool, house.settings.secret_key)


@endpoints.add("GET", "/api/attempts/{attempt_id}/receipt", roles=PHYSICIAN, answer=OwnReceipt)
async def own_receipt(call: Call) -> OwnReceipt:
    """The signed receipt of what was handed in; harmless to ask for again and again."""
    await own_attempt(call)
    attempt_id = call.path["attempt_id"]
    kept = await call.request.app[OFFICE].of(attempt_id)
    about = await call.house.pool.fetchrow(store.ABOUT, attempt_id)
    assert about is not None
    receipt, text = decode(kept.signed), write_text(kept.signed)
    url = f"{_base_url(call)}/verify/receipt/{shown(kept.code)}#{text}"  # what follows # stays in the browser
    return OwnReceipt(
        attempt_id=attempt_id,
        title=about["title"],
        cycle=about["cycle"],
        code=shown(kept.code),
        text=text,
        url=url,
        svg=segno.make(url, error="l").svg_inline(scale=QR_SCALE, border=2),
        key_id=kept.key_id,
        submitted_at=receipt.submitted_at,
        written_at=receipt.written_at,
        ending=receipt.ending,
        version=receipt.version,
        digest=receipt.digest.hex(),
        item_count=receipt.item_count,
        answered=receipt.answered,
        unanswered=receipt.unanswered,
        late=receipt.late,
        salt=kept.salt.hex(),
    )


def _base_url(call: Call) -> str:
    return f"{'https' if by_https(call.request) else 'http'}://{call.request.host}"


@endpoints.add("GET", "/api/receipts/keys", roles=PUBLIC, answer=ReceiptKeyList)
async def receipt_keys(call: Call) -> ReceiptKeyList:
    """The public keys receipts are signed by: with them anybody can check one without asking us."""
    return ReceiptKeyList(public_keys=[_public(key) for key in await call.request.app[OFFICE].keys.all()])


def _public(key: SigningKey) -> ReceiptKey:
    public = Ed25519PublicKey.from_public_bytes(key.public)
    return ReceiptKey(
        key_id=key.key_id,
        public_key=key.public.hex(),
        pem=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        since=key.since,
        made_at=key.made_at,
    )


@endpoints.add("GET", "/api/verify/receipt/{receipt}", roles=PUBLIC, answer=ReceiptChecked)
async def verify_receipt(call: Call) -> ReceiptChecked:
    """Whether a receipt is genuine and the journal still says the same; by its code or the whole receipt.

    A code that nobody has is answered like one that nobody can have.
    """
    await call.house.throttle.take(f"verify:{call.address()}", CHECKS_MAX, CHECKS_S)
    signed = await find(call.house.pool, call.request.match_info["receipt"])
    if signed is None:
        raise NotFound("no_such_receipt")
    try:
        checked = await check(call.house.pool, signed)
    except Broken as error:
        raise NotFound("no_such_receipt") from error
    return await _answer(call, checked, shown(code_of(signed)))


async def _answer(call: Call, checked: Checked, code: str) -> ReceiptChecked:
    receipt = checked.receipt
    if checked.verdict not in GENUINE:
        return ReceiptChecked(verdict=checked.verdict, changed_at=0, journal=False, code=code, key_id=receipt.key_id)
    about = await call.house.pool.fetchrow(store.ABOUT, receipt.attempt_id)
    return ReceiptChecked(
        verdict=checked.verdict,
        changed_at=checked.changed_at,
        journal=checked.journal,
        code=code,
        key_id=receipt.key_id,
        title=about["title"] if about else "",
        cycle=about["cycle"] if about else "",
        person=masked_name(about["person"]) if about else "",
        submitted_at=receipt.submitted_at,
        written_at=receipt.written_at,
        ending=receipt.ending,
        version=receipt.version,
        digest=receipt.digest.hex(),
        item_count=receipt.item_count,
        answered=receipt.answered,
        unanswered=receipt.unanswered,
        late=receipt.late,
    )
