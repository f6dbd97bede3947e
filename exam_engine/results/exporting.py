"""Results as a spreadsheet or CSV, for the report to the health authority: its Chinese stands here.

A cell is never a formula, whatever somebody put into his name; numbers are masked unless asked for whole.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiohttp import web
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from exam_engine.edge.masks import masked_number
from exam_engine.registration.application import SHANGHAI
from exam_engine.registration.exporting import PROCEDURES, TEXT_ONLY
from exam_engine.store import Row
from scoring.result import Legs

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS: Final = {"xlsx": XLSX, "csv": "text/csv"}
MEMORY_BYTES: Final = 8 * 1024 * 1024  # more of a CSV lies on the disk
OUTCOMES: Final = {"": "", "qualified": "合格", "unqualified": "不合格"}
STATES: Final = {
    "pending": "考核中", "excluded": "不参加本周期考核", "proposed": "待评定", "qualified": "已评定",
    "unqualified": "已评定",
    "notified": "已告知", "recheck": "复核中", "upheld": "复核维持", "changed": "已变更", "suspended": "暂停执业",
    "reassess": "再次考核", "qualified_late": "再次考核合格", "cancelled": "注销注册", "archived": "归档备案",
}  # fmt: skip
LEGS: Final = {
    "qualified": "合格", "unqualified": "不合格", "passed": "合格", "exempt": "免考", "failed": "不及格",
    "absent": "缺考",
    "barred": "成绩无效", "blocked": "未获准参加", "waiting": "未定", "not_required": "—",
}  # fmt: skip
_WORDS: Final = {
    "work": "工作成绩不合格", "ethics": "职业道德不合格", "not_taking_part": "无正当理由不参加考核",
    "humanities": "人文医学", "professional": "业务水平",
}  # fmt: skip
COLUMNS: Final = (
    "姓名", "证件号", "卫生机构", "科室", "考核机构", "考核程序", "工作成绩", "职业道德", "人文医学", "业务水平",
    "考核结果", "不合格原因", "说明", "状态", "通知书编号", "告知时间",
)  # fmt: skip


def cells(row: Mapping[str, Any], *, whole: bool) -> list[str]:
    """A line, in the order of COLUMNS."""
    legs = msgspec.json.decode(row["legs"], type=Legs)
    return [
        row["name"],
        row["id_number"] if whole else masked_number(row["id_number"]),
        row["institution"],
        row["department"],
        row["agency"],
        PROCEDURES.get(row["procedure"], row["procedure"]),
        *(LEGS[leg] for leg in (legs.work, legs.ethics, legs.humanities, legs.professional)),
        "" if row["state"] in ("pending", "proposed") else OUTCOMES[row["outcome"]],
        "、".join(reason_text(reason) for reason in row["reasons"]),
        row["text"],
        STATES[row["state"]],
        row["notice_number"],
        _at(row["notified_at"]),
    ]


def reason_text(reason: str) -> str:
    """Why it is unqualified, in Chinese; facts of Art. 27 by their codes."""
    if reason in _WORDS:
        return _WORDS[reason]
    kind, _, leg = reason.partition("_")
    return f"{_WORDS[kind]}{LEGS[leg]}" if leg else reason


def _at(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


class Writer:
    """Writes lines into one file, batch by batch in a thread; use with `with`."""

    def __init__(self, form: str, *, whole: bool) -> None:
        self.rows = 0
        self._whole = whole
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  closed by __exit__
        self._book = _Sheet() if form == "xlsx" else None
        if self._book is None:
            self._file.write("\ufeff".encode())  # a spreadsheet takes it for UTF-8 then
        self.write([COLUMNS])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._book is not None:
            self._book.discard()
        self._file.close()

    async def add(self, rows: Sequence[Row]) -> None:
        """Append these rows of `list_store.COLUMNS`."""
        await asyncio.to_thread(self.write, [cells(dict(row), whole=self._whole) for row in rows])
        self.rows += len(rows)

    async def saved(self) -> bytes:
        """The whole file; nothing can be added after that."""
        return await asyncio.to_thread(self.bytes)

    def write(self, lines: Sequence[Sequence[str]]) -> None:
        """Append these lines of cells, in this thread."""
        if self._book is not None:
            for line in lines:
                self._book.add(line)
            return
        text = io.StringIO()
        csv.writer(text).writerows([[plain(cell) for cell in line] for line in lines])
        self._file.write(text.getvalue().encode())

    def bytes(self) -> bytes:
        """The same, in this thread."""
        if self._book is not None:
            return self._book.saved()
        self._file.seek(0)
        return self._file.read()


class _Sheet:
    """One sheet that grows by rows."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet("考核结果")
        self._sheet.freeze_panes = "A2"

    def add(self, line: Sequence[str]) -> None:
        self._sheet.append([self._text(cell) for cell in line])

    def saved(self) -> bytes:
        out = io.BytesIO()
        self._book.save(out)
        return out.getvalue()

    def discard(self) -> None:
        """Give back what lies on the disk of a book that is not saved; harmless after it was."""
        if not self._sheet.closed:
            self._sheet.close()
            self._sheet._writer.cleanup()  # noqa: SLF001  there is no public way

    def _text(self, text: str) -> Any:
        text = ILLEGAL_CHARACTERS_RE.sub("", text)
        if not text.startswith(TEXT_ONLY):
            return text
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        cell.quotePrefix = True  # a spreadsheet keeps it text when it is edited
        return cell


def sheet(rows: Sequence[Mapping[str, Any]], form: str, *, whole: bool) -> bytes:
    """All of these rows as one file."""
    with Writer(form, whole=whole) as writer:
        writer.write([cells(row, whole=whole) for row in rows])
        return writer.bytes()


def plain(text: str) -> str:
    """A cell of a CSV: what a spreadsheet would take for a formula gets an apostrophe."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{text}" if text.startswith(TEXT_ONLY) else text


def attachment(data: bytes, name: str) -> web.Response:
    """A file to be kept."""
    media = FORMS.get(name.rpartition(".")[2], "application/zip")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=data, content_type=media, headers=headers)
