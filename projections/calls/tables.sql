-- Call tracking: one row a call.

CREATE TABLE calls (
    id            uuid PRIMARY KEY,
    position      bigint NOT NULL,
    interaction   uuid NOT NULL,               -- the line of a timeline that it is
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
    held_at       timestamptz,                 -- on hold since
    held_seconds  double precision NOT NULL,   -- before that
    rings         text[] NOT NULL,             -- at these users; empty: at everybody
    notes         text NOT NULL,               -- personal, sealed with the key of `notes_address`
    notes_address uuid,
    outcome       text NOT NULL,               -- an agent's word is personal, sealed with the key of `outcome_address`
    outcome_address uuid,
    same          text NOT NULL,               -- why what was logged and what `reported_line` tells is one call
    reported_line text NOT NULL
);

-- after the load

CREATE INDEX calls_newest ON calls (position);
CREATE INDEX calls_state ON calls (state, position);
CREATE INDEX calls_going_on ON calls (started_at) WHERE state <> 'ended';
CREATE INDEX calls_agent ON calls (agent, position);
CREATE INDEX calls_started ON calls (started_at);
CREATE INDEX calls_phone ON calls USING gin (phone public.gin_trgm_ops);
CREATE INDEX calls_incident ON calls (incident, position) WHERE incident IS NOT NULL;
CREATE UNIQUE INDEX calls_interaction ON calls (interaction);
CREATE INDEX calls_address ON calls (address);
CREATE INDEX calls_notes_address ON calls (notes_address) WHERE notes_address IS NOT NULL;
CREATE INDEX calls_outcome_address ON calls (outcome_address) WHERE outcome_address IS NOT NULL;
