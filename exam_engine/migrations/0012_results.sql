-- result.*: the final result of a cycle, its notice, rechecks, paper exams, the archive.
-- depends: 0011_makeup

CREATE SCHEMA result;

-- Whose legs have to be looked at: a part of his file moved, his exams were settled, a released score or a case changed.
-- Somebody may stand here several times: who writes never waits for who looks, as he would with a unique key.
CREATE TABLE result.due (
    due_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint  NOT NULL,
    cycle           integer NOT NULL
);
CREATE FUNCTION result.file_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO result.due (person_id, cycle) VALUES (NEW.person_id, NEW.cycle);
    RETURN NULL;
END $$;
-- What is only on its way (handed in, returned) moves no leg.
CREATE TRIGGER files_result_due AFTER UPDATE OF state ON reg.files FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state AND (
        NEW.state IN ('approved', 'rejected', 'deferred', 'closed', 'not_enrolled')
        OR OLD.state IN ('approved', 'rejected', 'deferred', 'closed', 'not_enrolled')))
    EXECUTE FUNCTION result.file_moved();
CREATE FUNCTION result.settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO result.due (person_id, cycle)
    SELECT a.person_id, a.cycle FROM reg.applications a WHERE a.person_id = OLD.person_id AND a.cycle = OLD.cycle;
    RETURN NULL;
END $$;
CREATE TRIGGER unsettled_result_due AFTER DELETE ON exam.unsettled FOR EACH ROW EXECUTE FUNCTION result.settled();
CREATE FUNCTION result.score_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO result.due (person_id, cycle)
    SELECT a.person_id, a.cycle FROM exam.sittings s JOIN reg.applications a USING (cycle)
    WHERE s.sitting_id = NEW.sitting_id AND s.kind <> 'practice' AND a.person_id = NEW.person_id;
    RETURN NULL;
END $$;
CREATE TRIGGER attempts_result_due AFTER UPDATE OF points, passed, held, barred ON exam.attempts FOR EACH ROW
    WHEN (NEW.phase IN ('submitted', 'marked', 'released', 'annulled')
        AND (OLD.points, OLD.passed, OLD.held, OLD.barred) IS DISTINCT FROM (NEW.points, NEW.passed, NEW.held, NEW.barred))
    EXECUTE FUNCTION result.score_changed();

