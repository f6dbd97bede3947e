"""Codes of certificates (domain.md §5.B, §5.C): hard rules are few, because sources disagree on the structure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from exam_engine.registration.dictionaries import PROVINCES
from exam_engine.registration.forms import Complaint

QUALIFICATION_PATTERN: Final = r"\d{23}[\dXx]|\d{26}[\dXx]"
LICENCE_PATTERN: Final = r"\d{15}"
_CATEGORY_DIGIT: Final = {"1": "clinical", "2": "dental", "3": "public_health", "4": "tcm"}


def complaints(values: Mapping[str, Any], id_number: str) -> list[Complaint]:
    """Warnings for the reviewer where a code does not say what the rest of the file says."""
    found: list[Complaint] = []
    code = str(values.get("qualification_code") or "").upper()
    if re.fullmatch(QUALIFICATION_PATTERN, code, re.ASCII):
        found += _soft("qualification_code", code[4:6], code[6], code[7:9], values)
        if code[9:] != _as_in_code(id_number, len(code) - 9):
            found.append(Complaint(field="qualification_code", code="not_as_id", soft=True))
    licence = str(values.get("licence_code") or "")
    if re.fullmatch(LICENCE_PATTERN, licence, re.ASCII):
        found += _soft("licence_code", licence[3:5], licence[0], licence[1:3], values)
    return found


def _soft(field: str, province: str, level: str, category: str, values: Mapping[str, Any]) -> list[Complaint]:
    wrong = []
    if province not in PROVINCES:
        wrong.append("unknown_province")
    if values.get("level") and level != values["level"]:
        wrong.append("not_as_level")
    if values.get("category") and _CATEGORY_DIGIT.get(category[0]) != values["category"]:
        wrong.append("not_as_category")
    return [Complaint(field=field, code=code, soft=True) for code in wrong]


def _as_in_code(id_number: str, length: int) -> str:
    """The ID number as a certificate ends with: whole, or in its old form of 15 digits (without "19" and check)."""
    return id_number if length == 18 else id_number[:6] + id_number[8:17]
