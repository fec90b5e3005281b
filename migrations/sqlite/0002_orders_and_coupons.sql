-- Orders with everything that they say, coupons, and what orders paid for which time. The
-- conventions are those of 0001. An amount that is never below zero is -1 for none.
--
-- Made anew rather than altered: so every column stands in one place and none has a default
-- behind which a value that was never bound could hide.

CREATE TABLE orders_2 (
    stream         TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    subscription   INTEGER NOT NULL,
    product        TEXT    NOT NULL,
    plan           TEXT    NOT NULL,
    from_plan      TEXT    NOT NULL,
    period         TEXT    NOT NULL,
    period_no      INTEGER NOT NULL,
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    aligned_to     INTEGER NOT NULL,
    until          INTEGER NOT NULL,
    list_minor     INTEGER NOT NULL,
    discount_minor INTEGER NOT NULL,
    coupon         INTEGER NOT NULL,
    coupon_minor   INTEGER NOT NULL,
    tax_name       TEXT    NOT NULL,
    tax_rate       TEXT    NOT NULL,
    tax_inclusive  INTEGER NOT NULL,
    tax_minor      INTEGER NOT NULL,
    lines          TEXT    NOT NULL,
    payable_minor  INTEGER NOT NULL,
    refund_minor   INTEGER NOT NULL,
    refund_of      INTEGER NOT NULL,
    currency       TEXT    NOT NULL,
    rules_version  INTEGER NOT NULL,
    automatic      INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    deadline       INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    warned         INTEGER NOT NULL,
    paid_at        INTEGER NOT NULL,
    deliver_until  INTEGER NOT NULL,
    closed_at      INTEGER NOT NULL,
    cancelled_for  TEXT    NOT NULL,
    failed_for     TEXT    NOT NULL,
    failed_detail  TEXT    NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- Until now a paid order was done in the instant in which it was paid.
INSERT INTO orders_2
SELECT stream, number, kind, subscription, product, plan, '', period, period_no,
       starts_at, ends_at, 9223372036854775807, 9223372036854775807,
       list_minor, -1, -1, 0, '', '', 0, 0, '', payable_minor, -1, -1, currency,
       rules_version, automatic, created_at, deadline, state, 0,
       CASE state WHEN 'Paid' THEN closed_at ELSE 9223372036854775807 END,
       9223372036854775807, closed_at, cancelled_for, '', ''
FROM orders;

DROP TABLE orders;

ALTER TABLE orders_2 RENAME TO orders;

-- For lists over all accounts; an order that was just made stands at its end.
CREATE INDEX orders_created_at ON orders (created_at, stream, number);

-- Few wait: to find them among all orders would mean walking through these. An order that is made
-- and paid in one record never enters it.
CREATE INDEX orders_open ON orders (created_at, stream, number)
    WHERE state IN ('Unpaid', 'Processing');

-- Coupons as they are listed. `benefit` and `scope` are JSON; `type`, `nominal_minor` and
-- `currency` say the same as `benefit`, for whoever asks in SQL.
CREATE TABLE coupons (
    stream        TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    campaign      TEXT    NOT NULL,
    again_for     INTEGER NOT NULL,
    description   TEXT    NOT NULL,
    type          TEXT    NOT NULL,
    benefit       TEXT    NOT NULL,
    nominal_minor INTEGER NOT NULL,
    balance_minor INTEGER NOT NULL,
    currency      TEXT    NOT NULL,
    scope         TEXT    NOT NULL,
    granted_at    INTEGER NOT NULL,
    effective_at  INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    frozen_by     INTEGER NOT NULL,
    frozen_at     INTEGER NOT NULL,
    held_until    INTEGER NOT NULL,
    reminded      INTEGER NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- For lists over all accounts of those that can still be used, by expiry.
CREATE INDEX coupons_live ON coupons (expires_at, stream, number)
    WHERE state IN ('NotEffective', 'Available', 'Frozen');

-- What an order paid for a time, as revenue is earned along it. The key leads with the time, not
-- with the stream: what is renewed together begins at about the same time, so that a batch of
-- renewals adds to few pages instead of one each (0.1 KB a renewal instead of 5, at 40 000
-- accounts and 256 renewals a batch); and what has begun by an instant is a range.
CREATE TABLE coverages (
    starts_at     INTEGER NOT NULL,
    stream        TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    product       TEXT    NOT NULL,
    revenue_minor INTEGER NOT NULL,
    currency      TEXT    NOT NULL,
    PRIMARY KEY (starts_at, stream, number)
) STRICT, WITHOUT ROWID;
