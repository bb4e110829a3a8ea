"""What a customer's link shows: its thread, the incidents its words are in by now, and which of them it may close."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.timeline.entries import BEFORE_ANY, LINES, TOLD, After, Line, entry, oldest_first
from projections.timeline.families import numbers_of
from projections.timeline.shape import Entry, Thread
from schemas.interaction import Direction
from schemas.threads import begun, mailed, shown

_SIDES = sql.SQL(  # each side's own index order is cut at the limit before they are put together
    "SELECT line.* FROM unnest(%(sides)s::uuid[]) AS side (shown), LATERAL ("
    " {lines} WHERE thread = side.shown AND {told} {where} ORDER BY {order} LIMIT %(most)s"
    ") AS line ORDER BY {order} LIMIT %(most)s"
)
_UP, _DOWN = sql.SQL("occurred_at, position"), sql.SQL("occurred_at DESC, position DESC")
_LATER = _SIDES.format(
    lines=LINES, told=TOLD, where=sql.SQL("AND (occurred_at, position) > (%(at)s, %(position)s)"), order=_UP
)
_EARLIER = _SIDES.format(
    lines=LINES, told=TOLD, where=sql.SQL("AND (occurred_at, position) < (%(at)s, %(position)s)"), order=_DOWN
)
_NEWEST = _SIDES.format(
    lines=sql.SQL("SELECT incident, occurred_at, position FROM entries"),
    told=sql.SQL("incident IS NOT NULL"),
    where=sql.SQL(""),
    order=_DOWN,
)


def of_thread(connection: Connection, thread: UUID, *, cursor: str | None = None, limit: int = LIMIT) -> Thread:
    """The interactions that a thread's token may show, in and out, and nothing else (schemas/threads.py)."""
    after = read_cursor(cursor, After) if cursor else After()
    lines = _told(connection, _LATER, _asked(thread, after, bounded(limit)))
    kept, following = page_of(lines, limit, lambda line: After(line.occurred_at, line.position))
    newest = connection.execute(_NEWEST, _asked(thread, after, 0)).fetchone()
    incident: UUID | None = newest[0] if newest else None
    incidents = {line.incident for line in kept if line.incident} | ({incident} if incident else set[UUID]())
    numbers = numbers_of(connection, incidents)
    number = numbers.get(incident) if incident else None
    return Thread(incident, number, [entry(line, numbers) for line in kept], following)


def end_of_thread(connection: Connection, thread: UUID, most: int, *, before: str | None = None) -> Page[Entry]:
    """The last words of the same, oldest first, however long it is. `next_cursor`: as `before`, earlier ones."""
    until = read_cursor(before, After) if before else BEFORE_ANY
    lines = _told(connection, _EARLIER, _asked(thread, until, most))
    return oldest_first(lines, most, numbers_of(connection, {line.incident for line in lines if line.incident}))


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
        ).format(told=TOLD),
        {"sides": shown(thread)},
    ).fetchall()
    numbers = numbers_of(connection, {incident for incident, _ in rows})
    found: dict[int, str] = {}
    for incident, words in rows:
        if number := numbers.get(incident):
            found.setdefault(number, words)
    return dict(sorted(found.items()))


def numbers_of_threads(connection: Connection, threads: Sequence[UUID]) -> dict[UUID, list[int]]:
    """The same numbers, of many links at once."""
    sides = [(thread, side) for thread in threads for side in shown(thread)]
    rows: Sequence[tuple[UUID, UUID]] = connection.execute(
        sql.SQL(
            "SELECT DISTINCT asked.thread, incident FROM unnest(%s::uuid[], %s::uuid[]) AS asked (thread, side)"
            " JOIN entries ON entries.thread = asked.side WHERE incident IS NOT NULL AND {told}"
        ).format(told=TOLD),
        ([thread for thread, _ in sides], [side for _, side in sides]),
    ).fetchall()
    numbers = numbers_of(connection, {incident for _, incident in rows})
    found: dict[UUID, set[int]] = {}
    for thread, incident in rows:
        if number := numbers.get(incident):
            found.setdefault(thread, set()).add(number)
    return {thread: sorted(several) for thread, several in found.items()}


def spoken_for(connection: Connection, thread: UUID) -> frozenset[int]:
    """Numbers of the incidents that whoever has a link may call solved: its words began them, or came to them unmoved.

    Not what those were merged into, nor where an agent moved them: that may be another's, whose address was claimed.
    """
    rows: Sequence[tuple[int]] = connection.execute(
        "WITH theirs AS ("
        "  SELECT incident, bool_or(reason <> 'agent') AS unmoved FROM entries"
        "  WHERE thread = ANY(%(sides)s) AND incident IS NOT NULL AND kind = 'interaction' AND direction = 'in'"
        "  GROUP BY incident"
        ") SELECT number FROM theirs JOIN timeline_incidents USING (incident) WHERE merged_into IS NULL AND (unmoved OR"
        "  (SELECT thread FROM entries WHERE entries.incident = theirs.incident AND kind = 'interaction'"
        "   ORDER BY occurred_at, position LIMIT 1) = ANY(%(sides)s))",
        {"sides": shown(thread)},
    ).fetchall()
    return frozenset(number for (number,) in rows)


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
        ).format(told=TOLD),
        (thread, most),
    ).fetchall()
    return next((count for count, (direction,) in enumerate(rows) if direction != Direction.IN), len(rows))


def _asked(thread: UUID, beyond: After, most: int) -> dict[str, object]:
    return {"sides": shown(thread), "at": beyond.occurred_at, "position": beyond.position, "most": most + 1}


def _told(connection: Connection, query: sql.Composed, asked: dict[str, object]) -> list[Line]:
    with connection.cursor(row_factory=class_row(Line)) as reader:
        return reader.execute(query, asked).fetchall()
