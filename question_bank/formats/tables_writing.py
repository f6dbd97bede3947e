"""Items as tables: JSON Lines and spreadsheets. Their columns are the fields that an import knows by name."""

import io
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from question_bank.formats.lists import named
from question_bank.formats.tags import fields_of
from question_bank.item import Item

COLUMNS: Final = ("code", "type", "topic", "difficulty", "set", "case", "stem")
SHEET_TITLE: Final = "items"
_ESCAPE: Final = re.compile(r"_x[0-9A-Fa-f]{4}_")


def values_of(item: Item) -> dict[str, Any]:
    """The item by field, as `cells.item_of` reads it; fields that are as by default are left out."""
    values: dict[str, Any] = {name: value for name, value in fields_of(item).items() if value}
    values["stem"] = item.stem
    values["options"] = {option.id.upper(): option.text for option in item.options}
    values["answer"] = item.key.upper()
    if item.explanation:
        values["explanation"] = item.explanation
    return values


def write_jsonl(items: Sequence[Item]) -> bytes:
    """One JSON object a line, UTF-8."""
    return "".join(f"{json.dumps(_object(item), ensure_ascii=False)}\n" for item in items).encode()


def _object(item: Item) -> dict[str, Any]:
    """The item by field, where several things are a list."""
    lists = {
        "specialties": list(item.specialties),
        "enemies": list(item.enemies),
        "pictures": named(item.pictures),
    }
    return values_of(item) | {name: value for name, value in lists.items() if value}


def write_xlsx(items: Sequence[Item]) -> bytes:
    """One row an item; every cell is a text, so that none is taken for a formula, a number or a date."""
    rows = [_cells(values_of(item)) for item in items]
    names = list(dict.fromkeys((*COLUMNS, *sorted({name for row in rows for name in row} - set(COLUMNS), key=_place))))
    book, written = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet(SHEET_TITLE)
    sheet.append(names)
    for row in rows:
        cells = [WriteOnlyCell(sheet, row.get(name)) for name in names]
        for cell in cells:
            if cell.value is not None:
                cell.data_type = "s"  # after the value: openpyxl would make a formula of a text that begins with =
        sheet.append(cells)
    book.save(written)
    return written.getvalue()


def why_not_xlsx(item: Item) -> str:
    """Why a spreadsheet can't hold this item; "" when it can."""
    if found := next(filter(None, map(_ESCAPE.search, _cells(values_of(item)).values())), None):
        return f"A text of it has {found[0]}, which spreadsheet programs read as a sign of their own."
    return ""


def _place(name: str) -> tuple[int, str]:
    """Options, then the answer, then the rest."""
    return (0 if name.startswith("option_") else 1 if name == "answer" else 2, name)


def _cells(values: dict[str, Any]) -> dict[str, str]:
    options = {f"option_{letter.lower()}": text for letter, text in values["options"].items()}
    return {name: str(value) for name, value in {**values, **options}.items() if name != "options"}
