-- Organizations and who belongs to them. Of a merged customer the row stays; reads go through the alias.

CREATE TABLE organizations (
    id            uuid PRIMARY KEY,
    position      bigint NOT NULL,
    name          text NOT NULL,
    sought        text NOT NULL,               -- name and domains, without capitals and accents
    domains       text[] NOT NULL,
    products      text[] NOT NULL,
    level         text NOT NULL,               -- of the entitlement; empty: none
    until         date,                        -- its last day in UTC; NULL: without end
    registered_at timestamptz NOT NULL,
    retired       boolean NOT NULL,
    version       bigint NOT NULL              -- of its stream
);

CREATE TABLE organization_members (
    customer     uuid PRIMARY KEY,
    organization uuid,                         -- NULL: left
    position     bigint NOT NULL
);

-- after the load

CREATE INDEX organizations_newest ON organizations (position) WHERE NOT retired;
CREATE INDEX organizations_sought ON organizations USING gin (sought public.gin_trgm_ops);
CREATE INDEX organizations_domains ON organizations USING gin (domains);
CREATE INDEX organization_members_newest ON organization_members (organization, position)
    WHERE organization IS NOT NULL;
