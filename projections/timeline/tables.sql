-- The timeline: one row for each interaction, note and fact line. Merges are aliases, looked up at read.

CREATE TABLE entries (
    id          uuid PRIMARY KEY,              -- the interaction, the note, or the position as a UUID
    position    bigint NOT NULL,
    kind        text NOT NULL,                 -- interaction | note | fact
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    incident    uuid,                          -- NULL until linked
    thread      uuid,
    channel     text,
    direction   text,
    address     uuid,                          -- whose key sealed the personal columns, sender to attachments
    sender      text NOT NULL,
    sender_name text NOT NULL,
    recipients  text[] NOT NULL,
    subject     text NOT NULL,
    text        text NOT NULL,
    html        text NOT NULL,
    raw         text NOT NULL,
    attachments jsonb NOT NULL,
    author      text,
    fact        text NOT NULL,
    reason      text,
    delivery    text,
    held_until  timestamptz,                   -- of a reply: nobody but us sees it before
    labels      text[] NOT NULL,               -- schemas.interaction.Label
    details     jsonb NOT NULL,                -- what its channel knows besides, by name
    checks      jsonb NOT NULL,                -- schemas.interaction.Checks, and `result`
    returned    text NOT NULL,                 -- RFC 3463, of what came back or waits
    complained  boolean NOT NULL,              -- its reader called it spam
    words       tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('public.words', subject || ' ' || text)) STORED
);

CREATE TABLE timeline_incidents (
    incident    uuid PRIMARY KEY,
    number      bigint NOT NULL,
    customer    uuid NOT NULL,
    merged_into uuid
);

-- settled: all words of an incident's own lines, for lists that walk past many incidents
CREATE TABLE incident_words (
    number bigint PRIMARY KEY,
    words  tsvector NOT NULL
);

CREATE TABLE timeline_customers (
    customer    uuid PRIMARY KEY,
    merged_into uuid
);

-- after the load

CREATE INDEX entries_words ON entries USING gin (words);
CREATE INDEX entries_of_incident ON entries (incident, occurred_at, position);
CREATE INDEX entries_of_thread ON entries (thread, occurred_at, position) WHERE thread IS NOT NULL;
CREATE INDEX entries_of_address ON entries (address) WHERE address IS NOT NULL;
CREATE UNIQUE INDEX timeline_incidents_number ON timeline_incidents (number);
CREATE INDEX timeline_incidents_customer ON timeline_incidents (customer);
CREATE INDEX timeline_incidents_merged ON timeline_incidents (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX timeline_customers_merged ON timeline_customers (merged_into) WHERE merged_into IS NOT NULL;
