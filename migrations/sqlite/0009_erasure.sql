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

-- `secure_delete` overwrites what is deleted where it stands, but not the copies that stay behind
-- in a page when its rows are moved to make room. Of what is sealed such a copy is worthless
-- without the key; a key must leave none. So keys are appended, no row of theirs is ever deleted,
-- and none is moved: a key is destroyed by writing zeros of the same length over it.
ALTER TABLE keys RENAME TO clustered_keys;

CREATE TABLE keys (
    stream  TEXT NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

INSERT INTO keys (stream, wrapped) SELECT stream, wrapped FROM clustered_keys ORDER BY stream;

DROP TABLE clustered_keys;

-- The retention keys of closed accounts, kept and destroyed in the same way. Under it is sealed
-- who bought, for the invoices that are kept; it goes with the key when the retention ends.
CREATE TABLE retention_keys (
    stream  TEXT NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE retained (
    stream TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Accounts of which nothing may be erased for now. Nearly always empty.
CREATE TABLE legal_holds (
    stream  TEXT    NOT NULL PRIMARY KEY,
    held_at INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    reason  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
