-- Knowledge: one row an article; retired ones are no longer found.

CREATE TABLE articles (
    id           uuid PRIMARY KEY,
    position     bigint NOT NULL,
    kind         text NOT NULL,
    title        text NOT NULL,
    body         text NOT NULL,
    language     text NOT NULL,
    author       text NOT NULL,
    published_at timestamptz NOT NULL,
    revised_at   timestamptz,
    retired      boolean NOT NULL,
    version      bigint NOT NULL
);

-- after the load

CREATE INDEX articles_newest ON articles (position) WHERE NOT retired;
CREATE INDEX articles_words ON articles USING gin (to_tsvector('public.words', title || ' ' || body)) WHERE NOT retired;
