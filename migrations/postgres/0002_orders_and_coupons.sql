-- Orders with everything that they say, coupons, and what orders paid for which time. The
-- conventions are those of 0001. An amount that is never below zero is -1 for none.

CREATE TABLE orders (
    stream         TEXT COLLATE "C" NOT NULL,
    number         BIGINT           NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    subscription   BIGINT           NOT NULL,
    product        TEXT COLLATE "C" NOT NULL,
    plan           TEXT COLLATE "C" NOT NULL,
    from_plan      TEXT COLLATE "C" NOT NULL,
    period         TEXT COLLATE "C" NOT NULL,
    period_no      BIGINT           NOT NULL,
    starts_at      BIGINT           NOT NULL,
    ends_at        BIGINT           NOT NULL,
    aligned_to     BIGINT           NOT NULL,
    until          BIGINT           NOT NULL,
    list_minor     BIGINT           NOT NULL,
    discount_minor BIGINT           NOT NULL,
    coupon         BIGINT           NOT NULL,
    coupon_minor   BIGINT           NOT NULL,
    tax_name       TEXT COLLATE "C" NOT NULL,
    tax_rate       TEXT COLLATE "C" NOT NULL,
    tax_inclusive  BOOLEAN          NOT NULL,
    tax_minor      BIGINT           NOT NULL,
    lines          TEXT COLLATE "C" NOT NULL,
    payable_minor  BIGINT           NOT NULL,
    refund_minor   BIGINT           NOT NULL,
    refund_of      BIGINT           NOT NULL,
    currency       TEXT COLLATE "C" NOT NULL,
    rules_version  BIGINT           NOT NULL,
    automatic      BOOLEAN          NOT NULL,
    created_at     BIGINT           NOT NULL,
    deadline       BIGINT           NOT NULL,
    state          TEXT COLLATE "C" NOT NULL,
    warned         BOOLEAN          NOT NULL,
    paid_at        BIGINT           NOT NULL,
    deliver_until  BIGINT           NOT NULL,
    closed_at      BIGINT           NOT NULL,
    cancelled_for  TEXT COLLATE "C" NOT NULL,
    failed_for     TEXT COLLATE "C" NOT NULL,
    failed_detail  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, number)
);

-- For lists over all accounts; an order that was just made stands at its end.
CREATE INDEX orders_created_at ON orders (created_at, stream, number);

-- Few wait: to find them among all orders would mean walking through these. An order that is made
-- and paid in one record never enters it.
CREATE INDEX orders_open ON orders (created_at, stream, number)
    WHERE state IN ('Unpaid', 'Processing');

-- Coupons as they are listed. `benefit` and `scope` are JSON; `type`, `nominal_minor` and
-- `currency` say the same as `benefit`, for whoever asks in SQL.
CREATE TABLE coupons (
    stream        TEXT COLLATE "C" NOT NULL,
    number        BIGINT           NOT NULL,
    campaign      TEXT COLLATE "C" NOT NULL,
    again_for     BIGINT           NOT NULL,
    description   TEXT COLLATE "C" NOT NULL,
    type          TEXT COLLATE "C" NOT NULL,
    benefit       TEXT COLLATE "C" NOT NULL,
    nominal_minor BIGINT           NOT NULL,
    balance_minor BIGINT           NOT NULL,
    currency      TEXT COLLATE "C" NOT NULL,
    scope         TEXT COLLATE "C" NOT NULL,
    granted_at    BIGINT           NOT NULL,
    effective_at  BIGINT           NOT NULL,
    expires_at    BIGINT           NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    frozen_by     BIGINT           NOT NULL,
    frozen_at     BIGINT           NOT NULL,
    held_until    BIGINT           NOT NULL,
    reminded      BOOLEAN          NOT NULL,
    PRIMARY KEY (stream, number)
);

-- For lists over all accounts of those that can still be used, by expiry.
CREATE INDEX coupons_live ON coupons (expires_at, stream, number)
    WHERE state IN ('NotEffective', 'Available', 'Frozen');

-- What an order paid for a time, as revenue is earned along it. The key leads with the time, not
-- with the stream: what is renewed together begins at about the same time, so that a batch of
-- renewals adds to few pages of the index; and what has begun by an instant is a range.
CREATE TABLE coverages (
    starts_at     BIGINT           NOT NULL,
    stream        TEXT COLLATE "C" NOT NULL,
    number        BIGINT           NOT NULL,
    ends_at       BIGINT           NOT NULL,
    product       TEXT COLLATE "C" NOT NULL,
    revenue_minor BIGINT           NOT NULL,
    currency      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (starts_at, stream, number)
);
