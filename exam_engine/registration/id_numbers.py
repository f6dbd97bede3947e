"""Numbers of identity documents: GB 11643 for ID cards, a mere shape for other documents (domain.md §5.A).

A number is kept as it is compared: without blanks, half width, upper case; an old one of 15 digits as the 18 it became.
"""

import re
import unicodedata
from datetime import date
from operator import mul
from typing import Final

from exam_engine.registration.dictionaries import PROVINCES

AGE_MIN: Final = 18
BORN_FROM: Final = 1900  # the oldest birth year taken for that of somebody who practises
CHECK_SIGNS: Final = "10X98765432"
WEIGHTS: Final = tuple(2 ** (17 - place) % 11 for place in range(17))

_BLANKS: Final = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff-]")  # pasted from pages: marks nobody sees
_CARD: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLD_CARD: Final = re.compile(r"[0-9]{15}")
_LIKE_A_CARD: Final = re.compile(r"[0-9]{12,}[A-Z]?")  # so many digits are nothing else: a slip of the hand
_OTHER: Final = re.compile(r"[0-9A-Z]{6,18}")
_DAY: Final = re.compile(r"\s*\d{4}-\d{2}-\d{2}(?:[ T][\d:.]+)?\s*")  # a cell of a spreadsheet that holds a date


class WrongNumber(Exception):
    """`code`: id_format, id_province, id_date, id_age or id_check."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_number(text: str, today: date, id_type: str = "") -> str:
    """The number as it is kept; raises WrongNumber.

    `id_type` is of dictionaries.ID_TYPES; "" where nobody said it: what has as many digits as a card must be a card.
    """
    number = plain(text)
    if _DAY.fullmatch(text):
        raise WrongNumber("id_format")
    if id_type == "id_card" or (not id_type and _LIKE_A_CARD.fullmatch(number)):
        return _card(number, today)
    if not _OTHER.fullmatch(number):
        raise WrongNumber("id_format")
    return number


def plain(text: str) -> str:
    """The number as typed, without blanks, half width and upper case; not checked."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text)).upper()


def is_card(number: str) -> bool:
    """Whether a number that was read is an ID card's."""
    return _CARD.fullmatch(number) is not None


def _card(number: str, today: date) -> str:
    if _OLD_CARD.fullmatch(number):
        number = number[:6] + "19" + number[6:]
        number += check_sign(number)
    if not _CARD.fullmatch(number):
        raise WrongNumber("id_format")
    if number[:2] not in PROVINCES:  # the other four of the area were abolished and changed too often
        raise WrongNumber("id_province")
    if check_sign(number[:17]) != number[17]:
        raise WrongNumber("id_check")
    _check_age(number, today)
    return number


def _check_age(number: str, today: date) -> None:
    born_on = birthday(number)
    if born_on is None or born_on > today:
        raise WrongNumber("id_date")
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    if born_on.year < BORN_FROM or age < AGE_MIN:
        raise WrongNumber("id_age")


def check_sign(first: str) -> str:
    """The 18th sign to 17 digits (ISO 7064 MOD 11-2)."""
    assert len(first) == len(WEIGHTS)
    return CHECK_SIGNS[sum(map(mul, map(int, first), WEIGHTS)) % 11]


def birthday(card: str) -> date | None:
    """The day in an ID card's number; None if there is no such day."""
    try:
        return date(int(card[6:10]), int(card[10:12]), int(card[12:14]))
    except ValueError:
        return None
