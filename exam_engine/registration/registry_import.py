"""A snapshot of the electronic registration, brought in: who the physicians are (domain.md §3.1).

One transaction for a file: wrong rows are named and left out, a file that breaks off midway changes nothing. A province
may bring in its own rows only, and change no row that stands under another: between them the nation decides.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, NamedTuple

from exam_engine.registration import roster_store, sheet_words
from exam_engine.registration.certificates import LICENCE_PATTERN, QUALIFICATION_PATTERN
from exam_engine.registration.id_numbers import WrongNumber, is_card, read_number
from exam_engine.registration.names import WrongName, read_name
from exam_engine.registration.sheets import Column, Report, Row, Sheet
from exam_engine.store import Runner

ROWS_MAX: Final = 600_000
BATCH: Final = 5_000
COLUMNS: Final = (
    Column("name", "姓名", ("医师姓名",), required=True, chars_max=60),
    Column("id_number", "身份证号", ("证件号", "证件号码", "身份证号码", "身份证件号码"), required=True, chars_max=40),
    Column("sex", "性别", ("gender",)),
    Column("province", "省份", ("所属省份", "省")),
    Column("practice_place", "执业地点", ("执业机构", "主要执业机构", "place"), required=True),
    Column("title", "职称", ("专业技术职称",)),
    Column("level", "级别", ("医师级别",)),
    Column("category", "类别", ("执业类别",)),
    Column("specialty", "执业范围", ("scope",)),
    Column("qualification_code", "医师资格证书编码", ("资格证书编码", "医师资格证书编号"), chars_max=40),
    Column("qualified_on", "资格取得时间", ("医师资格取得时间", "资格证书取得时间")),
    Column("licence_code", "医师执业证书编码", ("执业证书编码", "医师执业证书编号"), chars_max=40),
    Column("licensed_on", "首次注册日期", ("首次注册时间", "发证时间", "发证日期")),
)
_ANY_CODE: Final = re.compile(r"[0-9A-Z]{4,40}")  # certificates of other places and of the forces have their own


class Registered(NamedTuple):
    """A row as reg.registry keeps it, in the order roster_store.PUT_REGISTERED takes its columns."""

    id_number: str
    name: str
    sex: str
    province: str
    practice_place: str
    title: str
    level: str
    category: str
    specialty: str
    qualification_code: str
    qualified_on: date | None
    licence_code: str
    licensed_on: date | None


def read_registered(row: Row, province: str | None, today: date) -> Registered | None:
    """The row as it is kept; None with its problems in `row`. `province`: whose rows may come in, None: all."""
    text = row.values
    id_number = _number(row, today)
    category = _word(row, "category", sheet_words.CATEGORIES)
    found = Registered(
        id_number=id_number,
        name=_name(row),
        sex=_word(row, "sex", sheet_words.SEXES) or _sex(id_number),
        province=_province(row, province),
        practice_place=" ".join(unicodedata.normalize("NFC", text["practice_place"]).split()),
        title=_word(row, "title", sheet_words.TITLES),
        level=_word(row, "level", sheet_words.LEVELS),
        category=category,
        specialty=_specialty(row, category),
        qualification_code=_code(row, "qualification_code", QUALIFICATION_PATTERN, exact=is_card(id_number)),
        qualified_on=row.day("qualified_on", today),
        licence_code=_code(row, "licence_code", LICENCE_PATTERN, exact=True),
        licensed_on=row.day("licensed_on", today),
    )
    return None if row.problems else found


def _number(row: Row, today: date) -> str:
    text = row.values["id_number"]
    try:
        return read_number(text, today) if text else ""
    except WrongNumber as error:
        row.wrong("id_number", error.code)
        return ""


def _name(row: Row) -> str:
    text = row.values["name"]
    try:
        return read_name(text) if text else ""
    except WrongName as error:
        row.wrong("name", error.code)
        return ""


def _sex(id_number: str) -> str:
    """What an ID card's number says, where the sheet does not."""
    if not is_card(id_number):
        return ""
    return "male" if int(id_number[16]) % 2 else "female"


def _word(row: Row, column: str, words: Mapping[str, str]) -> str:
    text = row.values[column]
    if not text:
        return ""
    code = words.get(text) or words.get(unicodedata.normalize("NFKC", text).replace(" ", "").lower(), "")
    if not code:
        row.wrong(column, "unknown_word")
    return code


def _specialty(row: Row, category: str) -> str:
    text = row.values["specialty"]
    if not text:
        return ""
    code = sheet_words.specialty(text.replace(" ", ""), category)
    if not code:
        row.wrong("specialty", "unknown_word")
    return code


def _province(row: Row, province: str | None) -> str:
    """Where a row does not say, it is of the province that brings it in."""
    code = _word(row, "province", sheet_words.PROVINCES)
    if province is None or not row.values["province"]:
        return code or province or ""
    if code and code != province:
        row.wrong("province", "other_province")
    return code


def _code(row: Row, column: str, pattern: str, *, exact: bool) -> str:
    code = "".join(unicodedata.normalize("NFKC", row.values[column]).split()).upper()
    if not code or re.fullmatch(pattern, code, re.ASCII) or (not exact and _ANY_CODE.fullmatch(code)):
        return code
    row.wrong(column, "code_wrong")
    return ""


class RegistryImport:
    """One file on its way into the database. `report` may be looked at while it goes on."""

    def __init__(self, sheet: Sheet, province: str | None, today: date) -> None:
        self.report = Report()
        self._sheet = sheet
        self._rows = sheet.rows()
        self._province = province
        self._today = today
        self._seen: set[str] = set()

    async def run(self, runner: Runner, shown: Callable[[float], None] = lambda _: None) -> Report:
        """Bring in the file inside the caller's transaction; raises BadSheet, and then it has to be undone."""
        await runner.execute(roster_store.ONE_AT_A_TIME, roster_store.REGISTRY_LOCK)
        while batch := await asyncio.to_thread(self._batch):
            await self._put(runner, batch)
            shown(self._sheet.fraction())
        self.report.problems.sort(key=lambda problem: problem.row)
        return self.report

    def _batch(self) -> dict[str, tuple[Row, Registered]]:
        """The next right rows by ID number; the wrong ones between them are reported."""
        batch: dict[str, tuple[Row, Registered]] = {}
        for row in self._rows:
            self.report.total += 1
            found = read_registered(row, self._province, self._today)
            if found is not None and found.id_number in self._seen:
                row.wrong("id_number", "twice")
            if row.problems or found is None:
                self.report.refuse(row.problems)
                continue
            self._seen.add(found.id_number)
            batch[found.id_number] = row, found
            if len(batch) == BATCH:
                break
        return batch

    async def _put(self, runner: Runner, batch: dict[str, tuple[Row, Registered]]) -> None:
        if self._province is not None:
            for record in await runner.fetch(roster_store.REGISTERED_ELSEWHERE, list(batch), self._province):
                row, _ = batch.pop(record["id_number"])
                row.wrong("province", "other_province")
                self.report.refuse(row.problems)
        columns = list(zip(*(found for _, found in batch.values()), strict=True)) or [()] * len(Registered._fields)
        put = await runner.fetchrow(roster_store.PUT_REGISTERED, *columns)
        assert put is not None
        self.report.added += put["added"]
        self.report.changed += put["changed"]
        self.report.same += len(batch) - put["added"] - put["changed"]
