-- What agents work with while they answer: files before they are sent, drafts, canned replies, mentions they have seen.

ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_check
    CHECK (state IN ('queued', 'leased', 'sent', 'failed', 'uncertain', 'withdrawn'));
ALTER TABLE deliveries ADD COLUMN not_before timestamptz;  -- held until then: it can be withdrawn

CREATE TABLE uploads (                         -- files not sent yet; gone once they are, or after a week
    id         uuid PRIMARY KEY,
    by         text NOT NULL,                  -- the user who may attach it
    address    uuid,                           -- whose incident it was uploaded for: erasing them takes it
    name       text NOT NULL,
    bytes      bigint NOT NULL,
    media_type text NOT NULL,
    blob       text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX uploads_at ON uploads (at);
CREATE INDEX uploads_address ON uploads (address) WHERE address IS NOT NULL;

CREATE TABLE drafts (                          -- one an agent, incident and kind
    agent      text NOT NULL,
    incident   uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('reply', 'note')),
    address    uuid NOT NULL,                  -- whose key seals it: erasing them takes it
    sealed     bytea NOT NULL,                 -- services/drafts/drafts.py
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (agent, incident, kind)
);
CREATE INDEX drafts_address ON drafts (address);

CREATE TABLE canned_replies (                  -- our own words, no customer's
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner      text,                           -- a user's own; NULL: the whole team's
    language   text NOT NULL DEFAULT '',       -- es, en; empty: any
    name       text NOT NULL,
    body       text NOT NULL,
    updated_by text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX canned_replies_name ON canned_replies (coalesce(owner, ''), language, lower(name));

CREATE TABLE mentions_seen (                   -- up to where each user has read their mentions
    agent    text PRIMARY KEY,
    position bigint NOT NULL
);
