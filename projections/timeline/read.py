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
from projections.timeline.families import family, incidents_of, numbers_of
from projections.timeline.shape import Checked, Entry, File, Original, Returned, StoredFile, Thread
from schemas.bounces import bounce_reason
from schemas.interaction import Channel, Direction
from schemas.threads import begun, mailed, shown


class _After(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: behind this entry."""

    occurred_at: datetime = datetime(1, 1, 2, tzinfo=UTC)
    position: int = 0


_BEFORE_ANY = _After(datetime(9999, 1, 1, tzinfo=UTC))


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
    labels: list[str] = []
    details: dict[str, str] = {}
    checks: dict[str, Any] = {}
    returned: str = ""
    complained: bool = False
    raw: bool = False
    number: int | None = None


_LINES = sql.SQL(
    "SELECT id, position, kind, occurred_at, recorded_at, incident, channel, direction, sender, sender_name,"
    " recipients, subject, text, html, attachments, author, fact, reason, delivery, held_until, labels,"
    " details, checks, returned, complained, raw <> '' AS raw FROM entries"
)
_TOLD = sql.SQL(  # the customer: an answer still held, or taken back, is nobody's but ours
    "delivery IS DISTINCT FROM 'withdrawn' AND (held_until IS NULL OR held_until <= clock_timestamp())"
)

_SIDES = sql.SQL(  # each side's own index order is cut at the limit before they are put together
    "SELECT line.* FROM unnest(%(sides)s::uuid[]) AS side (shown), LATERAL ("
    " {lines} WHERE thread = side.shown AND {told} {where} ORDER BY {order} LIMIT %(most)s"
    ") AS line ORDER BY {order} LIMIT %(most)s"
)


def _asked(thread: UUID, beyond: _After, most: int) -> dict[str, object]:
    return {"sides": shown(thread), "at": beyond.occurred_at, "position": beyond.position, "most": most + 1}


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
    end = _end_of_incidents(connection, members, _BEFORE_ANY, most)
    return end.items, end.next_cursor is not None


def of_customer(
    connection: Connection, customer: UUID, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[Entry]:
    """Everything in the incidents of a customer, and of those merged with that customer."""
    return _of_incidents(connection, incidents_of(connection, customer), cursor, limit)


def end_of_customer(connection: Connection, customer: UUID, most: int, *, before: str | None = None) -> Page[Entry]:
    """The last that was said in their incidents, oldest first. `next_cursor`: as `before`, what was said earlier."""
    until = read_cursor(before, _After) if before else _BEFORE_ANY
    return _end_of_incidents(connection, incidents_of(connection, customer), until, most, said=True)


def of_thread(connection: Connection, thread: UUID, *, cursor: str | None = None, limit: int = LIMIT) -> Thread:
    """The interactions that a thread's token may show, in and out, and nothing else (schemas/threads.py)."""
    after = read_cursor(cursor, _After) if cursor else _After()
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        lines = reader.execute(
            _SIDES.format(
                lines=_LINES,
                told=_TOLD,
                where=sql.SQL("AND (occurred_at, position) > (%(at)s, %(position)s)"),
                order=sql.SQL("occurred_at, position"),
            ),
            _asked(thread, after, bounded(limit)),
        ).fetchall()
    kept, following = page_of(lines, limit, lambda line: _After(line.occurred_at, line.position))
    newest = connection.execute(
        _SIDES.format(
            lines=sql.SQL("SELECT incident, occurred_at, position FROM entries"),
            told=sql.SQL("incident IS NOT NULL"),
            where=sql.SQL(""),
            order=sql.SQL("occurred_at DESC, position DESC"),
        ),
        _asked(thread, after, 0),
    ).fetchone()
    incident: UUID | None = newest[0] if newest else None
    incidents = {line.incident for line in kept if line.incident} | ({incident} if incident else set[UUID]())
    numbers = numbers_of(connection, incidents)
    number = numbers.get(incident) if incident else None
    return Thread(incident, number, [_entry(line, numbers) for line in kept], following)


def end_of_thread(connection: Connection, thread: UUID, most: int, *, before: str | None = None) -> Page[Entry]:
    """The last words of the same, oldest first, however long it is. `next_cursor`: as `before`, earlier ones."""
    until = read_cursor(before, _After) if before else _BEFORE_ANY
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        lines = reader.execute(
            _SIDES.format(
                lines=_LINES,
                told=_TOLD,
                where=sql.SQL("AND (occurred_at, position) < (%(at)s, %(position)s)"),
                order=sql.SQL("occurred_at DESC, position DESC"),
            ),
            _asked(thread, until, most),
        ).fetchall()
    return _end(lines, most, numbers_of(connection, {line.incident for line in lines if line.incident}))


def parts_of_thread(connection: Connection, thread: UUID) -> dict[int, str]:
    """The incidents that the words of a link are in by now, by number: several, once some were split off or moved.

    With how those in each begin.
    """
    rows: Sequence[tuple[UUID, str]] = connection.execute(
        sql.SQL(
            "SELECT part.incident, first.words FROM ("
            "  SELECT DISTINCT incident FROM entries WHERE thread = ANY(%(sides)s) AND incident IS NOT NULL AND {told}"
            ") AS part, LATERAL ("
            "  SELECT occurred_at, position, left(coalesce(nullif(text, ''), subject), 160) AS words FROM entries"
            "  WHERE incident = part.incident AND thread = ANY(%(sides)s) AND {told}"
            "  ORDER BY occurred_at, position LIMIT 1"
            ") AS first ORDER BY first.occurred_at, first.position"
        ).format(told=_TOLD),
        {"sides": shown(thread)},
    ).fetchall()
    numbers = numbers_of(connection, {incident for incident, _ in rows})
    found: dict[int, str] = {}
    for incident, words in rows:
        if number := numbers.get(incident):
            found.setdefault(number, words)
    return dict(sorted(found.items()))


def goes_on_by_mail(connection: Connection, thread: UUID) -> bool:
    """Was more said than this link shows, on the side that only our mails lead to?"""
    if thread != begun(thread):
        return False
    row = connection.execute("SELECT EXISTS (SELECT FROM entries WHERE thread = %s)", (mailed(thread),)).fetchone()
    return bool(row and row[0])


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
    """The attachment behind `…/interactions/{interaction}/attachments/{index}`; `thread`: if its token may show it.

    A thread shows nothing that is still held or was taken back.
    """
    row = connection.execute(
        sql.SQL(
            "SELECT attachments -> %(index)s FROM entries WHERE id = %(id)s"
            " AND (%(sides)s::uuid[] IS NULL OR (thread = ANY(%(sides)s) AND {told}))"
        ).format(told=_TOLD),
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


def _end_of_incidents(
    connection: Connection, numbers: dict[UUID, int], until: _After, most: int, *, said: bool = False
) -> Page[Entry]:
    with connection.cursor(row_factory=class_row(_Line)) as reader:
        lines = reader.execute(
            sql.SQL(
                "SELECT line.*, own.number FROM unnest(%(incidents)s::uuid[]) AS wanted(incident)"
                " JOIN timeline_incidents own USING (incident), LATERAL ("
                "  {lines} WHERE entries.incident = wanted.incident"
                "  AND (occurred_at, position) < (%(at)s, %(position)s) AND (NOT %(said)s OR kind <> 'fact')"
                "  ORDER BY occurred_at DESC, position DESC LIMIT %(limit)s"
                ") AS line ORDER BY occurred_at DESC, position DESC LIMIT %(limit)s"
            ).format(lines=_LINES),
            {
                "incidents": list(numbers),
                "at": until.occurred_at,
                "position": until.position,
                "said": said,
                "limit": most + 1,
            },
        ).fetchall()
    return _end(lines, most, numbers)


def _returned(line: _Line) -> Returned | None:
    if line.delivery not in {"bounced", "delayed"} or (line.delivery == "delayed" and not line.returned):
        return None
    return Returned(bounce_reason(line.returned).value, line.returned)


def _end(lines: Sequence[_Line], most: int, numbers: dict[UUID, int]) -> Page[Entry]:
    """Newest first, as they were read; shown oldest first."""
    kept, earlier = page_of(lines, most, lambda line: _After(line.occurred_at, line.position))
    return Page([_entry(line, numbers) for line in reversed(kept)], earlier)


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
            File(
                kept["name"],
                kept["bytes"],
                kept["media_type"],
                f"/api/v1/interactions/{line.id}/attachments/{n}",
                kept.get("inline", False),
            )
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
        labels=line.labels,
        details=line.details,
        checks=msgspec.convert(line.checks, Checked) if line.checks else None,
        returned=_returned(line),
        complained=line.complained,
    )


def _delivery(line: _Line) -> str | None:
    """A held answer that only the status page shows has arrived once it is no longer held."""
    released = line.held_until is not None and line.held_until <= datetime.now(UTC)
    on_page = line.channel not in {Channel.EMAIL, Channel.CHAT}
    return "sent" if line.delivery == "queued" and released and on_page else line.delivery
