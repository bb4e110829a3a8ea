-- What the write side looks up: small rows by keyed ids, written in the transaction of the facts they follow from.
-- No personal data: ids here are HMACs, states hold no names, addresses or words.

CREATE TABLE incident_state (
    incident uuid PRIMARY KEY,
    number   bigint NOT NULL UNIQUE,
    root     uuid NOT NULL,                    -- the incident this one is read as: itself, or what it was merged into
    version  integer NOT NULL,                 -- of its stream
    state    bytea NOT NULL                    -- services/incidents/state.py, msgpack
) WITH (fillfactor = 75);                      -- state changes often, its indexed columns hardly ever
CREATE INDEX incident_state_aliases ON incident_state (root) WHERE root <> incident;  -- few
ALTER TABLE incident_state ALTER COLUMN state SET STORAGE MAIN;

CREATE TABLE joinable (                        -- the incidents a customer spoke in last: about a topic, or about any
    key   bytea PRIMARY KEY,                   -- of customer and topic; the customer's own id: about any
    parts bytea NOT NULL                       -- at most 16: services/incidents/parts.py
) WITH (fillfactor = 85);

CREATE TABLE took_part (                       -- every incident a customer ever spoke in: for erasing them
    customer uuid NOT NULL,
    incident uuid NOT NULL,
    PRIMARY KEY (customer, incident)
);

CREATE TABLE threads (                         -- keyed ids of "thread:…", "message:…", "session:…", "call:…", "interaction:…"
    key         bytea PRIMARY KEY,             -- 16 bytes
    interaction uuid NOT NULL,                 -- the first one that had this key
    incident    uuid,                          -- NULL: automatic mail that belongs nowhere yet
    parties     uuid[] NOT NULL DEFAULT '{}'   -- of a mail: from, to and cc; who of them answers it belongs to it
);
CREATE INDEX threads_interaction ON threads (interaction);

CREATE TABLE waiting (                         -- mail that came before what it answers
    reference   bytea NOT NULL,                -- keyed id of "message:…"
    interaction uuid NOT NULL,
    PRIMARY KEY (reference, interaction)
);

CREATE TABLE waiting_mail (                    -- what is known of such a mail, and of automatic mail that is nowhere yet
    interaction uuid PRIMARY KEY,
    incident    uuid,
    link        bytea NOT NULL                 -- services/incidents/known.py, msgpack
);
CREATE INDEX waiting_mail_nowhere ON waiting_mail (interaction) WHERE incident IS NULL;

CREATE TABLE customer_state (
    customer    uuid PRIMARY KEY,
    root        uuid NOT NULL,                 -- the customer this one is read as
    merged_into uuid,
    erased      boolean NOT NULL DEFAULT false,
    version     integer NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX customer_state_aliases ON customer_state (root) WHERE root <> customer;  -- few

CREATE TABLE address_owner (                   -- whose an address is: who used it first, until an agent says otherwise
    address  uuid PRIMARY KEY,
    customer uuid NOT NULL,
    proven   boolean NOT NULL
);
CREATE INDEX address_owner_customer ON address_owner (customer);

CREATE TABLE renewed_address (                 -- who was erased and writes again is somebody new, with a new key
    address uuid PRIMARY KEY,                  -- keyed id of the address
    renewed uuid NOT NULL UNIQUE               -- the id its facts have since
);

CREATE TABLE doomed_blobs (                    -- of erased people; deleted after the commit, tried until it works
    blob text PRIMARY KEY
);

CREATE TABLE call_state (
    call    uuid PRIMARY KEY,
    version integer NOT NULL,
    state   bytea NOT NULL                     -- services/calls/state.py, msgpack
);

CREATE TABLE counters (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO counters (name, value) VALUES ('incident', 0);

CREATE TABLE idempotency (                     -- what a command with this key did
    asked_by text NOT NULL,
    key      text NOT NULL,
    request  bytea NOT NULL,                   -- digest of it
    outcome  bytea NOT NULL,                   -- services/commands.py, msgpack
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (asked_by, key)
);
