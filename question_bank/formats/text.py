"""The text of a file, whichever encoding an author's program wrote it in, and the JSON in a text."""

import json
from typing import Any

from question_bank.formats.reading import Unreadable, check_size

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def text_in(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else GB 18030. Raises Unreadable when it is no text."""
    check_size(data)
    try:
        return _decoded(data)
    except UnicodeDecodeError:
        raise Unreadable("The file is no text: neither UTF-8 nor GB 18030.") from None


def json_in(text: str) -> Any:
    """The JSON value in `text`; NaN, which data tools write for an empty cell, is read as null. Raises ValueError.

    The standard decoder and not msgspec's: that one is right to refuse NaN, but a person's bank is not wrong for it.
    """
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF_16):
        return data.decode("utf-16")
    if b"\x00" in data:  # GB 18030 would read it as a character, but no author writes it
        raise Unreadable("The file is no text: it contains zero bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")
