-- Lines of usage, and what is paid of a month after it was billed. The conventions are those of
-- 0001: a line of an order has no resource, a line of usage has no order and no subscription.

ALTER TABLE bill_lines ADD COLUMN resource INTEGER NOT NULL DEFAULT -1;
ALTER TABLE bill_lines ADD COLUMN meter    TEXT    NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN unit     TEXT    NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN quantity TEXT    NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN price    TEXT    NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN tier     INTEGER NOT NULL DEFAULT -1;

ALTER TABLE statements ADD COLUMN repaid_minor INTEGER NOT NULL DEFAULT 0;
