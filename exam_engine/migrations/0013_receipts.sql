-- exam.*: signed receipts of what was handed in, and the keys that signed them.
-- depends: 0012_results

-- Ed25519 keys of the installation. The private half is wrapped by a key derived from the installation's secret. Several
-- processes that make the next one at once meet on its number: one is kept. A key signs what is handed in from `since`.
CREATE TABLE exam.receipt_keys (
    number          integer PRIMARY KEY CHECK (number BETWEEN 1 AND 9999),
    key_id          text    NOT NULL UNIQUE CHECK (key_id ~ '^[0-9a-f]{16}$'),
    public_key      bytea   NOT NULL CHECK (length(public_key) = 32),
    wrapped         bytea   NOT NULL CHECK (length(wrapped) = 60), -- nonce 12, key 32, tag 16
    since           timestamptz NOT NULL,
    made_at         timestamptz NOT NULL DEFAULT now()
);

-- Written once; what is lost can be made again from the journal, byte for byte. `salt` opens the commitment to the
-- answers, which the journal holds anyway.
CREATE TABLE exam.receipts (
    attempt_id      bigint  PRIMARY KEY REFERENCES exam.attempts,
    code            text    NOT NULL UNIQUE CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    key_id          text    NOT NULL REFERENCES exam.receipt_keys (key_id),
    signed          bytea   NOT NULL CHECK (length(signed) = 180), -- the receipt, 116 bytes, and its signature
    salt            bytea   NOT NULL CHECK (length(salt) = 16),
    made_at         timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER receipts_never_changed BEFORE UPDATE OR DELETE ON exam.receipts
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER receipts_never_emptied BEFORE TRUNCATE ON exam.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER receipt_keys_never_changed BEFORE UPDATE OR DELETE ON exam.receipt_keys
    FOR EACH ROW EXECUTE FUNCTION exam.never_changed();
CREATE TRIGGER receipt_keys_never_emptied BEFORE TRUNCATE ON exam.receipt_keys
    FOR EACH STATEMENT EXECUTE FUNCTION exam.never_changed();
REVOKE UPDATE, DELETE, TRUNCATE ON exam.receipts, exam.receipt_keys FROM PUBLIC;

-- Whether the worker still has to look: a hint for it, so that it need not compare two long tables every second.
ALTER TABLE exam.attempts ADD COLUMN receipted boolean NOT NULL DEFAULT false;
CREATE INDEX attempts_without_receipt ON exam.attempts (attempt_id)
    WHERE NOT receipted AND phase IN ('submitted', 'marked', 'released');
