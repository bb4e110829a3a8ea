"""The views of the inbox: what each holds (read.py), how many, and the last words of what is on a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from eventstore.database import Connection

COUNT_MAX = 999
SOON = timedelta(hours=1)
_PREVIEW = 160  # characters


class View(StrEnum):
    """`mine`, `unassigned`: what is to be done. `breaching`: a clock runs out within `SOON`, or has."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    WAITING = "waiting"
    BREACHING = "breaching"
    SNOOZED = "snoozed"
    ALL = "all"


class LastWords(msgspec.Struct, frozen=True):
    """What was said last in an incident, shortened."""

    text: str
    direction: str
    channel: str
    said_at: datetime


def counts(connection: Connection, user: str) -> dict[View, int]:
    """How many are in each view; counted to `COUNT_MAX` + 1, from the views' own indexes: the same for any history."""
    row = connection.execute(
        "SELECT"
        " (SELECT count(*) FROM (SELECT FROM incidents WHERE stands IN ('new', 'open', 'waiting')"
        "   AND assignee = %(user)s LIMIT %(most)s) AS mine),"
        " (SELECT count(*) FROM (SELECT FROM incidents WHERE stands IN ('new', 'open', 'waiting')"
        "   AND assignee IS NULL LIMIT %(most)s) AS unassigned),"
        " (SELECT count(*) FROM (SELECT FROM incidents WHERE stands = 'waiting' LIMIT %(most)s) AS waiting),"
        " (SELECT count(*) FROM (SELECT FROM incidents WHERE due_at < now() + %(soon)s LIMIT %(most)s) AS breaching),"
        " (SELECT count(*) FROM (SELECT FROM incidents WHERE stands = 'snoozed' LIMIT %(most)s) AS snoozed),"
        " (SELECT count(*) FROM (SELECT FROM incidents WHERE merged_into IS NULL LIMIT %(most)s) AS all_of_them)",
        {"user": user, "most": COUNT_MAX + 1, "soon": SOON},
    ).fetchone()
    return dict(zip(View, row or (), strict=True))


def last_words(connection: Connection, incidents: Sequence[UUID]) -> dict[UUID, LastWords]:
    """The newest interaction of each, or of what was merged into it."""
    rows: Sequence[tuple[UUID, str, str | None, str | None, datetime]] = connection.execute(
        "WITH RECURSIVE family AS ("
        "  SELECT id AS root, id FROM unnest(%s::uuid[]) AS asked(id)"
        "  UNION ALL SELECT family.root, i.id FROM family, LATERAL"
        "   (SELECT id FROM incidents WHERE merged_into = family.id OFFSET 0) AS i"
        ") SELECT DISTINCT ON (root) root, said.text, said.direction, said.channel, said.occurred_at"
        " FROM family, LATERAL (SELECT left(text, 400) AS text, direction, channel, occurred_at, position FROM entries"
        "  WHERE entries.incident = family.id AND kind = 'interaction' ORDER BY occurred_at DESC, position DESC LIMIT 1"
        " ) AS said ORDER BY root, said.occurred_at DESC, said.position DESC",
        (list(incidents),),
    ).fetchall()
    return {
        root: LastWords(" ".join(text.split())[:_PREVIEW], direction or "in", channel or "", said_at)
        for root, text, direction, channel, said_at in rows
    }
