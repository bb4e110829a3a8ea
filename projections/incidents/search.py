"""Words to incidents, over the timeline's text index: rare words by their matches, common ones from the newest on.

The planner knows how frequent a common word is, but takes every word it has no figure for to be rather frequent;
walking the list for a word that stands nowhere would read all of it. So how to search is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventstore.database import Connection

_COMMON_SHARE = 0.01
_MATCHES_MAX = 20_000
_DIGITS_MAX = 18  # what a bigint holds


def number_in(q: str) -> int:
    """The incident number that `7` or `#7` names; -1, which none has, for anything else."""
    named = q.strip().removeprefix("#")
    return int(named) if named.isascii() and named.isdecimal() and len(named) <= _DIGITS_MAX else -1


def rare(connection: Connection, q: str) -> list[UUID] | None:
    """What the matching incidents are read as; None where so many match that the newest are found sooner."""
    expected = connection.execute(
        "EXPLAIN (FORMAT json) SELECT FROM entries WHERE to_tsvector('public.words', subject || ' ' || text)"
        " @@ websearch_to_tsquery('public.words', %s)",
        (q,),
    ).fetchone()
    total = connection.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass('entries')").fetchone()
    if expected and total and expected[0][0]["Plan"]["Plan Rows"] > max(_MATCHES_MAX, _COMMON_SHARE * total[0]):
        return None
    # by the index alone: matches are counted without reading their texts again
    connection.execute("SET LOCAL enable_seqscan = off")
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT incident FROM entries WHERE to_tsvector('public.words', subject || ' ' || text)"
        " @@ websearch_to_tsquery('public.words', %s) LIMIT %s",
        (q, _MATCHES_MAX + 1),
    ).fetchall()
    connection.execute("SET LOCAL enable_seqscan = on")
    if len(rows) > _MATCHES_MAX:
        return None
    return _roots(connection, {incident for (incident,) in rows if incident})


def named(connection: Connection, number: int) -> list[UUID]:
    """What the incident of this number is read as."""
    rows: Sequence[tuple[UUID]] = connection.execute("SELECT id FROM incidents WHERE number = %s", (number,)).fetchall()
    return _roots(connection, {incident for (incident,) in rows})


def through_merges(connection: Connection, q: str) -> list[UUID]:
    """What the matching ones among the merged incidents are read as."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT id FROM incidents i WHERE merged_into IS NOT NULL AND EXISTS (SELECT FROM entries e"
        " WHERE e.incident = i.id AND to_tsvector('public.words', e.subject || ' ' || e.text)"
        " @@ websearch_to_tsquery('public.words', %s))",
        (q,),
    ).fetchall()
    return _roots(connection, {incident for (incident,) in rows})


def _roots(connection: Connection, incidents: set[UUID]) -> list[UUID]:
    rows: Sequence[tuple[UUID]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id, merged_into FROM incidents WHERE id = ANY(%s)"
        "  UNION SELECT i.id, i.merged_into FROM up JOIN incidents i ON i.id = up.merged_into"
        ") SELECT id FROM up WHERE merged_into IS NULL",
        (list(incidents),),
    ).fetchall()
    return [root for (root,) in rows]
