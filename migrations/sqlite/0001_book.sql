-- Every column is NOT NULL and every table STRICT, because a value that was never bound arrives as
-- NULL and is not an error otherwise. "None" is an empty text, -1 for a number inside the account,
-- or 9223372036854775807 for an instant, which no instant can be. Instants are microseconds since
-- 1970, 253402300799000000 is the end of time; money is in minor units.
--
-- What a commit costs is the pages that it touches. Keys lead with the stream, and tables of short
-- rows are clustered by them. Those with long bodies (journal, snapshots, outbox) are not: a page
-- of a clustered table holds few long rows, so that nearly every insert would split pages and the
-- tree would be deep. Appended in the order of writing they take a third fewer bytes a commit.

-- Where each journal ends and when its stream is due.
CREATE TABLE streams (
    stream        TEXT    NOT NULL PRIMARY KEY,
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    digest        BLOB    NOT NULL,
    due_at        INTEGER NOT NULL,
    due_job       TEXT    NOT NULL,
    rules_version INTEGER NOT NULL,
    summary       TEXT    NOT NULL,
    parked_at     INTEGER NOT NULL,
    parked_reason TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Schedulers ask for their own oldest: by job first, so that "when next?" is one seek for each.
CREATE INDEX streams_due ON streams (due_job, due_at, stream)
    WHERE parked_at = 9223372036854775807 AND due_at < 253402300799000000;

-- Nearly always empty.
CREATE INDEX streams_parked ON streams (parked_at) WHERE parked_at <> 9223372036854775807;

-- The truth: one row for each record, never changed.
CREATE TABLE journal (
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT;

-- States of streams that spare reading the journal from its start.
CREATE TABLE snapshots (
    stream TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    build  TEXT    NOT NULL,
    body   TEXT    NOT NULL
) STRICT;

-- What may exist once over all streams, known by a keyed hash.
CREATE TABLE claims (
    kind   TEXT NOT NULL,
    hash   BLOB NOT NULL,
    stream TEXT NOT NULL,
    PRIMARY KEY (kind, hash)
) STRICT, WITHOUT ROWID;

-- Requests that were answered, with the answer to repeat.
CREATE TABLE tokens (
    stream      TEXT    NOT NULL,
    token       TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    answer      TEXT    NOT NULL,
    PRIMARY KEY (stream, token)
) STRICT, WITHOUT ROWID;

-- For forgetting them; grows at its end, so it costs next to nothing.
CREATE INDEX tokens_at ON tokens (at);

-- The key of each stream, wrapped under the deployment's key.
CREATE TABLE keys (
    stream  TEXT NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What is personal, sealed under the stream's key.
CREATE TABLE sealed (
    stream TEXT    NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB    NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- Subscriptions as they are listed. Without a paid period (an empty `period`) they expire at the
-- end of time, so that they are listed last.
CREATE TABLE subscriptions (
    stream             TEXT    NOT NULL,
    number             INTEGER NOT NULL,
    external_id        TEXT    NOT NULL,
    product            TEXT    NOT NULL,
    plan               TEXT    NOT NULL,
    region             TEXT    NOT NULL,
    zone               TEXT    NOT NULL,
    state              TEXT    NOT NULL,
    mode               TEXT    NOT NULL,
    auto_period        TEXT    NOT NULL,
    muted              INTEGER NOT NULL,
    open_order         INTEGER NOT NULL,
    period_no          INTEGER NOT NULL,
    period             TEXT    NOT NULL,
    anchor             INTEGER NOT NULL,
    months_from_anchor INTEGER NOT NULL,
    weeks_from_anchor  INTEGER NOT NULL,
    started_at         INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    suspends_at        INTEGER NOT NULL,
    releases_at        INTEGER NOT NULL,
    price_minor        INTEGER NOT NULL,
    currency           TEXT    NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- For lists over all accounts, by expiry. Not only of live ones: a list without a state would
-- have to sort the table for each page.
CREATE INDEX subscriptions_expires_at ON subscriptions (expires_at, stream, number);

-- Orders as they are listed.
CREATE TABLE orders (
    stream        TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    subscription  INTEGER NOT NULL,
    product       TEXT    NOT NULL,
    plan          TEXT    NOT NULL,
    period        TEXT    NOT NULL,
    period_no     INTEGER NOT NULL,
    starts_at     INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    list_minor    INTEGER NOT NULL,
    payable_minor INTEGER NOT NULL,
    currency      TEXT    NOT NULL,
    rules_version INTEGER NOT NULL,
    automatic     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    deadline      INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    closed_at     INTEGER NOT NULL,
    cancelled_for TEXT    NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- Balanced double entries: debits above zero, credits below.
CREATE TABLE ledger_entries (
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    account  TEXT    NOT NULL,
    minor    INTEGER NOT NULL,
    currency TEXT    NOT NULL,
    PRIMARY KEY (stream, seq, line)
) STRICT, WITHOUT ROWID;

-- What the world must be told, and how that stands.
CREATE TABLE outbox (
    stream      TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    channel     TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    worth_until INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    PRIMARY KEY (stream, seq, n)
) STRICT;

-- What is to be sent next, and what was given up. Small: rows leave it when they are sent.
CREATE INDEX outbox_open ON outbox (channel, state, next_at, stream, seq, n)
    WHERE state IN ('waiting', 'dead');

-- What waits in a stream: which webhook comes first, what a topic voids. Small as well.
CREATE INDEX outbox_waiting ON outbox (stream, endpoint, topic, seq, n) WHERE state = 'waiting';

-- For lists and for forgetting; grows at its end.
CREATE INDEX outbox_at ON outbox (at, stream, seq, n);

-- What the schedulers' runs did; the newest of each are kept.
CREATE TABLE job_runs (
    job            TEXT    NOT NULL,
    n              INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    took_ms        INTEGER NOT NULL,
    advanced_count INTEGER NOT NULL,
    failed_count   INTEGER NOT NULL,
    steps          TEXT    NOT NULL,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
