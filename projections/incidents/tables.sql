-- The unified incident database. Merged incidents keep their row; lists leave them out, reads go through them.

CREATE TABLE incidents (
    id                uuid PRIMARY KEY,
    number            bigint NOT NULL,
    subject           text NOT NULL,           -- personal: sealed with the key of `address`
    status            text NOT NULL,
    priority          text NOT NULL,
    channel           text NOT NULL,
    channels          text[] NOT NULL,         -- in the order of their first link
    links             jsonb NOT NULL,          -- channel → interactions linked, so that a moved one can be taken off
    customer          uuid NOT NULL,
    address           uuid NOT NULL,
    proven            boolean NOT NULL,
    assignee          text,
    team              text,
    tags              text[] NOT NULL,
    language          text NOT NULL,
    product           text NOT NULL,           -- personal, likewise
    opened_at         timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    first_response_at timestamptz,
    resolved_at       timestamptz,
    closed_at         timestamptz,
    solution          text NOT NULL,           -- personal, sealed with the key of `resolution_address`
    cause             text NOT NULL,
    resolution_address uuid,
    merged_into       uuid,
    spoke_at          timestamptz NOT NULL,    -- of the last word on where the work stands
    snoozed           boolean NOT NULL,
    snoozed_until     timestamptz,             -- NULL while snoozed: until the customer answers
    first_response_due_at timestamptz,         -- the clocks: opening + target; resolution also + paused_seconds
    resolution_due_at timestamptz,
    paused_at         timestamptz,             -- since when it waits for the customer, or is solved: the clock stands
    paused_seconds    double precision NOT NULL,
    resumed_at        timestamptz,             -- when the clock went on last: whence it stands if that is taken back
    version           bigint NOT NULL,
    family_status     text,                    -- settled: of an incident that others were merged into, read as one
    family_updated_at timestamptz,
    family_first_response_at timestamptz,
    -- which view it is in
    stands            text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN merged_into IS NOT NULL THEN 'merged'
            WHEN coalesce(family_status, status) IN ('resolved', 'closed') THEN 'done'
            WHEN snoozed THEN 'snoozed'
            ELSE coalesce(family_status, status) END) STORED,
    -- the clock that runs out first, while one runs
    due_at            timestamptz GENERATED ALWAYS AS (
        CASE WHEN merged_into IS NULL AND coalesce(family_status, status) IN ('new', 'open') THEN
            least(CASE WHEN coalesce(family_first_response_at, first_response_at) IS NULL THEN first_response_due_at END,
                resolution_due_at) END) STORED
);
CREATE INDEX incidents_merged ON incidents (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE incident_targets (
    priority               text PRIMARY KEY,
    first_response_seconds bigint,
    resolution_seconds     bigint
);

CREATE TABLE incident_links (
    interaction uuid PRIMARY KEY,
    incident    uuid NOT NULL,
    channel     text NOT NULL
);

CREATE TABLE incident_participants (
    incident uuid NOT NULL,
    address  uuid NOT NULL,
    text     text NOT NULL,                    -- personal: the address as written
    marked   boolean NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (incident, address)
);

CREATE TABLE incident_suggestions (
    incident uuid NOT NULL,
    other    uuid NOT NULL,
    reason   text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (incident, other)
);

-- after the load

CREATE UNIQUE INDEX incidents_number ON incidents (number);
CREATE INDEX incidents_updated ON incidents (coalesce(family_updated_at, updated_at), number)
    WHERE merged_into IS NULL;
CREATE INDEX incidents_status
    ON incidents (coalesce(family_status, status), coalesce(family_updated_at, updated_at), number)
    WHERE merged_into IS NULL;
CREATE INDEX incidents_customer ON incidents (customer, coalesce(family_updated_at, updated_at), number);
CREATE INDEX incidents_assignee ON incidents (assignee, coalesce(family_updated_at, updated_at), number)
    WHERE merged_into IS NULL;
-- the inbox' views: only what is still to be done is in them, however long the history
CREATE INDEX incidents_at_work ON incidents (coalesce(family_updated_at, updated_at), number)
    WHERE stands IN ('new', 'open', 'waiting');
CREATE INDEX incidents_of_agent ON incidents (assignee, coalesce(family_updated_at, updated_at), number)
    WHERE stands IN ('new', 'open', 'waiting');
CREATE INDEX incidents_waiting ON incidents (coalesce(family_updated_at, updated_at), number) WHERE stands = 'waiting';
CREATE INDEX incidents_snoozed ON incidents (coalesce(family_updated_at, updated_at), number) WHERE stands = 'snoozed';
CREATE INDEX incidents_due ON incidents (due_at, number) WHERE due_at IS NOT NULL;
CREATE INDEX incidents_team ON incidents (team, coalesce(family_updated_at, updated_at), number)
    WHERE merged_into IS NULL AND team IS NOT NULL;
CREATE INDEX incidents_tags ON incidents USING gin (tags);
CREATE INDEX incidents_priority ON incidents (priority, coalesce(family_updated_at, updated_at), number)
    WHERE merged_into IS NULL AND priority <> 'normal';
-- and one a channel, in the order of the list: fold.py
CREATE INDEX incidents_address ON incidents (address);
CREATE INDEX incidents_resolution_address ON incidents (resolution_address) WHERE resolution_address IS NOT NULL;
CREATE INDEX incident_participants_address ON incident_participants (address);
