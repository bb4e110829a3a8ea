-- The inbox: what can be undone, searches people keep, and when a snoozed incident wakes by itself.

CREATE TABLE undos (                           -- kept an hour; no personal data: words are read again from their facts
    id        uuid PRIMARY KEY,
    made_by   text NOT NULL,                   -- only they may
    label     text NOT NULL,                   -- the request it takes back, e.g. "Assign"
    requests  bytea NOT NULL,                  -- services/undo.py, msgpack: what undoes it, in order
    made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    undone_at timestamptz                      -- once
);
CREATE INDEX undos_made ON undos (made_at);

CREATE TABLE saved_searches (
    id      uuid PRIMARY KEY,
    owner   text NOT NULL,                     -- whose it is: a login name
    team    text,                              -- shared with it; NULL: its owner's alone
    name    text NOT NULL,
    query   text NOT NULL,                     -- the filters, as in the inbox' address
    made_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (owner, name)
);
CREATE INDEX saved_searches_team ON saved_searches (team) WHERE team IS NOT NULL;

CREATE TABLE snoozes (                         -- timers: written with the fact, taken away by whatever wakes it
    incident uuid PRIMARY KEY,
    until    timestamptz NOT NULL
);
CREATE INDEX snoozes_due ON snoozes (until);
