-- How knowledge is used: each visit as it is told, and what is counted of it a quarter-hour.

CREATE TABLE usage_visits (
    visit        uuid PRIMARY KEY,
    began        timestamptz NOT NULL,
    quarter      timestamptz NOT NULL,         -- in which it began
    last_at      timestamptz NOT NULL,
    surface      text NOT NULL,                -- help_centre, form, widget, agent, api; empty: nobody said
    language     text NOT NULL,
    product      text NOT NULL,
    looked       boolean NOT NULL,             -- for help
    contact_step bigint,                       -- place in the trail
    outcome      text NOT NULL,                -- contact, solved, abandoned, left, nothing
    trail        jsonb NOT NULL
);

CREATE TABLE usage_articles (
    article  uuid PRIMARY KEY,
    language text NOT NULL,
    shelf    text NOT NULL,
    heat     double precision NOT NULL         -- how wanted it is, for ever comparable
);

CREATE TABLE usage_links (                     -- articles that agents used for incidents
    article  uuid NOT NULL,
    incident uuid NOT NULL,
    linked   boolean NOT NULL,
    at       timestamptz,
    PRIMARY KEY (article, incident)
);

CREATE TABLE usage_thresholds (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);

CREATE TABLE usage_reads (                     -- a visit with an article
    article   uuid NOT NULL,
    visit     uuid NOT NULL,
    began     timestamptz NOT NULL,
    quarter   timestamptz NOT NULL,
    surface   text NOT NULL,
    views     bigint NOT NULL,
    vote      text NOT NULL,                   -- yes, no, or nothing
    contacted boolean NOT NULL,                -- after it was read
    PRIMARY KEY (article, visit)
);

CREATE TABLE usage_searches (
    visit        uuid NOT NULL,
    place        bigint NOT NULL,              -- in its trail
    began        timestamptz NOT NULL,
    quarter      timestamptz NOT NULL,
    surface      text NOT NULL,
    language     text NOT NULL,
    phrase       text NOT NULL,
    found        bigint NOT NULL,
    next         text NOT NULL,                -- opened, searched, contact, solved, left
    next_article uuid,
    PRIMARY KEY (visit, place)
);

CREATE TABLE usage_visit_counts (
    quarter                timestamptz NOT NULL,
    surface                text NOT NULL,
    language               text NOT NULL,
    product                text NOT NULL,
    visits                 bigint NOT NULL,
    looked                 bigint NOT NULL,
    contacts               bigint NOT NULL,
    contacts_after_looking bigint NOT NULL,
    solved                 bigint NOT NULL,
    abandoned              bigint NOT NULL,
    searches               bigint NOT NULL,
    zero_searches          bigint NOT NULL,
    views                  bigint NOT NULL,
    suggested              bigint NOT NULL,
    suggestion_opened      bigint NOT NULL,
    helpful                bigint NOT NULL,
    unhelpful              bigint NOT NULL,
    downloads              bigint NOT NULL,
    PRIMARY KEY (quarter, surface, language, product)
);

CREATE TABLE usage_article_counts (
    quarter           timestamptz NOT NULL,
    article           uuid NOT NULL,
    surface           text NOT NULL,
    views             bigint NOT NULL,
    readers           bigint NOT NULL,         -- visits that read it
    searches          bigint NOT NULL,         -- that found it
    helpful           bigint NOT NULL,
    unhelpful         bigint NOT NULL,
    suggested         bigint NOT NULL,
    suggestion_opened bigint NOT NULL,
    contacts_after    bigint NOT NULL,         -- of its readers
    seconds           bigint NOT NULL,
    timed             bigint NOT NULL,         -- views whose time is known
    downloads         bigint NOT NULL,
    PRIMARY KEY (quarter, article, surface)
);

CREATE TABLE usage_word_counts (
    quarter  timestamptz NOT NULL,
    phrase   text NOT NULL,
    surface  text NOT NULL,
    language text NOT NULL,
    searches bigint NOT NULL,
    zero     bigint NOT NULL,                  -- that found nothing
    opened   bigint NOT NULL,                  -- what came next
    searched bigint NOT NULL,
    contact  bigint NOT NULL,
    solved   bigint NOT NULL,
    PRIMARY KEY (quarter, phrase, surface, language)
);

-- after the load

CREATE INDEX usage_visits_quarter ON usage_visits (quarter);
CREATE INDEX usage_visits_outcome ON usage_visits (outcome, began, visit);
CREATE INDEX usage_visits_looked ON usage_visits (began, visit) WHERE looked;
CREATE INDEX usage_reads_article ON usage_reads (article, began, visit);
CREATE INDEX usage_reads_contacted ON usage_reads (article, began, visit) WHERE contacted;
CREATE INDEX usage_reads_against ON usage_reads (article, began, visit) WHERE vote = 'no';
CREATE INDEX usage_searches_phrase ON usage_searches (phrase, began, visit);
CREATE INDEX usage_searches_nothing ON usage_searches (began, visit) WHERE found = 0;
CREATE INDEX usage_word_counts_zero ON usage_word_counts (quarter) WHERE zero > 0;
CREATE INDEX usage_links_at ON usage_links (at) WHERE linked;
CREATE INDEX usage_links_article ON usage_links (article, at) WHERE linked;
CREATE INDEX usage_articles_wanted ON usage_articles (language, heat DESC, article);
CREATE INDEX usage_articles_shelf ON usage_articles (language, shelf, heat DESC, article);
