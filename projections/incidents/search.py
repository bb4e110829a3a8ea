"""Words to incidents, over the timeline's text index: rare words by their matches, common ones from the newest on.

The planner knows how frequent a common word is, but takes every word it has no figure for to be rather frequent;
walking the list for a word that stands nowhere would read all of it. So how to search is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection
from eventstore.packed import Uuids

_COMMON_SHARE = 0.01
_EVERYWHERE_SHARE = 0.03
_FIRST = 2_000
_MATCHES_MAX = 20_000
_DIGITS_MAX = 18  # what a bigint holds


def number_in(q: str) -> int:
    """The incident number that `7` or `#7` names; -1, which none has, for anything else."""
    named = q.strip().removeprefix("#")
    return int(named) if named.isascii() and named.isdecimal() and len(named) <= _DIGITS_MAX else -1


def rare(connection: Connection, q: str) -> list[UUID] | None:
    """What the matching incidents are read as; None where so many match that the newest are found sooner."""
    expected, total = _expected(connection, q)
    if expected > max(_MATCHES_MAX, _COMMON_SHARE * total):
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


def among_first(
    connection: Connection,
    where: sql.Composable,
    values: Sequence[object],
    sorted_by: sql.Composable,
    q: str,
    enough: int,
) -> list[UUID] | None:
    """Those that match among the first of the list; None where they don't suffice, or walking is sooner."""
    expected, total = _expected(connection, q)
    if expected > _EVERYWHERE_SHARE * total:
        return None
    parts: Sequence[tuple[UUID, UUID]] = connection.execute(
        sql.SQL(
            "WITH RECURSIVE part AS ("
            " (SELECT id AS root, id, family_status IS NOT NULL AS has_parts FROM incidents WHERE {}"
            "  ORDER BY {} LIMIT %s)"
            " UNION ALL SELECT part.root, i.id, true FROM part, LATERAL"
            "  (SELECT id FROM incidents WHERE merged_into = part.id OFFSET 0) AS i WHERE part.has_parts"
            ") SELECT id, root FROM part"
        ).format(where, sorted_by),
        (*values, _FIRST),
    ).fetchall()
    roots = dict(parts)
    # two indexes agree on what to fetch: nothing is read to be thrown away, no text is taken apart again
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT DISTINCT incident FROM entries WHERE incident = ANY(%b)"
        " AND to_tsvector('public.words', subject || ' ' || text) @@ websearch_to_tsquery('public.words', %s)",
        (Uuids(roots), q),
    ).fetchall()
    found = {roots[incident] for (incident,) in rows}
    return list(found) if len(found) >= enough or len(parts) < _FIRST else None


def _expected(connection: Connection, q: str) -> tuple[float, float]:
    """How many entries the planner takes to match, and of how many."""
    plan = connection.execute(
        "EXPLAIN (FORMAT json) SELECT FROM entries WHERE to_tsvector('public.words', subject || ' ' || text)"
        " @@ websearch_to_tsquery('public.words', %s)",
        (q,),
    ).fetchone()
    total = connection.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass('entries')").fetchone()
    return (plan[0][0]["Plan"]["Plan Rows"], total[0]) if plan and total else (0, 0)


def named(connection: Connection, number: int) -> list[UUID]:
    """What the incident of this number is read as."""
    rows: Sequence[tuple[UUID]] = connection.execute("SELECT id FROM incidents WHERE number = %s", (number,)).fetchall()
    return _roots(connection, {incident for (incident,) in rows})


def _roots(connection: Connection, incidents: set[UUID]) -> list[UUID]:
    rows: Sequence[tuple[UUID]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id, merged_into FROM incidents WHERE id = ANY(%s)"
        "  UNION SELECT i.id, i.merged_into FROM up, LATERAL"
        "   (SELECT id, merged_into FROM incidents WHERE id = up.merged_into OFFSET 0) AS i"
        ") SELECT id FROM up WHERE merged_into IS NULL",
        (list(incidents),),
    ).fetchall()
    return [root for (root,) in rows]
