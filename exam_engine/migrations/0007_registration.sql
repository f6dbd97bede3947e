-- reg.*: the road to the exam hall: sign-up, certification, the assessment account, the file of a cycle and its reviews.
-- depends: 0006_evidence

CREATE SCHEMA reg;

-- A cycle has its years (domain.md R-102: three), from which "within the cycle" and years of practice follow.
ALTER TABLE exam.cycles ADD COLUMN starts_on date NOT NULL DEFAULT '2024-01-01';
ALTER TABLE exam.cycles ADD COLUMN ends_on date NOT NULL DEFAULT '2026-12-31';
ALTER TABLE exam.cycles ADD CHECK (starts_on < ends_on);

-- Which professional papers a sitting is for (报考专业); empty: everybody of its kind.
ALTER TABLE exam.sittings ADD COLUMN audience text[] NOT NULL DEFAULT '{}';
-- A sitting by invitation is for whom staff put on its list; registration entitles nobody to it.
ALTER TABLE exam.sittings ADD COLUMN by_invitation boolean NOT NULL DEFAULT false;

-- An entitlement that is not open is listed with its reason and can't be entered (domain.md §3.8).
ALTER TABLE exam.entitlements ADD COLUMN state text NOT NULL DEFAULT 'open'
    CHECK (state IN ('open', 'locked', 'held', 'exempt'));
ALTER TABLE exam.entitlements ADD COLUMN why text NOT NULL DEFAULT '';

-- Whose entitlements have to be looked at again, because a result was released or a window was moved.
CREATE TABLE exam.unsettled (
    person_id       bigint  NOT NULL,
    cycle           integer NOT NULL,
    PRIMARY KEY (person_id, cycle)
);
CREATE FUNCTION exam.unsettle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO exam.unsettled (person_id, cycle)
    SELECT NEW.person_id, s.cycle FROM exam.sittings s WHERE s.sitting_id = NEW.sitting_id AND s.kind <> 'practice'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER attempts_unsettle AFTER UPDATE OF phase ON exam.attempts FOR EACH ROW
    WHEN (OLD.phase IS DISTINCT FROM NEW.phase AND NEW.phase IN ('submitted', 'released', 'annulled'))
    EXECUTE FUNCTION exam.unsettle();

-- Where an organisation is (GB/T 2260), and which agency reviews for an institution.
ALTER TABLE people.organisations ADD COLUMN area text CHECK (area ~ '^[0-9]{6}$');
ALTER TABLE people.organisations ADD COLUMN disabled boolean NOT NULL DEFAULT false;
CREATE INDEX ON people.accounts (organisation_id) WHERE role <> 'physician';
CREATE TABLE reg.assignments (
    institution_id  bigint PRIMARY KEY REFERENCES people.organisations,
    agency_id       bigint NOT NULL REFERENCES people.organisations
);
CREATE INDEX ON reg.assignments (agency_id);

-- What a province decided for a cycle (exam_engine/registration/policy.py); no row: the defaults.
CREATE TABLE reg.policies (
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    version         integer NOT NULL DEFAULT 1,
    body            json    NOT NULL,
    PRIMARY KEY (cycle, province)
);

