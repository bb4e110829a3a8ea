"""What is counted of visits: settled after each batch, for the quarter-hours in which the changed visits began.

A figure of a period is of the visits that began in it, so every rate has the same visits above and below its line,
and opening a figure shows exactly those. A quarter-hour is counted anew from its visits: no count can drift.
"""

from __future__ import annotations

from typing import LiteralString

TOUCHED: LiteralString = "SELECT DISTINCT ON (quarter) visit FROM usage_visits"

_VISITS: LiteralString = """
touched AS (
  SELECT DISTINCT quarter FROM usage_visits JOIN unnest(%(changed)s::uuid[]) AS changed (visit) USING (visit)
), visits AS (
  SELECT v.visit, v.began, v.quarter, v.surface, v.language, v.product, v.looked, v.contact_step, v.outcome, v.trail
  FROM usage_visits v JOIN touched USING (quarter)
), steps AS (
  SELECT v.*, place, step->>'did' AS did, (step->>'article')::uuid AS article, step
  FROM visits v, jsonb_array_elements(v.trail) WITH ORDINALITY AS told (step, place)
)"""

_READS: LiteralString = """
reads AS (
  SELECT article, visit, began, quarter, surface,
   count(*) FILTER (WHERE did = 'opened') AS views,
   coalesce((array_agg(CASE WHEN (step->>'helpful')::boolean THEN 'yes' ELSE 'no' END ORDER BY place DESC)
    FILTER (WHERE did = 'voted'))[1], '') AS vote,
   coalesce(min(place) FILTER (WHERE did = 'opened') < contact_step, false) AS contacted
  FROM steps WHERE article IS NOT NULL
  GROUP BY article, visit, began, quarter, surface, contact_step
), kept_reads AS (
  INSERT INTO usage_reads (article, visit, began, quarter, surface, views, vote, contacted)
  SELECT article, visit, began, quarter, surface, views, vote, contacted FROM reads
  ON CONFLICT (article, visit) DO UPDATE SET (views, vote, contacted)
   = ROW(excluded.views, excluded.vote, excluded.contacted)
)"""

_ARTICLES: LiteralString = """
mentions AS (
  SELECT quarter, article, surface, did, step FROM steps WHERE article IS NOT NULL
  UNION ALL SELECT quarter, found::uuid, surface, 'found', NULL
  FROM steps, jsonb_array_elements_text(step->'results') AS found
), kept_articles AS (
  INSERT INTO usage_article_counts (quarter, article, surface, views, readers, searches, helpful, unhelpful, suggested,
   suggestion_opened, contacts_after, seconds, timed, downloads)
  SELECT m.quarter, m.article, m.surface,
   count(*) FILTER (WHERE did = 'opened'),
   coalesce(max(readers), 0),
   count(*) FILTER (WHERE did = 'found'),
   count(*) FILTER (WHERE did = 'voted' AND (step->>'helpful')::boolean),
   count(*) FILTER (WHERE did = 'voted' AND NOT (step->>'helpful')::boolean),
   count(*) FILTER (WHERE did = 'suggested'),
   count(*) FILTER (WHERE did = 'opened' AND (step->>'suggested')::boolean),
   coalesce(max(contacts_after), 0),
   coalesce(sum((step->>'seconds')::bigint) FILTER (WHERE did = 'opened'), 0),
   count(*) FILTER (WHERE did = 'opened' AND (step->>'seconds')::bigint > 0),
   count(*) FILTER (WHERE did = 'downloaded')
  FROM mentions m LEFT JOIN (
   SELECT quarter, article, surface, count(*) FILTER (WHERE views > 0) AS readers,
    count(*) FILTER (WHERE contacted) AS contacts_after FROM reads GROUP BY quarter, article, surface
  ) r ON (r.quarter, r.article, r.surface) = (m.quarter, m.article, m.surface)
  GROUP BY m.quarter, m.article, m.surface
  ON CONFLICT (quarter, article, surface) DO UPDATE SET (views, readers, searches, helpful, unhelpful, suggested,
   suggestion_opened, contacts_after, seconds, timed, downloads) = ROW(excluded.views, excluded.readers,
   excluded.searches, excluded.helpful, excluded.unhelpful, excluded.suggested, excluded.suggestion_opened,
   excluded.contacts_after, excluded.seconds, excluded.timed, excluded.downloads)
)"""

