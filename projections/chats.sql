-- Live chats: one row a session.

CREATE TABLE chats (
    id           uuid PRIMARY KEY,
    position     bigint NOT NULL,              -- of the last time it was asked for
    incident     uuid NOT NULL,
    thread       uuid,
    address      uuid NOT NULL,
    state        text NOT NULL,                -- waiting | active | closed | missed
    agent        text NOT NULL,
    team         text NOT NULL,
    site         text NOT NULL,
    language     text NOT NULL,
    name         text NOT NULL,                -- personal, like the next two: sealed with the key of `address`
    words        text NOT NULL,
    email        text NOT NULL,
    requested_at timestamptz NOT NULL,
    accepted_at  timestamptz,
    ended_at     timestamptz,
    reason       text NOT NULL,                -- why it was missed
    by_mail      boolean NOT NULL
);

-- after the load

CREATE INDEX chats_newest ON chats (position);
CREATE INDEX chats_state ON chats (state, position);
CREATE INDEX chats_agent ON chats (agent, position);
CREATE INDEX chats_thread ON chats (thread);
CREATE INDEX chats_incident ON chats (incident);
CREATE INDEX chats_address ON chats (address);
