"""Reading timelines: of an incident, of a customer; sorted by time, position. And what lies behind an entry."""

from __future__ import annotations

from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.timeline.entries import BEFORE_ANY, LINES, TOLD, After, Line, entry, oldest_first
from projections.timeline.families import family, incidents_of
from projections.timeline.shape import Entry, Original, StoredFile
from schemas.threads import shown


def of_incident(
    connection: Connection, number: int, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[Entry] | None:
    """An incident's timeline with those of all that were merged with it; None when there is no such incident."""
    members = family(connection, number)
    return _of_incidents(connection, members, cursor, limit) if members else None


def end_of_incident(connection: Connection, number: int, most: int) -> tuple[list[Entry], bool] | None:
    """The last of the same, oldest first, and whether there is more before; None when there is no such incident."""
    members = family(connection, number)
    if not members:
        return None
    end = _end_of_incidents(connection, members, BEFORE_ANY, most)
    return end.items, end.next_cursor is not None


def of_customer(
    connection: Connection, customer: UUID, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[Entry]:
    """Everything in the incidents of a customer, and of those merged with that customer."""
    return _of_incidents(connection, incidents_of(connection, customer), cursor, limit)


def end_of_customer(connection: Connection, customer: UUID, most: int, *, before: str | None = None) -> Page[Entry]:
    """The last that was said in their incidents, oldest first. `next_cursor`: as `before`, what was said earlier."""
    until = read_cursor(before, After) if before else BEFORE_ANY
    return _end_of_incidents(connection, incidents_of(connection, customer), until, most, said=True)


def stored_file(
    connection: Connection, interaction: UUID, index: int, *, thread: UUID | None = None
) -> StoredFile | None:
    """The attachment behind `…/interactions/{interaction}/attachments/{index}`; `thread`: if its token may show it.

    A thread shows nothing that is still held or was taken back.
    """
    row = connection.execute(
        sql.SQL(
            "SELECT attachments -> %(index)s FROM entries WHERE id = %(id)s"
            " AND (%(sides)s::uuid[] IS NULL OR (thread = ANY(%(sides)s) AND {told}))"
        ).format(told=TOLD),
        {"index": index, "id": interaction, "sides": None if thread is None else shown(thread)},
    ).fetchone()
    return msgspec.convert(row[0], StoredFile) if row and row[0] else None


def original(connection: Connection, interaction: UUID) -> Original | None:
    """Where an interaction's whole original lies."""
    row = connection.execute(
        "SELECT channel, sender, subject, text, html, raw, occurred_at FROM entries"
        " WHERE id = %s AND kind = 'interaction'",
        (interaction,),
    ).fetchone()
    return Original(*row) if row else None


def html_blob(connection: Connection, interaction: UUID) -> str | None:
    """The blob with an interaction's HTML part, where it has one."""
    row = connection.execute("SELECT html FROM entries WHERE id = %s", (interaction,)).fetchone()
    return row[0] or None if row else None


def _of_incidents(connection: Connection, numbers: dict[UUID, int], cursor: str | None, limit: int) -> Page[Entry]:
    after = read_cursor(cursor, After) if cursor else After()
    with connection.cursor(row_factory=class_row(Line)) as reader:
        # each incident's own index order is cut at the limit before they are put together: flat however long they are
        lines = reader.execute(
            sql.SQL(
                "SELECT line.*, own.number FROM unnest(%s::uuid[]) AS wanted(incident)"
                " JOIN timeline_incidents own USING (incident), LATERAL ("
                "  {lines} WHERE entries.incident = wanted.incident"
                "  AND (occurred_at, position) > (%s, %s) ORDER BY occurred_at, position LIMIT %s"
                ") AS line ORDER BY occurred_at, position LIMIT %s"
            ).format(lines=LINES),
            (list(numbers), after.occurred_at, after.position, bounded(limit) + 1, limit + 1),
        ).fetchall()
    kept, following = page_of(lines, limit, lambda line: After(line.occurred_at, line.position))
    return Page([entry(line, numbers) for line in kept], following)


def _end_of_incidents(
    connection: Connection, numbers: dict[UUID, int], until: After, most: int, *, said: bool = False
) -> Page[Entry]:
    with connection.cursor(row_factory=class_row(Line)) as reader:
        lines = reader.execute(
            sql.SQL(
                "SELECT line.*, own.number FROM unnest(%(incidents)s::uuid[]) AS wanted(incident)"
                " JOIN timeline_incidents own USING (incident), LATERAL ("
                "  {lines} WHERE entries.incident = wanted.incident"
                "  AND (occurred_at, position) < (%(at)s, %(position)s) AND (NOT %(said)s OR kind <> 'fact')"
                "  ORDER BY occurred_at DESC, position DESC LIMIT %(limit)s"
                ") AS line ORDER BY occurred_at DESC, position DESC LIMIT %(limit)s"
            ).format(lines=LINES),
            {
                "incidents": list(numbers),
                "at": until.occurred_at,
                "position": until.position,
                "said": said,
                "limit": most + 1,
            },
        ).fetchall()
    return oldest_first(lines, most, numbers)
