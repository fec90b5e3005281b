-- Bill lines, closed months, and the documents made of them. The conventions are those of 0001;
-- amounts may be below zero here, and none of them is ever absent.

-- The key leads with the month: what everybody was billed in a month is a range, and the months
-- that are closed are not touched by the lines of the running one.
CREATE TABLE bill_lines (
    month          TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    item_type      TEXT    NOT NULL,
    at             INTEGER NOT NULL,
    order_number   INTEGER NOT NULL,
    related        INTEGER NOT NULL,
    order_type     TEXT    NOT NULL,
    item           TEXT    NOT NULL,
    days           INTEGER NOT NULL,
    subscription   INTEGER NOT NULL,
    external_id    TEXT    NOT NULL,
    product        TEXT    NOT NULL,
    plan           TEXT    NOT NULL,
    region         TEXT    NOT NULL,
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    list_minor     INTEGER NOT NULL,
    discount_minor INTEGER NOT NULL,
    coupon_minor   INTEGER NOT NULL,
    net_minor      INTEGER NOT NULL,
    tax_name       TEXT    NOT NULL,
    tax_rate       TEXT    NOT NULL,
    tax_minor      INTEGER NOT NULL,
    total_minor    INTEGER NOT NULL,
    paid_minor     INTEGER NOT NULL,
    currency       TEXT    NOT NULL,
    PRIMARY KEY (month, stream, number)
) STRICT, WITHOUT ROWID;

-- Months that are closed. `pending` is JSON: runs of the lines that are on no document yet. The
-- state follows from the figures; it stands here for lists.
CREATE TABLE statements (
    stream              TEXT    NOT NULL,
    month               TEXT    NOT NULL,
    line_count          INTEGER NOT NULL,
    net_minor           INTEGER NOT NULL,
    tax_minor           INTEGER NOT NULL,
    total_minor         INTEGER NOT NULL,
    paid_minor          INTEGER NOT NULL,
    closed_at           INTEGER NOT NULL,
    pending             TEXT    NOT NULL,
    pending_net_minor   INTEGER NOT NULL,
    pending_tax_minor   INTEGER NOT NULL,
    pending_total_minor INTEGER NOT NULL,
    pending_paid_minor  INTEGER NOT NULL,
    currency            TEXT    NOT NULL,
    state               TEXT    NOT NULL,
    PRIMARY KEY (stream, month)
) STRICT, WITHOUT ROWID;

-- For lists over all accounts.
CREATE INDEX statements_month ON statements (month, stream);

-- Few are not paid in full: to find them among all would mean walking through these.
CREATE INDEX statements_uncleared ON statements (month, stream) WHERE state = 'Uncleared';

-- Invoices and credit notes, by the number of their id; what is printed on them is the number
-- that their series gave, empty until it answers. `lines` is JSON: runs of their lines.
CREATE TABLE documents (
    stream         TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    year           INTEGER NOT NULL,
    month          TEXT    NOT NULL,
    lines          TEXT    NOT NULL,
    net_minor      INTEGER NOT NULL,
    tax_minor      INTEGER NOT NULL,
    total_minor    INTEGER NOT NULL,
    paid_minor     INTEGER NOT NULL,
    currency       TEXT    NOT NULL,
    related        INTEGER NOT NULL,
    issued_at      INTEGER NOT NULL,
    printed_number TEXT    NOT NULL,
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- A series gives one number for each token, however late it is asked again: its tokens are never
-- forgotten, and whoever looks for old ones does not walk past them.
DROP INDEX tokens_at;

CREATE INDEX tokens_at ON tokens (at) WHERE substr(stream, 1, 7) <> 'series_';
