-- bank.*: pools, the life of an item, its working copy and its history; pictures, enemies, exposure, uploads.
-- depends: 0007_registration

-- Whose a pool is ('00': the nation's), and where a paper turns to when it has too few items of a kind.
CREATE TABLE bank.pools (
    pool            text    PRIMARY KEY CHECK (length(pool) BETWEEN 1 AND 80),
    title           text    NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    kind            text    NOT NULL DEFAULT '' CHECK (kind IN ('', 'humanities', 'professional', 'practice')),
    category        text    NOT NULL DEFAULT '' CHECK (length(category) <= 80),
    specialty       text    NOT NULL DEFAULT '' CHECK (length(specialty) <= 80),
    province        text    NOT NULL DEFAULT '00' CHECK (province ~ '^[0-9]{2}$'),
    fallback        text    REFERENCES bank.pools CHECK (fallback <> pool),
    made_by         bigint,
    made_at         timestamptz NOT NULL DEFAULT now()
);
INSERT INTO bank.pools (pool, title, kind)
SELECT pool, CASE pool WHEN 'humanities' THEN '人文医学' WHEN 'professional' THEN '业务水平' WHEN 'practice' THEN '模拟练习'
    ELSE pool END, CASE WHEN pool IN ('humanities', 'professional', 'practice') THEN pool ELSE '' END
FROM bank.items GROUP BY pool;
ALTER TABLE bank.items ADD FOREIGN KEY (pool) REFERENCES bank.pools;

-- What lists show and search looks through stands here, so that a page is one walk along an index (question_bank/
-- cards_store.py writes it). version NULL: nothing of it was ever in force, all there is is a working copy.
-- revision grows with every change anybody makes: who writes names the one he read.
ALTER TABLE bank.items
    ALTER COLUMN version DROP NOT NULL,
    ALTER COLUMN version DROP DEFAULT,
    ADD COLUMN revision    integer NOT NULL DEFAULT 1,
    ADD COLUMN changed_at  timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN draft       text    NOT NULL DEFAULT '' CHECK (draft IN ('', 'draft', 'review')),
    ADD COLUMN returned    boolean NOT NULL DEFAULT false,
    ADD COLUMN reason      text    NOT NULL DEFAULT '',
    ADD COLUMN author      text    NOT NULL DEFAULT '',
    ADD COLUMN writers     bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN suspended_by bigint,
    ADD COLUMN type        text    NOT NULL DEFAULT '',
    ADD COLUMN topic       text    NOT NULL DEFAULT '',
    ADD COLUMN difficulty  smallint NOT NULL DEFAULT 2,
    ADD COLUMN category    text    NOT NULL DEFAULT '',
    ADD COLUMN specialties text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN level       text    NOT NULL DEFAULT '',
    ADD COLUMN stem        text    NOT NULL DEFAULT '',
    ADD COLUMN pictures    text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN said        text    NOT NULL DEFAULT '',
    ADD CHECK (status NOT IN ('active', 'suspended') OR version IS NOT NULL),
    ADD CHECK (status NOT IN ('draft', 'review') OR draft IN ('', status));
CREATE INDEX items_changed ON bank.items (pool, changed_at DESC, item_id DESC);
CREATE INDEX items_waiting ON bank.items (pool) WHERE draft <> '';
CREATE INDEX items_pictures ON bank.items USING gin (pictures) WHERE pictures <> '{}';

-- Who wrote a version, as humans: none of them may approve it. Empty: it came from the command line.
ALTER TABLE bank.item_versions ADD COLUMN writers bigint[] NOT NULL DEFAULT '{}';

-- The one working copy an item may have; `version`: under which it was frozen when it was handed in.
-- base: the version it was begun from, NULL when there was none. writers are persons, accounts their accounts.
CREATE TABLE bank.drafts (
    item_id         bigint  PRIMARY KEY REFERENCES bank.items ON DELETE CASCADE,
    state           text    NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'review')),
    base            integer,
    version         integer,
    body            json    NOT NULL,
    author          text    NOT NULL CHECK (length(author) BETWEEN 1 AND 80),
    writers         bigint[] NOT NULL,
    accounts        bigint[] NOT NULL,
    begun_at        timestamptz NOT NULL,
    saved_at        timestamptz NOT NULL,
    CHECK (state = 'draft' OR version IS NOT NULL)
);

