-- Pay-as-you-go. The conventions are those of 0001.

-- Which reports of usage an account has had, within the time in which they may be repeated. Every
-- report is one row here and nothing more: there is no index by age, so the old ones are found by a
-- walk through all. `value` is empty for none, or 8 bytes.
CREATE TABLE usage_seen (
    stream   TEXT COLLATE "C" NOT NULL,
    key      BYTEA            NOT NULL,
    resource BIGINT           NOT NULL,
    quantity TEXT COLLATE "C" NOT NULL,
    value    BYTEA            NOT NULL,
    at       BIGINT           NOT NULL,
    PRIMARY KEY (stream, key)
);

-- Pay-as-you-go resources as they are listed. A settlement does not touch them.
CREATE TABLE resources (
    stream      TEXT COLLATE "C" NOT NULL,
    number      BIGINT           NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    product     TEXT COLLATE "C" NOT NULL,
    plan        TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    opened_at   BIGINT           NOT NULL,
    stopped_at  BIGINT           NOT NULL,
    halted_at   BIGINT           NOT NULL,
    released_at BIGINT           NOT NULL,
    PRIMARY KEY (stream, number)
);

-- Few are stopped for debt: to find them among all would mean walking through these.
CREATE INDEX resources_halted ON resources (stream, number) WHERE state = 'halted';
