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
