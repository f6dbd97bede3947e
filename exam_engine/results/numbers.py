"""The number of a 考核结果通知书 and its 校验码: what a clerk types, and what nobody can guess.

    DK 2026 11 000003 0000017 c
    |  |    |  |      |       check digit over the 19 digits before it (ISO 7064, MOD 11,10)
    |  |    |  |      serial within the agency and cycle
    |  |    |  agency (its number as an organisation)
    |  |    province (GB/T 2260)
    |  end year of the cycle
    定考

No official form of the number is known; this is domain.md's (Q25). MOD 11,10 finds every single wrong digit and nearly
all that changed places, so that a slip is told from a forgery. Numbers follow one another: what proves a notice is its
code, an HMAC of number and content by the installation's key. Nobody who reads the database can make one, and a notice
whose content was changed there no longer matches the code that was printed.
"""

import hmac
import re
from hashlib import sha256
from typing import Final

SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
CODE_CHARS: Final = 12  # 60 bits
AGENCY_MAX, SERIAL_MAX = 999_999, 9_999_999
_NUMBER: Final = re.compile(r"DK[0-9]{20}")
_READ_AS: Final = str.maketrans("ILOU", "110V")
_BETWEEN: Final = re.compile(r"[\s\-—－.]+")


def check_digit(digits: str) -> str:
    """The check digit of a string of digits (ISO 7064, MOD 11,10)."""
    product = 10
    for digit in digits:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def number_of(year: int, province: str, agency_id: int, serial: int) -> str:
    """The whole number."""
    assert 1 <= agency_id <= AGENCY_MAX, "an agency has six digits"
    assert 1 <= serial <= SERIAL_MAX, "a serial has seven digits"
    digits = f"{year:04d}{province}{agency_id:06d}{serial:07d}"
    return f"DK{digits}{check_digit(digits)}"


def read_number(text: str) -> str | None:
    """The number as it is kept, of what somebody typed; None: it is none, or mistyped."""
    plain = _BETWEEN.sub("", text).upper()
    return plain if _NUMBER.fullmatch(plain) and check_digit(plain[2:-1]) == plain[-1] else None


def code_of(key: bytes, number: str, body: str) -> str:
    """The code of a notice with this content."""
    text = f"exam notice\0{number}\0{sha256(body.encode()).hexdigest()}"
    bits = int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:8], "big") >> 4
    return "".join(SIGNS[bits >> 5 * place & 31] for place in reversed(range(CODE_CHARS)))


def shown(code: str) -> str:
    """In groups of four, as it is printed."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def same_code(code: str, typed: str) -> bool:
    """Whether somebody typed this code; letters that are none are read as the digits they look like."""
    plain = _BETWEEN.sub("", typed).upper().translate(_READ_AS)
    return hmac.compare_digest(code.encode(), plain.encode())
