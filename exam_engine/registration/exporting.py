"""Registration files as a spreadsheet, written row by row: what is not yet in the file is never in memory.

A spreadsheet is read without the browser's words, so its Chinese stands here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from exam_engine.registration.application import SHANGHAI

SHEET_ROWS_MAX: Final = 1_000_000  # the format ends at 1,048,576
# How a cell begins that a spreadsheet would take for a formula or an error.
TEXT_ONLY: Final = ("=", "+", "-", "@", "#", "\t", "\r")
TITLE: Final = "考核档案"

PROVINCES: Final = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林", "23": "黑龙江",
    "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西", "37": "山东", "41": "河南",
    "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南", "50": "重庆", "51": "四川", "52": "贵州",
    "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃", "63": "青海", "64": "宁夏", "65": "新疆",
    "66": "新疆生产建设兵团", "71": "台湾", "81": "香港", "82": "澳门",
}  # fmt: skip
CATEGORIES: Final = {"clinical": "临床", "tcm": "中医", "dental": "口腔", "public_health": "公共卫生"}
PROCEDURES: Final = {
    "none": "未选择", "simple_applied": "已申请简易程序", "simple": "简易程序", "general": "一般程序",
}  # fmt: skip
SUBJECTS: Final = {
    "profile": "个人信息", "evaluation": "考核程序与自评", "exemption": "免考申请", "deferral": "延考申请",
    "change": "变更申请",
}  # fmt: skip
STATES: Final = {
    "draft": "草稿", "org_review": "待卫生机构审核", "agy_review": "待考核机构复核", "escalated": "已转省级管理员",
    "org_returned": "卫生机构退回", "agy_returned": "考核机构退回", "approved": "通过", "rejected": "不通过",
    "deferred": "延期考核", "closed": "已关闭", "not_enrolled": "未报名",
}  # fmt: skip
# What a decision is called where it has a name of its own (domain.md §3.4, §3.6, §3.7).
DECISIONS: Final = {
    ("profile", "approved"): "报名成功",
    ("profile", "rejected"): "不符合考核对象",
    ("evaluation", "approved"): "工作成绩、职业道德评定合格",
    ("evaluation", "rejected"): "评定不合格",
    ("exemption", "approved"): "免考通过",
    ("exemption", "rejected"): "免考不通过",
}
# heading, width in characters
COLUMNS: Final = (
    ("姓名", 12), ("证件号", 22), ("省份", 10), ("卫生机构", 28), ("考核机构", 28), ("科室", 14), ("类别", 10),
    ("考核程序", 16), ("事项", 16), ("状态", 26), ("退回或不通过原因", 40), ("提交时间", 17), ("最近变动时间", 17),
    ("修改截止时间", 17),
)  # fmt: skip


def cells(line: Mapping[str, Any]) -> list[str]:
    """A line of the spreadsheet, in the order of COLUMNS; the number has to come masked."""
    subject, state = line["subject"], line["state"]
    return [
        line["name"],
        line["id_number"],
        PROVINCES.get(line["province"], line["province"]),
        line["institution"],
        line["agency"],
        line["department"],
        CATEGORIES.get(line["category"], line["category"]),
        PROCEDURES.get(line["procedure"], line["procedure"]),
        SUBJECTS.get(subject, subject),
        DECISIONS.get((subject, state), STATES.get(state, state)),
        line["reason"],
        *(_at(line[name]) for name in ("submitted_at", "moved_at", "due_at")),
    ]


def _at(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


class Book:
    """A spreadsheet that grows by rows and is then saved once, or discarded. Not for two threads at once."""

    def __init__(self, rows_max: int = SHEET_ROWS_MAX) -> None:
        """`rows_max`: of a sheet, with its heading; what is more goes on in the next."""
        self._book = Workbook(write_only=True)
        self._rows_max = rows_max
        self._sheets: list[Any] = []  # the stubs know sheets that are read only
        self._rows = 0
        self.rows = 0
        self._begin()

    def add(self, lines: Sequence[Sequence[str]]) -> None:
        """Append lines of cells."""
        for line in lines:
            if self._rows >= self._rows_max:
                self._begin()
            self._sheets[-1].append([self._text(cell) for cell in line])
            self._rows += 1
        self.rows += len(lines)

    def save(self, file: IO[bytes]) -> None:
        """Write the whole as XLSX; nothing can be added after that."""
        self._book.save(file)

    def discard(self) -> None:
        """Give back what is on the disk of a book that is not saved; harmless after it was."""
        for sheet in self._sheets:
            if not sheet.closed:
                sheet.close()
                sheet._writer.cleanup()  # noqa: SLF001  there is no public way

    def _begin(self) -> None:
        number = len(self._sheets) + 1
        sheet: Any = self._book.create_sheet(TITLE if number == 1 else f"{TITLE}{number}")
        for place, (_, width) in enumerate(COLUMNS):
            sheet.column_dimensions[chr(ord("A") + place)].width = width
        sheet.freeze_panes = "A2"
        sheet.append([heading for heading, _ in COLUMNS])
        self._sheets.append(sheet)
        self._rows = 1

    def _text(self, text: str) -> Any:
        """The text as a cell: never a formula, whatever somebody put into his name."""
        text = ILLEGAL_CHARACTERS_RE.sub("", text)
        if not text.startswith(TEXT_ONLY):
            return text
        cell = WriteOnlyCell(self._sheets[-1], text)
        cell.data_type = "s"
        cell.quotePrefix = True  # a spreadsheet keeps it text when it is edited
        return cell