-- 用户告知书: a text is published once; a new one is a new row, and asks everybody again. Province '00': the nation's.
CREATE TABLE reg.notices (
    notice_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province        text   NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    version         integer NOT NULL,
    title           text   NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    body            text   NOT NULL CHECK (length(body) BETWEEN 1 AND 50000),
    digest          text   NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    published_at    timestamptz NOT NULL DEFAULT now(),
    account_id      bigint REFERENCES people.accounts,
    UNIQUE (province, version)
);
CREATE TABLE reg.agreements (
    person_id       bigint NOT NULL REFERENCES people.persons,
    notice_id       bigint NOT NULL REFERENCES reg.notices,
    face            boolean NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    address         text   NOT NULL DEFAULT '',
    agreement_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
CREATE INDEX ON reg.agreements (person_id, agreement_id);

-- The snapshot of the national electronic registration: the source of truth for who somebody is.
CREATE TABLE reg.registry (
    id_number       text PRIMARY KEY CHECK (id_number ~ '^[0-9A-Z]{6,18}$'),
    name            text NOT NULL,
    sex             text NOT NULL DEFAULT '',
    province        text NOT NULL DEFAULT '',
    practice_place  text NOT NULL,
    title           text NOT NULL DEFAULT '',
    level           text NOT NULL DEFAULT '',
    category        text NOT NULL DEFAULT '',
    specialty       text NOT NULL DEFAULT '',
    qualification_code text NOT NULL DEFAULT '',
    qualified_on    date,
    licence_code    text NOT NULL DEFAULT '',
    licensed_on     date,
    imported_at     timestamptz NOT NULL DEFAULT now()
);

-- Penalties and awards as the authorities report them.
CREATE TABLE reg.conduct (
    conduct_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id_number       text   NOT NULL,
    good            boolean NOT NULL,
    kind            text   NOT NULL,
    at              date   NOT NULL,
    fact            text   NOT NULL CHECK (length(fact) BETWEEN 1 AND 500),
    source          text   NOT NULL DEFAULT '',
    province        text   NOT NULL,
    imported_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id_number, good, kind, at, fact)
);

-- The app account beside people.accounts: its phone, and who it was certified to be. Until it is bound it belongs to a
-- person row of its own (stand_in_id): certification alone opens nothing of anybody's.
CREATE TABLE reg.app_accounts (
    account_id      bigint PRIMARY KEY REFERENCES people.accounts,
    phone           text   NOT NULL UNIQUE CHECK (phone ~ '^1[3-9][0-9]{9}$'),
    stand_in_id     bigint NOT NULL REFERENCES people.persons,
    state           text   NOT NULL DEFAULT 'registered' CHECK (state IN
                    ('registered', 'cert_failed', 'certified', 'disabled')),
    terms_version   text   NOT NULL,
    name            text,
    id_type         text,
    id_number       text,
    practice_place  text,
    title           text,
    failed_fields   text[] NOT NULL DEFAULT '{}',
    certified_at    timestamptz,
    CHECK (state <> 'certified' OR (name IS NOT NULL AND id_number IS NOT NULL AND certified_at IS NOT NULL))
);
CREATE UNIQUE INDEX app_accounts_one_identity ON reg.app_accounts (id_number) WHERE state = 'certified';

-- Codes sent by SMS; only their hash is kept.
CREATE TABLE reg.codes (
    phone           text   NOT NULL,
    purpose         text   NOT NULL CHECK (purpose IN ('register', 'reset')),
    code_hash       bytea  NOT NULL,
    sent_at         timestamptz NOT NULL,
    tries           integer NOT NULL DEFAULT 0,
    PRIMARY KEY (phone, purpose)
);

