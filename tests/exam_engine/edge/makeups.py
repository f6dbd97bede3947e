"""A province with a first round behind it, for tests of the make-up: a cycle of its own for each test."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import msgspec

from exam_engine.registration.tending import settle_some
from exam_engine.sitting import Policy
from tests.candidate import Person, Staff
from tests.exam_engine.edge.deciders import app_account
from tests.exam_engine.edge.server import Server

CYCLES = itertools.count(101)
NUMBERS = itertools.count(1)
DISTRICTS = ("110105", "110101")
ON_RECORD = "经省级定考办研究决定"
REASON = "住院，附诊断证明"


class Province:
    """The demonstration's province in a cycle in which nothing but this test happens."""

    def __init__(self, server: Server, desk: Staff, cycle: int) -> None:
        self.server, self.desk, self.cycle = server, desk, cycle
        self.pool = server.house.pool
        self.places: list[int] = []
        self.sitting_id = 0
        self.agency_id = 0

    @property
    def now(self) -> datetime:
        """As the server has it."""
        return self.server.house.clock.now()

    async def person(
        self,
        ended: str = "failed",
        *,
        place: int = 0,
        procedure: str = "general",
        profile: str = "approved",
        exemption: str = "",
        kind: str = "humanities",
    ) -> int:
        """Somebody whose first round ended: failed, passed, barred, marked, absent or nothing."""
        number = next(NUMBERS)
        name, id_number = f"测试补考{number}", f"1101051902020{number:05d}"
        person_id = await self.pool.fetchval(
            "INSERT INTO people.persons (name, id_number, is_test, organisation_id) VALUES ($1, $2, true, $3) "
            "RETURNING person_id",
            name, id_number, self.places[place],
        )  # fmt: skip
        application = await self.pool.fetchval(
            "INSERT INTO reg.applications (person_id, cycle, province, institution_id, agency_id, procedure) "
            "VALUES ($1, $2, '11', $3, $4, $5) RETURNING application_id",
            person_id, self.cycle, self.places[place], self.agency_id, procedure,
        )  # fmt: skip
        parts = {"profile": profile, "evaluation": "approved"} | ({"exemption": exemption} if exemption else {})
        for subject, state in parts.items():
            await self.pool.execute(
                "INSERT INTO reg.files (application_id, subject, state, cycle, province, institution_id, agency_id, "
                "person_id, name, id_number, id_reversed) VALUES ($1, $2, $3, $4, '11', $5, $6, $7, $8, $9, "
                "reverse($9))",
                application, subject, state, self.cycle, self.places[place], self.agency_id, person_id, name, id_number,
            )  # fmt: skip
        await self._end(int(person_id), ended, self.sitting_id)
        return int(person_id)

    async def _end(self, person_id: int, ended: str, sitting_id: int) -> None:
        if ended in ("absent", "absent_accepted"):
            await self.pool.execute(
                "INSERT INTO makeup.absences (person_id, cycle, kind, round, sitting_id, closed_at, state, decided_at) "
                "SELECT $1, cycle, kind, round, sitting_id, closes_at, $3, $4 FROM exam.sittings WHERE sitting_id = $2",
                person_id, sitting_id, "open" if ended == "absent" else "accepted",
                None if ended == "absent" else self.now,
            )  # fmt: skip
        elif ended != "nothing":
            await self.attempt(person_id, sitting_id, ended)

    async def attempt(self, person_id: int, sitting_id: int, ended: str) -> None:
        """An attempt as its row would stand."""
        phase = {"failed": "released", "passed": "released", "barred": "annulled"}.get(ended, ended)
        await self.pool.execute(
            "INSERT INTO exam.attempts (attempt_id, sitting_id, person_id, number, phase, entered_at, points, passed, "
            "barred) VALUES ($1 * 1000000000000 + nextval('exam.attempt_serial'), $2, $3, 1, $4, now(), 50, $5, $6)",
            self.cycle, sitting_id, person_id, phase, None if phase == "marked" else ended == "passed",
            ended == "barred",
        )  # fmt: skip

    async def people(self, count: int, **facts: Any) -> list[int]:
        """So many of them."""
        return [await self.person(**facts) for _ in range(count)]

    async def call(self, path: str, body: object = None, method: str = "POST") -> Any:
        """At the desk."""
        async with self.desk.http.request(method, f"{self.desk.base_url}/api/desk/makeup{path}", json=body) as it:
            return await self.desk._answer(it)

    async def waiting(self, kind: str = "humanities") -> dict[str, Any]:
        """Who is due a make-up of this kind."""
        seen = await self.desk.get(f"/api/desk/makeup?cycle={self.cycle}")
        return next(each for each in seen["kinds"] if each["kind"] == kind)

    def window(self, *slots: dict[str, Any], days: float = 10, hours: float = 4, **changed: Any) -> dict[str, Any]:
        """A window that opens so many days from now."""
        opens_at = self.now + timedelta(days=days)
        times = {"opens_at": opens_at.isoformat(), "closes_at": (opens_at + timedelta(hours=hours)).isoformat()}
        return {"title": "统一补考", **times, "slots": list(slots), **changed}

    async def planned(self, *windows: dict[str, Any]) -> dict[str, Any]:
        """A plan with these windows; the view of it."""
        made = await self.call("/plans", {"cycle": self.cycle, "kind": "humanities"})
        return await self.slots(made, *windows)

    async def slots(self, plan: dict[str, Any], *windows: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The plan with these windows instead."""
        body = {"version": plan["version"], "windows": list(windows), **more}
        seen: dict[str, Any] = await self.call(f"/plans/{plan['plan_id']}/slots", body, "PUT")
        return seen

    async def solved(self, plan: dict[str, Any], **more: Any) -> dict[str, Any]:
        """What the solver made of it, and the plan."""
        seen: dict[str, Any] = await self.call(f"/plans/{plan['plan_id']}/solve", {"version": plan["version"], **more})
        return seen

    async def published(self, plan: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Announced, and everybody told."""
        seen: dict[str, Any] = await self.call(
            f"/plans/{plan['plan_id']}/publish", {"version": plan["version"], **more}
        )
        await self.settled()
        return seen

    async def see(self, plan: dict[str, Any]) -> dict[str, Any]:
        """The plan as it now stands."""
        return dict(await self.call(f"/plans/{plan['plan_id']}", None, "GET"))

    async def settled(self) -> None:
        """The loops have done what they do, also what is under way elsewhere: the lock waits for it."""
        under_way = "SELECT FROM exam.unsettled WHERE cycle = $1 FOR SHARE"
        while await settle_some(self.server.house) or await self.pool.fetch(under_way, self.cycle):
            pass

    async def seats(self, plan: dict[str, Any]) -> dict[int, int]:
        """The slot of each person."""
        rows = await self.pool.fetch(
            "SELECT person_id, slot_id FROM makeup.assignments WHERE plan_id = $1 ORDER BY 1", plan["plan_id"]
        )
        return {row[0]: row[1] for row in rows}

    async def entitled(self, person_id: int) -> list[tuple[int, str, int]]:
        """His make-up entitlements: sitting, state, room."""
        rows = await self.pool.fetch(
            "SELECT e.sitting_id, e.state, e.room FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id) "
            "WHERE e.person_id = $1 AND s.round = 'makeup' AND s.cycle = $2",
            person_id, self.cycle,
        )  # fmt: skip
        return [tuple(row) for row in rows]

    async def messages(self, person_id: int) -> list[tuple[str, dict[str, Any]]]:
        """Codes and facts of what he was told of the make-up, the oldest first."""
        rows = await self.pool.fetch(
            "SELECT code, facts FROM reg.messages WHERE person_id = $1 AND code IN ('M32', 'C06', 'C07', 'C08', 'C09', "
            "'C10') ORDER BY message_id",
            person_id,
        )  # fmt: skip
        return [(row["code"], msgspec.json.decode(row["facts"])) for row in rows]

    async def himself(self, person_id: int) -> Person:
        """The physician with an account of his own; use with `async with`."""
        phone = f"198{person_id:08d}"
        await app_account(self.server, phone, person=person_id)
        return self.server.person(phone)


def room(place: str = "测试考点一号教室", capacity: int = 30, **more: Any) -> dict[str, Any]:
    """A slot as it is asked for."""
    return {"place": place, "capacity": capacity, "area": DISTRICTS[0], **more}


async def province(server: Server, desk: Staff) -> Province:
    """A new cycle with a first round of humanities that is over."""
    cycle = next(CYCLES)
    pool = server.house.pool
    await pool.execute("SELECT exam.open_cycle($1, $2)", cycle, f"测试周期{cycle}")
    made = Province(server, desk, cycle)
    made.agency_id = await pool.fetchval("SELECT organisation_id FROM people.organisations WHERE name = '测试考核机构'")
    for number, area in enumerate(DISTRICTS):
        institution = await server.add_organisation("institution", f"测试医院{cycle}-{number}")
        await pool.execute("UPDATE people.organisations SET area = $2 WHERE organisation_id = $1", institution, area)
        made.places.append(institution)
    made.sitting_id = await pool.fetchval(
        """INSERT INTO exam.sittings (cycle, kind, round, title, province, agency_id, opens_at, closes_at, pool,
               item_count, points_per_item, pass_points, policy, blueprint)
           SELECT $2, 'humanities', 'first', '人文医学', province, agency_id, now() - interval '9 days',
               now() - interval '1 hour', pool, item_count, points_per_item, pass_points, $3::json, blueprint
           FROM exam.sittings WHERE sitting_id = $1 RETURNING sitting_id""",
        server.sitting("practice"), cycle, msgspec.json.encode(Policy()).decode(),
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO exam.sitting_staff SELECT $1, account_id FROM people.accounts WHERE login = 'chief'",
        made.sitting_id,
    )
    return made
