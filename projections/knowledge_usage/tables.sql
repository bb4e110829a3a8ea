-- How knowledge is used: each visit as it is told, what is counted of it, and the sums of that.

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

-- what is counted of each visit: taken off the sums again when it changes (settle.py)

CREATE TABLE usage_counted (
    visit                  uuid PRIMARY KEY,
    began                  timestamptz NOT NULL,
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
    seconds                bigint NOT NULL,
    timed                  bigint NOT NULL,
    suggested              bigint NOT NULL,
    suggestion_opened      bigint NOT NULL,
    helpful                bigint NOT NULL,
    unhelpful              bigint NOT NULL,
    downloads              bigint NOT NULL
);

CREATE TABLE usage_reads (                     -- a visit with an article
    article           uuid NOT NULL,
    visit             uuid NOT NULL,
    began             timestamptz NOT NULL,
    day               date NOT NULL,
    surface           text NOT NULL,
    views             bigint NOT NULL,
    readers           bigint NOT NULL,         -- 1: it was read
    helpful           bigint NOT NULL,         -- the last vote
    unhelpful         bigint NOT NULL,
    suggested         bigint NOT NULL,
    suggestion_opened bigint NOT NULL,
    contacts_after    bigint NOT NULL,         -- 1: after it was read
    seconds           bigint NOT NULL,
    timed             bigint NOT NULL,         -- views whose time is known
    downloads         bigint NOT NULL,
    PRIMARY KEY (visit, article)
);

CREATE TABLE usage_searches (
    visit        uuid NOT NULL,
    place        bigint NOT NULL,              -- in its trail
    began        timestamptz NOT NULL,
    day          date NOT NULL,
    surface      text NOT NULL,
    language     text NOT NULL,
    product      text NOT NULL,
    phrase       text NOT NULL,
    found        bigint NOT NULL,
    results      uuid[] NOT NULL,              -- what of it was shown
    next         text NOT NULL,                -- opened, searched, contact, solved, left
    next_article uuid,
    PRIMARY KEY (visit, place)
);

-- the sums; days are those of UTC

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
    seconds                bigint NOT NULL,
    timed                  bigint NOT NULL,
    suggested              bigint NOT NULL,
    suggestion_opened      bigint NOT NULL,
    helpful                bigint NOT NULL,
    unhelpful              bigint NOT NULL,
    downloads              bigint NOT NULL,
    PRIMARY KEY (quarter, surface, language, product)
);

CREATE TABLE usage_article_counts (
    day               date NOT NULL,
    article           uuid NOT NULL,
    surface           text NOT NULL,
    views             bigint NOT NULL,
    readers           bigint NOT NULL,         -- visits that read it
    helpful           bigint NOT NULL,
    unhelpful         bigint NOT NULL,
    suggested         bigint NOT NULL,
    suggestion_opened bigint NOT NULL,
    contacts_after    bigint NOT NULL,         -- of its readers
    seconds           bigint NOT NULL,
    timed             bigint NOT NULL,
    downloads         bigint NOT NULL,
    searches          bigint NOT NULL,         -- that found it
    PRIMARY KEY (day, article, surface)
);

CREATE TABLE usage_word_counts (
    day      date NOT NULL,
    phrase   text NOT NULL,
    surface  text NOT NULL,
    language text NOT NULL,
    product  text NOT NULL,
    searches bigint NOT NULL,
    zero     bigint NOT NULL,                  -- that found nothing
    opened   bigint NOT NULL,                  -- what came next
    searched bigint NOT NULL,
    contact  bigint NOT NULL,
    solved   bigint NOT NULL,
    PRIMARY KEY (day, phrase, surface, language, product)
);

-- after the load

CREATE INDEX usage_visits_began ON usage_visits (began, visit);
CREATE INDEX usage_visits_outcome ON usage_visits (outcome, began, visit);
CREATE INDEX usage_visits_looked ON usage_visits (began, visit) WHERE looked;
CREATE INDEX usage_counted_began ON usage_counted (began, visit);
CREATE INDEX usage_counted_helpful ON usage_counted (began, visit) WHERE helpful > 0;
CREATE INDEX usage_counted_unhelpful ON usage_counted (began, visit) WHERE unhelpful > 0;
CREATE INDEX usage_counted_suggested ON usage_counted (began, visit) WHERE suggested > 0;
CREATE INDEX usage_counted_suggestion_opened ON usage_counted (began, visit) WHERE suggestion_opened > 0;
CREATE INDEX usage_counted_downloads ON usage_counted (began, visit) WHERE downloads > 0;
CREATE INDEX usage_reads_began ON usage_reads (began);
CREATE INDEX usage_reads_article ON usage_reads (article, began, visit) WHERE readers > 0;
CREATE INDEX usage_reads_contacted ON usage_reads (article, began, visit) WHERE contacts_after > 0;
CREATE INDEX usage_reads_helpful ON usage_reads (article, began, visit) WHERE helpful > 0;
CREATE INDEX usage_reads_against ON usage_reads (article, began, visit) WHERE unhelpful > 0;
CREATE INDEX usage_reads_suggested ON usage_reads (article, began, visit) WHERE suggested > 0;
CREATE INDEX usage_reads_suggestion_opened ON usage_reads (article, began, visit) WHERE suggestion_opened > 0;
CREATE INDEX usage_reads_downloads ON usage_reads (article, began, visit) WHERE downloads > 0;
CREATE INDEX usage_searches_began ON usage_searches (began, visit);
CREATE INDEX usage_searches_phrase ON usage_searches (phrase, began, visit);
CREATE INDEX usage_searches_next ON usage_searches (phrase, next, began, visit);
CREATE INDEX usage_searches_nothing ON usage_searches (phrase, began, visit) WHERE found = 0;
CREATE INDEX usage_searches_found_nothing ON usage_searches (began, visit) WHERE found = 0;
CREATE INDEX usage_searches_words ON usage_searches USING gin (string_to_array(phrase, ' '));
CREATE INDEX usage_searches_results ON usage_searches USING gin (results);
CREATE INDEX usage_word_counts_zero ON usage_word_counts (day) WHERE zero > 0;
CREATE INDEX usage_links_at ON usage_links (at) WHERE linked;
CREATE INDEX usage_links_article ON usage_links (article, at) WHERE linked;
CREATE INDEX usage_articles_wanted ON usage_articles (language, heat DESC, article);
CREATE INDEX usage_articles_shelf ON usage_articles (language, shelf, heat DESC, article);
