-- Addresses that nothing automatic is sent to, and mails that were held back for that, or because there were too many.

CREATE TABLE muted_addresses (
    address     uuid PRIMARY KEY,              -- keyed id
    reason      text NOT NULL CHECK (reason IN ('bounce', 'complaint')),
    status      text NOT NULL,                 -- RFC 3463, of a bounce
    interaction uuid NOT NULL,                 -- our mail that came back, or was complained of
    since       timestamptz NOT NULL
);

ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_check
    CHECK (state IN ('queued', 'leased', 'sent', 'failed', 'uncertain', 'withdrawn', 'withheld'));
CREATE INDEX deliveries_to ON deliveries (address, queued_at);  -- how often was somebody written to
