-- Closed accounts: what is personal goes, what must be kept stays. The conventions are those of
-- 0001.

-- The claims of an account are released together when it closes.
CREATE INDEX claims_stream ON claims (stream);

-- One row for each account that was closed, and how far its erasure is.
CREATE TABLE erasures (
    stream         TEXT    NOT NULL PRIMARY KEY,
    stage          TEXT    NOT NULL,
    seq            INTEGER NOT NULL,
    closed_at      INTEGER NOT NULL,
    destroyed_at   INTEGER NOT NULL,
    erased_at      INTEGER NOT NULL,
    swept_at       INTEGER NOT NULL,
    claim_count    INTEGER NOT NULL,
    sealed_count   INTEGER NOT NULL,
    delivery_count INTEGER NOT NULL,
    mail_count     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whose turn is it? The first closed first.
CREATE INDEX erasures_stage ON erasures (stage, closed_at, stream);

-- Who bought, on the invoices of closed accounts: sealed under a key of its own, which is wrapped
-- under the deployment's and goes with it when the retention ends.
CREATE TABLE retained (
    stream  TEXT NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL,
    sealed  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Accounts of which nothing may be erased for now. Nearly always empty.
CREATE TABLE legal_holds (
    stream  TEXT    NOT NULL PRIMARY KEY,
    held_at INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    reason  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