-- 定考账号: made by the institution before the physician comes. No hash: the password is still the initial one.
CREATE TABLE reg.assessment_accounts (
    assessment_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint NOT NULL REFERENCES people.persons,
    province        text   NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    institution_id  bigint NOT NULL REFERENCES people.organisations,
    state           text   NOT NULL DEFAULT 'unbound' CHECK (state IN ('unbound', 'bound', 'transferred')),
    password_hash   text,
    account_id      bigint REFERENCES people.accounts,
    bound_at        timestamptz,
    name            text   NOT NULL,
    id_number       text   NOT NULL,
    id_reversed     text   NOT NULL,
    department      text   NOT NULL DEFAULT '',
    made_at         timestamptz NOT NULL DEFAULT now(),
    version         integer NOT NULL DEFAULT 1,
    CHECK ((state = 'bound') = (account_id IS NOT NULL))
);
CREATE UNIQUE INDEX assessment_accounts_one ON reg.assessment_accounts (person_id) WHERE state <> 'transferred';
CREATE UNIQUE INDEX assessment_accounts_bound ON reg.assessment_accounts (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX assessment_accounts_list ON reg.assessment_accounts (institution_id, assessment_id DESC);
CREATE INDEX assessment_accounts_name ON reg.assessment_accounts (institution_id, name text_pattern_ops);
CREATE INDEX assessment_accounts_tail ON reg.assessment_accounts (id_reversed text_pattern_ops);
CREATE INDEX assessment_accounts_province ON reg.assessment_accounts (province, assessment_id DESC);

-- The file of a person in a cycle. Locked FOR UPDATE by whoever moves anything of it.
CREATE TABLE reg.applications (
    application_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    cycle           integer NOT NULL REFERENCES exam.cycles,
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    institution_id  bigint  NOT NULL REFERENCES people.organisations,
    agency_id       bigint  REFERENCES people.organisations,
    procedure       text    NOT NULL DEFAULT 'none' CHECK (procedure IN ('none', 'simple_applied', 'simple', 'general')),
    simple_refused  boolean NOT NULL DEFAULT false,
    procedure_body  json    NOT NULL DEFAULT '{}',
    procedure_version integer NOT NULL DEFAULT 1,
    faceless        boolean NOT NULL DEFAULT false,
    photo_id        bigint,
    photo_due       boolean NOT NULL DEFAULT false,
    made_at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (person_id, cycle)
);
CREATE INDEX ON reg.applications (cycle, province);
CREATE INDEX applications_photo_due ON reg.applications (application_id) WHERE photo_due;

-- One part of it that two levels review: what lists and queues show stands here, so that a page is one index walk.
CREATE TABLE reg.files (
    file_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id  bigint  NOT NULL REFERENCES reg.applications,
    subject         text    NOT NULL CHECK (subject IN ('profile', 'evaluation', 'exemption', 'deferral', 'change')),
    state           text    NOT NULL CHECK (state IN ('draft', 'org_review', 'agy_review', 'escalated', 'org_returned',
                    'agy_returned', 'approved', 'rejected', 'deferred', 'closed', 'not_enrolled')),
    version         integer NOT NULL DEFAULT 1,
    draft           json    NOT NULL DEFAULT '{}',
    body            json,
    before          json,
    submitted_at    timestamptz,
    moved_at        timestamptz NOT NULL DEFAULT now(),
    saved_at        timestamptz NOT NULL DEFAULT now(),
    due_at          timestamptz,
    reason          text    NOT NULL DEFAULT '',
    opened_by       bigint,
    opened_at       timestamptz,
    org_person      bigint,
    decided_by      bigint,
    org_opinion     json,
    agy_opinion     json,
    flags           text[]  NOT NULL DEFAULT '{}',
    cycle           integer NOT NULL,
    province        text    NOT NULL,
    institution_id  bigint  NOT NULL,
    agency_id       bigint,
    person_id       bigint  NOT NULL,
    name            text    NOT NULL,
    id_number       text    NOT NULL,
    id_reversed     text    NOT NULL,
    department      text    NOT NULL DEFAULT '',
    category        text    NOT NULL DEFAULT '',
    procedure       text    NOT NULL DEFAULT 'none',
    UNIQUE (application_id, subject)
);
-- A queue: one owner's files in one state, the longest waiting first; and everybody's, newest move first.
CREATE INDEX files_institution ON reg.files (institution_id, state, moved_at, file_id);
CREATE INDEX files_agency ON reg.files (agency_id, state, moved_at, file_id);
CREATE INDEX files_province ON reg.files (province, state, moved_at, file_id);
CREATE INDEX files_institution_all ON reg.files (institution_id, moved_at, file_id);
CREATE INDEX files_agency_all ON reg.files (agency_id, moved_at, file_id);
CREATE INDEX files_province_all ON reg.files (province, moved_at, file_id);
CREATE INDEX files_nation ON reg.files (state, moved_at, file_id);
CREATE INDEX files_nation_all ON reg.files (moved_at, file_id);
CREATE INDEX files_flags ON reg.files USING gin (flags);
CREATE INDEX files_name ON reg.files (name text_pattern_ops, file_id);
CREATE INDEX files_tail ON reg.files (id_reversed text_pattern_ops, file_id);
CREATE INDEX files_open ON reg.files (cycle, province, subject, state, institution_id, agency_id);
-- How far everybody is: counted from this index alone, without the forms.
CREATE INDEX files_steps ON reg.files (cycle, subject, person_id) INCLUDE (state);

-- Every change of state: who, as what, when, from, to, why. Chained by digest, so that none can go unseen.
CREATE TABLE reg.moves (
    move_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id  bigint NOT NULL,
    subject         text   NOT NULL,
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
CREATE INDEX ON reg.moves (application_id, move_id);
CREATE INDEX moves_days ON reg.moves (at, event, application_id) WHERE event IN ('submit', 'approve', 'return');
CREATE TRIGGER moves_never_changed BEFORE UPDATE OR DELETE ON reg.moves
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON reg.moves FROM PUBLIC;

-- Uploaded evidence: sealed files named by the hash of what is kept; `digest` is of what was sent.
CREATE TABLE reg.documents (
    document_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint NOT NULL REFERENCES people.persons,
    name            text   NOT NULL CHECK (name ~ '^[0-9a-f]{64}$'),
    digest          text   NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    media           text   NOT NULL CHECK (media IN ('image/jpeg', 'image/png', 'application/pdf')),
    title           text   NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    bytes           integer NOT NULL,
    pages           integer NOT NULL DEFAULT 1,
    purpose         text   NOT NULL CHECK (purpose IN ('evidence', 'photo')),
    added_at        timestamptz NOT NULL DEFAULT now(),
    used            boolean NOT NULL DEFAULT false,
    UNIQUE (person_id, digest, purpose)
);
CREATE INDEX ON reg.documents (digest);
CREATE INDEX ON reg.documents (name);
CREATE INDEX documents_unused ON reg.documents (added_at) WHERE NOT used;

-- 站内消息. To a person, or to an organisation's reviewers (then one row a day counts).
CREATE TABLE reg.messages (
    message_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint,
    organisation_id bigint,
    code            text   NOT NULL CHECK (code ~ '^[MC][0-9]{2}$'),
    facts           jsonb  NOT NULL DEFAULT '{}',
    count           integer NOT NULL DEFAULT 1,
    day             date,
    at              timestamptz NOT NULL DEFAULT now(),
    read_at         timestamptz,
    sms             text   NOT NULL DEFAULT 'none' CHECK (sms IN ('none', 'due', 'sent', 'failed')),
    once            text, -- what is told once only, however often its reason is looked at
    CHECK ((person_id IS NULL) <> (organisation_id IS NULL))
);
CREATE UNIQUE INDEX messages_once ON reg.messages (person_id, once) WHERE once IS NOT NULL;
CREATE INDEX ON reg.messages (person_id, message_id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX ON reg.messages (organisation_id, message_id DESC) WHERE organisation_id IS NOT NULL;
CREATE UNIQUE INDEX messages_digest ON reg.messages (organisation_id, code, day) WHERE organisation_id IS NOT NULL;
CREATE INDEX messages_unread ON reg.messages (person_id) WHERE read_at IS NULL;
CREATE INDEX messages_unread_desk ON reg.messages (organisation_id) WHERE read_at IS NULL;
CREATE INDEX messages_due ON reg.messages (message_id) WHERE sms = 'due';

-- Which reminder of an exam's window went out to all who may sit.
CREATE TABLE reg.reminders (
    sitting_id      bigint NOT NULL REFERENCES exam.sittings,
    what            text   NOT NULL CHECK (what IN ('three_days', 'last_day')),
    closes_at       timestamptz NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sitting_id, what, closes_at)
);
