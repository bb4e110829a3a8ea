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
);

CREATE TABLE article_vocabulary (
    language text NOT NULL,
    word     text NOT NULL,                    -- as written, but for accents and capitals; empty: every article
    stem     text NOT NULL,                    -- as it stands in `words`
    articles bigint NOT NULL,                  -- how many published ones have it
    open     bigint NOT NULL,                  -- of them for everybody
    sound    text GENERATED ALWAYS AS (public.article_sound(language, word)) STORED,
    PRIMARY KEY (language, word)
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

-- counts words as articles come and go: a fold sees one fact and not the text that it replaces
CREATE FUNCTION count_article_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE article_vocabulary AS known SET articles = known.articles - less.articles, open = known.open - less.open
        FROM (
            SELECT language, word, count(*) AS articles, count(*) FILTER (WHERE audience = 'public') AS open
            FROM gone CROSS JOIN LATERAL (
                SELECT DISTINCT word FROM public.words_said(concat_ws(' . ', title, array_to_string(labels, ' . '), body))
                UNION SELECT ''
            ) AS said WHERE state = 'published' GROUP BY language, word
        ) AS less WHERE (known.language, known.word) = (less.language, less.word);
    END IF;
    INSERT INTO article_vocabulary AS known (language, word, stem, articles, open)
        SELECT language, word, stem, count(*), count(*) FILTER (WHERE audience = 'public')
        FROM came CROSS JOIN LATERAL (
            SELECT DISTINCT word FROM public.words_said(concat_ws(' . ', title, array_to_string(labels, ' . '), body))
            UNION SELECT ''
        ) AS said CROSS JOIN LATERAL (
            SELECT CASE word WHEN '' THEN '' ELSE public.article_stem(language, word) END AS stem
        ) AS stemmed WHERE state = 'published' AND stem IS NOT NULL GROUP BY language, word, stem
        ON CONFLICT (language, word) DO UPDATE
        SET articles = known.articles + excluded.articles, open = known.open + excluded.open;
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM article_vocabulary WHERE articles = 0;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_more AFTER INSERT ON searched_articles REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION count_article_words();
CREATE TRIGGER count_anew AFTER UPDATE ON searched_articles REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION count_article_words();

CREATE INDEX article_vocabulary_gone ON article_vocabulary (articles) WHERE articles = 0;

-- after the load

CREATE INDEX searched_articles_words ON searched_articles USING gin (words) WHERE state = 'published';
CREATE INDEX article_vocabulary_stems ON article_vocabulary (stem);
CREATE INDEX article_vocabulary_begun ON article_vocabulary (word text_pattern_ops);
CREATE INDEX article_vocabulary_likeness ON article_vocabulary USING gin (sound public.gin_trgm_ops);
CREATE INDEX synonyms_stems ON synonyms USING gin (stems) WHERE NOT removed;