-- The result of a person in a cycle. Locked FOR UPDATE by whoever moves it; what lists show stands here.
-- `legs`: what `outcome` stands on; `legs_now`: what they are today, where that is something else.
CREATE TABLE result.results (
    result_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id  bigint  NOT NULL UNIQUE REFERENCES reg.applications,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    institution_id  bigint  NOT NULL REFERENCES people.organisations,
    agency_id       bigint  REFERENCES people.organisations,
    name            text    NOT NULL,
    id_number       text    NOT NULL,
    id_reversed     text    NOT NULL,
    department      text    NOT NULL DEFAULT '',
    procedure       text    NOT NULL DEFAULT 'none',
    state           text    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'excluded', 'proposed', 'qualified',
                    'unqualified', 'notified', 'recheck', 'upheld', 'changed', 'suspended', 'reassess',
                    'qualified_late', 'cancelled', 'archived')),
    final_state     text    NOT NULL DEFAULT '', -- the state before it was archived
    version         integer NOT NULL DEFAULT 1,
    outcome         text    NOT NULL DEFAULT '' CHECK (outcome IN ('', 'qualified', 'unqualified')),
    reasons         text[]  NOT NULL DEFAULT '{}',
    text            text    NOT NULL DEFAULT '' CHECK (length(text) <= 500),
    legs            json    NOT NULL,
    legs_now        json,
    missing         text[]  NOT NULL DEFAULT '{}',
    doubts          text[]  NOT NULL DEFAULT '{}',
    took_part       boolean NOT NULL DEFAULT true,
    look_at         timestamptz, -- when time alone may change the legs
    decided_by      bigint,      -- the human, not the account
    decided_at      timestamptz,
    order_id        bigint,
    notified_at     timestamptz,
    notice_number   text    NOT NULL DEFAULT '',
    suspended_from  date,
    suspended_until date,
    arrangement     text    NOT NULL DEFAULT '',
    moved_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (person_id, cycle),
    CHECK ((state IN ('pending', 'excluded')) = (outcome = '') OR state = 'archived'),
    CHECK (suspended_from < suspended_until)
);
CREATE INDEX results_agency ON result.results (agency_id, cycle, state, moved_at, result_id);
CREATE INDEX results_province ON result.results (province, cycle, state, moved_at, result_id);
CREATE INDEX results_nation ON result.results (cycle, state, moved_at, result_id);
CREATE INDEX results_agency_all ON result.results (agency_id, cycle, moved_at, result_id);
CREATE INDEX results_province_all ON result.results (province, cycle, moved_at, result_id);
CREATE INDEX results_name ON result.results (name text_pattern_ops, result_id);
CREATE INDEX results_tail ON result.results (id_reversed text_pattern_ops, result_id);
CREATE INDEX results_doubts ON result.results USING gin (doubts);
CREATE INDEX results_look ON result.results (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX results_ordered ON result.results (order_id, result_id)
    WHERE order_id IS NOT NULL AND state IN ('qualified', 'unqualified');

-- Every move of a result, chained by digest.
CREATE TABLE result.moves (
    move_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    result_id       bigint NOT NULL REFERENCES result.results,
    event           text   NOT NULL,
    from_state      text   NOT NULL,
    to_state        text   NOT NULL,
    at              timestamptz NOT NULL,
    account_id      bigint,
    role            text   NOT NULL,
    organisation_id bigint,
    reason          text   NOT NULL DEFAULT '',
    facts           jsonb  NOT NULL DEFAULT '{}',
    address         text   NOT NULL DEFAULT '',
    digest          bytea  NOT NULL CHECK (length(digest) = 32)
);
CREATE INDEX ON result.moves (result_id, move_id);
CREATE TRIGGER moves_never_changed BEFORE UPDATE OR DELETE ON result.moves
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON result.moves FROM PUBLIC;

-- An agency's order to publish: a loop carries it out, also after a restart.
CREATE TABLE result.orders (
    order_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency_id       bigint  NOT NULL REFERENCES people.organisations,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    account_id      bigint  NOT NULL REFERENCES people.accounts,
    address         text    NOT NULL DEFAULT '',
    total           integer NOT NULL CHECK (total > 0),
    done            integer NOT NULL DEFAULT 0 CHECK (done <= total),
    at              timestamptz NOT NULL
);
CREATE INDEX ON result.orders (agency_id, cycle, order_id);

-- 考核结果通知书: what was printed, frozen. A corrected one is another number; the old is in result.voided.
CREATE TABLE result.serials (
    agency_id       bigint  NOT NULL REFERENCES people.organisations,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    serial          integer NOT NULL CHECK (serial BETWEEN 1 AND 9999999),
    PRIMARY KEY (agency_id, cycle)
);
CREATE TABLE result.notices (
    number          text    PRIMARY KEY CHECK (number ~ '^DK[0-9]{20}$'),
    result_id       bigint  NOT NULL REFERENCES result.results,
    revision        integer NOT NULL CHECK (revision >= 1),
    outcome         text    NOT NULL CHECK (outcome IN ('qualified', 'unqualified')),
    body            json    NOT NULL,
    issued_at       timestamptz NOT NULL,
    UNIQUE (result_id, revision)
);
CREATE TABLE result.voided (
    number          text    PRIMARY KEY REFERENCES result.notices,
    replaced_by     text    NOT NULL REFERENCES result.notices,
    at              timestamptz NOT NULL
);
CREATE TRIGGER notices_never_changed BEFORE UPDATE OR DELETE ON result.notices
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER voided_never_changed BEFORE UPDATE OR DELETE ON result.voided
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON result.notices, result.voided FROM PUBLIC;

-- 复核申请: once for a result.
CREATE TABLE result.rechecks (
    recheck_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    result_id       bigint  NOT NULL UNIQUE REFERENCES result.results,
    text            text    NOT NULL CHECK (length(text) BETWEEN 20 AND 1000),
    documents       bigint[] NOT NULL DEFAULT '{}',
    at              timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    state           text    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'upheld', 'changed')),
    decided_by      bigint,
    decided_at      timestamptz,
    reason          text    NOT NULL DEFAULT '',
    CHECK ((state = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX rechecks_waiting ON result.rechecks (due_at) WHERE state = 'waiting';

-- Who sits on paper (R-901), and the results of it: brought in by one person, confirmed by another.
CREATE TABLE result.paper_list (
    paper_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL,
    institution_id  bigint  NOT NULL REFERENCES people.organisations,
    agency_id       bigint  REFERENCES people.organisations,
    kind            text    NOT NULL CHECK (kind IN ('humanities', 'professional')),
    round           text    NOT NULL CHECK (round IN ('first', 'makeup')),
    reason          text    NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
    account_id      bigint  NOT NULL REFERENCES people.accounts,
    at              timestamptz NOT NULL,
    removed_at      timestamptz,
    removed_by      bigint  REFERENCES people.accounts,
    removed_why     text    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX paper_list_one ON result.paper_list (person_id, cycle, kind, round) WHERE removed_at IS NULL;
CREATE INDEX ON result.paper_list (agency_id, cycle, paper_id DESC);
CREATE INDEX ON result.paper_list (province, cycle, paper_id DESC);

CREATE TABLE result.paper_imports (
    import_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL,
    agency_id       bigint  REFERENCES people.organisations, -- null: the province's own
    account_id      bigint  NOT NULL REFERENCES people.accounts,
    person_id       bigint  NOT NULL,                        -- the human who brought it in
    title           text    NOT NULL,
    digest          text    NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    pass_points     integer NOT NULL CHECK (pass_points BETWEEN 1 AND 100),
    total           integer NOT NULL,
    at              timestamptz NOT NULL,
    state           text    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'confirmed', 'discarded')),
    decided_account bigint  REFERENCES people.accounts,
    decided_by      bigint,
    decided_at      timestamptz,
    reason          text    NOT NULL DEFAULT '',
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK (state <> 'confirmed' OR decided_by <> person_id)
);
CREATE INDEX ON result.paper_imports (province, cycle, import_id DESC);
CREATE TABLE result.paper_lines (
    import_id       bigint  NOT NULL REFERENCES result.paper_imports,
    line            integer NOT NULL,
    paper_id        bigint  REFERENCES result.paper_list,
    name            text    NOT NULL,
    id_number       text    NOT NULL,
    kind            text    NOT NULL,
    round           text    NOT NULL,
    points          integer CHECK (points BETWEEN 0 AND 100),
    sheet_no        text    NOT NULL,
    batch           text    NOT NULL,
    column_name     text    NOT NULL DEFAULT '',
    problem         text    NOT NULL DEFAULT '',
    PRIMARY KEY (import_id, line),
    CHECK (problem <> '' OR (paper_id IS NOT NULL AND points IS NOT NULL))
);
-- What counts: never changed. Its number is negated where attempts are listed, so that it is nobody's attempt.
CREATE TABLE result.paper_scores (
    score_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    paper_id        bigint  NOT NULL UNIQUE REFERENCES result.paper_list,
    person_id       bigint  NOT NULL,
    cycle           integer NOT NULL,
    kind            text    NOT NULL,
    round           text    NOT NULL,
    points          integer NOT NULL CHECK (points BETWEEN 0 AND 100),
    pass_points     integer NOT NULL,
    passed          boolean NOT NULL,
    sheet_no        text    NOT NULL,
    batch           text    NOT NULL,
    import_id       bigint  NOT NULL REFERENCES result.paper_imports,
    at              timestamptz NOT NULL,
    UNIQUE (person_id, cycle, kind, round)
);
CREATE TRIGGER paper_scores_never_changed BEFORE UPDATE OR DELETE ON result.paper_scores
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON result.paper_scores FROM PUBLIC;

-- 归档备案 of a cycle's results of a province. `root`: SHA-256 over the result's lines in their order.
CREATE TABLE result.archives (
    archive_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    account_id      bigint  NOT NULL REFERENCES people.accounts,
    at              timestamptz NOT NULL,
    results         integer NOT NULL,
    counts          json    NOT NULL,
    root            text    NOT NULL CHECK (root ~ '^[0-9a-f]{64}$'),
    UNIQUE (cycle, province)
);
CREATE TRIGGER archives_never_changed BEFORE UPDATE OR DELETE ON result.archives
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON result.archives FROM PUBLIC;

-- What was sat on paper has ended like what was sat here.
CREATE OR REPLACE VIEW exam.outcomes AS
SELECT a.person_id, s.cycle, s.kind, s.round, a.attempt_id, a.sitting_id, a.phase, a.passed, a.barred, a.points
FROM exam.attempts a JOIN exam.sittings s USING (sitting_id)
WHERE s.kind <> 'practice' AND a.phase IN ('submitted', 'marked', 'released', 'annulled')
UNION ALL
SELECT person_id, cycle, kind, round, -score_id, NULL, 'released', passed, false, points FROM result.paper_scores;
