-- Withdrawals. The conventions are those of 0001. `parts` is JSON: what was taken from which lot, and
-- the way that it goes.
CREATE TABLE withdrawals (
    stream       TEXT COLLATE "C" NOT NULL,
    number       BIGINT           NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    minor        BIGINT           NOT NULL,
    currency     TEXT COLLATE "C" NOT NULL,
    requested_at BIGINT           NOT NULL,
    settled_at   BIGINT           NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    parts        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, number)
);