-- Every move: who, as what, when, from, to, why. Chained by digest per item, so that none can go unseen.
CREATE TABLE bank.moves (
    move_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_id         bigint NOT NULL,
    version         integer,
    event           text   NOT NULL,
    from_state      text   NOT NULL,
    to_state        text   NOT NULL,
    at              timestamptz NOT NULL,
    account_id      bigint,
    person_id       bigint,
    role            text   NOT NULL,
    reason          text   NOT NULL DEFAULT '',
    facts           jsonb  NOT NULL DEFAULT '{}',
    address         text   NOT NULL DEFAULT '',
    digest          bytea  NOT NULL CHECK (length(digest) = 32)
);
CREATE INDEX ON bank.moves (item_id, move_id);
CREATE TRIGGER moves_never_changed BEFORE UPDATE OR DELETE ON bank.moves
    FOR EACH ROW EXECUTE FUNCTION bank.never_changed();
CREATE TRIGGER moves_never_emptied BEFORE TRUNCATE ON bank.moves
    FOR EACH STATEMENT EXECUTE FUNCTION bank.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON bank.moves FROM PUBLIC;

-- Never together in one paper. Both directions are rows, so that either item finds the other; by code, since an
-- import may name an item that is still to come.
CREATE TABLE bank.enemies (
    pool            text NOT NULL,
    code            text NOT NULL CHECK (length(code) BETWEEN 1 AND 80),
    enemy           text NOT NULL CHECK (length(enemy) BETWEEN 1 AND 80 AND enemy <> code),
    PRIMARY KEY (pool, code, enemy)
);

