-- How knowledge is used: counts a quarter-hour and article.

CREATE TABLE usage_quarters (
    quarter           timestamptz NOT NULL,
    article           uuid NOT NULL,
    views             integer NOT NULL,
    searches          integer NOT NULL,
    helpful           integer NOT NULL,
    unhelpful         integer NOT NULL,
    suggested         integer NOT NULL,
    suggestion_opened integer NOT NULL,
    contacts_after    integer NOT NULL,
    PRIMARY KEY (quarter, article)
);

CREATE TABLE usage_articles (
    article uuid PRIMARY KEY,
    title   text NOT NULL
);

-- after the load
