"""Spreadsheets for tests, good and hostile."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from exam_engine.registration.id_numbers import check_sign

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


SECOND = '<row r="1"><c t="inlineStr"><is><t>第二页</t></is></c></row>'


def number(serial: int, area: str = "110105", day: str = "19010203") -> str:
    """An ID number of somebody born long ago."""
    first = f"{area}{day}{serial:03}"
    return first + check_sign(first)


def as_csv(rows: Iterable[Sequence[object]], separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """Rows of plain cells."""
    return "".join(separator.join(map(str, row)) + "\r\n" for row in rows).encode(encoding)


def as_xlsx(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as openpyxl writes them: dates are dates, formulas formulas."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def handmade(sheet: str, strings: str = "", *, prefix: str = "", workbook: str = "", styles: str = "") -> bytes:
    """An .xlsx of these pieces of XML, as no program would write it."""
    named = f'xmlns{":" + prefix[:-1] if prefix else ""}="{MAIN}"'
    book = workbook or f'<sheets><sheet name="a" sheetId="1" xmlns:r="{OFFICE}" r:id="rId1"/></sheets>'
    parts = {
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}">{book}</workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            ("worksheet", "worksheets/sheet1.xml"),
            ("worksheet", "/xl/worksheets/sheet2.xml"),
            *([("sharedStrings", "sharedStrings.xml")] if strings else []),
            *([("styles", "styles.xml")] if styles else []),
        ),
        "xl/worksheets/sheet1.xml": f"<{prefix}worksheet {named}>{sheet}</{prefix}worksheet>",
        "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{SECOND}</sheetData></worksheet>',
    }
    if strings:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    if styles:
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    return packed(parts)


def packed(parts: dict[str, str]) -> bytes:
    """A ZIP archive of texts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def text_row(at: int, *cells: str) -> str:
    """A row of texts that stand in their cells."""
    return f'<row r="{at}">' + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"


def _relations(*targets: tuple[str, str]) -> str:
    each = "".join(
        f'<Relationship Id="rId{place}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{each}</Relationships>'
