-- Pay-as-you-go. The conventions are those of 0001.

-- Which reports of usage an account has had, within the time in which they may be repeated. Every
-- report is one row here and nothing more: there is no index by age, so the old ones are found by a
-- walk through all. `value` is empty for none, or 8 bytes.
CREATE TABLE usage_seen (
    stream   TEXT    NOT NULL,
    key      BLOB    NOT NULL,
    resource INTEGER NOT NULL,
    quantity TEXT    NOT NULL,
    value    BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (stream, key)
) STRICT, WITHOUT ROWID;

-- Pay-as-you-go resources as they are listed. A settlement does not touch them.
CREATE TABLE resources (
    stream      TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    external_id TEXT    NOT NULL,
    product     TEXT    NOT NULL,
    plan        TEXT    NOT NULL,
    region      TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    opened_at   INTEGER NOT NULL,
    stopped_at  INTEGER NOT NULL,
    halted_at   INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- Few are stopped for debt: to find them among all would mean walking through these.
CREATE INDEX resources_halted ON resources (stream, number) WHERE state = 'halted';
