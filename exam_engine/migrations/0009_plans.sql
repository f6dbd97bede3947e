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
