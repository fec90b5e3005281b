-- Coupon campaigns as they are listed. What a campaign grants is fixed when it is opened, so its
-- terms are kept whole, as JSON; beside them stands what lists ask for and what changes. Open
-- campaigns close at 9223372036854775807.
CREATE TABLE campaigns (
    stream    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name      TEXT COLLATE "C" NOT NULL,
    starts_at BIGINT           NOT NULL,
    ends_at   BIGINT           NOT NULL,
    opened_at BIGINT           NOT NULL,
    closed_at BIGINT           NOT NULL,
    taken     BIGINT           NOT NULL,
    terms     TEXT COLLATE "C" NOT NULL
);

-- For lists, the last opened first. There are few campaigns, and this is all that they are found by.
CREATE INDEX campaigns_opened_at ON campaigns (opened_at, stream);
