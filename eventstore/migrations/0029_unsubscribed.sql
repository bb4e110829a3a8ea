-- An address can be muted because its reader asked for no automatic mail.

ALTER TABLE muted_addresses DROP CONSTRAINT muted_addresses_reason_check;
ALTER TABLE muted_addresses ADD CONSTRAINT muted_addresses_reason_check
    CHECK (reason IN ('bounce', 'complaint', 'asked'));
