"""The public page that says whether a notice is valid, and nothing else.

Numbers follow one another, so that a number alone says nothing: an unknown number, a wrong code and a mistyped one get
the same answer, after the same work. Tries are few for one address.
"""

from typing import Final

from exam_engine.edge.http import PUBLIC, Call, Endpoints
from exam_engine.edge.masks import masked_name
from exam_engine.edge.result_shapes import NoticeCheck
from exam_engine.results import notices, numbers, store

CHECKS_MAX, CHECKS_S = 30, 600  # of one address
CHARS_MAX: Final = 40
UNKNOWN: Final = NoticeCheck(validity="unknown", name="")

endpoints = Endpoints()


@endpoints.add("GET", "/api/verify/notice", roles=PUBLIC, answer=NoticeCheck, query=("number", "code"))
async def verify_notice(call: Call) -> NoticeCheck:
    """Whether a notice is valid, and the masked name on it."""
    await call.house.throttle.take(f"verify:{call.address()}", CHECKS_MAX, CHECKS_S)
    query = call.request.query
    number = numbers.read_number(query.get("number", "")[:CHARS_MAX])
    row = await call.house.pool.fetchrow(store.NOTICE, number or "")
    text = row["body"] if row is not None else "{}"
    code = numbers.code_of(call.house.settings.secret_key, number or "", text)
    right = numbers.same_code(code, query.get("code", "")[:CHARS_MAX])
    if row is None or not right:
        return UNKNOWN
    notice = notices.read(row)
    return NoticeCheck(validity="void" if notice.replaced_by else "valid", name=masked_name(notice.body.name))
