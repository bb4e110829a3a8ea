-- Call tracking: one row a call.

CREATE TABLE calls (
    id            uuid PRIMARY KEY,
    position      bigint NOT NULL,
    incident      uuid,
    state         text NOT NULL,               -- ringing | active | ended
    direction     text NOT NULL,
    line          text NOT NULL,
    address       uuid NOT NULL,
    phone         text NOT NULL,               -- personal, sealed with the key of `address`
    agent         text NOT NULL,
    started_at    timestamptz NOT NULL,
    answered_at   timestamptz,
    ended_at      timestamptz,
    notes         text NOT NULL,               -- personal, sealed with the key of `notes_address`
    notes_address uuid,
    outcome       text NOT NULL
);

-- after the load

CREATE INDEX calls_newest ON calls (position);
CREATE INDEX calls_state ON calls (state, position);
CREATE INDEX calls_incident ON calls (incident) WHERE incident IS NOT NULL;
CREATE INDEX calls_address ON calls (address);
CREATE INDEX calls_notes_address ON calls (notes_address) WHERE notes_address IS NOT NULL;
