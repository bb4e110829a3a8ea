-- Organizations: the decider's state, and to which a customer belongs. Identities that were unlinked.

CREATE TABLE organization_state (
    organization uuid PRIMARY KEY,
    version      integer NOT NULL,             -- of its stream
    state        bytea NOT NULL                -- services/organizations/state.py, msgpack
);

ALTER TABLE customer_state ADD COLUMN organization uuid;
CREATE INDEX customer_state_organization ON customer_state (organization) WHERE organization IS NOT NULL;

-- An identity of a provider that was taken off a user: it comes in no more until that user's mail address changes.

CREATE TABLE unlinked_identities (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    user_name text NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX unlinked_identities_user ON unlinked_identities (user_name);
