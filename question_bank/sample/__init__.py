"""The demonstration bank: our own items, for trying the system out and for the practice paper."""

from importlib import resources
from typing import Final

from question_bank.formats import jsonl
from question_bank.item import Item

POOLS: Final = ("humanities", "professional")


def load_sample() -> dict[str, list[Item]]:
    """The items of the demonstration bank by pool, not yet numbered (item_id 0). A bad row in it is our own error."""
    return {pool: _items(pool) for pool in POOLS}


def _items(pool: str) -> list[Item]:
    files = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    items: list[Item] = []
    for file in files:
        if file.name.startswith(f"{pool}_") and file.name.endswith(".jsonl"):
            reading = jsonl.read(file.read_bytes(), {}, pool)
            assert not reading.refused, f"{file.name}: {reading.refused[0]}"
            items += reading.items
    return items
