"""Figures as people read them."""

from typing import Final

NOTHING: Final = "–"
_LARGE: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def seconds(value: float | None) -> str:
    """A length of time, with three digits that count."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{_digits(value * 1000)} ms"
    return f"{_digits(value)} s"


def number(value: float | None) -> str:
    """Whole numbers whole, with spaces between thousands; else three digits that count."""
    if value is None:
        return NOTHING
    if value == int(value) or abs(value) >= 1000:
        return f"{round(value):,}".replace(",", "\u202f")
    return _digits(value)


def size(value: float | None) -> str:
    """Bytes, in units of a thousand."""
    if value is None:
        return NOTHING
    unit, name = next(((unit, name) for unit, name in _LARGE if value >= unit), (1, ""))
    return f"{_digits(value / unit)} {name}B"


def share(value: float | None) -> str:
    """Of a hundred. What is not nothing never reads as nothing."""
    if value is None:
        return NOTHING
    return f"{_digits(value * 100)} %"


def figure(name: str, value: float | None) -> str:
    """A figure of `targets.py`, in the unit its name ends with."""
    if name.endswith("per_s"):
        return number(value)
    if name.endswith("_s"):
        return seconds(value)
    if name.endswith("_share"):
        return share(value)
    return number(value)


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{round(value):,}".replace(",", "\u202f")
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1e}"
