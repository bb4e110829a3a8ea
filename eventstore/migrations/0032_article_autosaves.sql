-- What an agent types into an article, kept as they type, until they save it. Our own words, as articles are.

CREATE TABLE article_autosaves (
    agent      text NOT NULL,
    article    uuid NOT NULL,
    title      text NOT NULL,
    body       text NOT NULL,
    wording    bigint NOT NULL,                -- of the text they began with
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (agent, article)
);

CREATE INDEX article_autosaves_article ON article_autosaves (article, updated_at);
