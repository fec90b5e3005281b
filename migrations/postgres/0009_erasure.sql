-- Closed accounts: what is personal goes, what must be kept stays. The conventions are those of
-- 0001.

-- The claims of an account are released together when it closes.
CREATE INDEX claims_stream ON claims (stream);

-- One row for each account that was closed, and how far its erasure is.
CREATE TABLE erasures (
    stream         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    stage          TEXT COLLATE "C" NOT NULL,
    seq            BIGINT           NOT NULL,
    closed_at      BIGINT           NOT NULL,
    destroyed_at   BIGINT           NOT NULL,
    erased_at      BIGINT           NOT NULL,
    swept_at       BIGINT           NOT NULL,
    claim_count    BIGINT           NOT NULL,
    sealed_count   BIGINT           NOT NULL,
    delivery_count BIGINT           NOT NULL,
    mail_count     BIGINT           NOT NULL
);

-- Whose turn is it? The first closed first.
CREATE INDEX erasures_stage ON erasures (stage, closed_at, stream);

-- A key (`keys` in 0001) is destroyed by writing zeros over it; the row as it was is given up to be
-- overwritten by VACUUM.

-- The retention keys of closed accounts, kept and destroyed in the same way. Under it is sealed
-- who bought, for the invoices that are kept; it goes with the key when the retention ends.
CREATE TABLE retention_keys (
    stream  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped BYTEA            NOT NULL
);

CREATE TABLE retained (
    stream TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed BYTEA            NOT NULL
);

-- Accounts of which nothing may be erased for now. Nearly always empty.
CREATE TABLE legal_holds (
    stream  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    held_at BIGINT           NOT NULL,
    uid     BIGINT           NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL
);
