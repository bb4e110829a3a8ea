-- Telephone work: who is to be called back, whose stopwatch runs, and lines that were revoked.

CREATE TABLE callback_state (
    callback uuid PRIMARY KEY,
    version  integer NOT NULL,
    call     uuid,                             -- made for it last
    state    bytea NOT NULL                    -- services/callbacks/state.py, msgpack
);
CREATE INDEX callback_state_call ON callback_state (call) WHERE call IS NOT NULL;

CREATE TABLE stopwatches (                     -- at most one a user
    agent      text PRIMARY KEY,
    incident   uuid NOT NULL,
    span       uuid NOT NULL,
    started_at timestamptz NOT NULL
);

ALTER TABLE lines ADD COLUMN revoked_at timestamptz;
