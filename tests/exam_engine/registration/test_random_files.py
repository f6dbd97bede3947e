"""Random people make random moves, also illegal ones, of a registration file on the real database.

After each: a refused move changed nothing; an accepted one stands in the table, in the history and in the entitlements;
each state has one owner; what was handed in is still there. `make simulate SEEDS=1000` runs more of them.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from exam_engine import demo
from exam_engine.demo_registration import WALKERS, id_number
from exam_engine.errors import PersonError
from exam_engine.registration import application as core
from exam_engine.registration import choosing, filing, store, tending
from exam_engine.registration.filing import SYSTEM, By
from exam_engine.registration.profile import derived
from exam_engine.registration.review import (
    EDITABLE,
    TABLE,
    WAITING,
    Act,
    Event,
    Level,
    Rating,
    State,
    Subject,
    owner,
)

EXAMPLES: Final = int(os.environ.get("SIM_SEEDS", "250")) // 10
STEPS: Final = 40
REASONS: Final = st.sampled_from(["材料需要补充完整", "核对后撤销操作", "短", ""])
SHARED_PERSON: Final = 7_000_001  # one human who works for the institution and for the agency
SNAPSHOT: Final = """
SELECT (SELECT json_agg(f ORDER BY file_id) FROM reg.files f WHERE application_id = $1)::text,
    (SELECT row_to_json(a) FROM reg.applications a WHERE application_id = $1)::text,
    (SELECT count(*) FROM reg.moves WHERE application_id = $1),
    (SELECT count(*) FROM reg.messages),
    (SELECT json_agg(e ORDER BY sitting_id) FROM exam.entitlements e WHERE person_id = $2)::text
"""


class World:
    """One connection, one applicant, and those who review him; everything inside a transaction that is thrown away."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.loop, self.connection = loop, connection
        self.application_id = self.person_id = 0
        self.photo = self.paper = 0
        self.reached: set[tuple[Subject, State]] = set()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def begin(self) -> datetime:
        fetch = self.connection.fetchval
        walker = WALKERS[0]
        row = await self.connection.fetchrow(
            "SELECT person_id, institution_id FROM reg.assessment_accounts WHERE id_number = $1",
            id_number(walker.number),
        )
        assert row is not None
        self.person_id = row["person_id"]
        self.photo, self.paper = [
            await fetch(
                """INSERT INTO reg.documents (person_id, name, digest, media, title, bytes, purpose)
                   VALUES ($1, repeat('a', 64), repeat($2, 64), 'image/jpeg', '演示', 1, $3)
                   ON CONFLICT (person_id, digest, purpose) DO UPDATE SET bytes = 1 RETURNING document_id""",
                self.person_id,
                digit,
                purpose,
            )
            for digit, purpose in (("1", "photo"), ("2", "evidence"))
        ]
        now: datetime = await fetch("SELECT now()")
        app = await filing.begin(
            self.connection, self.person_id, demo.CYCLE, demo.PROVINCE, row["institution_id"], now, faceless=False
        )
        self.application_id = app.application_id
        return now

    async def app(self) -> core.Application:
        found = await store.load(self.connection, self.application_id, lock=True)
        assert found is not None
        return found

    async def snapshot(self) -> tuple[Any, ...]:
        row = await self.connection.fetchrow(SNAPSHOT, self.application_id, self.person_id)
        assert row is not None
        return tuple(row)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(demo.seed(database_url, None))
    connection = loop.run_until_complete(asyncpg.connect(database_url))
    yield World(loop, connection)
    loop.run_until_complete(connection.close())
    loop.close()


