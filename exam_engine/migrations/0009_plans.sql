-- exam.*: blueprints, plans of papers and their fairness certificates. bank.parameters: how hard items have proved.
-- depends: 0008_bank_life

-- Of the version that was answered; no row: the author's level of difficulty stands in (question_bank/parameters.py).
-- p: share of right answers; a, b: discrimination and difficulty of the two-parameter logistic model; n: answers.
CREATE TABLE bank.parameters (
    item_id         bigint  NOT NULL,
    version         integer NOT NULL,
    a               double precision NOT NULL CHECK (a > 0 AND a < 10),
    b               double precision NOT NULL CHECK (b BETWEEN -10 AND 10),
    p               double precision NOT NULL CHECK (p BETWEEN 0 AND 1),
    n               integer NOT NULL CHECK (n > 0),
    model           text    NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (item_id, version),
    FOREIGN KEY (item_id, version) REFERENCES bank.item_versions (item_id, version)
);

-- Blueprints: one draft that is worked on, and what of it was published, by number, for ever. Province '00': the
-- nation's. body: question_bank/blueprint.py `Blueprint`. account_id null: came with the program.
CREATE TABLE exam.blueprints (
    blueprint_id    bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province        text    NOT NULL CHECK (province ~ '^[0-9]{2}$'),
    code            text    NOT NULL CHECK (length(code) BETWEEN 1 AND 80),
    name            text    NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    version         integer NOT NULL DEFAULT 1,
    body            json    NOT NULL,
    account_id      bigint  REFERENCES people.accounts,
    at              timestamptz NOT NULL DEFAULT now(),
    UNIQUE (province, code)
);
CREATE TABLE exam.blueprint_numbers (
    blueprint_id    bigint  NOT NULL REFERENCES exam.blueprints,
    number          integer NOT NULL CHECK (number >= 1),
    name            text    NOT NULL,
    body            json    NOT NULL,
    digest          text    NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    account_id      bigint  REFERENCES people.accounts,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (blueprint_id, number)
);

-- A draft is nobody's exam yet. version grows with every change. The blueprint's body stays copied beside its number.
ALTER TABLE exam.sittings
    ADD COLUMN draft            boolean NOT NULL DEFAULT false,
    ADD COLUMN version          integer NOT NULL DEFAULT 1,
    ADD COLUMN blueprint_id     bigint,
    ADD COLUMN blueprint_number integer,
    ADD FOREIGN KEY (blueprint_id, blueprint_number) REFERENCES exam.blueprint_numbers (blueprint_id, number);

-- Plans of a sitting's papers. forms: question_bank/planning.py `FormBody`, empty on the fly. heard_at: whoever makes
-- it is alive. At most one is being made and one is in force.
CREATE TABLE exam.plans (
    plan_id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sitting_id      bigint  NOT NULL REFERENCES exam.sittings,
    mode            text    NOT NULL CHECK (mode IN ('forms', 'fly')),
    seed            bigint  NOT NULL CHECK (seed >= 0),
    asked           json    NOT NULL,
    state           text    NOT NULL DEFAULT 'making'
                    CHECK (state IN ('making', 'failed', 'draft', 'current', 'replaced')),
    progress        smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    failed          text    NOT NULL DEFAULT '',
    said            text    NOT NULL DEFAULT '',
    forms           json,
    certificate     json,
    digest          text    NOT NULL DEFAULT '',
    account_id      bigint  REFERENCES people.accounts,
    at              timestamptz NOT NULL DEFAULT now(),
    heard_at        timestamptz NOT NULL DEFAULT now(),
    approved_by     bigint  REFERENCES people.accounts,
    approved_at     timestamptz,
    reason          text    NOT NULL DEFAULT '',
    CHECK (state NOT IN ('draft', 'current', 'replaced') OR (forms IS NOT NULL AND certificate IS NOT NULL)),
    CHECK (state <> 'current' OR approved_at IS NOT NULL)
);
CREATE UNIQUE INDEX plans_making ON exam.plans (sitting_id) WHERE state = 'making';
CREATE UNIQUE INDEX plans_current ON exam.plans (sitting_id) WHERE state = 'current';
CREATE INDEX plans_of_sitting ON exam.plans (sitting_id, plan_id DESC);
