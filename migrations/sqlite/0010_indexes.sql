-- What waits in a stream, by the topic that voids it: an account may have thousands that wait.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (stream, topic, seq, n) WHERE state = 'waiting';

-- Which webhook of a stream comes first at an endpoint.
CREATE INDEX outbox_webhooks ON outbox (stream, endpoint, seq, n)
    WHERE state = 'waiting' AND channel = 'webhook';
