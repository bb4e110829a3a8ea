-- What forgetting a person needs: which blobs are whose, what is still to be blanked; and no bare digests of what somebody typed.

CREATE TABLE named_blobs (                     -- what facts name, kept up by services/privacy/named.py from the facts themselves
    blob    uuid PRIMARY KEY,
    address uuid NOT NULL                      -- whose key seals the fact: once that is destroyed, nothing names the blob
);
CREATE INDEX named_blobs_address ON named_blobs (address);
INSERT INTO counters (name, value) VALUES ('named_blobs', 0);  -- position of the last fact looked at

CREATE TABLE forgetting (                      -- erased addresses whose records the embedded log still holds
    address uuid PRIMARY KEY
);

DROP INDEX waiting_mail_nowhere;
DROP TABLE took_part;                          -- an erasure asks named_blobs instead of reading histories

CREATE INDEX quarantine_sender ON quarantine (lower(sender)) WHERE sender <> '';

-- these were SHA-256 of what was asked and of who signed in: a guess could be confirmed without the hub's secret
DELETE FROM idempotency;
DELETE FROM sign_in_failures;
