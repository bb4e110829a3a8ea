-- Knowledge: articles as they are read and as they are worked on; every edition; files, pins, doubts; what is lacking.

CREATE TABLE articles (
    id             uuid PRIMARY KEY,
    position       bigint NOT NULL,
    kind           text NOT NULL,
    title          text NOT NULL,              -- of what readers get, or got at last; empty before the first edition
    body           text NOT NULL,
    language       text NOT NULL,
    author         text NOT NULL,
    published_at   timestamptz,                -- NULL: never was
    revised_at     timestamptz,
    state          text NOT NULL,              -- draft, review: not read yet; published; retired
    edition        bigint NOT NULL,            -- 0: never published
    draft_title    text,                       -- NULL: nobody is at work on it
    draft_body     text,
    drafted_by     text NOT NULL,
    review_by      text NOT NULL,              -- who asked for a review of the draft; empty: nobody
    declined       text,                       -- why the last review was declined, until somebody asks again
    category       text NOT NULL,              -- `Account/Passwords`
    labels         text[] NOT NULL,
    products       text[] NOT NULL,
    product_keys   text[] NOT NULL,            -- the same, however they are written
    versions       text[] NOT NULL,
    audience       text NOT NULL,              -- public, customers, agents
    review_on      date,                       -- to be looked at again
    found_right_at timestamptz,
    original       uuid,                       -- it is a translation of that one's edition `of_edition`
    of_edition     bigint NOT NULL,
    redirect_to    uuid,
    source         uuid,                       -- the incident it was made of
    changed_at     timestamptz NOT NULL,
    changed_by     text NOT NULL,
    wording        bigint NOT NULL,            -- how often its text changed, drafts too
    filing_changes bigint NOT NULL,
    version        bigint NOT NULL
);

CREATE TABLE article_editions (
    position bigint PRIMARY KEY,               -- its number is its place among the editions of its article
    article  uuid NOT NULL,
    title    text NOT NULL,
    body     text NOT NULL,
    by       text NOT NULL,
    at       timestamptz NOT NULL
);

CREATE TABLE article_files (
    file       uuid PRIMARY KEY,
    article    uuid NOT NULL,
    position   bigint NOT NULL,
    name       text NOT NULL,
    bytes      bigint NOT NULL,
    media_type text NOT NULL,
    blob       text NOT NULL,
    sha256     text NOT NULL,
    release    text NOT NULL,
    removed    boolean NOT NULL,
    by         text NOT NULL,
    at         timestamptz NOT NULL
);

CREATE TABLE article_flags (
    flag       uuid PRIMARY KEY,
    article    uuid NOT NULL,
    position   bigint NOT NULL,
    doubt      text NOT NULL,
    words      text NOT NULL,
    incident   uuid,
    by         text NOT NULL,
    at         timestamptz NOT NULL,
    settled_by text NOT NULL,                  -- empty: still to be settled
    settled_at timestamptz
);

CREATE TABLE article_pins (
    article uuid NOT NULL,
    shelf   text NOT NULL,                     -- a category, or empty: the first page
    rank    bigint NOT NULL,
    pinned  boolean NOT NULL,
    PRIMARY KEY (article, shelf)
);

CREATE TABLE gaps (
    gap       uuid PRIMARY KEY,
    position  bigint NOT NULL,
    state     text NOT NULL,                   -- open, filled, dismissed
    words     text NOT NULL,
    language  text NOT NULL,
    incident  uuid,
    article   uuid,                            -- that fills it
    by        text NOT NULL,
    at        timestamptz NOT NULL,
    closed_by text NOT NULL,
    closed_at timestamptz
);

-- after the load

CREATE INDEX articles_newest ON articles (position) WHERE state = 'published';
CREATE INDEX articles_titles ON articles (title, language) WHERE state = 'published';
CREATE INDEX articles_changed ON articles (changed_at, id);
CREATE INDEX articles_labels ON articles USING gin (labels);
CREATE INDEX articles_products ON articles USING gin (product_keys);
CREATE INDEX articles_review ON articles (review_on) WHERE review_on IS NOT NULL;
CREATE INDEX articles_original ON articles (original) WHERE original IS NOT NULL;
CREATE INDEX article_editions_article ON article_editions (article, position);
CREATE INDEX article_files_article ON article_files (article, position);
CREATE INDEX article_flags_article ON article_flags (article, position);
CREATE INDEX article_flags_open ON article_flags (position) WHERE settled_by = '';
CREATE INDEX article_pins_shelf ON article_pins (shelf, rank) WHERE pinned;
CREATE INDEX gaps_open ON gaps (at, position) WHERE state = 'open';
CREATE INDEX gaps_closed ON gaps (closed_at, position) WHERE state <> 'open';
CREATE INDEX gaps_incident ON gaps (incident) WHERE incident IS NOT NULL;
