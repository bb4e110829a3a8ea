"""What is counted of visits: settled after each batch, for the changed visits alone.

What a visit counts is kept beside it (`usage_counted`, `usage_reads`, `usage_searches`): a visit that changed is taken
off the sums as it was counted and added as it is now, so that a batch costs what it holds, however much was counted
before. Every figure of a period is of the visits that began in it, and opening one shows exactly those.
"""

from __future__ import annotations

from typing import LiteralString

CANDIDATES: LiteralString = "SELECT visit FROM usage_visits ORDER BY began, visit"

_Names = tuple[LiteralString, ...]

VISIT_MEASURES: _Names = (
    "visits",
    "looked",
    "contacts",
    "contacts_after_looking",
    "solved",
    "abandoned",
    "searches",
    "zero_searches",
    "views",
    "seconds",
    "timed",
    "suggested",
    "suggestion_opened",
    "helpful",
    "unhelpful",
    "downloads",
)
READ_MEASURES: _Names = (
    "views",
    "readers",
    "helpful",
    "unhelpful",
    "suggested",
    "suggestion_opened",
    "contacts_after",
    "seconds",
    "timed",
    "downloads",
)
ARTICLE_MEASURES: _Names = (*READ_MEASURES, "searches")
WORD_MEASURES: _Names = ("searches", "zero", "opened", "searched", "contact", "solved")

AS_WORDS: LiteralString = (
    "1 AS searches, (found = 0)::int AS zero, (next = 'opened')::int AS opened, (next = 'searched')::int AS searched,"
    " (next = 'contact')::int AS contact, (next = 'solved')::int AS solved"
)
"""What a row of `usage_searches` counts."""


def each(template: LiteralString, names: _Names) -> LiteralString:
    """The template for each name (`{}`), with commas between."""
    return ", ".join(template.replace("{}", name) for name in names)


_WHOSE: LiteralString = "visit, began, quarter, day, surface, language, product"

_STEPS: LiteralString = f"""
changed AS (
  SELECT v.*, (began AT TIME ZONE 'UTC')::date AS day
  FROM usage_visits v JOIN unnest(%(changed)s::uuid[]) AS told (visit) USING (visit)
), steps AS (
  SELECT {_WHOSE}, contact_step, place, step->>'did' AS did, (step->>'article')::uuid AS article, step
  FROM changed v, jsonb_array_elements(v.trail) WITH ORDINALITY AS told (step, place)
)"""  # noqa: S608 -- of literals

_READS: LiteralString = f"""
reads AS (
  SELECT article, {_WHOSE}, views, (views > 0)::int AS readers, coalesce(vote, false)::int AS helpful,
   (NOT coalesce(vote, true))::int AS unhelpful, (suggested OR accepted)::int AS suggested,
   accepted::int AS suggestion_opened, contacts_after, seconds, timed, downloads
  FROM (
   SELECT article, {_WHOSE}, count(*) FILTER (WHERE did = 'opened') AS views,
    (array_agg((step->>'helpful')::boolean ORDER BY place DESC) FILTER (WHERE did = 'voted'))[1] AS vote,
    bool_or(did = 'suggested') AS suggested,
    coalesce(bool_or((step->>'suggested')::boolean) FILTER (WHERE did = 'opened'), false) AS accepted,
    coalesce(min(place) FILTER (WHERE did = 'opened') < contact_step, false)::int AS contacts_after,
    coalesce(sum((step->>'seconds')::bigint) FILTER (WHERE did = 'opened'), 0)::bigint AS seconds,
    count(*) FILTER (WHERE did = 'opened' AND (step->>'seconds')::bigint > 0) AS timed,
    count(*) FILTER (WHERE did = 'downloaded') AS downloads
   FROM steps WHERE article IS NOT NULL GROUP BY article, {_WHOSE}, contact_step
  ) AS read
)"""  # noqa: S608 -- of literals

_SEARCHES: LiteralString = f"""
moves AS (
  SELECT {_WHOSE}, place, did, article, step,
   max(place) FILTER (WHERE did = 'searched') OVER (PARTITION BY visit ORDER BY place) AS search
  FROM steps WHERE did IN ('searched', 'shown', 'opened', 'started', 'sent', 'chat', 'solved')
), shown AS (
  SELECT *, jsonb_agg(step->'results') FILTER (WHERE did IN ('searched', 'shown'))
   OVER (PARTITION BY visit, search) AS lists FROM moves
), searches AS (
  SELECT {_WHOSE}, place, step->>'phrase' AS phrase, (step->>'found')::bigint AS found,
   ARRAY(SELECT DISTINCT result::uuid
    FROM jsonb_array_elements(lists) AS list, jsonb_array_elements_text(list) AS result ORDER BY 1) AS results,
   CASE WHEN after IN ('started', 'sent', 'chat') THEN 'contact' ELSE coalesce(after, 'left') END AS next,
   after_article AS next_article
  FROM (
   SELECT *, lead(did) OVER told AS after, lead(article) OVER told AS after_article FROM shown WHERE did <> 'shown'
   WINDOW told AS (PARTITION BY visit ORDER BY place)
  ) AS told WHERE did = 'searched'
)"""  # noqa: S608 -- of literals

