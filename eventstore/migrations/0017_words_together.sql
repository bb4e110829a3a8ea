-- The words of several texts as one document: a timeline keeps one an incident, for words that many incidents have.

CREATE AGGREGATE public.words_of (tsvector) (SFUNC = tsvector_concat, STYPE = tsvector, INITCOND = '', PARALLEL = SAFE);
