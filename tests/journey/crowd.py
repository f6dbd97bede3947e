"""Two hundred physicians who sit an exam as programs, and the bank they are asked from.

Whoever plays them knows what is right, not what the bank says: one item was typed with a wrong key, and the able choose
what is right all the same.
"""

import asyncio
import hashlib
import json
import math
import random
import secrets
from datetime import UTC, date, datetime
from typing import Any, Final, Self

import asyncpg

from exam_engine import demo_files
from exam_engine.demo_files import RATED, Person
from exam_engine.embedded import connected
from tests.candidate import Candidate
from tests.journey.exam_server import ExamServer

ITEMS: Final = 40
TOPICS: Final = ("法规", "伦理", "沟通", "心理")
WRONG: Final = 10  # the item whose key is mistyped
FIRST_SERIAL: Final = 400_000  # beyond everybody of the demonstration
AT_ONCE: Final = 20
STEEP: Final = 5.0  # how clearly the able know more: fifty people must tell a wrong key beyond chance
POOL: Final = "cycle-humanities"

ADD_ACCOUNT: Final = """
INSERT INTO people.accounts (person_id, login, password_hash, role) VALUES ($1, $2, 'x', 'physician')
RETURNING account_id
"""
PLACES: Final = "SELECT kind, min(organisation_id) FROM people.organisations GROUP BY kind"
ADD_SESSION: Final = """
INSERT INTO people.sessions (token_hash, account_id, kind, expires_at)
VALUES ($1, $2, 'bearer', now() + interval '1 day')
"""


def stem(n: int) -> str:
    """The text of item n, unlike any other."""
    return f"第{n}题：下列各项中，数值等于{n}的二倍加一的是"


def right(n: int) -> str:
    """The text of the option that is right."""
    return f"{2 * n + 1}个单位"


def typed(n: int) -> str:
    """The text of the option that the bank's file calls right."""
    return f"{2 * n + 14}个单位" if n == WRONG else right(n)


def bank_file() -> bytes:
    """The items as JSON Lines; the right option is B, but item WRONG says D."""
    lines = []
    for n in range(1, ITEMS + 1):
        texts = [f"{2 * n + 5}个单位", right(n), f"{2 * n + 9}个单位", f"{2 * n + 14}个单位"]
        answer = "ABCD"[texts.index(typed(n))]
        lines.append(
            {
                "code": f"C-{n:03d}",
                "type": "A1",
                "topic": f"人文/{TOPICS[n % 4]}",
                "difficulty": 1 + n % 3,
                "stem": stem(n),
                "options": dict(zip("ABCD", texts, strict=True)),
                "answer": answer,
            }
        )
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()


class Sitter(Candidate):
    """A physician whose session was made for him: two hundred passwords would take longer than the exam."""

    def __init__(self, base_url: str, token: str, ability: float, person_id: int) -> None:
        super().__init__(base_url, "", "")
        self.http.headers["Authorization"] = f"Bearer {token}"
        self.ability, self.person_id = ability, person_id
        self.took: dict[int, str] = {}  # item's number: the text of what he chose

    async def __aenter__(self) -> Self:
        return self

    async def sit(self, sitting_id: int, rng: random.Random) -> None:
        """Enter, portrait, answer everything by his ability, hand in."""
        await self.begin(sitting_id)
        items = (await self.paper())["items"]
        answers = [self.answer(item["no"], self._choice(item, rng)) for item in items]
        await self.commands(*answers, self.hand_in())

    def _choice(self, item: dict[str, Any], rng: random.Random) -> str:
        n = int(item["stem"].removeprefix("第").partition("题")[0])
        known = rng.random() < 1 / (1 + math.exp(-STEEP * (self.ability - (n % 7 - 3) / 3)))
        taken = rng.choice([option for option in item["options"] if (option["text"] == right(n)) == known])
        self.took[n] = taken["text"]
        return str(taken["id"])

    def rights(self, mistyped: bool) -> int:
        """How many of his answers are right: by what is true, or by the bank with its mistyped key."""
        return sum(text == (typed(n) if mistyped else right(n)) for n, text in self.took.items())


async def crowd(server: ExamServer, count: int, rng: random.Random) -> list[Sitter]:
    """So many physicians of the demonstration's province with rated files of the simple procedure, logged in."""
    now = datetime.now(UTC)
    people = [
        Person(
            serial=serial, name=f"测试全程{serial - FIRST_SERIAL:03d}", id_number=demo_files._number(serial),
            department="内科", category="clinical", specialty="internal", title="attending",
            licensed_on=date(2005, 6, 1), path=RATED, simple=True, flagged=False,
            hours=tuple(range(len(RATED) + 1, 1, -1)),
        )
        for serial in range(FIRST_SERIAL, FIRST_SERIAL + count)
    ]  # fmt: skip
    sitters = []
    async with connected(server.folder) as url:
        connection = await asyncpg.connect(url)
        try:
            places: dict[str, int] = {row[0]: row[1] for row in await connection.fetch(PLACES)}
            async with connection.transaction():
                chunk = [(person, places["institution"], places["agency"]) for person in people]
                await demo_files.write(connection, chunk, "11", 1, now)
                for person in people:
                    person_id = await connection.fetchval(
                        "SELECT person_id FROM people.persons WHERE id_number = $1", person.id_number
                    )
                    account = await connection.fetchval(ADD_ACCOUNT, person_id, f"cycle-{person.serial}")
                    token = secrets.token_urlsafe(32)
                    await connection.execute(ADD_SESSION, hashlib.sha256(token.encode()).digest(), account)
                    await connection.execute(
                        "INSERT INTO exam.unsettled (person_id, cycle) VALUES ($1, 1) ON CONFLICT DO NOTHING", person_id
                    )
                    sitters.append(Sitter(server.base_url, token, rng.uniform(-1.3, 1.7), person_id))
        finally:
            await connection.close()
    return sitters


async def all_sit(sitters: list[Sitter], sitting_id: int, rng: random.Random) -> None:
    """Everybody sits, some at a time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(sitter: Sitter, own: random.Random) -> None:
        async with turns:
            await sitter.sit(sitting_id, own)

    await asyncio.gather(*(one(sitter, random.Random(rng.random())) for sitter in sitters))
