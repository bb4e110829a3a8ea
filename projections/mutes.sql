-- Addresses that nothing automatic is sent to, and those that were muted once.

CREATE TABLE mutes (
    address   uuid PRIMARY KEY,
    muted     boolean NOT NULL,                -- still
    reason    text NOT NULL,                   -- schemas.facts.address.MuteReason
    status    text NOT NULL,                   -- RFC 3463
    since     timestamptz NOT NULL
);

-- after the load
