"""Fields that hold several things in one text: codes, and pictures. Written and read again they are the same.

Codes stand as an author writes them, `internal;surgery`; where one of them has a sign that separates, and for pictures,
the text is JSON. A file names a picture by its SHA-256 and does not hold it: who takes it in must have it.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from question_bank.item import Picture

BETWEEN: Final = re.compile(r"[;；,，、\n]+")


class NoList(ValueError):
    """A text that is no such list."""


def joined(codes: Sequence[str]) -> str:
    """The codes as one text; "" for none."""
    plain = all(code == code.strip() and not code.startswith("[") and not BETWEEN.search(code) for code in codes)
    return ";".join(codes) if plain else json.dumps(list(codes), ensure_ascii=False)


def shown(pictures: Sequence[Picture]) -> str:
    """The pictures as one text; "" for none."""
    return json.dumps(named(pictures), ensure_ascii=False) if pictures else ""


def named(pictures: Sequence[Picture]) -> list[dict[str, str]]:
    """The pictures as plain values."""
    return [{"name": picture.name, "alt": picture.alt} for picture in pictures]


def codes_in(value: Any) -> tuple[str, ...]:
    """The codes of a text, or of a list of texts; sorted, each once. Raises NoList."""
    if isinstance(value, str):
        value = _json(value) if value.strip().startswith("[") else [each.strip() for each in BETWEEN.split(value)]
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NoList("It is no list of codes.")
    return tuple(sorted({each for each in value if each}))


def pictures_in(value: Any) -> tuple[Picture, ...]:
    """The pictures of a text, or of a list of objects with `name` and `alt`. Raises NoList."""
    if value is None or value == "":
        return ()
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, list) or not all(_is_picture(each) for each in found):
        raise NoList('It is no list of pictures like [{"name": "…", "alt": "…"}].')
    return tuple(Picture(each["name"], each["alt"]) for each in found)


def _is_picture(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"name", "alt"} and all(isinstance(v, str) for v in value.values())


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoList("It begins like JSON and is none.") from error
