"""The short code of a receipt: sixteen signs a person can type from paper, one of which checks the others.

Crockford's alphabet has no I, L, O and U; those are read as what they look like. The last sign is a weighted sum over
the field of 32 elements, each place with a weight of its own: one wrong sign, and any two that were exchanged, always
make another sum. (Crockford's own check sign needs five more signs, `*~$=U`, which nobody wants to read out.)
"""

from hashlib import sha256
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SIGNS: Final = 15  # 75 bits: nobody finds one by trying
LENGTH: Final = SIGNS + 1
GROUP: Final = 4
TYPED_MAX: Final = 40  # with all the blanks and dashes somebody may put in
_BITS: Final = 5
_FIELD: Final = 0b100101  # x^5 + x^2 + 1
_VALUES: Final = {sign: value for value, sign in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_LEFT_OUT: Final = {ord(sign): None for sign in " -\t\u00a0\u2010\u2011\u2013\u2014－—·."}


def code_of(signed: bytes) -> str:
    """The code of a signed receipt, without dashes."""
    number = int.from_bytes(sha256(b"exam receipt code" + signed).digest()[:10]) >> (80 - SIGNS * _BITS)
    values = [number >> (_BITS * place) & 31 for place in reversed(range(SIGNS))]
    return "".join(ALPHABET[value] for value in (*values, _check(values)))


def shown(code: str) -> str:
    """In groups of four, as it is printed."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def typed(text: str) -> str | None:
    """The code somebody typed, in any case and with any dashes; None if it can't be one."""
    if len(text) > TYPED_MAX:
        return None
    signs = text.translate(_LEFT_OUT).upper()
    values = [_VALUES.get(sign, -1) for sign in signs]
    if len(values) != LENGTH or -1 in values or _check(values[:-1]) != values[-1]:
        return None
    return "".join(ALPHABET[value] for value in values)


def _check(values: list[int]) -> int:
    total = 0
    for value in values:
        total = (total ^ value) << 1
        total ^= _FIELD if total & 32 else 0
    return total
