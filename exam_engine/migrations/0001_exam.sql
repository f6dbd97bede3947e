-- people.*: who there is and how they log in.  exam.*: what is scheduled, and the journal of every attempt.
-- depends:

CREATE SCHEMA people;
CREATE SCHEMA exam;

CREATE TABLE people.organisations (
    organisation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text   NOT NULL CHECK (kind IN ('nation', 'province', 'institution', 'agency')),
    name            text   NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    province        text   NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    UNIQUE (kind, province, name)
);

CREATE TABLE people.persons (
    person_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text   NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    id_number       text   UNIQUE CHECK (id_number ~ '^[0-9A-Z]{6,18}$'),
    organisation_id bigint REFERENCES people.organisations,
    is_test         boolean NOT NULL DEFAULT false
);

CREATE TABLE people.accounts (
    account_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint NOT NULL REFERENCES people.persons,
    login           text   NOT NULL UNIQUE CHECK (login = lower(login) AND length(login) BETWEEN 3 AND 60),
    password_hash   text   NOT NULL,
    role            text   NOT NULL CHECK (role IN
                    ('physician', 'institution', 'agency', 'invigilator', 'chief', 'author', 'province', 'nation', 'auditor')),
    organisation_id bigint REFERENCES people.organisations,
    disabled        boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON people.accounts (person_id);

CREATE TABLE people.sessions (
    token_hash      bytea  PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id      bigint NOT NULL REFERENCES people.accounts,
    kind            text   NOT NULL CHECK (kind IN ('cookie', 'bearer')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    user_agent      text   NOT NULL DEFAULT '',
    address         text   NOT NULL DEFAULT ''
);
CREATE INDEX ON people.sessions (account_id);
CREATE INDEX ON people.sessions (expires_at);

-- Every decision of a person: append-only.
CREATE TABLE people.audit (
    audit_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT now(),
    account_id      bigint REFERENCES people.accounts,
    role            text   NOT NULL DEFAULT '',
    address         text   NOT NULL DEFAULT '',
    act             text   NOT NULL,
    subject         text   NOT NULL DEFAULT '',
    facts           jsonb  NOT NULL DEFAULT '{}'
);
CREATE INDEX ON people.audit (account_id, at);
CREATE INDEX ON people.audit (act, at);

CREATE TABLE exam.cycles (
    cycle           integer PRIMARY KEY CHECK (cycle BETWEEN 1 AND 8999),
    name            text    NOT NULL
);

CREATE TABLE exam.sittings (
    sitting_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    kind            text    NOT NULL CHECK (kind IN ('humanities', 'professional', 'practice')),
    round           text    NOT NULL CHECK (round IN ('first', 'makeup')),
    title           text    NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    agency_id       bigint  NOT NULL REFERENCES people.organisations,
    opens_at        timestamptz NOT NULL,
    closes_at       timestamptz NOT NULL,
    pool            text    NOT NULL,
    item_count      integer NOT NULL CHECK (item_count BETWEEN 1 AND 1000),
    points_per_item integer NOT NULL CHECK (points_per_item BETWEEN 1 AND 100),
    pass_points     integer NOT NULL CHECK (pass_points >= 0),
    policy          json    NOT NULL,
    blueprint       json    NOT NULL,
    CHECK (opens_at < closes_at)
);
CREATE INDEX ON exam.sittings (province, closes_at);

-- Who watches which sitting.
CREATE TABLE exam.sitting_staff (
    sitting_id      bigint NOT NULL REFERENCES exam.sittings,
    account_id      bigint NOT NULL REFERENCES people.accounts,
    PRIMARY KEY (sitting_id, account_id)
);
CREATE INDEX ON exam.sitting_staff (account_id);

-- One physician x sitting: he may sit. (Exemption, gates and make-up open and close rows of this table.)
CREATE TABLE exam.entitlements (
    sitting_id      bigint NOT NULL REFERENCES exam.sittings,
    person_id       bigint NOT NULL REFERENCES people.persons,
    extra_minutes   integer NOT NULL DEFAULT 0 CHECK (extra_minutes BETWEEN 0 AND 600),
    PRIMARY KEY (sitting_id, person_id)
);
CREATE INDEX ON exam.entitlements (person_id);

-- attempt_id = cycle * 10^12 + serial: so the journal can be cut by cycle, and the number fits a browser's integer.
CREATE SEQUENCE exam.attempt_serial AS bigint MAXVALUE 999999999999;

-- The row of an attempt is for the sweeper and for lists; the journal is the truth.
CREATE TABLE exam.attempts (
    attempt_id      bigint  PRIMARY KEY,
    sitting_id      bigint  NOT NULL REFERENCES exam.sittings,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    number          integer NOT NULL DEFAULT 1,
    phase           text    NOT NULL CHECK (phase IN
                    ('entered', 'identity', 'ready', 'running', 'submitted', 'marked', 'released', 'annulled')),
    entered_at      timestamptz NOT NULL,
    deadline_at     timestamptz,
    next_check_at   timestamptz,
    points          integer,
    passed          boolean,
    taken_in        integer NOT NULL DEFAULT 0, -- up to which version the candidate's device has taken in the events
    version         integer NOT NULL DEFAULT 1, -- the journal's number this line follows from; it never goes back
    UNIQUE (sitting_id, person_id, number),
    CHECK (phase <> 'running' OR (deadline_at IS NOT NULL AND next_check_at IS NOT NULL)),
    CHECK (phase = 'running' OR next_check_at IS NULL)
) WITH (fillfactor = 70);
CREATE INDEX attempts_due ON exam.attempts (next_check_at) WHERE phase = 'running';
CREATE INDEX attempts_unmarked ON exam.attempts (attempt_id) WHERE phase = 'submitted';
CREATE INDEX attempts_of_sitting ON exam.attempts (sitting_id, phase);
CREATE INDEX attempts_of_person ON exam.attempts (person_id);

-- The frozen paper of an attempt: written once, before the journal names its digest.
CREATE TABLE exam.papers (
    attempt_id      bigint PRIMARY KEY,
    body            json   NOT NULL
);

-- The journal. The primary key is the only lock there is.
CREATE TABLE exam.journal (
    attempt_id      bigint  NOT NULL,
    version         integer NOT NULL CHECK (version >= 1),
    seq             integer CHECK (seq >= 1),
    kind            text    NOT NULL,
    body            json    NOT NULL,
    at              timestamptz NOT NULL,
    digest          bytea   NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (attempt_id, version)
) PARTITION BY RANGE (attempt_id);
CREATE TABLE exam.journal_rest PARTITION OF exam.journal DEFAULT;

-- What the desk did, to one, many or all: the list of past acts and announcements.
CREATE TABLE exam.acts (
    act_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sitting_id      bigint NOT NULL REFERENCES exam.sittings,
    account_id      bigint NOT NULL REFERENCES people.accounts,
    request_id      text   NOT NULL CHECK (length(request_id) BETWEEN 8 AND 64),
    at              timestamptz NOT NULL DEFAULT now(),
    command         json   NOT NULL,
    everybody       boolean NOT NULL,
    UNIQUE (account_id, request_id)
);
CREATE INDEX ON exam.acts (sitting_id, act_id);

CREATE TABLE exam.act_targets (
    act_id          bigint NOT NULL REFERENCES exam.acts,
    attempt_id      bigint NOT NULL REFERENCES exam.attempts,
    version         integer,
    refused         text,
    PRIMARY KEY (act_id, attempt_id)
);

-- An agency's order to release: workers carry it out, also after a restart.
CREATE TABLE exam.releases (
    sitting_id      bigint PRIMARY KEY REFERENCES exam.sittings,
    account_id      bigint NOT NULL REFERENCES people.accounts,
    pass_points     integer NOT NULL CHECK (pass_points >= 0),
    at              timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION exam.never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table %.% is written once: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER journal_rows_never_changed BEFORE UPDATE OR DELETE ON exam.journal
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER journal_never_emptied BEFORE TRUNCATE ON exam.journal
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER journal_rest_never_emptied BEFORE TRUNCATE ON exam.journal_rest
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER papers_never_changed BEFORE UPDATE OR DELETE ON exam.papers
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER audit_never_changed BEFORE UPDATE OR DELETE ON people.audit
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();

REVOKE UPDATE, DELETE, TRUNCATE ON exam.journal, exam.journal_rest, exam.papers, people.audit FROM PUBLIC;

-- A cycle brings its own partition, so that an old cycle can be detached as a whole.
CREATE FUNCTION exam.open_cycle(number integer, title text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition_name text := format('journal_%s', number);
BEGIN
    INSERT INTO exam.cycles (cycle, name) VALUES (number, title) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        EXECUTE format('CREATE TABLE exam.%I PARTITION OF exam.journal FOR VALUES FROM (%s) TO (%s)',
                       partition_name, number::bigint * 1000000000000, (number::bigint + 1) * 1000000000000);
        EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON exam.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed()', partition_name);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON exam.%I FROM PUBLIC', partition_name);
    END IF;
END $$;
