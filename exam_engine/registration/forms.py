"""Forms as data: one definition of a field serves the page that draws it and the check that accepts it.

A form is a list of sections of fields; what a physician fills in is a mapping of field codes to values. A draft may be
anything whose types fit (`fits`); what is handed in has to be complete and right (`complaints`). Labels, options and
sentences are words of the browser, by code: `reg.field.<form>.<code>`, `reg.option.<dictionary>.<option>`,
`reg.complaint.<code>`.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec

ROWS_MAX: Final = 30
FILES_MAX: Final = 9  # domain.md §5
TEXT_MAX: Final = 100
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Values = Mapping[str, Any]


class FieldKind(StrEnum):
    """What a value is. Dates are `YYYY-MM-DD` strings, files lists of document ids, rows lists of values."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    DATE = "date"
    NUMBER = "number"
    YESNO = "yesno"
    TICK = "tick"
    FILES = "files"
    PHOTO = "photo"
    ROWS = "rows"
    SHOWN = "shown"  # read-only: comes from the certification, never from the page


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`options` names a dictionary; `choices` are its options here. `only_if`: (code of a field before, its value).

    `told`: by option, what the province has laid down about it, in its own words.
    """

    code: str
    kind: FieldKind
    required: bool = False
    options: str = ""
    choices: tuple[str, ...] = ()
    told: dict[str, tuple[str, ...]] = {}
    length_min: int = 0
    length_max: int = TEXT_MAX
    minimum: int | None = None
    maximum: int | None = None
    pattern: str = ""
    fields: tuple["Field", ...] = ()
    only_if: tuple[str, str] | None = None
    hint: bool = False  # the browser has a sentence below it: reg.hint.<form>.<code>


class Section(msgspec.Struct, frozen=True):
    """A page or card of a form; its title is `reg.section.<form>.<code>`."""

    code: str
    fields: tuple[Field, ...]


class Form(msgspec.Struct, frozen=True):
    code: str
    sections: tuple[Section, ...]

    def fields(self) -> dict[str, Field]:
        """All fields by code."""
        return {field.code: field for section in self.sections for field in section.fields}


class Complaint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with a value. `field`: its code, or `rows.2.date`. `soft`: a warning, no refusal."""

    field: str
    code: str
    facts: dict[str, str | int] = {}
    soft: bool = False


class WrongValue(Exception):
    """A value can't even be kept as a draft; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def fits(form: Form, values: Values) -> dict[str, Any]:
    """The values as they are kept: unknown codes and wrong types raise WrongValue, text is trimmed of control signs."""
    return _fits(form.fields(), values, "")


def _fits(fields: Mapping[str, Field], values: Values, where: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for code, value in values.items():
        field = fields.get(code)
        if field is None or field.kind is FieldKind.SHOWN:
            raise WrongValue(where + code)
        fitting = None if value is None else _fit(field, value, where + code)
        if fitting is not None and fitting != "":  # also a text of nothing but blanks says nothing
            kept[code] = fitting
    return kept


def _fit(field: Field, value: Any, where: str) -> Any:
    match field.kind:
        case FieldKind.TEXT | FieldKind.LONG | FieldKind.CHOICE | FieldKind.DATE:
            if isinstance(value, str) and len(value) <= 2 * field.length_max + 100:
                return _CONTROL.sub("", value) if field.kind is FieldKind.LONG else _CONTROL.sub("", value).strip()
        case FieldKind.NUMBER | FieldKind.PHOTO:
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53:
                return value
        case FieldKind.YESNO | FieldKind.TICK:
            if isinstance(value, bool):
                return value
        case FieldKind.FILES:
            if isinstance(value, list) and len(value) <= FILES_MAX and all(_is_id(each) for each in value):
                return list(dict.fromkeys(value))
        case FieldKind.ROWS:
            if isinstance(value, list) and len(value) <= ROWS_MAX and all(isinstance(row, dict) for row in value):
                inner = {each.code: each for each in field.fields}
                return [_fits(inner, row, f"{where}.{n}.") for n, row in enumerate(value)]
        case FieldKind.SHOWN:
            pass
    raise WrongValue(where)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53


def applies(field: Field, values: Values) -> bool:
    """Whether the page shows this field, given what was chosen before it."""
    if field.only_if is None:
        return True
    code, wanted = field.only_if
    value = values.get(code)
    return ("yes" if value else "no") == wanted if isinstance(value, bool) else value == wanted


def complaints(form: Form, values: Values) -> list[Complaint]:
    """What is missing or malformed in values that `fits` has kept, in the order of the form."""
    found: list[Complaint] = []
    for section in form.sections:
        for field in section.fields:
            if applies(field, values):
                found += _complaints(field, values.get(field.code), field.code)
    return found


def _complaints(field: Field, value: Any, where: str) -> list[Complaint]:
    if field.kind is FieldKind.SHOWN:
        return []
    if value is None or value in ("", []) or (field.kind is FieldKind.TICK and value is False):
        return [Complaint(field=where, code="missing")] if field.required else []
    match field.kind:
        case FieldKind.TEXT | FieldKind.LONG:
            return _text(field, str(value), where)
        case FieldKind.CHOICE:
            return [] if value in field.choices else [Complaint(field=where, code="not_a_choice")]
        case FieldKind.DATE:
            return [] if read_date(value) else [Complaint(field=where, code="not_a_date")]
        case FieldKind.NUMBER:
            return _number(field, value, where)
        case FieldKind.ROWS:
            return [
                each
                for n, row in enumerate(value)
                for inner in field.fields
                if applies(inner, row)
                for each in _complaints(inner, row.get(inner.code), f"{where}.{n}.{inner.code}")
            ]
        case _:
            return []


def _text(field: Field, value: str, where: str) -> list[Complaint]:
    length = len("".join(value.split())) if field.kind is FieldKind.LONG else len(value)
    if length < field.length_min:
        return [Complaint(field=where, code="too_short", facts={"min": field.length_min, "length": length})]
    if length > field.length_max:
        return [Complaint(field=where, code="too_long", facts={"max": field.length_max, "length": length})]
    if field.pattern and not re.fullmatch(field.pattern, value, re.ASCII):
        return [Complaint(field=where, code="wrong_format")]
    return []


def _number(field: Field, value: int, where: str) -> list[Complaint]:
    low, high = field.minimum, field.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        facts: dict[str, str | int] = {}
        if low is not None:
            facts["min"] = low
        if high is not None:
            facts["max"] = high
        return [Complaint(field=where, code="out_of_range", facts=facts)]
    return []


def read_date(value: object) -> date | None:
    """The day of a `YYYY-MM-DD` text; None for anything else."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def files_of(form: Form, values: Values) -> list[int]:
    """Every document a form's values name, also in rows."""
    return _files(form.fields(), values)


def _files(fields: Mapping[str, Field], values: Values) -> list[int]:
    found: list[int] = []
    for code, field in fields.items():
        value = values.get(code)
        if not value:
            continue
        if field.kind is FieldKind.FILES:
            found += value
        elif field.kind is FieldKind.PHOTO:
            found.append(value)
        elif field.kind is FieldKind.ROWS:
            inner = {each.code: each for each in field.fields}
            for row in value:
                found += _files(inner, row)
    return found
