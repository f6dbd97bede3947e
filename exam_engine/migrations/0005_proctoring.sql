-- proctor.*: what was seen and signalled, what follows from it, and who decided. exam.*: rooms, and scores held back.
-- depends: 0004_proctor

ALTER TABLE exam.attempts
    ADD COLUMN held boolean NOT NULL DEFAULT false,    -- a case is open: the score is not released
    ADD COLUMN barred boolean NOT NULL DEFAULT false;  -- annulled for cheating: no second go at this sitting

CREATE INDEX attempts_held ON exam.attempts (attempt_id) WHERE held;

-- Rooms divide a sitting among invigilators; everybody is in room 1 until somebody divides it.
ALTER TABLE exam.entitlements ADD COLUMN room smallint NOT NULL DEFAULT 1 CHECK (room BETWEEN 1 AND 10000);

CREATE TABLE exam.room_watchers (
    sitting_id      bigint   NOT NULL REFERENCES exam.sittings,
    room            smallint NOT NULL,
    account_id      bigint   NOT NULL REFERENCES people.accounts,
    since           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sitting_id, room, account_id)
);

-- Who handed which room to whom, and what he should know: append-only.
CREATE TABLE exam.handovers (
    handover_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sitting_id      bigint   NOT NULL REFERENCES exam.sittings,
    room            smallint NOT NULL,
    from_account    bigint   NOT NULL REFERENCES people.accounts,
    to_account      bigint   NOT NULL REFERENCES people.accounts,
    note            text     NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON exam.handovers (sitting_id, handover_id);

ALTER TABLE proctor.pictures
    ADD COLUMN deleted_at timestamptz,
    DROP CONSTRAINT pictures_purpose_check,
    ADD CONSTRAINT pictures_purpose_check CHECK (purpose IN ('entry', 'again', 'capture', 'case'));

-- Pictures a person is compared with. `vector` is 128 float32 of `model`; without one a person compares by eye.
CREATE TABLE proctor.photos (
    photo_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint NOT NULL,
    name            text   NOT NULL CHECK (name ~ '^[0-9a-f]{64}$'),
    vector          bytea  CHECK (length(vector) = 512),
    model           text   NOT NULL,
    source          text   NOT NULL CHECK (source IN ('import', 'self', 'registration')),
    status          text   NOT NULL CHECK (status IN ('approved', 'pending', 'refused', 'replaced')),
    doubts          text[] NOT NULL DEFAULT '{}',
    added_at        timestamptz NOT NULL DEFAULT now(),
    added_by        bigint NOT NULL DEFAULT 0,
    decided_at      timestamptz,
    decided_by      bigint,
    reason          text   NOT NULL DEFAULT '',
    deleted_at      timestamptz
);
CREATE INDEX ON proctor.photos (person_id);
CREATE UNIQUE INDEX photos_one_in_use ON proctor.photos (person_id) WHERE status = 'approved' AND deleted_at IS NULL;
CREATE INDEX photos_pending ON proctor.photos (photo_id) WHERE status = 'pending';

-- Whether a physician agreed to his face being captured, to which text: append-only, the last word counts.
CREATE TABLE proctor.consents (
    consent_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint  NOT NULL,
    version         text    NOT NULL CHECK (length(version) BETWEEN 1 AND 64),
    agreed          boolean NOT NULL,
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON proctor.consents (person_id, consent_id);

-- One entry check: the turns asked for, and what came of it. `vector` is the fused face of an accepted one.
CREATE TABLE proctor.checks (
    check_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id      bigint NOT NULL,
    device          text   NOT NULL,
    steps           text[] NOT NULL,
    begun_at        timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    verdict         text   CHECK (verdict IN ('accept', 'retry', 'ask_a_person')),
    why             text   NOT NULL DEFAULT '',
    distance        double precision,
    model           text   NOT NULL DEFAULT '',
    vector          bytea
);
CREATE INDEX ON proctor.checks (attempt_id, check_id);

CREATE TABLE proctor.frames (
    check_id        bigint  NOT NULL REFERENCES proctor.checks,
    n               integer NOT NULL,
    name            text    NOT NULL,
    at              timestamptz NOT NULL,
    hint            text    NOT NULL DEFAULT '',
    sight           bytea,
    PRIMARY KEY (check_id, n)
);

-- One picture taken during the exam; the same picture twice is two rows. `state`: waiting for the model, seen,
-- or not_seen (the model was away: `reason`).
CREATE TABLE proctor.captures (
    capture_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id      bigint NOT NULL,
    name            text   NOT NULL CHECK (name ~ '^[0-9a-f]{64}$'),
    why             text   NOT NULL CHECK (why IN ('interval', 'start', 'again', 'back', 'hand_in', 'asked')),
    at              timestamptz NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    state           text   NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'seen', 'not_seen')),
    reason          text   NOT NULL DEFAULT '',
    kind            text   NOT NULL DEFAULT 'unjudged',
    face_count      integer,
    distance        double precision,
    model           text   NOT NULL DEFAULT '',
    vector          bytea,
    thumb           bytea
);
CREATE INDEX ON proctor.captures (attempt_id, at);
CREATE INDEX captures_waiting ON proctor.captures (received_at) WHERE state = 'waiting';

