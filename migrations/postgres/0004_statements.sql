-- Bill lines, closed months, and the documents made of them. The conventions are those of 0001;
-- amounts may be below zero here, and none of them is ever absent.

-- The key leads with the month: what everybody was billed in a month is a range, and the months
-- that are closed are not touched by the lines of the running one.
CREATE TABLE bill_lines (
    month          TEXT COLLATE "C" NOT NULL,
    stream         TEXT COLLATE "C" NOT NULL,
    number         BIGINT           NOT NULL,
    item_type      TEXT COLLATE "C" NOT NULL,
    at             BIGINT           NOT NULL,
    order_number   BIGINT           NOT NULL,
    related        BIGINT           NOT NULL,
    order_type     TEXT COLLATE "C" NOT NULL,
    item           TEXT COLLATE "C" NOT NULL,
    days           BIGINT           NOT NULL,
    subscription   BIGINT           NOT NULL,
    external_id    TEXT COLLATE "C" NOT NULL,
    product        TEXT COLLATE "C" NOT NULL,
    plan           TEXT COLLATE "C" NOT NULL,
    region         TEXT COLLATE "C" NOT NULL,
    starts_at      BIGINT           NOT NULL,
    ends_at        BIGINT           NOT NULL,
    list_minor     BIGINT           NOT NULL,
    discount_minor BIGINT           NOT NULL,
    coupon_minor   BIGINT           NOT NULL,
    net_minor      BIGINT           NOT NULL,
    tax_name       TEXT COLLATE "C" NOT NULL,
    tax_rate       TEXT COLLATE "C" NOT NULL,
    tax_minor      BIGINT           NOT NULL,
    total_minor    BIGINT           NOT NULL,
    paid_minor     BIGINT           NOT NULL,
    currency       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (month, stream, number)
);

-- Months that are closed. `pending` is JSON: runs of the lines that are on no document yet. The
-- state follows from the figures; it stands here for lists.
CREATE TABLE statements (
    stream              TEXT COLLATE "C" NOT NULL,
    month               TEXT COLLATE "C" NOT NULL,
    line_count          BIGINT           NOT NULL,
    net_minor           BIGINT           NOT NULL,
    tax_minor           BIGINT           NOT NULL,
    total_minor         BIGINT           NOT NULL,
    paid_minor          BIGINT           NOT NULL,
    closed_at           BIGINT           NOT NULL,
    pending             TEXT COLLATE "C" NOT NULL,
    pending_net_minor   BIGINT           NOT NULL,
    pending_tax_minor   BIGINT           NOT NULL,
    pending_total_minor BIGINT           NOT NULL,
    pending_paid_minor  BIGINT           NOT NULL,
    currency            TEXT COLLATE "C" NOT NULL,
    state               TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, month)
);

-- For lists over all accounts.
CREATE INDEX statements_month ON statements (month, stream);

-- Few are not paid in full: to find them among all would mean walking through these.
CREATE INDEX statements_uncleared ON statements (month, stream) WHERE state = 'Uncleared';

-- Invoices and credit notes, by the number of their id; what is printed on them is the number
-- that their series gave, empty until it answers. `lines` is JSON: runs of their lines.
CREATE TABLE documents (
    stream         TEXT COLLATE "C" NOT NULL,
    number         BIGINT           NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    year           BIGINT           NOT NULL,
    month          TEXT COLLATE "C" NOT NULL,
    lines          TEXT COLLATE "C" NOT NULL,
    net_minor      BIGINT           NOT NULL,
    tax_minor      BIGINT           NOT NULL,
    total_minor    BIGINT           NOT NULL,
    paid_minor     BIGINT           NOT NULL,
    currency       TEXT COLLATE "C" NOT NULL,
    related        BIGINT           NOT NULL,
    issued_at      BIGINT           NOT NULL,
    printed_number TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, number)
);

-- A series gives one number for each token, however late it is asked again: its tokens are never
-- forgotten, and whoever looks for old ones does not walk past them.
DROP INDEX tokens_at;

CREATE INDEX tokens_at ON tokens (at) WHERE substr(stream, 1, 7) <> 'series_';
