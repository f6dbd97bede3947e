"""Mobile numbers, passwords and the codes that prove a phone (domain.md §5, P1)."""

import re
from datetime import datetime, timedelta
from typing import Final

from exam_engine.errors import Invalid, Refused

PHONE_PATTERN: Final = r"1[3-9]\d{9}"
CODE_KEPT: Final = timedelta(minutes=5)
CODE_AGAIN: Final = timedelta(seconds=60)
CODES_A_DAY: Final = 5
CODE_TRIES: Final = 5
PASSWORD_MIN: Final = 8
PASSWORD_MAX: Final = 20
INITIAL_PASSWORD: Final = "666666"  # noqa: S105  定考账户初始密码: the manual prints it
TERMS_VERSION: Final = "2026-11"  # of the service agreement (服务协议) in the browser's words
_WEAK: Final = frozenset({"666666", "123456"})


def normalised_phone(text: str) -> str:
    """A mobile number without blanks and country code; raises Invalid."""
    digits = re.sub(r"[\s-]", "", text).removeprefix("+86")
    if not re.fullmatch(PHONE_PATTERN, digits, re.ASCII):
        raise Invalid("phone_wrong")
    return digits


def masked_phone(phone: str) -> str:
    """`138****1234`."""
    return phone[:3] + "****" + phone[-4:]


def check_password(password: str, phone: str = "", *, old: str = "") -> None:
    """Refuse a password that is short, of one kind of sign, or known to everybody. Raises Invalid."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid("password_length", min=PASSWORD_MIN, max=PASSWORD_MAX)
    kinds = sum(bool(re.search(kind, password)) for kind in (r"[A-Za-z]", r"\d", r"[^A-Za-z\d]"))
    if kinds < 2:
        raise Invalid("password_kinds")
    if password in {phone, old} or any(weak in password and len(password) < 10 for weak in _WEAK):
        raise Invalid("password_known")


def may_send(sent_at: datetime | None, now: datetime) -> None:
    """A code a minute at most; raises Refused."""
    if sent_at is not None and now - sent_at < CODE_AGAIN:
        left_s = int((CODE_AGAIN - (now - sent_at)).total_seconds()) + 1
        raise Refused("code_sent_already", retry_after_s=left_s)


def code_counts(sent_at: datetime, tries: int, now: datetime) -> bool:
    """Whether a code sent then, and tried so often before, can still be right."""
    return tries < CODE_TRIES and timedelta(0) <= now - sent_at < CODE_KEPT
