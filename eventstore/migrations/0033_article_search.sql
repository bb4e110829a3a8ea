-- The words of articles, and what is left of them in each language once their endings are gone.

CREATE FUNCTION public.bare(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    -- a slash, an @ or a _ would make one word of two
    RETURN lower(translate(public.unaccent('public.unaccent'::regdictionary, said), '/\@_', '    '));

-- without its accent Snowball takes -ción for no ending at all, so it gets it back: devolucion, devolución, devoluciones
CREATE FUNCTION public.restored(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(said, '([cs])ion\M', '\1ión', 'g');

CREATE FUNCTION public.article_words(language text, said text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE language
        WHEN 'es' THEN to_tsvector('pg_catalog.spanish', public.restored(public.bare(said)))
        WHEN 'en' THEN to_tsvector('pg_catalog.english', public.bare(said))
        ELSE to_tsvector('pg_catalog.simple', public.bare(said))
    END;

CREATE FUNCTION public.article_words(language text, title text, labels text[], body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN setweight(public.article_words(language, title), 'A')
        || setweight(public.article_words(language, array_to_string(labels, ' . ')), 'B')
        || setweight(public.article_words(language, body), 'C');

-- NULL: a word that says nothing
CREATE FUNCTION public.article_stem(language text, word text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE language
        WHEN 'es' THEN (ts_lexize('pg_catalog.spanish_stem', public.restored(word)))[1]
        WHEN 'en' THEN (ts_lexize('pg_catalog.english_stem', word))[1]
        ELSE word
    END;

-- letters that many write for one another because they hear no difference, written one way
CREATE FUNCTION public.article_sound(language text, word text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE language
        WHEN 'es' THEN translate(
            regexp_replace(regexp_replace(replace(replace(word, 'qu', 'k'), 'll', 'y'),
                'c(?=[ei])', 's', 'g'), 'g(?=[ei])', 'j', 'g'),
            'cqvzxh', 'kkbss')
        ELSE word
    END;

-- the words of a text one by one, as written but for accents and capitals; of "two-step" both
CREATE FUNCTION public.words_said(said text) RETURNS TABLE (place bigint, word text)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT place, token FROM ts_parse('default', public.bare(said)) WITH ORDINALITY AS parsed (kind, token, place)
    WHERE kind IN (1, 2, 3, 6, 9, 10, 11, 20, 21, 22);
END;