_OF_VISITS, _OF_SEARCHES, _OF_READS = VISIT_MEASURES[:6], VISIT_MEASURES[6:8], VISIT_MEASURES[8:]
_COUNTED: LiteralString = f"""
counted AS (
  SELECT {_WHOSE}, {each("sum({})::bigint AS {}", VISIT_MEASURES)} FROM (
   SELECT {_WHOSE}, 1 AS visits, looked::int AS looked, (contact_step IS NOT NULL)::int AS contacts,
    (looked AND contact_step IS NOT NULL)::int AS contacts_after_looking, (outcome = 'solved')::int AS solved,
    (outcome = 'abandoned')::int AS abandoned, {each("0 AS {}", VISIT_MEASURES[6:])} FROM changed
   UNION ALL SELECT {_WHOSE}, {each("0", _OF_VISITS)}, 1, (found = 0)::int, {each("0", _OF_READS)} FROM searches
   UNION ALL SELECT {_WHOSE}, {each("0", VISIT_MEASURES[:8])}, {each("{}", _OF_READS)} FROM reads
  ) AS parts GROUP BY {_WHOSE}
)"""  # noqa: S608 -- of literals


def _was(table: LiteralString) -> LiteralString:
    """What was counted of the changed visits: looked up by each, whatever the planner makes of their number."""
    found = f"SELECT * FROM {table} k WHERE k.visit = c.visit OFFSET 0"  # noqa: S608 -- of literals
    return f"was_{table} AS (SELECT k.* FROM changed c, LATERAL ({found}) AS k)"  # noqa: S608 -- of literals


def _kept(table: LiteralString, key: _Names, now: LiteralString, columns: _Names) -> LiteralString:
    """What is counted of each visit from now on."""
    names, keys = each("{}", columns), each("{}", key)
    rest: _Names = tuple(name for name in columns if name not in key)
    return (
        f"kept_{now} AS (INSERT INTO {table} ({names}) SELECT {names} FROM {now}"  # noqa: S608 -- of literals
        f" ON CONFLICT ({keys}) DO UPDATE SET ({each('{}', rest)}) = ROW({each('excluded.{}', rest)}))"
    )


def _summed(
    table: LiteralString, key: _Names, measures: _Names, now: LiteralString, before: LiteralString
) -> LiteralString:
    """The sums by a key: what was counted taken off, what is now added; a row that counts nothing is none."""
    keys, none = each("{}", key), each("0", measures)
    at = f"FROM {table} t WHERE ({each('t.{}', key)}) = ({each('d.{}', key)})"
    comes_to_none = f"({each('t.{} + d.{}', measures)}) = ({none})"
    return (
        f"delta_{table} AS (SELECT {keys}, {each('sum({})::bigint AS {}', measures)} FROM ("  # noqa: S608 -- of literals
        f"  SELECT {keys}, {each('{}', measures)} FROM {now}"
        f"  UNION ALL SELECT {keys}, {each('-{}', measures)} FROM {before}"
        f" ) AS differing GROUP BY {keys} HAVING ({each('sum({})', measures)}) <> ({none})"
        f"), gone_{table} AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY("
        f"  SELECT (SELECT t.ctid {at} AND {comes_to_none}) FROM delta_{table} d))"
        f"), added_{table} AS (INSERT INTO {table} AS t ({keys}, {each('{}', measures)})"
        f" SELECT {keys}, {each('{}', measures)} FROM delta_{table} d"
        f" WHERE (SELECT {comes_to_none} {at}) IS NOT TRUE"
        f" ON CONFLICT ({keys}) DO UPDATE SET ({each('{}', measures)}) = ROW({each('t.{} + excluded.{}', measures)}))"
    )


_FOUND: LiteralString = f"SELECT day, article, surface, {each('0 AS {}', READ_MEASURES)}, 1 AS searches FROM "  # noqa: S608 -- of literals
_READ_COLUMNS: _Names = ("article", "visit", "began", "day", "surface", *READ_MEASURES)
_SEARCH_COLUMNS: _Names = (
    "visit",
    "place",
    "began",
    "day",
    "surface",
    "language",
    "product",
    "phrase",
    "found",
    "results",
    "next",
    "next_article",
)
_COUNTED_COLUMNS: _Names = ("visit", "began", "quarter", "surface", "language", "product", *VISIT_MEASURES)
_WORD_KEY: _Names = ("day", "phrase", "surface", "language", "product")

SETTLED: LiteralString = (
    f"WITH {_STEPS},{_READS},{_SEARCHES},{_COUNTED},"  # noqa: S608 -- of literals
    f"{_was('usage_counted')},{_was('usage_reads')},{_was('usage_searches')},"
    f"articles_now AS (SELECT day, article, surface, {each('{}', READ_MEASURES)}, 0 AS searches FROM reads"
    f" UNION ALL {_FOUND} searches, unnest(results) AS article),"
    f"articles_before AS (SELECT day, article, surface, {each('{}', READ_MEASURES)}, 0 AS searches FROM was_usage_reads"
    f" UNION ALL {_FOUND} was_usage_searches, unnest(results) AS article),"
    f"words_now AS (SELECT day, phrase, surface, language, product, {AS_WORDS} FROM searches),"
    f"words_before AS (SELECT day, phrase, surface, language, product, {AS_WORDS} FROM was_usage_searches),"
    + _summed(
        "usage_visit_counts",
        ("quarter", "surface", "language", "product"),
        VISIT_MEASURES,
        "counted",
        "was_usage_counted",
    )
    + ","
    + _summed(
        "usage_article_counts", ("day", "article", "surface"), ARTICLE_MEASURES, "articles_now", "articles_before"
    )
    + ","
    + _summed("usage_word_counts", _WORD_KEY, WORD_MEASURES, "words_now", "words_before")
    + ","
    + _kept("usage_reads", ("visit", "article"), "reads", _READ_COLUMNS)
    + ","
    + _kept("usage_searches", ("visit", "place"), "searches", _SEARCH_COLUMNS)
    + ","
    + _kept("usage_counted", ("visit",), "counted", _COUNTED_COLUMNS)
    + " SELECT"
)
