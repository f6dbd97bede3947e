"""Names as they are compared (domain.md §5, P2): the same person must not be another for a full-width dot."""

import re
import unicodedata
from typing import Final

LENGTH_MIN: Final = 2
LENGTH_MAX: Final = 30
DOT: Final = "·"  # between the parts of a name in Chinese

_DOTS: Final = re.compile(r"\s*[·•‧∙⋅・･．●᛫᠂﹒]\s*")
_CHINESE: Final = "[\u2e80-\u2fff\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff·]"
_ASCII_DOT: Final = re.compile(rf"(?<={_CHINESE})\s*\.\s*(?={_CHINESE})")  # typed for the dot of a Chinese name
_UNSEEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_PADDING: Final = re.compile(rf"(?<={_CHINESE})\s+|\s+(?={_CHINESE})")  # 张　三: blanks that make columns even
_BETWEEN: Final = frozenset("·- '’.")


class WrongName(Exception):
    """`code`: name_length or name_signs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_name(text: str) -> str:
    """The name as it is kept: 2 to 30 Chinese characters or letters and what stands between them. Raises WrongName."""
    name = plain(text)
    if not LENGTH_MIN <= len(name) <= LENGTH_MAX:
        raise WrongName("name_length")
    if name[0] in _BETWEEN or (name[-1] in _BETWEEN and name[-1] != ".") or DOT * 2 in name:
        raise WrongName("name_signs")
    if not all(sign in _BETWEEN or _is_letter(sign) for sign in name):
        raise WrongName("name_signs")
    return name


def plain(text: str) -> str:
    """The name in normal form: composed, half width, every dot `·`, no blanks in Chinese; not checked."""
    dotted = _DOTS.sub(DOT, _UNSEEN.sub("", text))  # before NFKC, which makes some of them a full stop
    name = _ASCII_DOT.sub(DOT, unicodedata.normalize("NFKC", dotted))
    return unicodedata.normalize("NFKC", " ".join(_PADDING.sub("", name).split()))


def same(one: str, other: str) -> bool:
    """Whether two names are one: capitals of foreign names make no difference."""
    return plain(one).casefold() == plain(other).casefold()


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign) in {"Lo", "Lu", "Ll", "Lt", "Lm", "Mn", "Mc"} or sign == "〇"
