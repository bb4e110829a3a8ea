-- What the channel report counts. Quarter-hours, because every time zone's days begin on one.

CREATE TABLE report_quarters (
    quarter          timestamptz NOT NULL,
    channel          text NOT NULL,
    contacts         bigint NOT NULL,
    interactions_in  bigint NOT NULL,
    interactions_out bigint NOT NULL,
    PRIMARY KEY (quarter, channel)
);

CREATE TABLE report_incidents (
    incident               uuid PRIMARY KEY,
    channel                text NOT NULL,
    opened_at              timestamptz NOT NULL,
    first_response_at      timestamptz,
    first_response_seconds double precision,
    resolved_at            timestamptz,
    resolution_seconds     double precision,
    merged_into            uuid
);

CREATE TABLE report_links (                    -- what was counted once, wherever it is moved
    interaction uuid PRIMARY KEY,
    incident    uuid
);

CREATE TABLE report_turns (                    -- each resolution and each reopening
    position bigint PRIMARY KEY,
    incident uuid NOT NULL,
    turn     text NOT NULL,                    -- resolved | reopened, or taken back: not resolved | not reopened
    at       timestamptz NOT NULL
);

-- after the load

CREATE INDEX report_incidents_merged ON report_incidents (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX report_incidents_opened ON report_incidents (opened_at);
CREATE INDEX report_incidents_answered ON report_incidents (first_response_at) WHERE first_response_at IS NOT NULL;
CREATE INDEX report_incidents_resolved ON report_incidents (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX report_turns_at ON report_turns (at);
