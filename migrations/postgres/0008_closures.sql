-- Closures: accounts that are being closed, or are closed, as their summary says. They are few beside
-- the others, so that this index costs next to nothing.
CREATE INDEX streams_closing ON streams (stream) WHERE strpos(summary, '"closure":') > 0;
