-- score.*: schemes, rulings by two persons and what they changed.
-- depends: 0009_plans

-- How the papers of a sitting are marked (scoring/marking.py `Scheme`); null: the default for its points per item.
ALTER TABLE exam.sittings ADD COLUMN scheme json;

-- Points per item that a blueprint's sections 1, 2 … say themselves, 0 where they do not.
CREATE FUNCTION exam.section_points(blueprint json) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(coalesce((part ->> 'points_per_item')::integer, 0) ORDER BY place), '{}')
    FROM json_array_elements(coalesce(blueprint -> 'sections', '[]')) WITH ORDINALITY AS parts (part, place)
$$;
-- The points of a whole paper before items are made void (scoring/marking.py `Scheme.worth`, for each item).
CREATE FUNCTION exam.points_full(blueprint json, item_count integer, points_per_item integer, scheme json)
RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(number::integer * coalesce(
            nullif(CASE WHEN scheme IS NULL THEN (part ->> 'points_per_item')::integer
                        ELSE (scheme -> 'section_points' ->> (place - 1)::integer)::integer END, 0),
            (scheme ->> 'points_per_item')::integer, points_per_item)),
        item_count * coalesce((scheme ->> 'points_per_item')::integer, points_per_item))::integer
    FROM json_array_elements(coalesce(blueprint -> 'sections', '[]')) WITH ORDINALITY AS parts (part, place),
        json_each_text(part -> 'types') AS types (name, number)
$$;

-- A wish to mark a sitting again. `scheme` is the whole scheme that would hold, `edition` that of the one it was made
-- against; `refs` the [item_id, version] it rules; `foreseen` what it would do, as both persons saw it.
CREATE TABLE score.proposals (
    proposal_id     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sitting_id      bigint  NOT NULL,
    edition         integer NOT NULL CHECK (edition >= 0),
    scheme          json    NOT NULL,
    refs            json    NOT NULL CHECK (json_array_length(refs) BETWEEN 1 AND 100),
    reason          text    NOT NULL CHECK (length(reason) BETWEEN 5 AND 300),
    keep_passes     boolean NOT NULL,
    withdraw_reason text    NOT NULL DEFAULT '' CHECK (length(withdraw_reason) <= 300),
    foreseen        json    NOT NULL,
    account_id      bigint  NOT NULL REFERENCES people.accounts,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    role            text    NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    UNIQUE (proposal_id, person_id),
    CHECK (keep_passes OR length(withdraw_reason) >= 5)
);
CREATE INDEX ON score.proposals (sitting_id, proposal_id);

-- What became of it: one row for ever, so of two who decide at once one wins. Nobody approves his own.
CREATE TABLE score.decisions (
    proposal_id     bigint  PRIMARY KEY,
    proposed_by     bigint  NOT NULL,
    act             text    NOT NULL CHECK (act IN ('approved', 'rejected', 'withdrawn')),
    reason          text    NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    account_id      bigint  NOT NULL REFERENCES people.accounts,
    person_id       bigint  NOT NULL REFERENCES people.persons,
    role            text    NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (proposal_id, proposed_by) REFERENCES score.proposals (proposal_id, person_id),
    CHECK ((act = 'withdrawn') = (person_id = proposed_by))
);

-- How far workers are with an approved one: attempts up to `looked_to` were looked at, in the order of their numbers.
CREATE TABLE score.progress (
    proposal_id     bigint  PRIMARY KEY REFERENCES score.decisions,
    total           integer NOT NULL DEFAULT 0,
    looked_to       bigint  NOT NULL DEFAULT 0,
    looked          integer NOT NULL DEFAULT 0,
    done_at         timestamptz
);
CREATE INDEX ON score.progress (proposal_id) WHERE done_at IS NULL;

-- What a proposal did to an attempt: written once, in the order of the work. `told`: the person was told a result before.
CREATE TABLE score.corrections (
    proposal_id     bigint  NOT NULL REFERENCES score.decisions,
    attempt_id      bigint  NOT NULL,
    revision        integer NOT NULL,
    points_before   integer NOT NULL,
    points_after    integer NOT NULL,
    passed_before   boolean,
    passed_after    boolean,
    told            boolean NOT NULL,
    kept            boolean NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (proposal_id, attempt_id),
    FOREIGN KEY (attempt_id, revision) REFERENCES score.scores (attempt_id, revision)
);

CREATE TRIGGER proposals_never_changed BEFORE UPDATE OR DELETE ON score.proposals
    FOR EACH ROW EXECUTE FUNCTION score.never_changed();
CREATE TRIGGER decisions_never_changed BEFORE UPDATE OR DELETE ON score.decisions
    FOR EACH ROW EXECUTE FUNCTION score.never_changed();
CREATE TRIGGER corrections_never_changed BEFORE UPDATE OR DELETE ON score.corrections
    FOR EACH ROW EXECUTE FUNCTION score.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON score.proposals, score.decisions, score.corrections FROM PUBLIC;

-- A corrected result changes what somebody may sit, as a released one does.
CREATE TRIGGER attempts_unsettle_corrected AFTER UPDATE OF points, passed ON exam.attempts FOR EACH ROW
    WHEN (OLD.phase = 'released' AND NEW.phase = 'released'
        AND (OLD.points IS DISTINCT FROM NEW.points OR OLD.passed IS DISTINCT FROM NEW.passed))
    EXECUTE FUNCTION exam.unsettle();

-- Orders to calibrate the items of a sitting, and what came of them; the parameters themselves are in bank.parameters.
CREATE TABLE score.calibrations (
    calibration_id  bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sitting_id      bigint  NOT NULL,
    account_id      bigint  REFERENCES people.accounts,
    state           text    NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
    at              timestamptz NOT NULL DEFAULT now(),
    persons         integer NOT NULL DEFAULT 0,
    rounds          integer NOT NULL DEFAULT 0,
    kept            json    NOT NULL DEFAULT '[]',
    skipped         json    NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX ON score.calibrations (sitting_id) WHERE state = 'running';
CREATE INDEX ON score.calibrations (sitting_id, calibration_id);
