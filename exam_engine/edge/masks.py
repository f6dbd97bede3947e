"""Personal data as lists may show it (domain.md P-4)."""


def masked_number(number: str | None) -> str:
    """`110105********002X`: the first six and the last four of an ID number."""
    if not number:
        return ""
    if len(number) < 11:
        return number[:2] + "*" * (len(number) - 2)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]