CREATE TABLE proctor.signals (
    attempt_id      bigint  NOT NULL,
    device          text    NOT NULL,
    n               integer NOT NULL CHECK (n >= 1),
    kind            text    NOT NULL,
    at              timestamptz NOT NULL,
    for_ms          integer NOT NULL CHECK (for_ms >= 0),
    episode         integer NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attempt_id, device, n)
);

-- What a person should look at. Made from signals and captures by `proctor/signals.py`, or flagged by an invigilator.
CREATE TABLE proctor.incidents (
    incident_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id      bigint   NOT NULL,
    rule            text     NOT NULL,
    ordinal         integer  NOT NULL CHECK (ordinal >= 1),
    level           smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    at              timestamptz NOT NULL,
    for_ms          integer  NOT NULL DEFAULT 0,
    pictures        text[]   NOT NULL DEFAULT '{}',
    note            text     NOT NULL DEFAULT '',
    raised_at       timestamptz NOT NULL DEFAULT now(),
    raised_by       bigint   NOT NULL DEFAULT 0,
    done            boolean  NOT NULL DEFAULT false, -- its notice, lock, case and handing in have been carried out
    verdict         text     CHECK (verdict IN ('fine', 'real')),
    reviewed_by     bigint,
    reviewed_at     timestamptz,
    case_id         bigint, -- the case it is evidence in
    UNIQUE (attempt_id, rule, ordinal)
);
CREATE INDEX incidents_undone ON proctor.incidents (attempt_id) WHERE NOT done;
CREATE INDEX incidents_of_rule ON proctor.incidents (rule);

-- A formal finding: the line is for lists, the events are the truth.
CREATE TABLE proctor.cases (
    case_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id      bigint   NOT NULL,
    sitting_id      bigint   NOT NULL,
    person_id       bigint   NOT NULL,
    request         text     NOT NULL UNIQUE, -- who asked for it and by which number: the same asking again opens nothing
    allegation      text     NOT NULL,
    phase           text     NOT NULL,
    version         integer  NOT NULL,
    holds           boolean  NOT NULL,
    opened_at       timestamptz NOT NULL,
    opened_by       bigint   NOT NULL,
    closed_at       timestamptz,
    void_at         timestamptz -- when the attempt becomes void, if no appeal is made before
);
CREATE INDEX ON proctor.cases (sitting_id, case_id);
CREATE INDEX ON proctor.cases (attempt_id);
CREATE INDEX ON proctor.cases (person_id);
CREATE INDEX cases_holding ON proctor.cases (case_id) WHERE holds;

CREATE TABLE proctor.case_events (
    case_id         bigint   NOT NULL REFERENCES proctor.cases,
    version         integer  NOT NULL,
    body            json     NOT NULL,
    by              bigint   NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- Who is busy with a candidate just now, so that two don't do the same; forgotten after `until`.
CREATE TABLE proctor.claims (
    attempt_id      bigint PRIMARY KEY,
    account_id      bigint NOT NULL,
    name            text   NOT NULL,
    until           timestamptz NOT NULL
);

-- When an invigilator last looked at a candidate.
CREATE TABLE proctor.looked (
    account_id      bigint NOT NULL,
    attempt_id      bigint NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (account_id, attempt_id)
);

-- A sitting over time, for the charts.
CREATE TABLE proctor.counts (
    sitting_id      bigint  NOT NULL,
    at              timestamptz NOT NULL,
    entered         integer NOT NULL,
    running         integer NOT NULL,
    offline         integer NOT NULL,
    flagged         integer NOT NULL,
    handed_in       integer NOT NULL,
    PRIMARY KEY (sitting_id, at)
);

-- A phone that is the camera of an attempt: a code shown once, then a token. Only hashes are kept.
CREATE TABLE proctor.cameras (
    camera_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id      bigint NOT NULL,
    device          text   NOT NULL,
    code_hash       bytea  NOT NULL UNIQUE,
    made_at         timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    token_hash      bytea  UNIQUE,
    paired_at       timestamptz,
    ended_at        timestamptz
);
CREATE INDEX ON proctor.cameras (attempt_id);

CREATE TRIGGER consents_never_changed BEFORE UPDATE OR DELETE ON proctor.consents
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER case_events_never_changed BEFORE UPDATE OR DELETE ON proctor.case_events
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER handovers_never_changed BEFORE UPDATE OR DELETE ON exam.handovers
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON proctor.consents, proctor.case_events, exam.handovers FROM PUBLIC;
