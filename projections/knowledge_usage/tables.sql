-- How knowledge is used: counts a quarter-hour and article.

CREATE TABLE usage_quarters (
    quarter           timestamptz NOT NULL,
    article           uuid NOT NULL,
    views             bigint NOT NULL,
    searches          bigint NOT NULL,
    helpful           bigint NOT NULL,
    unhelpful         bigint NOT NULL,
    suggested         bigint NOT NULL,
    suggestion_opened bigint NOT NULL,
    contacts_after    bigint NOT NULL,
    PRIMARY KEY (quarter, article)
);

CREATE TABLE usage_articles (
    article uuid PRIMARY KEY,
    title   text NOT NULL
);

-- after the load
