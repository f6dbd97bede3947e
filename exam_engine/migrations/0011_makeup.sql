-- makeup.*: the unified make-up: plans, slots, who sits where, absences. exam.outcomes: how what was sat has ended.
-- depends: 0010_rescore

CREATE SCHEMA makeup;

-- What somebody sat in a cycle and handed in, by attempt; what was sat on paper joins it (0012_results).
CREATE VIEW exam.outcomes AS
SELECT a.person_id, s.cycle, s.kind, s.round, a.attempt_id, a.sitting_id, a.phase, a.passed, a.barred, a.points
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id)
WHERE s.kind <> 'practice' AND a.phase IN ('submitted', 'marked', 'released', 'annulled');

-- 缺考: who could have sat an exam and never began it. `accepted`: 有正当理由, as the province found.
CREATE TABLE makeup.absences (
    absence_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    kind            text    NOT NULL CHECK (kind IN ('humanities', 'professional')),
    round           text    NOT NULL CHECK (round IN ('first', 'makeup')),
    sitting_id      bigint  NOT NULL REFERENCES exam.sittings,
    closed_at       timestamptz NOT NULL,
    state           text    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'refused')),
    said            text    NOT NULL DEFAULT '' CHECK (length(said) <= 500), -- by the physician
    reason          text    NOT NULL DEFAULT '' CHECK (length(reason) <= 500), -- by who decided
    decided_by      bigint  REFERENCES people.accounts,
    decided_at      timestamptz,
    UNIQUE (person_id, cycle, kind, round),
    CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX absences_list ON makeup.absences (cycle, kind, state, absence_id);

-- Which windows of exams were looked through for who never began.
CREATE TABLE makeup.closings (
    sitting_id      bigint NOT NULL REFERENCES exam.sittings,
    closes_at       timestamptz NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sitting_id, closes_at)
);

-- The make-up of a cycle and kind in a province. Its row is the lock of everything below. `version` counts what the desk
-- decides; `stirred` also counts what physicians move.
CREATE TABLE makeup.plans (
    plan_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    kind            text    NOT NULL CHECK (kind IN ('humanities', 'professional')),
    version         integer NOT NULL DEFAULT 1,
    stirred         integer NOT NULL DEFAULT 0,
    reach           integer NOT NULL DEFAULT 2 CHECK (reach IN (2, 4, 6)), -- digits of the area a place must share
    made_at         timestamptz NOT NULL DEFAULT now(),
    published_at    timestamptz,
    UNIQUE (cycle, province, kind)
);

CREATE TABLE makeup.windows (
    window_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    title           text   NOT NULL CHECK (length(title) BETWEEN 1 AND 60),
    opens_at        timestamptz NOT NULL,
    closes_at       timestamptz NOT NULL,
    CHECK (opens_at < closes_at)
);
CREATE INDEX ON makeup.windows (plan_id);

-- A room at a place (or online) for a batch. `room` is its number among the plan's, and of its people's entitlements.
CREATE TABLE makeup.slots (
    slot_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    window_id       bigint NOT NULL REFERENCES makeup.windows,
    room            smallint NOT NULL CHECK (room BETWEEN 1 AND 10000),
    place           text   NOT NULL CHECK (length(place) BETWEEN 1 AND 120),
    online          boolean NOT NULL,
    area            text   CHECK (area ~ '^[0-9]{6}$'),
    capacity        integer NOT NULL CHECK (capacity BETWEEN 1 AND 10000),
    opens_at        timestamptz NOT NULL,
    closes_at       timestamptz NOT NULL,
    invigilators    bigint[] NOT NULL DEFAULT '{}',
    closed          boolean NOT NULL DEFAULT false,
    UNIQUE (plan_id, room),
    CHECK (opens_at < closes_at),
    CHECK (online OR area IS NOT NULL)
);
CREATE INDEX ON makeup.slots (plan_id);
CREATE INDEX ON makeup.slots (window_id);