-- Named by the SHA-256 of what is kept: decoded, within limits, encoded anew. Never changed; unused ones are swept.
CREATE TABLE bank.pictures (
    name            text    PRIMARY KEY CHECK (name ~ '^[0-9a-f]{64}$'),
    media           text    NOT NULL CHECK (media IN ('image/png', 'image/jpeg')),
    width           integer NOT NULL CHECK (width BETWEEN 1 AND 10000),
    height          integer NOT NULL CHECK (height BETWEEN 1 AND 10000),
    data            bytea   NOT NULL CHECK (length(data) BETWEEN 1 AND 10485760),
    added_at        timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE bank.pictures ALTER COLUMN data SET STORAGE EXTERNAL; -- pictures do not get smaller
CREATE TABLE bank.picture_uploads (
    name            text    NOT NULL REFERENCES bank.pictures ON DELETE CASCADE,
    account_id      bigint  NOT NULL,
    PRIMARY KEY (name, account_id)
);

-- How often an item was in papers of physicians and in prepared forms.
CREATE TABLE bank.exposure (
    item_id         bigint  NOT NULL REFERENCES bank.items,
    cycle           integer NOT NULL,
    papers          integer NOT NULL DEFAULT 0 CHECK (papers >= 0),
    forms           integer NOT NULL DEFAULT 0 CHECK (forms >= 0),
    last_at         timestamptz,
    PRIMARY KEY (item_id, cycle)
);
-- Papers not counted yet. A row comes with its paper, in the same transaction, and goes when it is counted: nothing is
-- counted twice or missed, whoever counts and whatever dies (exam_engine/exposing.py).
CREATE TABLE exam.papers_uncounted (
    attempt_id      bigint  PRIMARY KEY
);
CREATE FUNCTION exam.paper_is_uncounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO exam.papers_uncounted SELECT attempt_id FROM new_papers ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER papers_uncounted AFTER INSERT ON exam.papers REFERENCING NEW TABLE AS new_papers
    FOR EACH STATEMENT EXECUTE FUNCTION exam.paper_is_uncounted();
INSERT INTO exam.papers_uncounted SELECT attempt_id FROM exam.papers;

-- What statistics found of a version: a suggestion with its evidence. Closed by who looked into it.
CREATE TABLE bank.alarms (
    item_id         bigint  NOT NULL,
    version         integer NOT NULL,
    code            text    NOT NULL CHECK (code ~ '^[a-z_]{1,40}$'),
    source          text    NOT NULL DEFAULT '' CHECK (length(source) <= 80),
    evidence        jsonb   NOT NULL DEFAULT '{}',
    at              timestamptz NOT NULL DEFAULT now(),
    closed_at       timestamptz,
    PRIMARY KEY (item_id, version, code, source),
    FOREIGN KEY (item_id, version) REFERENCES bank.item_versions (item_id, version)
);
CREATE INDEX alarms_open ON bank.alarms (item_id) WHERE closed_at IS NULL;

-- Files uploaded at the desk: read and reported first, written when that is confirmed. items: compressed JSON Lines.
CREATE TABLE bank.imports (
    import_id       text    PRIMARY KEY CHECK (import_id ~ '^[0-9a-f]{16}$'),
    pool            text    NOT NULL REFERENCES bank.pools,
    account_id      bigint  NOT NULL,
    person_id       bigint  NOT NULL,
    by_name         text    NOT NULL,
    name            text    NOT NULL CHECK (length(name) <= 200),
    format          text    NOT NULL DEFAULT '',
    state           text    NOT NULL DEFAULT 'reading'
                    CHECK (state IN ('reading', 'read', 'writing', 'done', 'failed', 'dropped')),
    problem         text    NOT NULL DEFAULT '',
    report          json    NOT NULL DEFAULT '{}',
    done            integer NOT NULL DEFAULT 0,
    items           bytea,
    made_at         timestamptz NOT NULL DEFAULT now(),
    heard_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON bank.imports (account_id, made_at DESC);
CREATE INDEX ON bank.imports (heard_at);

-- What no reader would call a difference: full and half width, case, spaces.
CREATE FUNCTION bank.plain(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(normalize(said, NFKC)), '\s+', '', 'g')
$$;
-- Bodies as lists and search want them: of the version in force, or of the working copy where nothing is in force.
CREATE FUNCTION bank.describe(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    UPDATE bank.items i SET
        type = coalesce(b.shown ->> 'type', ''),
        topic = coalesce(b.shown ->> 'topic', ''),
        difficulty = coalesce((b.shown ->> 'difficulty')::smallint, 2),
        category = coalesce(b.shown ->> 'category', ''),
        level = coalesce(b.shown ->> 'level', ''),
        specialties = ARRAY (SELECT jsonb_array_elements_text(coalesce(b.shown -> 'specialties', '[]'))),
        stem = left(coalesce(b.shown ->> 'stem', ''), 120),
        author = coalesce(nullif(b.author, ''), i.author),
        writers = b.writers,
        draft = coalesce(b.state, CASE WHEN i.status IN ('draft', 'review') THEN i.status ELSE '' END),
        pictures = ARRAY (SELECT DISTINCT p.picture ->> 'name' FROM
            (SELECT jsonb_array_elements(coalesce(body -> 'pictures', '[]')) AS picture
             FROM unnest(ARRAY[b.in_force, b.working]) AS bodies (body)) p),
        said = left((SELECT string_agg(bank.plain(concat_ws(chr(10), body ->> 'case', body ->> 'stem',
            (SELECT string_agg(o.option ->> 'text', chr(10)) FROM
                (SELECT jsonb_array_elements(body -> 'options') AS option) o))), chr(10))
            FROM unnest(ARRAY[b.in_force, b.working]) AS bodies (body) WHERE body IS NOT NULL), 60000)
            || chr(10) || bank.plain(i.code) || chr(10) || bank.plain(i.set_code)
    FROM (
        SELECT x.item_id, v.body AS in_force, d.body::jsonb AS working, coalesce(v.body, d.body::jsonb) AS shown,
            d.state, coalesce(d.author, v.author, '') AS author, coalesce(d.writers, v.writers, '{}') AS writers
        FROM bank.items x LEFT JOIN bank.item_versions v USING (item_id, version) LEFT JOIN bank.drafts d USING (item_id)
        WHERE x.item_id = ANY (ids)
    ) b
    WHERE i.item_id = b.item_id
$$;
SELECT bank.describe(array_agg(item_id)) FROM bank.items;
