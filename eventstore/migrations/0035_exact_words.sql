-- Error codes, versions, file names and addresses are words too, and are found as they are written.

CREATE OR REPLACE FUNCTION public.bare(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(
        -- how an address is fetched, the sign of a number (of "E-1034" it would be part) and the v of "v4.2.1"
        regexp_replace(lower(public.unaccent('public.unaccent'::regdictionary, said)),
            'https?://(www\.)?|[-+](?=\d)|\mv(?=\d+\.)', ' ', 'g'),
        -- a slash, an @ or a _ would make one word of two; of <server> a tag, which says nothing
        '/\@_<>', '      ');

CREATE OR REPLACE FUNCTION public.words_said(said text) RETURNS TABLE (place bigint, word text)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT place, token FROM ts_parse('default', public.bare(said)) WITH ORDINALITY AS parsed (kind, token, place)
    WHERE kind IN (1, 2, 3, 6, 7, 8, 9, 10, 11, 19, 20, 21, 22);
END;

CREATE OR REPLACE FUNCTION public.article_stem(language text, word text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE
        WHEN word ~ '[\d.]' THEN word  -- no ending goes from "setup.exe", in a text neither
        WHEN language = 'es' THEN (ts_lexize('pg_catalog.spanish_stem', public.restored(word)))[1]
        WHEN language = 'en' THEN (ts_lexize('pg_catalog.english_stem', word))[1]
        ELSE word
    END;
