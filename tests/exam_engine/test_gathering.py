"""Reads that meet become one."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from exam_engine import gathering
from exam_engine.gathering import Gathered


class Table:
    """Knows the squares of even numbers; `reads` are the keys of each read, `open` lets them come back."""

    def __init__(self) -> None:
        self.reads: list[list[int]] = []
        self.open = asyncio.Event()
        self.broken = False

    async def read(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.reads.append(list(keys))
        await self.open.wait()
        if self.broken:
            raise ConnectionResetError
        return {key: key * key for key in keys if key % 2 == 0}


async def asking(gathered: Gathered[int, int], *keys: int) -> list["asyncio.Task[int | None]"]:
    tasks = [asyncio.create_task(gathered.get(key)) for key in keys]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_one_question_is_asked_at_once_and_those_that_meet_it_together() -> None:
    table = Table()
    gathered = Gathered(table.read)
    first = await asking(gathered, 2)
    assert table.reads == [[2]]
    later = await asking(gathered, 4, 5, 4, 6)
    table.open.set()
    assert await asyncio.gather(*first, *later) == [4, 16, None, 16, 36]
    assert table.reads == [[2], [4, 5, 6]]


async def test_an_answer_is_never_older_than_its_question() -> None:
    table = Table()
    gathered = Gathered(table.read)
    first = await asking(gathered, 2)
    again = await asking(gathered, 2)
    table.open.set()
    await asyncio.gather(*first, *again)
    assert table.reads == [[2], [2]]


async def test_an_error_is_told_to_those_who_asked_and_ends_nothing() -> None:
    table = Table()
    gathered = Gathered(table.read)
    table.broken = True
    first = await asking(gathered, 2)
    later = await asking(gathered, 4, 6)
    table.open.set()
    told = await asyncio.gather(*first, *later, return_exceptions=True)
    assert [type(each) for each in told] == [ConnectionResetError] * 3
    table.broken = False
    assert await gathered.get(4) == 16


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    table = Table()
    gathered = Gathered(table.read)
    impatient, patient = await asking(gathered, 2, 2)
    impatient.cancel()
    table.open.set()
    assert await patient == 4
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_a_crowd_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "TOGETHER_MAX", 10)
    table = Table()
    gathered = Gathered(table.read)
    tasks = await asking(gathered, *range(0, 70, 2))
    table.open.set()
    assert await asyncio.gather(*tasks) == [number * number for number in range(0, 70, 2)]
    assert [len(keys) for keys in table.reads] == [10, 10, 10, 5]