-- The sittings that carry a plan out: one for each batch and each first-round sitting its people come from, whose
-- blueprint, pass line and policy it has.
CREATE TABLE makeup.sittings (
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    source_id       bigint NOT NULL REFERENCES exam.sittings,
    opens_at        timestamptz NOT NULL,
    closes_at       timestamptz NOT NULL,
    sitting_id      bigint NOT NULL UNIQUE REFERENCES exam.sittings,
    PRIMARY KEY (plan_id, source_id, opens_at, closes_at)
);

-- Who sits where. `revision` counts his placements and changes of his slot; `told` is the one he was told of.
-- `placed_at`: when others last placed him; since then he may ask once to move. `asked`: he chose this slot himself.
CREATE TABLE makeup.assignments (
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    person_id       bigint NOT NULL REFERENCES people.persons,
    slot_id         bigint NOT NULL REFERENCES makeup.slots,
    source_id       bigint NOT NULL REFERENCES exam.sittings,
    placed_at       timestamptz NOT NULL,
    asked           boolean NOT NULL DEFAULT false,
    revision        integer NOT NULL DEFAULT 1,
    told            integer NOT NULL DEFAULT 0,
    PRIMARY KEY (plan_id, person_id)
);
CREATE INDEX ON makeup.assignments (slot_id);
CREATE INDEX ON makeup.assignments (person_id);

-- Days on which an institution's people, or one person, can't come.
CREATE TABLE makeup.exclusions (
    exclusion_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    institution_id  bigint REFERENCES people.organisations,
    person_id       bigint REFERENCES people.persons,
    day             date   NOT NULL,
    reason          text   NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
    CHECK ((institution_id IS NULL) <> (person_id IS NULL)),
    UNIQUE NULLS NOT DISTINCT (plan_id, institution_id, person_id, day)
);

-- What was done to a plan, by whom and why; and whom it moved. Both append-only.
CREATE TABLE makeup.changes (
    change_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    what            text   NOT NULL CHECK (what IN ('made', 'slots', 'exclusions', 'solved', 'published', 'moved', 'closed',
                    'asked', 'granted', 'undone')),
    at              timestamptz NOT NULL,
    account_id      bigint REFERENCES people.accounts,
    reason          text   NOT NULL DEFAULT '',
    undoes          bigint UNIQUE REFERENCES makeup.changes,
    facts           json   NOT NULL DEFAULT '{}'
);
CREATE INDEX ON makeup.changes (plan_id, change_id);
CREATE TABLE makeup.moves (
    move_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change_id       bigint NOT NULL REFERENCES makeup.changes,
    person_id       bigint NOT NULL REFERENCES people.persons,
    from_slot       bigint, -- slots of a draft may go again
    to_slot         bigint,
    source_id       bigint NOT NULL REFERENCES exam.sittings
);
CREATE INDEX ON makeup.moves (change_id);
CREATE INDEX ON makeup.moves (person_id);
CREATE TRIGGER changes_never_changed BEFORE UPDATE OR DELETE ON makeup.changes
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER moves_never_changed BEFORE UPDATE OR DELETE ON makeup.moves
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON makeup.changes, makeup.moves FROM PUBLIC;

-- A physician asks once to move, after each time that others placed him.
CREATE TABLE makeup.asks (
    ask_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id         bigint NOT NULL REFERENCES makeup.plans,
    person_id       bigint NOT NULL REFERENCES people.persons,
    placed_at       timestamptz NOT NULL,
    from_slot       bigint NOT NULL REFERENCES makeup.slots,
    to_slot         bigint NOT NULL REFERENCES makeup.slots,
    why             text   NOT NULL DEFAULT '' CHECK (length(why) <= 500),
    at              timestamptz NOT NULL,
    state           text   NOT NULL CHECK (state IN ('waiting', 'granted', 'refused')),
    reason          text   NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    decided_by      bigint REFERENCES people.accounts,
    decided_at      timestamptz,
    UNIQUE (plan_id, person_id, placed_at)
);
CREATE INDEX ON makeup.asks (plan_id, state, ask_id);
