-- Withdrawals. The conventions are those of 0001. `parts` is JSON: what was taken from which lot, and
-- the way that it goes.
CREATE TABLE withdrawals (
    stream       TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    minor        INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    requested_at INTEGER NOT NULL,
    settled_at   INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    parts        TEXT    NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;
