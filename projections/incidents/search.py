"""Words to incidents, over the timeline's text index: rare words by their matches, common ones from the newest on.

Reading all matches of a word costs their number; walking the list until a page is full costs the less, the more there
are. The planner knows how frequent a common word is, but takes every word it has no figure for to be rather frequent,
and walking for a word that stands nowhere would read the whole list. So how to search is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import LiteralString
from uuid import UUID

from eventstore.database import Connection
from eventstore.packed import Uuids

_WALK = 4
"""Both ways cost about the same at the square root of so many times the timeline's lines (docs/performance.md)."""
_UNKNOWN_SHARE = 0.005
"""PostgreSQL's DEFAULT_TS_MATCH_SEL: a word without a figure is taken to be as frequent at most."""
_DIGITS_MAX = 18  # what a bigint holds

SOUGHT: LiteralString = (
    # `loose`: what any incident has that has the words in one line. Phrases have lost their order there, and what must
    # not stand beside a word may well stand in another line
    # `single`: which one line has if all of them together have it
    "WITH sought AS MATERIALIZED (SELECT words, nullif(regexp_replace(querytree(words), '<(-|\\d+)>', '&', 'g'), 'T')"
    "::tsquery AS loose, words::text !~ '[&<!]' AS single FROM websearch_to_tsquery('public.words', %s) AS words)"
)
SAID: LiteralString = (
    # CASE: an incident's lines are read only where all its words together don't rule it out
    "CASE WHEN (SELECT loose FROM sought) IS NULL OR EXISTS (SELECT FROM incident_words AS doc"
    "  WHERE doc.number = {number} AND doc.words @@ (SELECT loose FROM sought) OFFSET 0)"
    " THEN (SELECT single FROM sought) OR EXISTS (SELECT FROM entries"
    "  WHERE entries.incident = {id} AND entries.words @@ (SELECT words FROM sought) OFFSET 0) ELSE false END"
)
"""A condition: one line of this incident has all the words. Needs `SOUGHT` before it, with the words as its value."""


def number_in(q: str) -> int:
    """The incident number that `7` or `#7` names; -1, which none has, for anything else."""
    named = q.strip().removeprefix("#")
    return int(named) if named.isascii() and named.isdecimal() and len(named) <= _DIGITS_MAX else -1


def rare(connection: Connection, q: str) -> list[UUID] | None:
    """What the matching incidents are read as; None where so many match that the newest are found sooner."""
    expected, total = _expected(connection, q)
    most = isqrt(round(_WALK * total))
    if expected > max(most, _UNKNOWN_SHARE * total):
        return None
    # by the index alone: matches are counted without reading their texts again
    connection.execute("SET LOCAL enable_seqscan = off")
    rows: Sequence[tuple[UUID | None, int]] = connection.execute(
        "SELECT incident, count(*) FROM (SELECT incident FROM entries"
        "  WHERE words @@ websearch_to_tsquery('public.words', %s) LIMIT %s) AS line GROUP BY incident",
        (q, most + 1),
    ).fetchall()
    connection.execute("SET LOCAL enable_seqscan = on")
    if sum(matches for _, matches in rows) > most:
        return None
    return _with_roots(connection, {incident for incident, _ in rows if incident})


def _expected(connection: Connection, q: str) -> tuple[float, float]:
    """How many entries the planner takes to match, and of how many."""
    plan = connection.execute(
        "EXPLAIN (FORMAT json) SELECT FROM entries WHERE words @@ websearch_to_tsquery('public.words', %s)", (q,)
    ).fetchone()
    total = connection.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass('entries')").fetchone()
    return (plan[0][0]["Plan"]["Plan Rows"], max(0, total[0])) if plan and total else (0, 0)


def named(connection: Connection, number: int) -> list[UUID]:
    """What the incident of this number is read as."""
    if number < 0:
        return []
    rows: Sequence[tuple[UUID]] = connection.execute("SELECT id FROM incidents WHERE number = %s", (number,)).fetchall()
    return _with_roots(connection, {incident for (incident,) in rows})


def _with_roots(connection: Connection, incidents: set[UUID]) -> list[UUID]:
    """These, and what those of them that were merged are read as. The merged ones no list shows."""
    if not incidents:
        return []
    rows: Sequence[tuple[UUID]] = connection.execute(
        # OFFSET 0: the planner would read all that was ever merged besides
        "WITH RECURSIVE up AS ("
        "  SELECT merged_into AS id FROM (SELECT merged_into FROM incidents WHERE id = ANY(%b) OFFSET 0) AS found"
        "  WHERE merged_into IS NOT NULL"
        "  UNION SELECT i.merged_into FROM up, LATERAL"
        "   (SELECT merged_into FROM incidents WHERE id = up.id OFFSET 0) AS i WHERE merged_into IS NOT NULL"
        ") SELECT id FROM up",
        (Uuids(incidents),),
    ).fetchall()
    return [*incidents, *(root for (root,) in rows)]
