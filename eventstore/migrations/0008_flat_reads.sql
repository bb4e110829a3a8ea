-- What is read must not grow slower with what is over.

-- the list of the quarantine, in its order; the other half of its states was missing, and one direction
CREATE INDEX quarantine_listed ON quarantine (received_at, id) WHERE state IN ('held', 'reprocessing');
DROP INDEX quarantine_held;

-- keys of commands are forgotten after some time, the oldest first
CREATE INDEX idempotency_at ON idempotency (at);
