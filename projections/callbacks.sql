-- Call-me-back: one row a request.

CREATE TABLE callbacks (
    id           uuid PRIMARY KEY,              -- and the interaction it came as
    position     bigint NOT NULL,
    incident     uuid NOT NULL,                 -- it opened or joined; the interaction may have been moved since
    address      uuid NOT NULL,
    name         text NOT NULL,                 -- personal, as are the next two: sealed with the key of `address`
    phone        text NOT NULL,
    text         text NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    time_zone    text NOT NULL,
    language     text NOT NULL,
    requested_at timestamptz NOT NULL,
    state        text NOT NULL,                 -- open | taken | done | cancelled
    agent        text NOT NULL,                 -- who took it, did it, or called it off
    call         uuid,
    taken_at     timestamptz,
    over_at      timestamptz,
    reason       text NOT NULL                  -- personal, likewise
);

-- after the load

CREATE INDEX callbacks_newest ON callbacks (position);
CREATE INDEX callbacks_state ON callbacks (state, position);
CREATE INDEX callbacks_due ON callbacks (until, position) WHERE state IN ('open', 'taken');
CREATE INDEX callbacks_address ON callbacks (address);
CREATE INDEX callbacks_incident ON callbacks (incident);
CREATE INDEX callbacks_call ON callbacks (call) WHERE call IS NOT NULL;