def machine_of(world: World) -> type[RuleBasedStateMachine]:  # noqa: C901  the rules of one world
    sex, born_on = derived(id_number(WALKERS[0].number))
    assert born_on is not None
    profile = {
        "sex": sex,
        "born_on": born_on.isoformat(),
        "ethnicity": "01",
        "phone": "19900000000",
        "education": "bachelor",
        "degree": "bachelor",
        "school": "测试医科大学",
        "major": "临床医学",
        "graduated_on": "1985-07-01",
        "qualification_code": f"199011110{id_number(WALKERS[0].number)}",
        "qualified_on": "1990-06-01",
        "licence_code": f"110110105{WALKERS[0].number:06d}",
        "licensed_on": "1990-06-01",
        "level": "1",
        "category": "clinical",
        "specialty": "internal",
        "department": "内科",
        "title": "chief",
        "exam_specialty": "internal",
        "working_since": "1985-08-01",
        "specialty_years": 20,
        "on_post": "in_post",
        "moved": False,
    }
    rated = ("workload", "quality", "mandated_tasks", "lawful", "honest", "attitude", "privacy")
    evaluation = (
        dict.fromkeys(rated, "qualified")
        | {f"ethics_{year}": "good" for year in (2024, 2025, 2026)}
        | {"no_bad": True, "credits_reached": True, "disputes": False, "report": "尽职履责。" * 70}
    )

    class Files(RuleBasedStateMachine):
        now: datetime

        @initialize()
        def arrive(self) -> None:
            self.transaction = world.connection.transaction()
            world.run(self.transaction.start())
            self.now = world.run(world.begin())
            self.handed_in: dict[Subject, int] = {}

        def teardown(self) -> None:
            if hasattr(self, "transaction"):
                world.run(self.transaction.rollback())

        def by(self, level: Level, *, shared: bool = False) -> By:
            if level is Level.SYSTEM:
                return SYSTEM
            person = {Level.PHYSICIAN: world.person_id, Level.INSTITUTION: 7_000_010, Level.AGENCY: 7_000_020}
            chosen = SHARED_PERSON if shared and level is not Level.PHYSICIAN else person.get(level, 7_000_030)
            return By(level=level, person_id=chosen)

        async def attempt(self, work: Any) -> tuple[Any, str]:
            """Do it in a savepoint; a refusal must have changed nothing."""
            before = await world.snapshot()
            try:
                async with world.connection.transaction():
                    return await work(await world.app()), ""
            except PersonError as error:
                assert await world.snapshot() == before
                return None, error.code

        def values(self, subject: Subject) -> dict[str, Any]:
            papers = [world.paper]
            match subject:
                case Subject.PROFILE:
                    return profile | {"photo": world.photo, "licence_scan": papers}
                case Subject.EVALUATION:
                    return dict(evaluation)
                case Subject.EXEMPTION:
                    day = date(2025, 6, 1).isoformat()
                    said = {"reason": "residency", "certificate": "证书", "certificate_no": "T-1", "obtained_on": day}
                    return said | {"evidence": papers, "licence": papers}
                case Subject.DEFERRAL:
                    return {"reason": "illness", "explanation": "住院治疗期间无法参加", "evidence": papers}
                case Subject.CHANGE:
                    kept = ("licence_code", "licensed_on", "level", "category", "specialty", "title", "exam_specialty")
                    changed = {code: profile[code] for code in kept} | {"department": "急诊科"}
                    return changed | {"explanation": "科室调整，申请变更", "evidence": papers}

        @rule(subject=st.sampled_from(Subject), whole=st.booleans(), stale=st.booleans())
        def save(self, subject: Subject, whole: bool, stale: bool) -> None:
            async def work(app: core.Application) -> core.Application:
                part = app.parts.get(subject)
                version = (part.version if part else 1) + (5 if stale else 0)
                values = self.values(subject) if whole else {}
                return await filing.save(
                    world.connection, app, subject, values, version, self.by(Level.PHYSICIAN), self.now
                )

            saved, code = world.run(self.attempt(work))
            assert bool(saved) != bool(code)
            if stale:
                assert saved is None

        @rule(choice=st.sampled_from(["simple", "general", "take back"]), stale=st.integers(0, 9))
        def choose(self, choice: str, stale: int) -> None:
            async def work(app: core.Application) -> core.Application:
                version, by = app.procedure_version + (stale == 0), self.by(Level.PHYSICIAN)
                if choice == "take back":
                    return await choosing.take_back(world.connection, app, version, by, self.now)
                values = {"years_clean": True, "clean_declared": True, "licence": [world.paper]}
                return await choosing.choose(world.connection, app, choice, values, version, by, self.now)

            chosen, _ = world.run(self.attempt(work))
            if chosen is not None and choice == "general":
                assert chosen.procedure == "general"
            if chosen is not None and choice == "simple":
                assert not chosen.simple_refused

        @rule(
            subject=st.sampled_from(Subject),
            event=st.sampled_from([each for each in Event if each is not Event.SAVE]),
            level=st.sampled_from(Level),
            shared=st.booleans(),
            reason=REASONS,
            conditions=st.booleans(),
            qualified=st.booleans(),
        )
        def move(
            self,
            subject: Subject,
            event: Event,
            level: Level,
            shared: bool,
            reason: str,
            conditions: bool,
            qualified: bool,
        ) -> None:
            self._move(
                subject, event, self.by(level, shared=shared), reason, conditions=conditions, qualified=qualified
            )

        @rule(seed=st.integers(0, 2**32), steps=st.integers(5, 40))
        def go_on(self, seed: int, steps: int) -> None:
            """What its owner would do next, a few times, so that files get far enough to be interesting."""
            rng = random.Random(seed)
            for _ in range(steps):
                subject, back = rng.choices(list(Subject), (3, 4, 4, 1, 1))[0], rng.randrange(7)
                app = world.run(world.app())
                enrolled = app.state(Subject.PROFILE) is State.APPROVED
                if enrolled and app.procedure == core.NONE:
                    self.choose("simple" if back == 1 else "general", stale=1)
                self._go_on(app, subject if enrolled and back else Subject.PROFILE, back)

        def _go_on(self, app: core.Application, subject: Subject, back: int) -> None:
            state = app.state(subject)
            if state is None or state in EDITABLE:
                self.save(subject, whole=True, stale=False)
                self._move(subject, Event.SUBMIT, self.by(Level.PHYSICIAN), "", conditions=True, qualified=True)
            elif state in WAITING:
                event = Event.RETURN if back == 1 else Event.APPROVE
                self._move(subject, event, self.by(WAITING[state]), "材料需要补充完整", conditions=True, qualified=True)

        def _move(
            self, subject: Subject, event: Event, by: By, reason: str, *, conditions: bool, qualified: bool
        ) -> None:
            async def work(app: core.Application) -> tuple[core.Application, filing.Moved]:
                rating = None
                if subject is Subject.EVALUATION and event is Event.APPROVE:
                    simple = app.procedure in (core.SIMPLE, core.SIMPLE_APPLIED)
                    rating = Rating(
                        work="qualified" if qualified else "unqualified",
                        ethics="qualified",
                        comment="核对无误，同意",
                        conditions_met=conditions if simple else None,
                        reason_code="U01",
                    )
                act = Act(event=event, reason=reason, rating=rating)
                return app, await filing.move(world.connection, app, subject, act, None, by, self.now)

            done, _ = world.run(self.attempt(work))
            if done is None:
                return
            before, moved = done
            was, to = before.parts[subject].state, moved.part.state
            world.reached.add((subject, to))
            events = {event, Event.CONDITIONS_NOT_MET} if event is Event.APPROVE else {event}
            allowed = {TABLE.get((subject, was, each, by.level)) for each in events}
            if subject is Subject.EVALUATION and to is State.REJECTED:
                allowed.add(State.REJECTED)
            assert to in allowed, (subject, was, event, by.level, to)
            assert moved.part.version == before.parts[subject].version + 1
            if event is Event.SUBMIT:
                self.handed_in[subject] = self.handed_in.get(subject, 0) + 1
                assert moved.part.body == before.parts[subject].draft
            if by.level is Level.AGENCY and event in (Event.APPROVE, Event.RETURN, Event.REFUSE):
                assert by.person_id != before.parts[subject].org_person

        @rule(hours=st.integers(1, 60))
        def time_passes(self, hours: int) -> None:
            self.now += timedelta(hours=hours)

        @rule()
        def the_system_tends(self) -> None:
            """What `tending` would move, by its own queries."""
            for query, subject, event in (
                (tending.LATE_PROFILES, Subject.PROFILE, Event.WINDOW_CLOSED),
                (tending.SILENT_EXEMPTIONS, Subject.EXEMPTION, Event.ESCALATE),
            ):
                if world.run(world.connection.fetch(query, self.now, 10)):
                    self._move(subject, event, SYSTEM, "", conditions=True, qualified=True)

        @invariant()
        def nothing_is_lost(self) -> None:
            if not world.application_id or not hasattr(self, "now"):
                return
            world.run(self.check())

        async def check(self) -> None:
            app = await world.app()
            assert await store.broken_link(world.connection, world.application_id) is None
            for subject, part in app.parts.items():
                assert owner(subject, part.state) in {None, *Level}
                if subject in self.handed_in:
                    assert part.body is not None
                if part.state in WAITING:
                    assert part.submitted_at is not None
                last = await world.connection.fetchval(
                    """SELECT to_state FROM reg.moves WHERE application_id = $1 AND subject = $2
                       ORDER BY move_id DESC LIMIT 1""",
                    world.application_id,
                    subject,
                )
                assert last in (None, part.state)
            await self.check_gates(app)

        async def check_gates(self, app: core.Application) -> None:
            rows = await world.connection.fetch(
                """SELECT s.kind, e.state FROM exam.entitlements e JOIN exam.sittings s USING (sitting_id)
                   WHERE e.person_id = $1""",
                world.person_id,
            )
            gates = {row["kind"]: row["state"] for row in rows}
            enrolled = app.state(Subject.PROFILE) is State.APPROVED
            assert bool(gates) == enrolled, (gates, app.state(Subject.PROFILE))
            rated_ = app.state(Subject.EVALUATION) is State.APPROVED
            if enrolled:
                assert (gates["humanities"] == "open") == rated_
            if enrolled and rated_ and app.procedure == "general":
                exemption = app.state(Subject.EXEMPTION)
                pending = {State.ORG_REVIEW, State.AGY_REVIEW, State.ORG_RETURNED, State.AGY_RETURNED}
                expected = "exempt" if exemption is State.APPROVED else ("held" if exemption in pending else "open")
                assert gates["professional"] == expected
            if app.procedure in ("simple", "simple_applied"):
                assert "professional" not in gates

    return Files


