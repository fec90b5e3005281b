-- Lines of usage, and what is paid of a month after it was billed. The conventions are those of
-- 0001: a line of an order has no resource, a line of usage has no order and no subscription.

ALTER TABLE bill_lines ADD COLUMN resource BIGINT NOT NULL DEFAULT -1;
ALTER TABLE bill_lines ADD COLUMN meter TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN unit TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN quantity TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN price TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE bill_lines ADD COLUMN tier BIGINT NOT NULL DEFAULT -1;

ALTER TABLE statements ADD COLUMN repaid_minor BIGINT NOT NULL DEFAULT 0;
