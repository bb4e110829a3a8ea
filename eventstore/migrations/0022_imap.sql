-- How each IMAP mailbox is doing, and which of its mails were left there.

CREATE TABLE imap_states (
    mailbox   text PRIMARY KEY,                -- as in imap_checkpoints
    failing   boolean NOT NULL,
    reason    text NOT NULL,                   -- in words for the operator, no secret; empty while all is well
    since     timestamptz NOT NULL,            -- it is so
    looked_at timestamptz NOT NULL,            -- last: tried, or read
    retry_at  timestamptz                      -- of one that fails
);

CREATE TABLE imap_left (
    mailbox     text NOT NULL,
    uidvalidity bigint NOT NULL,
    uid         bigint NOT NULL,
    reason      text NOT NULL,                 -- too_large | not_given
    bytes       bigint NOT NULL,               -- as the server says
    left_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mailbox, uidvalidity, uid)
);
