-- What agents look up beside an incident: solutions found before, articles, who was called in, which tags there are.

CREATE TABLE solutions (
    incident  uuid PRIMARY KEY,
    number    bigint NOT NULL,
    customer  uuid NOT NULL,
    product   text NOT NULL,
    subject   text NOT NULL,                   -- personal: sealed with the key of `address`
    solution  text NOT NULL,                   -- personal: sealed with the key of `solved_for`
    cause     text NOT NULL,
    address   uuid NOT NULL,
    solved_for uuid,
    solved_at timestamptz,                     -- NULL: not solved, or open again
    merged    boolean NOT NULL
);

CREATE TABLE incident_articles (
    incident uuid NOT NULL,
    article  uuid NOT NULL,
    position bigint NOT NULL,
    linked   boolean NOT NULL,
    PRIMARY KEY (incident, article)
);

CREATE TABLE mentions (
    agent    text NOT NULL,
    note     uuid NOT NULL,
    incident uuid NOT NULL,
    by       text NOT NULL,
    at       timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (agent, note)
);

CREATE TABLE tag_uses (
    tag  text PRIMARY KEY,
    uses bigint NOT NULL
);

-- after the load

CREATE INDEX solutions_words ON solutions
    USING gin (to_tsvector('public.words', subject || ' ' || product || ' ' || solution || ' ' || cause))
    WHERE solved_at IS NOT NULL AND NOT merged AND solution <> '';
CREATE UNIQUE INDEX solutions_number ON solutions (number);
CREATE INDEX solutions_address ON solutions (address);
CREATE INDEX solutions_solved_for ON solutions (solved_for) WHERE solved_for IS NOT NULL;
CREATE INDEX mentions_newest ON mentions (agent, position);
CREATE INDEX tag_uses_text ON tag_uses (tag text_pattern_ops);