_WORDS: LiteralString = """
moves AS (
  SELECT visit, place, began, quarter, surface, language, did, step, article,
   lead(did) OVER told AS after, lead(article) OVER told AS after_article
  FROM steps WHERE did IN ('searched', 'opened', 'started', 'sent', 'chat', 'solved')
  WINDOW told AS (PARTITION BY visit ORDER BY place)
), searches AS (
  SELECT visit, place, began, quarter, surface, language, step->>'phrase' AS phrase, (step->>'found')::bigint AS found,
   CASE WHEN after IN ('started', 'sent', 'chat') THEN 'contact' ELSE coalesce(after, 'left') END AS next,
   after_article AS next_article
  FROM moves WHERE did = 'searched'
), kept_searches AS (
  INSERT INTO usage_searches (visit, place, began, quarter, surface, language, phrase, found, next, next_article)
  SELECT visit, place, began, quarter, surface, language, phrase, found, next, next_article FROM searches
  ON CONFLICT (visit, place) DO UPDATE SET (next, next_article) = ROW(excluded.next, excluded.next_article)
), kept_words AS (
  INSERT INTO usage_word_counts (quarter, phrase, surface, language, searches, zero, opened, searched, contact, solved)
  SELECT quarter, phrase, surface, language, count(*), count(*) FILTER (WHERE found = 0),
   count(*) FILTER (WHERE next = 'opened'), count(*) FILTER (WHERE next = 'searched'),
   count(*) FILTER (WHERE next = 'contact'), count(*) FILTER (WHERE next = 'solved')
  FROM searches GROUP BY quarter, phrase, surface, language
  ON CONFLICT (quarter, phrase, surface, language) DO UPDATE SET (searches, zero, opened, searched, contact, solved)
   = ROW(excluded.searches, excluded.zero, excluded.opened, excluded.searched, excluded.contact, excluded.solved)
)"""

_COUNTS: LiteralString = """
INSERT INTO usage_visit_counts (quarter, surface, language, product, visits, looked, contacts, contacts_after_looking,
 solved, abandoned, searches, zero_searches, views, suggested, suggestion_opened, helpful, unhelpful, downloads)
SELECT quarter, surface, language, product, count(*), count(*) FILTER (WHERE looked),
 count(contact_step), count(contact_step) FILTER (WHERE looked),
 count(*) FILTER (WHERE outcome = 'solved'), count(*) FILTER (WHERE outcome = 'abandoned'),
 sum(searches), sum(zero_searches), sum(views), sum(suggested), sum(suggestion_opened), sum(helpful), sum(unhelpful),
 sum(downloads)
FROM visits LEFT JOIN LATERAL (
 SELECT count(*) FILTER (WHERE step->>'did' = 'searched') AS searches,
  count(*) FILTER (WHERE step->>'did' = 'searched' AND (step->>'found')::bigint = 0) AS zero_searches,
  count(*) FILTER (WHERE step->>'did' = 'opened') AS views,
  count(*) FILTER (WHERE step->>'did' = 'suggested') AS suggested,
  count(*) FILTER (WHERE step->>'did' = 'opened' AND (step->>'suggested')::boolean) AS suggestion_opened,
  count(*) FILTER (WHERE step->>'did' = 'voted' AND (step->>'helpful')::boolean) AS helpful,
  count(*) FILTER (WHERE step->>'did' = 'voted' AND NOT (step->>'helpful')::boolean) AS unhelpful,
  count(*) FILTER (WHERE step->>'did' = 'downloaded') AS downloads
 FROM jsonb_array_elements(trail) AS told (step)
) AS did ON true
GROUP BY quarter, surface, language, product
ON CONFLICT (quarter, surface, language, product) DO UPDATE SET (visits, looked, contacts, contacts_after_looking,
 solved, abandoned, searches, zero_searches, views, suggested, suggestion_opened, helpful, unhelpful, downloads)
 = ROW(excluded.visits, excluded.looked, excluded.contacts, excluded.contacts_after_looking, excluded.solved,
 excluded.abandoned, excluded.searches, excluded.zero_searches, excluded.views, excluded.suggested,
 excluded.suggestion_opened, excluded.helpful, excluded.unhelpful, excluded.downloads)
"""

SETTLED: LiteralString = f"WITH {_VISITS},{_READS},{_ARTICLES},{_WORDS}{_COUNTS}"
