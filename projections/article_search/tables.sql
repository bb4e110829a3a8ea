-- Search in articles: what is sought, the words it is made of, and words that mean the same.

CREATE TABLE searched_articles (
    id           uuid PRIMARY KEY,
    position     bigint NOT NULL,
    kind         text NOT NULL,
    language     text NOT NULL,                -- its first part: `es` of `es-CU`
    title        text NOT NULL,
    body         text NOT NULL,                -- without Markdown's marks
    state        text NOT NULL,
    category     text NOT NULL,
    labels       text[] NOT NULL,
    products     text[] NOT NULL,
    product_keys text[] NOT NULL,
    audience     text NOT NULL,
    words        tsvector GENERATED ALWAYS AS (public.article_words(language, title, labels, body)) STORED
) WITH (toast_tuple_target = 8160);
ALTER TABLE searched_articles ALTER words SET STORAGE MAIN;  -- a search ranks by those of many rows: they lie at hand

CREATE TABLE article_vocabulary (
    language text NOT NULL,
    word     text COLLATE "C" NOT NULL,                  -- as written, but for accents and capitals; empty: every article
    stem     text NOT NULL,                    -- as it stands in `words`
    articles bigint NOT NULL,                  -- how many published ones have it
    open     bigint NOT NULL,                  -- of them for everybody
    owned    bigint NOT NULL,                  -- of them for whoever has a product
    sound    text GENERATED ALWAYS AS (public.article_sound(language, word)) STORED,
    PRIMARY KEY (word, language)
);

CREATE TABLE synonyms (
    id       uuid PRIMARY KEY,
    position bigint NOT NULL,
    words    text[] NOT NULL,
    language text NOT NULL,
    removed  boolean NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    stems    tsvector GENERATED ALWAYS AS (public.article_words(language, '', words, '')) STORED
);

-- Counts words as articles come and go: a fold sees one fact and not the text that it replaces.
-- The argument: 1 for rows that came, -1 for those that went.
CREATE FUNCTION count_article_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    MERGE INTO article_vocabulary AS known USING (
        SELECT language, word, tg_argv[0]::bigint * count(*) AS articles,
            tg_argv[0]::bigint * count(*) FILTER (WHERE audience = 'public') AS open,
            tg_argv[0]::bigint * count(*) FILTER (WHERE audience = 'customers') AS owned
        FROM told CROSS JOIN LATERAL (
            SELECT DISTINCT word FROM public.words_said(concat_ws(' . ', title, array_to_string(labels, ' . '), body))
                WHERE length(word) <= 60       -- an index takes no word of thousands of letters
            UNION ALL SELECT ''
        ) AS said WHERE state = 'published' GROUP BY language, word
    ) AS more ON (known.word, known.language) = (more.word, more.language)
    WHEN MATCHED AND known.articles + more.articles = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET articles = known.articles + more.articles, open = known.open + more.open,
        owned = known.owned + more.owned
    WHEN NOT MATCHED AND more.word = '' THEN INSERT (language, word, stem, articles, open, owned)
        VALUES (more.language, '', '', more.articles, more.open, more.owned)
    WHEN NOT MATCHED AND public.article_stem(more.language, more.word) IS NOT NULL
        THEN INSERT (language, word, stem, articles, open, owned) VALUES (more.language, more.word,
            public.article_stem(more.language, more.word), more.articles, more.open, more.owned);
    RETURN NULL;
END $$;

CREATE TRIGGER count_came AFTER INSERT ON searched_articles REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_article_words('1');
CREATE TRIGGER count_changed_from AFTER UPDATE ON searched_articles REFERENCING OLD TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_article_words('-1');
CREATE TRIGGER count_changed_to AFTER UPDATE ON searched_articles REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION count_article_words('1');

-- after the load

CREATE INDEX searched_articles_words ON searched_articles USING gin (words) WHERE state = 'published';
CREATE INDEX article_vocabulary_stems ON article_vocabulary (stem);
CREATE INDEX article_vocabulary_likeness ON article_vocabulary USING gin (sound public.gin_trgm_ops);
CREATE INDEX synonyms_stems ON synonyms USING gin (stems) WHERE NOT removed;
