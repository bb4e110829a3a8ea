-- The read side: how far each read model has come, and what it could not fold. The models live in schemas of their own.

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE TEXT SEARCH CONFIGURATION public.words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION public.words
    ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.simple;

CREATE TABLE projections (
    schema     text PRIMARY KEY,               -- <name> live, <name>_next building, <name>_old about to be dropped
    name       text NOT NULL,
    version    integer NOT NULL,
    position   bigint NOT NULL,                -- the last event folded
    state      text NOT NULL CHECK (state IN ('live', 'building', 'retired')),
    target     bigint NOT NULL DEFAULT 0,      -- the newest event when the rebuild began
    indexed    boolean NOT NULL DEFAULT false, -- a building one: loaded, its indexes made
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE parked (                          -- streams a read model could not fold, from `position` on
    schema    text NOT NULL REFERENCES projections ON UPDATE CASCADE ON DELETE CASCADE,
    stream    text NOT NULL,
    position  bigint NOT NULL,
    error     text NOT NULL,
    skipped   bigint NOT NULL DEFAULT 0,       -- later events of the stream, not folded either
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (schema, stream)
);
