"""Spreadsheets as people see them: formats that change what a text says, merged cells, what lies beside the cells."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image as Picture

from question_bank.formats import Reading, Unreadable, read
from question_bank.formats.rich_text import number_text
from tests.question_bank.formats.test_files import sheet

HEAD = ["topic", "stem", "option_a", "option_b", "answer"]
RAISED = InlineFont(vertAlign="superscript")


def row(stem: Any = "?", one: Any = "甲", other: Any = "乙", topic: Any = None) -> list[Any]:
    return [topic, stem, one, other, "A"]


def reading(
    rows: list[list[Any]], change: Callable[[Workbook, Worksheet], object] = lambda _book, _sheet: None
) -> Reading:
    book, written = Workbook(), io.BytesIO()
    for each in (HEAD, *rows):
        book.worksheets[0].append(each)
    change(book, book.worksheets[0])
    book.save(written)
    return read("b.xlsx", written.getvalue(), {}, "p")


def with_shared(runs: str, before: str = "") -> bytes:
    """A workbook whose stem is kept apart from its sheet, as spreadsheet programs do it; `before` precedes the root."""
    space, office = "http://schemas.openxmlformats.org/", "officeDocument/2006/relationships"
    name, kind = "xl/sharedStrings.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    mark, changes = '<c r="B2" t="inlineStr"><is><t>mark</t></is></c>', io.BytesIO()
    changed = {
        "xl/worksheets/sheet1.xml": (mark, '<c r="B2" t="s"><v>0</v></c>'),
        "[Content_Types].xml": ("</Types>", f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'),
        "xl/_rels/workbook.xml.rels": (
            "</Relationships>",
            f'<Relationship Id="rId99" Type="{space}{office}/sharedStrings" Target="/{name}"/></Relationships>',
        ),
    }
    with zipfile.ZipFile(io.BytesIO(sheet([HEAD, row("mark")]))) as old, zipfile.ZipFile(changes, "w") as new:
        for member in old.infolist():
            was, becomes = changed.get(member.filename, ("", ""))
            content = old.read(member).decode()
            assert was in content
            new.writestr(member, content.replace(was, becomes) if was else content)
        new.writestr(name, f'{before}<sst xmlns="{space}spreadsheetml/2006/main"><si>{runs}</si></sst>')
    return changes.getvalue()


def doubts(found: Reading) -> list[tuple[int, str]]:
    return [(doubt.row, doubt.code) for doubt in found.doubts]


def test_a_raised_sign_inside_a_text_stays_raised_wherever_the_text_is_kept() -> None:
    inline = reading([row(CellRichText("WBC 12×10", TextBlock(RAISED, "9"), "/L"))])
    assert inline.items[0].stem == "WBC 12×10⁹/L"
    raised = '<r><rPr><vertAlign val="superscript"/></rPr><t>9</t></r>'
    shared = with_shared(f'<r><t>10</t></r>{raised}<r><t xml:space="preserve"> ×</t></r>')
    assert read("b.xlsx", shared, {}, "p").items[0].stem == "10⁹ ×"


def test_a_cell_that_is_raised_or_struck_through_as_a_whole_is_not_taken_bare() -> None:
    def change(_: Workbook, page: Worksheet) -> None:
        page["C2"].font, page["D2"].font = Font(vertAlign="superscript"), Font(strike=True)

    found = reading([row(one="2")], change)
    assert [option.text for option in found.items[0].options] == ["²", "乙"]
    assert doubts(found) == [(2, "html")]


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.05, "0%", "5%"),
        (0.125, "0.0%", "12.5%"),
        (1.5, "0.00_ ", "1.50"),
        (3, "0.0", "3.0"),
        (0.345, "0.00", "0.35"),
        (7, "000", "007"),
        (12345.5, "#,##0.00_);(#,##0.00)", "12,345.50"),
        (-0.5, "0.00", "-0.50"),
        (30.0, "General", "30"),
        (0.9, "@", "0.9"),
        (float("inf"), "0.0", "inf"),
        (5, '0"mg"', None),
        (45000, "yyyy/m/d", None),
        (1e30, "0.00", None),
        (1.5, "0." + "0" * 40, None),
    ],
)
def test_a_number_is_what_its_cell_shows(value: float, number_format: str, shown: str | None) -> None:
    assert number_text(value, number_format) == shown


def test_numbers_in_formats_are_taken_as_shown_or_doubted() -> None:
    def change(_: Workbook, page: Worksheet) -> None:
        page["C2"].number_format, page["D2"].number_format = "0%", '0"mg"'

    found = reading([row(one=0.05, other=5)], change)
    assert [option.text for option in found.items[0].options] == ["5%", "5"]
    assert doubts(found) == [(2, "number_format")]


def test_a_merged_cell_is_the_value_of_all_its_rows_and_that_is_said() -> None:
    rows = [row(f"{number}?", topic="内科" if number == 1 else None) for number in range(1, 5)]
    found = reading(rows, lambda _, page: page.merge_cells("A2:A4"))
    assert [item.topic for item in found.items] == ["内科", "内科", "内科", "未分类"]
    assert doubts(found) == [(3, "merged"), (4, "merged")]


def test_hidden_rows_are_taken_and_named() -> None:
    def change(_: Workbook, page: Worksheet) -> None:
        page.row_dimensions[3].hidden = True

    found = reading([row("1?"), row("2?")], change)
    assert (len(found.items), doubts(found)) == (2, [(3, "row_hidden")])


def test_other_sheets_and_comments_are_named() -> None:
    def change(book: Workbook, page: Worksheet) -> None:
        book.create_sheet("说明").append(["先读"])
        book.create_sheet("空")
        page["B2"].comment = Comment("注意", "测试")

    assert reading([row()], change).ignored == ("sheet 说明", "comments of cells")


def test_the_first_sheet_that_is_not_hidden_is_read_and_the_others_are_said() -> None:
    def hide(book: Workbook, _: Worksheet) -> None:
        book.create_sheet("字典", 0).append(["x"])
        book.worksheets[0].sheet_state = "hidden"

    found = reading([row()], hide)
    assert (len(found.items), found.ignored) == (1, ("sheet 字典",))

    def explain(book: Workbook, _: Worksheet) -> None:
        page = book.create_sheet("说明", 0)
        page.append(["先读"])
        page.append(["再填"])

    with pytest.raises(Unreadable, match=r"The columns are 先读\. Not looked at: sheet Sheet\."):
        reading([row()], explain)


def test_a_row_with_a_picture_is_refused_and_a_picture_beside_the_rows_is_named() -> None:
    def change(_: Workbook, page: Worksheet) -> None:
        for place in ("B3", "B9"):
            dot = io.BytesIO()
            Picture.new("RGB", (2, 2)).save(dot, "PNG")
            page.add_image(Image(dot), place)

    found = reading([row("1?"), row("看图")], change)
    assert [(each.row, each.code) for each in found.refused] == [(3, "picture")]
    assert found.ignored == ("picture in row 9",)


def test_signs_written_in_code_are_signs() -> None:
    assert reading([row("一_x000D_\n二_x005F_x0041_")]).items[0].stem == "一\n二_x0041_"


def test_more_merged_cells_than_any_author_makes_are_refused() -> None:
    source, changed = io.BytesIO(sheet([HEAD, row()])), io.BytesIO()
    merged = b"<mergeCells>" + b'<mergeCell ref="A2:A9"/>' * 20_001 + b"</mergeCells>"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            new.writestr(member, old.read(member).replace(b"</sheetData>", b"</sheetData>" + merged))
    with pytest.raises(Unreadable, match="20000 merged cells"):
        read("b.xlsx", changed.getvalue(), {}, "p")


def test_a_part_with_entities_is_refused_and_never_read_without_them() -> None:
    assert read("b.xlsx", with_shared("<t>看</t>"), {}, "p").items[0].stem == "看"
    data = with_shared("<t>看&a;</t>", '<!DOCTYPE sst [<!ENTITY a "aaaa">]>')
    with pytest.raises(Unreadable, match=r"xl/sharedStrings\.xml declares a document type"):
        read("b.xlsx", data, {}, "p")
