"""A snapshot of the registration: rows as authorities write them, and what becomes of them in the database."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from typing import Any, TypeAlias

import asyncpg
import pytest
import pytest_asyncio

from exam_engine.registration import registry_import
from exam_engine.registration.registry_import import COLUMNS, RegistryImport, read_registered
from exam_engine.registration.sheet_lines import BadSheet
from exam_engine.registration.sheets import Report, Row, Sheet
from tests.exam_engine.registration.sheet_samples import as_csv, as_xlsx, number

TODAY = date(2026, 11, 23)
HEAD = tuple(column.heading for column in COLUMNS)
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def physician(serial: int, **changed: object) -> list[object]:
    """A row as a province sends it."""
    values: dict[str, object] = {
        "name": "测试甲",
        "id_number": number(serial),
        "sex": "",
        "province": "北京市",
        "practice_place": "测试医院",
        "title": "主治医师",
        "level": "执业医师",
        "category": "临床",
        "specialty": "内科",
        "qualification_code": "200111110" + number(serial),
        "qualified_on": "2001-07-01",
        "licence_code": "110110105000001",
        "licensed_on": date(2003, 5, 6),
    }
    return list((values | changed).values())


def row_of(**values: str) -> Row:
    kept = {column.code: "" for column in COLUMNS} | dict(
        zip((c.code for c in COLUMNS), map(str, physician(1)), strict=True)
    )
    return Row(2, kept | values, {column.code: column.heading for column in COLUMNS})


@pytest.mark.parametrize(
    ("column", "word", "code"),
    [
        ("title", "主治医师", "attending"),
        ("title", "主治（主管）医师", "attending"),
        ("title", "attending", "attending"),
        ("title", "副主任医师", "associate_chief"),
        ("title", "", ""),
        ("level", "执业医师", "1"),
        ("level", "2", "2"),
        ("level", "乡村全科执业助理医师", "2"),
        ("category", "临床", "clinical"),
        ("category", "clinical", "clinical"),
        ("specialty", "内科", "internal"),
        ("specialty", "内科专业", "internal"),
        ("specialty", "眼耳鼻咽喉科", "eye_ent"),
        ("specialty", "全科医学", "general_practice"),
        ("specialty", "其他", "clinical_other"),
        ("province", "北京", "11"),
        ("province", "内蒙古自治区", "15"),
        ("province", "110000", "11"),
        ("province", "新疆生产建设兵团", "66"),
        ("sex", "男", "male"),
        ("sex", "F", "female"),
    ],
)
def test_words_become_the_codes_of_the_dictionaries(column: str, word: str, code: str) -> None:
    found = read_registered(row_of(**{column: word}), None, TODAY)
    assert found is not None
    assert getattr(found, column) == code


def test_a_word_that_belongs_to_another_category_is_no_word_of_this_one() -> None:
    tcm = read_registered(row_of(category="中医", specialty="全科医学"), None, TODAY)
    assert tcm is not None
    assert tcm.specialty == "tcm_general_practice"
    for row in (row_of(category="口腔", specialty="内科"), row_of(category="", specialty="全科医学")):
        assert read_registered(row, None, TODAY) is None
        assert [(each.column, each.code) for each in row.problems] == [("执业范围", "unknown_word")]


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("name", "测试1", "name_signs"),
        ("id_number", "110105194912310021", "id_check"),
        ("sex", "未知", "unknown_word"),
        ("province", "火星", "unknown_word"),
        ("title", "大夫", "unknown_word"),
        ("level", "3", "unknown_word"),
        ("category", "兽医", "unknown_word"),
        ("qualification_code", "2001", "code_wrong"),
        ("qualified_on", "去年", "date_wrong"),
        ("qualified_on", "1899-01-01", "date_wrong"),
        ("licence_code", "12345", "code_wrong"),
        ("licensed_on", "2026-11-24", "date_future"),
    ],
)
def test_a_wrong_cell_is_named_by_its_heading(column: str, text: str, code: str) -> None:
    row = row_of(**{column: text})
    heading = next(each.heading for each in COLUMNS if each.code == column)
    assert read_registered(row, None, TODAY) is None
    assert [(each.row, each.column, each.code) for each in row.problems] == [(2, heading, code)]


def test_what_the_number_says_of_the_sex_fills_an_empty_cell() -> None:
    found = [read_registered(row_of(id_number=number(serial)), None, TODAY) for serial in (1, 2)]
    assert [each.sex for each in found if each] == ["male", "female"]


def test_an_old_number_is_kept_as_the_new_one() -> None:
    found = read_registered(row_of(id_number="110105010203001"), None, TODAY)
    assert found is not None
    assert found.id_number == number(1)


# --- in the database ---------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    made = await asyncpg.connect(database_url)
    await made.execute("DELETE FROM reg.registry")
    yield made
    await made.close()


async def bring(
    connection: Connection, rows: Iterable[Sequence[Any]], province: str | None = None, write: Any = as_xlsx
) -> Report:
    sheet = Sheet(io.BytesIO(write([HEAD, *rows])), COLUMNS, 1_000)
    async with connection.transaction():
        return await RegistryImport(sheet, province, TODAY).run(connection)


def counts(report: Report) -> tuple[int, ...]:
    return report.total, report.added, report.changed, report.same, report.wrong


def told(report: Report) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.code) for each in report.problems]


@pytest.mark.parametrize("write", [as_xlsx, as_csv])
async def test_a_snapshot_comes_in_and_the_same_again_changes_nothing(connection: Connection, write: Any) -> None:
    rows = [physician(serial) for serial in range(5)]
    assert counts(await bring(connection, rows, write=write)) == (5, 5, 0, 0, 0)
    before = await connection.fetch("SELECT *, xmin FROM reg.registry ORDER BY id_number")
    assert counts(await bring(connection, rows, write=write)) == (5, 0, 0, 5, 0)
    assert await connection.fetch("SELECT *, xmin FROM reg.registry ORDER BY id_number") == before
    rows[0], rows[5:] = physician(0, title="主任医师"), [physician(5)]
    assert counts(await bring(connection, rows, write=write)) == (6, 1, 1, 4, 0)
    row = await connection.fetchrow("SELECT * FROM reg.registry WHERE id_number = $1", number(0))
    assert row is not None
    assert {name: row[name] for name in ("name", "title", "level", "category", "specialty", "sex", "province")} == {
        "name": "测试甲", "title": "chief", "level": "1", "category": "clinical", "specialty": "internal",
        "sex": "female", "province": "11",
    }  # fmt: skip
    assert (row["qualified_on"], row["licensed_on"]) == (date(2001, 7, 1), date(2003, 5, 6))


async def test_wrong_rows_are_told_exactly_and_the_right_ones_go_in(connection: Connection) -> None:
    rows = [
        physician(0),
        physician(1, name="测", title="大夫"),
        physician(0, name="测试乙"),
        physician(2, id_number="=1+1"),
        physician(3, practice_place=""),
        physician(4),
    ]
    report = await bring(connection, rows)
    assert counts(report) == (6, 2, 0, 0, 4)
    assert told(report) == [
        (3, "姓名", "name_length"),
        (3, "职称", "unknown_word"),
        (4, "身份证号", "twice"),
        (5, "身份证号", "formula"),
        (6, "执业地点", "missing"),
    ]
    kept = await connection.fetch("SELECT id_number, name FROM reg.registry ORDER BY 1")
    assert [tuple(row) for row in kept] == sorted([(number(0), "测试甲"), (number(4), "测试甲")])


async def test_a_province_brings_in_its_own_rows_only_and_takes_none_from_another(connection: Connection) -> None:
    await bring(connection, [physician(0, province="福建"), physician(1, province="")])
    rows = [
        physician(0, province="北京", practice_place="测试他院"),  # stands under Fujian
        physician(1, province="北京"),  # stood under none
        physician(2, province=""),
        physician(3, province="35"),
        physician(4, province="11"),
    ]
    report = await bring(connection, rows, "11")
    assert (counts(report), told(report)) == (
        (5, 2, 1, 0, 2),
        [(2, "省份", "other_province"), (5, "省份", "other_province")],
    )
    kept = {row["id_number"]: row["province"] for row in await connection.fetch("SELECT * FROM reg.registry")}
    assert kept == {number(0): "35", number(1): "11", number(2): "11", number(4): "11"}


async def test_a_file_that_breaks_off_changes_nothing(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_import, "BATCH", 2)
    data = as_csv([HEAD, *(physician(serial) for serial in range(30))]) + b'"broken'
    sheet = Sheet(io.BytesIO(data), COLUMNS, 1_000)
    with pytest.raises(BadSheet) as caught:
        async with connection.transaction():
            await RegistryImport(sheet, None, TODAY).run(connection)
    assert (caught.value.code, caught.value.facts) == ("sheet_broken", {"row": 32})
    assert await connection.fetchval("SELECT count(*) FROM reg.registry") == 0


async def test_rows_go_in_by_batches_and_are_one_file_all_the_same(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_import, "BATCH", 2)
    rows = [physician(serial % 7, name="测试甲" if serial < 9 else "测") for serial in range(10)]
    report = await bring(connection, rows)
    assert counts(report) == (10, 7, 0, 0, 3)
    assert told(report) == [(9, "身份证号", "twice"), (10, "身份证号", "twice"), (11, "姓名", "name_length")]


async def test_two_imports_at_once_wait_for_each_other(database_url: str, connection: Connection) -> None:
    other = await asyncpg.connect(database_url)
    try:
        forwards = [physician(serial, title="主任医师") for serial in range(50)]
        backwards = [physician(serial, title="医士") for serial in reversed(range(50))]
        one, two = await asyncio.gather(bring(connection, forwards), bring(other, backwards))
        assert {one.added, two.added} == {0, 50}
        assert {one.changed, two.changed} == {0, 50}
    finally:
        await other.close()
    assert await connection.fetchval("SELECT count(DISTINCT title) FROM reg.registry") == 1
