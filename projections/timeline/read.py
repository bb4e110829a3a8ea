"""Reading timelines: of an incident, of a customer, of the thread a customer's link shows. Sorted by time, position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.timeline.shape import Entry, File, Original, StoredFile, Thread
from schemas.interaction import Channel, Direction


class _After(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: behind this entry."""

    occurred_at: datetime = datetime(1, 1, 2, tzinfo=UTC)
    position: int = 0


class _Line(msgspec.Struct, frozen=True):
    id: UUID
    position: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    incident: UUID | None
    channel: str | None
    direction: str | None
    sender: str
    sender_name: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    attachments: list[dict[str, Any]]
    author: str | None
    fact: str
    reason: str | None
    delivery: str | None
    held_until: datetime | None = None
    raw: bool = False
    number: int | None = None


_LINES = sql.SQL(
    "SELECT id, position, kind, occurred_at, recorded_at, incident, channel, direction, sender, sender_name,"
    " recipients, subject, text, html, attachments, author, fact, reason, delivery, held_until,"
    " raw <> '' AS raw FROM entries"
)
_TOLD = sql.SQL(  # the customer: an answer still held, or taken back, is nobody's but ours
    "delivery IS DISTINCT FROM 'withdrawn' AND (held_until IS NULL OR held_until <= clock_timestamp())"
)


