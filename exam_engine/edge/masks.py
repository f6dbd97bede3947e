"""Personal data as lists may show it (domain.md P-4)."""


def masked_number(number: str | None) -> str:
    """`110105********002X`: the first six and the last four of an ID number."""
    if not number:
        return ""
    if len(number) < 11:
        return number[:2] + "*" * (len(number) - 2)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]


def masked_name(name: str) -> str:
    """张**: the first sign and a star for each further one; of a compound or foreign name no more than its first."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""
