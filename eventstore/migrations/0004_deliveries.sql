-- What goes out, leased by workers and never replayed; and how far each IMAP mailbox was read.

CREATE TABLE deliveries (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    interaction     uuid NOT NULL,             -- the reply sent, or the form that is confirmed
    kind            text NOT NULL,             -- reply | confirmation
    address         uuid NOT NULL,             -- keyed id of the recipient
    incident        uuid,
    state           text NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'leased', 'sent', 'failed', 'uncertain')),
    attempts        integer NOT NULL DEFAULT 0,
    deaths          integer NOT NULL DEFAULT 0, -- attempts that ended without saying how
    lease           uuid,                      -- who holds it: a fence against a late worker
    leased_until    timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    epoch           uuid NOT NULL,             -- of the store that queued it: after a restore it waits to be released
    last_error      text NOT NULL DEFAULT '',  -- without addresses
    queued_at       timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    UNIQUE (interaction, kind, address)
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'queued';
CREATE INDEX deliveries_leased ON deliveries (leased_until) WHERE state = 'leased';
CREATE INDEX deliveries_unsent ON deliveries (state, epoch) WHERE state <> 'sent';  -- counted every few seconds

CREATE TABLE imap_checkpoints (
    mailbox     text PRIMARY KEY,              -- imap(s)://user@host:port/MAILBOX, no password
    uidvalidity bigint NOT NULL,
    last_uid    bigint NOT NULL,
    moved_at    timestamptz NOT NULL DEFAULT now()
);
