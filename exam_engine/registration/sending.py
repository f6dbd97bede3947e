"""Sends the copies of messages that are due by SMS, in whichever process comes first.

A row is taken, that is marked as sent, before the gateway hears of it: a process that dies in between leaves a copy
unsent, never sent twice. What the gateway did not take is due again.
"""

import asyncio
from typing import Final

import msgspec
import structlog

from exam_engine.house import House
from exam_engine.registration import inbox, inbox_store
from exam_engine.registration.sms import SmsAway
from exam_engine.store import Row

SEND_S: Final = 2.0  # how often to look: call `send_due` so often
AT_ONCE: Final = 8  # handed over at the same time; no more are lost to a process that dies
GATEWAY_S: Final = 20.0  # a gateway that says nothing for so long may have sent it: not again
OLD_S: Final = 3 * 86_400  # a reminder that could not be sent for so long is none any more

log = structlog.get_logger()


async def send_due(house: House) -> int:
    """Send what is due until nothing is, the gateway is away or the house closes; how many went out."""
    await house.pool.execute(inbox_store.DROP_OLD_SMS, OLD_S)
    sent = 0
    while not house.closing:
        rows = await house.pool.fetch(inbox_store.TAKE_SMS, AT_ONCE)
        job = asyncio.ensure_future(_hand_over(house, rows))
        house.jobs.add(job)  # a house that closes waits for what it handed over
        job.add_done_callback(house.jobs.discard)
        outcomes = await asyncio.shield(job)
        sent += outcomes.count("sent")
        if len(rows) < AT_ONCE or "due" in outcomes:
            break
    return sent


async def _hand_over(house: House, rows: list[Row]) -> list[str]:
    """What became of each row, as its column says it afterwards."""
    outcomes = await asyncio.gather(*(_send(house, row) for row in rows))
    for outcome in ("due", "failed"):
        ids = [row["message_id"] for row, became in zip(rows, outcomes, strict=True) if became == outcome]
        if ids:
            await house.pool.execute(inbox_store.SET_SMS, ids, outcome)
    return outcomes


async def _send(house: House, row: Row) -> str:
    if row["phone"] is None:
        return "failed"
    text = inbox.sms_text(row["code"], msgspec.json.decode(row["facts"]))
    try:
        async with asyncio.timeout(GATEWAY_S):
            await house.sms.send(row["phone"], text)
    except SmsAway as error:
        log.warning("sms_away", reason=str(error))
        return "due"
    except Exception:  # one that can't be sent must not hold up the others
        log.exception("sms_failed", message=row["message_id"])
        return "failed"
    return "sent"
