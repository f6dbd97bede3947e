"""What the endpoints of provinces and the nation share: whose province, which page, and words that can be kept."""

import re
from typing import Final

from exam_engine.edge.http import Call
from exam_engine.errors import Invalid, NotFound
from exam_engine.messages import TEXT_PATTERN
from exam_engine.registration.dictionaries import PROVINCES

DECIDERS: Final = frozenset({"province", "nation"})
NATION: Final = frozenset({"nation"})
PAGE: Final = 50
NEWEST: Final = 2**63 - 1
QUERY_CHARS_MAX: Final = 100
REASON_MIN: Final = 5


def scope_of(call: Call) -> str | None:
    """The province the caller's rows lie in; None: all of them. Raises NotFound for a province without a place."""
    if call.me.role != "province":
        return None
    if call.me.province is None:
        raise NotFound("no_such_province")
    return call.me.province


def province_of(call: Call, named: str | None) -> str:
    """The province that is decided for: the caller's own, or the one the nation names."""
    own = scope_of(call)
    if own is None and not named:
        raise Invalid("province_missing")
    province = named or own or ""
    if province not in PROVINCES or own not in (None, province):
        raise NotFound("no_such_province")
    return province


def before(call: Call) -> int:
    """The key that a page begins after, of the query `before`."""
    text = call.request.query.get("before", "")
    if not text:
        return NEWEST
    if not (text.isascii() and text.isdigit()) or len(text) > 16:
        raise Invalid("wrong_shape")
    return int(text)


def sought(call: Call) -> str:
    """What is looked for, of the query `q`."""
    text = call.request.query.get("q", "").strip()
    if len(text) > QUERY_CHARS_MAX or not re.match(TEXT_PATTERN, text):
        raise Invalid("wrong_shape")
    return text


def like(text: str) -> str:
    """The text as a LIKE pattern means it, sign by sign."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def plain(text: str, least: int = 1) -> str:
    """Words as they are kept: trimmed, without control characters; raises Invalid if too little is left."""
    kept = text.strip()
    if not re.match(TEXT_PATTERN, kept):
        raise Invalid("text_wrong")
    if len(kept) < least:
        raise Invalid("text_short", min=least)
    return kept


def reason_of(text: str) -> str:
    """The reason of a decision; raises Invalid when it says nothing."""
    kept = text.strip()
    if len(kept) < REASON_MIN or not re.match(TEXT_PATTERN, kept):
        raise Invalid("reason_missing", min=REASON_MIN)
    return kept