def test_random_moves_keep_every_file_whole(world: World) -> None:
    run_state_machine_as_test(
        machine_of(world),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="SIM_SEEDS" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )

    # Far enough to mean something: every part was decided somewhere on the way.
    ends = {(subject, State.APPROVED) for subject in Subject}
    assert ends - world.reached == set()


def test_a_history_that_somebody_changed_is_noticed(world: World) -> None:
    async def change() -> tuple[int | None, int | None]:
        connection = world.connection
        await world.begin()
        app = await world.app()
        for _ in range(2):
            await store.add_move(
                connection, app.application_id, "profile", "open", ("org_review", "org_review"),
                await connection.fetchval("SELECT now()"), (None, "institution", None, ""), "", {"version": 1},
            )  # fmt: skip
        before = await store.broken_link(connection, app.application_id)
        await connection.execute("ALTER TABLE reg.moves DISABLE TRIGGER moves_never_changed")
        await connection.execute(
            "UPDATE reg.moves SET reason = '另一个原因' WHERE application_id = $1", app.application_id
        )
        await connection.execute("ALTER TABLE reg.moves ENABLE TRIGGER moves_never_changed")
        return before, await store.broken_link(connection, app.application_id)

    assert world.run(change()) == (None, 0)


def test_the_history_can_not_be_changed_at_all(world: World) -> None:
    async def change() -> None:
        await world.begin()
        await store.add_move(
            world.connection, world.application_id, "profile", "submit", ("draft", "org_review"),
            await world.connection.fetchval("SELECT now()"), (None, "physician", None, ""), "", {},
        )  # fmt: skip
        await world.connection.execute("UPDATE reg.moves SET to_state = 'approved'")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        world.run(change())
