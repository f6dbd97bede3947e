"""The demonstration bank is good enough to hold the real exams with."""

import os
from collections import Counter
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from question_bank import formats
from question_bank.assembly import prepare
from question_bank.blueprint import load
from question_bank.item import Item, ItemType
from question_bank.pool import Pool
from question_bank.sample import POOLS, load_sample

FILES = sorted(file.name for file in resources.files("question_bank.sample").iterdir() if file.name.endswith(".jsonl"))
SEEDS = 200
A_FIFTH = (0.12, 0.28)  # of the answers of items with five options should be A; this is how far chance may lead


def numbered(pool: str) -> list[Item]:
    return [msgspec.structs.replace(item, item_id=number) for number, item in enumerate(load_sample()[pool], 1)]


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_every_file_is_an_item_and_every_column_is_read(name: str) -> None:
    data = (resources.files("question_bank.sample") / name).read_bytes()
    reading = formats.read(name, data, {}, name.partition("_")[0])
    assert (reading.refused, reading.ignored) == ((), ())
    assert name.partition("_")[0] in POOLS


@pytest.mark.parametrize(("pool", "least"), [("humanities", 120), ("professional", 240)])
def test_there_are_enough_items_and_no_code_or_question_twice(pool: str, least: int) -> None:
    items = load_sample()[pool]
    assert len(items) >= least
    assert len({item.code for item in items}) == len(items)
    assert len({(item.stem, item.case, item.options) for item in items}) == len(items)


def test_every_type_and_every_difficulty_occurs() -> None:
    items = [item for pool in POOLS for item in load_sample()[pool]]
    assert {item.type for item in items} == set(ItemType)
    assert {item.difficulty for item in items} == {1, 2, 3}


@pytest.mark.parametrize("pool", POOLS)
def test_no_letter_is_a_better_guess_than_the_others(pool: str) -> None:
    keys = Counter(item.key for item in load_sample()[pool] if len(item.options) == 5 and len(item.key) == 1)
    assert all(A_FIFTH[0] <= keys[letter] / keys.total() <= A_FIFTH[1] for letter in "abcde"), keys


@pytest.mark.parametrize("name", ["humanities", "professional", "practice"])
def test_the_national_blueprints_can_be_drawn_from_it(name: str) -> None:
    blueprint = load(name)
    items = numbered(blueprint.pool)
    plan = prepare(blueprint, Pool(items))
    papers = [plan.draw(seed) for seed in range(SEEDS)]
    assert all(len({entry.item_id for entry in paper.entries}) == blueprint.item_count for paper in papers)
    assert len({paper.entries for paper in papers}) == SEEDS


def test_a_second_professional_paper_need_not_repeat_the_first() -> None:
    plan = prepare(load("professional"), Pool(numbered("professional")))
    first = {entry.item_id for entry in plan.draw(1).entries}
    assert not first & {entry.item_id for entry in plan.draw(2, frozenset(first)).entries}


BANK = os.environ.get("EXAM_TEST_BANK", "")
if BANK:  # a JSON array with question, opa ... ope, answer: it is not ours to ship

    def test_a_public_bank_is_imported_but_for_its_faults() -> None:
        mapping = {"question": "stem", **{f"op{letter}": f"option_{letter}" for letter in "abcde"}}
        reading = formats.read(Path(BANK).name, Path(BANK).read_bytes(), mapping, "professional")
        assert len(reading.refused) < len(reading.items) / 100
        assert {refused.code for refused in reading.refused} <= {"duplicate", "option_twice"}
