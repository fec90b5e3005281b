-- Every column is NOT NULL, so that a value that was never bound cannot hide. "None" is an empty
-- text, -1 for a number inside the account, or 9223372036854775807 for an instant, which no instant
-- can be. Instants are microseconds since 1970, 253402300799000000 is the end of time; money is in
-- minor units. JSON is TEXT: it must come back byte for byte.
--
-- Texts are compared byte by byte (COLLATE "C"), as the other stores do: pages of lists go on
-- behind an id, whatever language the database was made in.
--
-- The tables and their keys are those of migrations/sqlite, by number and name, without what is
-- particular to a file.

-- Where each journal ends and when its stream is due.
CREATE TABLE streams (
    stream        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq           BIGINT           NOT NULL,
    at            BIGINT           NOT NULL,
    digest        BYTEA            NOT NULL,
    due_at        BIGINT           NOT NULL,
    due_job       TEXT COLLATE "C" NOT NULL,
    rules_version BIGINT           NOT NULL,
    summary       TEXT COLLATE "C" NOT NULL,
    parked_at     BIGINT           NOT NULL,
    parked_reason TEXT COLLATE "C" NOT NULL
);

-- Schedulers ask for their own oldest: by job first, so that "when next?" is one seek for each.
CREATE INDEX streams_due ON streams (due_job, due_at, stream)
    WHERE parked_at = 9223372036854775807 AND due_at < 253402300799000000;

-- Nearly always empty.
CREATE INDEX streams_parked ON streams (parked_at) WHERE parked_at <> 9223372036854775807;

-- The truth: one row for each record, never changed.
CREATE TABLE journal (
    stream TEXT COLLATE "C" NOT NULL,
    seq    BIGINT           NOT NULL,
    at     BIGINT           NOT NULL,
    digest BYTEA            NOT NULL,
    body   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, seq)
);

-- States of streams that spare reading the journal from its start.
CREATE TABLE snapshots (
    stream TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq    BIGINT           NOT NULL,
    build  TEXT COLLATE "C" NOT NULL,
    body   TEXT COLLATE "C" NOT NULL
);

-- What may exist once over all streams, known by a keyed hash.
CREATE TABLE claims (
    kind   TEXT COLLATE "C" NOT NULL,
    hash   BYTEA            NOT NULL,
    stream TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, hash)
);

-- Requests that were answered, with the answer to repeat.
CREATE TABLE tokens (
    stream      TEXT COLLATE "C" NOT NULL,
    token       TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA            NOT NULL,
    seq         BIGINT           NOT NULL,
    at          BIGINT           NOT NULL,
    answer      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, token)
);

-- For forgetting them; grows at its end, so it costs next to nothing.
CREATE INDEX tokens_at ON tokens (at);

-- The key of each stream, wrapped under the deployment's key.
CREATE TABLE keys (
    stream  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped BYTEA            NOT NULL
);

-- What is personal, sealed under the stream's key.
CREATE TABLE sealed (
    stream TEXT COLLATE "C" NOT NULL,
    number BIGINT           NOT NULL,
    sealed BYTEA            NOT NULL,
    PRIMARY KEY (stream, number)
);

-- Subscriptions as they are listed. Without a paid period (an empty `period`) they expire at the
-- end of time, so that they are listed last.
CREATE TABLE subscriptions (
    stream             TEXT COLLATE "C" NOT NULL,
    number             BIGINT           NOT NULL,
    external_id        TEXT COLLATE "C" NOT NULL,
    product            TEXT COLLATE "C" NOT NULL,
    plan               TEXT COLLATE "C" NOT NULL,
    region             TEXT COLLATE "C" NOT NULL,
    zone               TEXT COLLATE "C" NOT NULL,
    state              TEXT COLLATE "C" NOT NULL,
    mode               TEXT COLLATE "C" NOT NULL,
    auto_period        TEXT COLLATE "C" NOT NULL,
    muted              BOOLEAN          NOT NULL,
    open_order         BIGINT           NOT NULL,
    period_no          BIGINT           NOT NULL,
    period             TEXT COLLATE "C" NOT NULL,
    anchor             BIGINT           NOT NULL,
    months_from_anchor BIGINT           NOT NULL,
    weeks_from_anchor  BIGINT           NOT NULL,
    started_at         BIGINT           NOT NULL,
    expires_at         BIGINT           NOT NULL,
    suspends_at        BIGINT           NOT NULL,
    releases_at        BIGINT           NOT NULL,
    price_minor        BIGINT           NOT NULL,
    currency           TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, number)
);

-- For lists over all accounts, by expiry. Not only of live ones: a list without a state would
-- have to sort the table for each page.
CREATE INDEX subscriptions_expires_at ON subscriptions (expires_at, stream, number);

-- Balanced double entries: debits above zero, credits below.
CREATE TABLE ledger_entries (
    stream   TEXT COLLATE "C" NOT NULL,
    seq      BIGINT           NOT NULL,
    line     BIGINT           NOT NULL,
    at       BIGINT           NOT NULL,
    account  TEXT COLLATE "C" NOT NULL,
    minor    BIGINT           NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, seq, line)
);

-- What the world must be told, and how that stands.
CREATE TABLE outbox (
    stream      TEXT COLLATE "C" NOT NULL,
    seq         BIGINT           NOT NULL,
    n           BIGINT           NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,
    endpoint    TEXT COLLATE "C" NOT NULL,
    topic       TEXT COLLATE "C" NOT NULL,
    worth_until BIGINT           NOT NULL,
    at          BIGINT           NOT NULL,
    body        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    attempts    BIGINT           NOT NULL,
    next_at     BIGINT           NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, seq, n)
);

-- What is to be sent next, and what was given up. Small: rows leave it when they are sent.
CREATE INDEX outbox_open ON outbox (channel, state, next_at, stream, seq, n)
    WHERE state IN ('waiting', 'dead');

-- What waits in a stream: which webhook comes first, what a topic voids. Small as well.
CREATE INDEX outbox_waiting ON outbox (stream, endpoint, topic, seq, n) WHERE state = 'waiting';

-- For lists and for forgetting; grows at its end.
CREATE INDEX outbox_at ON outbox (at, stream, seq, n);

-- What the schedulers' runs did; the newest of each are kept.
CREATE TABLE job_runs (
    job            TEXT COLLATE "C" NOT NULL,
    n              BIGINT           NOT NULL,
    at             BIGINT           NOT NULL,
    took_ms        BIGINT           NOT NULL,
    advanced_count BIGINT           NOT NULL,
    failed_count   BIGINT           NOT NULL,
    steps          TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job, n)
);
