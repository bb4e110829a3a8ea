-- Which article is the translation into a language: one, however many begin it at the same moment.

CREATE TABLE article_translations (
    original uuid NOT NULL,
    language text NOT NULL,                    -- the first part of its tag: es of es-CU
    article  uuid NOT NULL,
    PRIMARY KEY (original, language)
);
