-- Live chats: the decider's state, who takes chats, and the sites that show the chat in a frame of theirs.

CREATE TABLE chat_state (
    chat          uuid PRIMARY KEY,            -- the session
    thread        uuid NOT NULL,
    version       integer NOT NULL,            -- of its stream
    waiting_since timestamptz,                 -- NULL: nobody is to be told that nobody came
    state         bytea NOT NULL               -- services/chats/state.py, msgpack
) WITH (fillfactor = 75);
CREATE INDEX chat_state_thread ON chat_state (thread);
CREATE INDEX chat_state_waiting ON chat_state (waiting_since) WHERE waiting_since IS NOT NULL;  -- few

CREATE TABLE agent_presence (                  -- who takes chats
    name       text PRIMARY KEY,
    available  boolean NOT NULL,
    touched_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE widget_sites (                    -- where the chat may be framed
    key        text PRIMARY KEY,               -- stands in the page's script tag: public
    name       text NOT NULL,
    origins    text[] NOT NULL,                -- https://host[:port]
    language   text NOT NULL DEFAULT '',       -- empty: the visitor's
    colour     text NOT NULL DEFAULT '#0b6bcb',
    created_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz
);