def of_incident(
    connection: Connection, number: int, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[Entry] | None:
    """An incident's timeline with those of all that were merged with it; None when there is no such incident."""
    family = _family(connection, number)
    return _of_incidents(connection, family, cursor, limit) if family else None


def end_of_incident(connection: Connection, number: int, most: int) -> tuple[list[Entry], bool] | None:
    """The last of the same, oldest first, and whether there is more before; None when there is no such incident."""
    family = _family(connection, number)
    if not family:
        return None
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        lines = reader.execute(
            sql.SQL(
                "SELECT line.*, own.number FROM unnest(%s::uuid[]) AS wanted(incident)"
                " JOIN timeline_incidents own USING (incident), LATERAL ("
                "  {lines} WHERE entries.incident = wanted.incident"
                "  ORDER BY occurred_at DESC, position DESC LIMIT %s"
                ") AS line ORDER BY occurred_at DESC, position DESC LIMIT %s"
            ).format(lines=_LINES),
            (list(family), most + 1, most + 1),
        ).fetchall()
    return [_entry(line, family) for line in reversed(lines[:most])], len(lines) > most


def of_customer(
    connection: Connection, customer: UUID, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[Entry]:
    """Everything in the incidents of a customer, and of those merged with that customer."""
    rows = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT customer, merged_into FROM timeline_customers WHERE customer = %s"
        "  UNION SELECT t.customer, t.merged_into FROM up, LATERAL"
        "   (SELECT customer, merged_into FROM timeline_customers WHERE customer = up.merged_into OFFSET 0) AS t"
        "), family AS ("
        "  SELECT customer FROM up WHERE merged_into IS NULL"
        "  UNION SELECT t.customer FROM family, LATERAL"
        "   (SELECT customer FROM timeline_customers WHERE merged_into = family.customer OFFSET 0) AS t"
        ") SELECT t.incident FROM family, LATERAL"
        " (SELECT incident FROM timeline_incidents WHERE customer = family.customer OFFSET 0) AS t",
        (customer,),
    ).fetchall()
    return _of_incidents(connection, _numbers(connection, [incident for (incident,) in rows]), cursor, limit)


def of_thread(connection: Connection, thread: UUID, *, cursor: str | None = None, limit: int = LIMIT) -> Thread:
    """The interactions of one thread, in and out, and nothing else: what its token may show.

    An answer that is still held, or was taken back, is nobody's but ours.
    """
    after = read_cursor(cursor, _After) if cursor else _After()
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        lines = reader.execute(
            sql.SQL(
                "{lines} WHERE thread = %s AND {told}"
                " AND (occurred_at, position) > (%s, %s) ORDER BY occurred_at, position LIMIT %s"
            ).format(lines=_LINES, told=_TOLD),
            (thread, after.occurred_at, after.position, bounded(limit) + 1),
        ).fetchall()
    kept, following = page_of(lines, limit, lambda line: _After(line.occurred_at, line.position))
    newest = connection.execute(
        "SELECT incident FROM entries WHERE thread = %s AND incident IS NOT NULL"
        " ORDER BY occurred_at DESC, position DESC LIMIT 1",
        (thread,),
    ).fetchone()
    incident: UUID | None = newest[0] if newest else None
    incidents = {line.incident for line in kept if line.incident} | ({incident} if incident else set[UUID]())
    numbers = _numbers(connection, incidents)
    number = numbers.get(incident) if incident else None
    return Thread(incident, number, [_entry(line, numbers) for line in kept], following)


def end_of_thread(connection: Connection, thread: UUID, most: int) -> list[Entry]:
    """The last words of a thread, oldest first: what a talk going on shows, however long it is already."""
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        lines = reader.execute(
            sql.SQL("{lines} WHERE thread = %s AND {told} ORDER BY occurred_at DESC, position DESC LIMIT %s").format(
                lines=_LINES, told=_TOLD
            ),
            (thread, most),
        ).fetchall()
    numbers = _numbers(connection, {line.incident for line in lines if line.incident})
    return [_entry(line, numbers) for line in reversed(lines)]


def unanswered(connection: Connection, thread: UUID, most: int) -> int:
    """How many of its last words are the customer's; `most` means as many or more."""
    rows: Sequence[tuple[str | None]] = connection.execute(
        sql.SQL(
            "SELECT direction FROM entries WHERE thread = %s AND {told}"
            " ORDER BY occurred_at DESC, position DESC LIMIT %s"
        ).format(told=_TOLD),
        (thread, most),
    ).fetchall()
    return next((count for count, (direction,) in enumerate(rows) if direction != Direction.IN), len(rows))


def stored_file(
    connection: Connection, interaction: UUID, index: int, *, thread: UUID | None = None
) -> StoredFile | None:
    """The attachment behind `…/interactions/{interaction}/attachments/{index}`; with `thread`, only one of that.

    A thread shows nothing that is still held or was taken back.
    """
    row = connection.execute(
        sql.SQL(
            "SELECT attachments -> %(index)s FROM entries WHERE id = %(id)s"
            " AND (%(thread)s::uuid IS NULL OR (thread = %(thread)s AND {told}))"
        ).format(told=_TOLD),
        {"index": index, "id": interaction, "thread": thread},
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
    after = read_cursor(cursor, _After) if cursor else _After()
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        # each incident's own index order is cut at the limit before they are put together: flat however long they are
        lines = reader.execute(
            sql.SQL(
                "SELECT line.*, own.number FROM unnest(%s::uuid[]) AS wanted(incident)"
                " JOIN timeline_incidents own USING (incident), LATERAL ("
                "  {lines} WHERE entries.incident = wanted.incident"
                "  AND (occurred_at, position) > (%s, %s) ORDER BY occurred_at, position LIMIT %s"
                ") AS line ORDER BY occurred_at, position LIMIT %s"
            ).format(lines=_LINES),
            (list(numbers), after.occurred_at, after.position, bounded(limit) + 1, limit + 1),
        ).fetchall()
    kept, following = page_of(lines, limit, lambda line: _After(line.occurred_at, line.position))
    return Page([_entry(line, numbers) for line in kept], following)


def _family(connection: Connection, number: int) -> dict[UUID, int]:
    """All that are read as one with an incident: id → the number of the whole."""
    family: Sequence[tuple[UUID, int]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT incident, number, merged_into FROM timeline_incidents WHERE number = %s"
        "  UNION SELECT t.incident, t.number, t.merged_into FROM up, LATERAL"
        "   (SELECT incident, number, merged_into FROM timeline_incidents"
        "    WHERE incident = up.merged_into OFFSET 0) AS t"
        "), family AS ("
        "  SELECT incident, number FROM up WHERE merged_into IS NULL"
        "  UNION SELECT t.incident, family.number FROM family, LATERAL"
        "   (SELECT incident FROM timeline_incidents WHERE merged_into = family.incident OFFSET 0) AS t"
        ") SELECT incident, number FROM family",
        (number,),
    ).fetchall()
    return dict(family)


def _numbers(connection: Connection, incidents: Sequence[UUID] | set[UUID]) -> dict[UUID, int]:
    """The numbers under which incidents are read now: through merges, that of the last."""
    rows: Sequence[tuple[UUID, int]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT incident, number, merged_into, incident AS asked FROM timeline_incidents WHERE incident = ANY(%s)"
        "  UNION SELECT t.incident, t.number, t.merged_into, up.asked FROM up, LATERAL"
        "   (SELECT incident, number, merged_into FROM timeline_incidents"
        "    WHERE incident = up.merged_into OFFSET 0) AS t"
        ") SELECT asked, number FROM up WHERE merged_into IS NULL",
        (list(incidents),),
    ).fetchall()
    return dict(rows)


def _entry(line: _Line, numbers: dict[UUID, int]) -> Entry:
    interaction = line.id if line.kind == "interaction" else None
    note = line.id if line.kind == "note" else None
    return Entry(
        position=line.position,
        kind=line.kind,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        incident=numbers.get(line.incident) if line.incident else None,
        interaction_id=interaction,
        channel=line.channel,
        direction=line.direction,
        sender=line.sender or None,
        to=line.recipients,
        author=line.author or line.sender_name or None,
        text=line.text,
        html=bool(line.html),
        attachments=[
            File(kept["name"], kept["bytes"], kept["media_type"], f"/api/v1/interactions/{line.id}/attachments/{n}")
            for n, kept in enumerate(line.attachments)
        ],
        fact=line.fact,
        reason=line.reason,
        delivery=_delivery(line),
        subject=line.subject,
        note_id=note,
        held_until=line.held_until if line.delivery == "queued" else None,
        original=line.raw,
        own_number=line.number,
    )


def _delivery(line: _Line) -> str | None:
    """A held answer that only the status page shows has arrived once it is no longer held."""
    released = line.held_until is not None and line.held_until <= datetime.now(UTC)
    on_page = line.channel not in {Channel.EMAIL, Channel.CHAT}
    return "sent" if line.delivery == "queued" and released and on_page else line.delivery
