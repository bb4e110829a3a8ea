"""Records that could not be handled: kept with their raw bytes, tried again, let in or discarded by a person.

Beside every consumer of `mail` and `interactions`; the table is in migration 0001.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from psycopg.sql import SQL, Composable
from psycopg.types.json import Jsonb

from eventstore.database import Connection
from eventstore.log import Log, LogRecord, NewRecord
from eventstore.received import AGAIN, RELEASED
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.held import HeldDiscarded, HeldReleased, HeldReprocessed, HeldRestored
from schemas.held import HeldReason
from schemas.topics import TOPICS, Topic
from services.access.desk import Access, AccessDesk

LIMIT_MAX = 200
_ERROR_MAX_CHARACTERS = 2_000


class Held(msgspec.Struct, frozen=True):
    """A record in quarantine. `bytes`: how large it is; a large mail's own bytes are a blob beside it."""

    id: UUID
    channel: str
    received_at: datetime
    reason: str
    error: str
    bytes: int
    sender: str


class HeldPage(msgspec.Struct, frozen=True):
    """Held records, the newest first. `next_cursor` None: no more."""

    items: list[Held]
    next_cursor: str | None


def hold(
    connection: Connection,
    record: LogRecord,
    *,
    topic: str,
    reason: HeldReason,
    error: str,
    channel: str = "",
    sender: str = "",
    incident: UUID | None = None,
) -> bool:
    """Keep a record that can't be handled, in the transaction that passes over it. Holding it again is harmless.

    Was it handled for the first time?

    `error`: for a person to read. `incident`: which it answers, where that is known: from whom that is hidden, it is.
    """
    channel = channel or record.headers.get("channel", topic)
    first = connection.execute(
        "INSERT INTO inbox (id, channel, outcome) VALUES (%s, %s, 'quarantined') ON CONFLICT DO NOTHING",
        (record.id, channel),
    )
    connection.execute(
        "INSERT INTO quarantine (id, channel, topic, received_at, reason, error, sender, incident, raw, headers)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %b, %s) ON CONFLICT (id) DO UPDATE SET state = 'held',"
        " reason = excluded.reason, error = excluded.error, resolved_at = NULL, resolved_by = NULL,"
        " incident = coalesce(excluded.incident, quarantine.incident),"
        # it came anew, after its bytes were let go: else they would be lost, though we said we have them
        " raw = CASE WHEN quarantine.raw = '' THEN excluded.raw ELSE quarantine.raw END,"
        " headers = CASE WHEN quarantine.raw = '' THEN excluded.headers ELSE quarantine.headers END"
        " WHERE quarantine.note <> 'erased'",
        (
            record.id,
            _text(channel),
            topic,
            _received_at(record),
            reason,
            _text(error)[:_ERROR_MAX_CHARACTERS],
            _text(sender),
            incident,
            record.value,
            Jsonb({_text(name): _text(value) for name, value in record.headers.items()}),
        ),
    )
    return first.rowcount == 1


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of them: everything that isn't empty must hold. `discarded`: those given up, not those that wait."""

    reason: str = ""
    channel: str = ""
    sender: str = ""
    discarded: bool = False


EVERY = Asked()


def find(connection: Connection, asked: Asked = EVERY, *, cursor: str | None = None, limit: int = 50) -> HeldPage:
    """What is held, the newest first. Raises InvalidError for a cursor that isn't ours."""
    before, last = _read_cursor(cursor)
    limit = max(1, min(limit, LIMIT_MAX))
    rows: Sequence[tuple[UUID, str, datetime, str, str, int, str]] = connection.execute(
        SQL(
            "SELECT id, channel, received_at, reason, error, octet_length(raw), sender FROM quarantine WHERE {}"
            " AND (received_at, id) < (%(before)s, %(last)s) ORDER BY received_at DESC, id DESC LIMIT %(limit)s"
        ).format(_where(asked)),
        {**_values(asked), "before": before, "last": last, "limit": limit + 1},
    ).fetchall()
    items = [Held(*row) for row in rows[:limit]]
    following = f"{items[-1].received_at.isoformat()}/{items[-1].id}" if len(rows) > limit else None
    return HeldPage(items, following)


def find_ids(connection: Connection, asked: Asked) -> list[UUID]:
    """All of them, the oldest first."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        SQL("SELECT id FROM quarantine WHERE {} ORDER BY received_at, id").format(_where(asked)), _values(asked)
    ).fetchall()
    return [held for (held,) in rows]


def count_held(connection: Connection) -> int:
    """How many wait for a person."""
    row = connection.execute("SELECT count(*) FROM quarantine WHERE state = 'held'").fetchone()
    return int(row[0]) if row else 0


async def reprocess(access: Access, log: Log, held: UUID, *, by: str) -> None:
    """Put it on its log again; it may come back. Raises NotFoundError, ConflictError, LogUnavailableError (try again).

    It leaves the list only once the log has it: a crash in between leaves it here, and handling it twice is harmless.
    """
    await _again(access, log, held, by, HeldReprocessed, {})


async def release(access: Access, log: Log, held: UUID, *, by: str) -> None:
    """Let it in as it is: on its log again with the header RELEASED, which what held it honours. Raises as above."""
    await _again(access, log, held, by, HeldReleased, {RELEASED: by})


def discard(desk: AccessDesk, held: UUID, reason: str) -> None:
    """Give it up, saying why; its bytes stay for thirty days. Raises NotFoundError, ConflictError, InvalidError."""
    if not reason.strip():
        raise InvalidError("say why", field="reason")
    channel, kept_for = _unresolved(desk.connection, held)
    desk.connection.execute(
        "UPDATE quarantine SET state = 'discarded', resolved_at = %s, resolved_by = %s, note = %s WHERE id = %s",
        (desk.now, desk.by, _text(reason), held),
    )
    desk.record(HeldDiscarded(held=held, channel=channel, reason=kept_for, by=desk.by, at=desk.now))


async def _again(
    access: Access,
    log: Log,
    held: UUID,
    by: str,
    fact: type[HeldReprocessed | HeldReleased],
    headers: Mapping[str, str],
) -> None:
    topic, record = (await access.run(by, _take_out, held, fact)).value
    await log.append(topic, [replace(record, headers={**record.headers, **headers})])
    await access.database.run(_gone, held)


def _take_out(desk: AccessDesk, held: UUID, fact: type[HeldReprocessed | HeldReleased]) -> tuple[Topic, NewRecord]:
    channel, reason = _unresolved(desk.connection, held)
    name, value, headers = desk.connection.execute(
        "UPDATE quarantine SET state = 'reprocessing', resolved_at = %s, resolved_by = %s WHERE id = %s"
        " RETURNING topic, raw, headers",
        (desk.now, desk.by, held),
        binary=True,
    ).fetchall()[0]
    # only its own mark: what was recorded meanwhile stays a duplicate
    desk.connection.execute("DELETE FROM inbox WHERE id = %s AND outcome = 'quarantined'", (held,))
    desk.record(fact(held=held, channel=channel, reason=reason, by=desk.by, at=desk.now))
    topic = next(topic for topic in TOPICS if topic.name == name)
    return topic, NewRecord(id=held, key=held.bytes, value=bytes(value), headers={**headers, AGAIN: "1"})


def _gone(connection: Connection, held: UUID) -> None:
    # not when it came back meanwhile: then it is held again
    connection.execute("UPDATE quarantine SET state = 'reprocessed' WHERE id = %s AND state = 'reprocessing'", (held,))


def restore(desk: AccessDesk, held: UUID) -> None:
    """What was given up waits again. Raises ConflictError: it wasn't, or its bytes are gone."""
    row: tuple[str, str] | None = desk.connection.execute(
        "UPDATE quarantine SET state = 'held', resolved_at = NULL, resolved_by = NULL, note = ''"
        " WHERE id = %s AND state = 'discarded' AND raw <> '' RETURNING channel, reason",
        (held,),
    ).fetchone()
    if row is None:
        raise ConflictError("it is not discarded, or its bytes are no longer kept")
    desk.record(HeldRestored(held=held, channel=row[0], reason=row[1], by=desk.by, at=desk.now))


def _unresolved(connection: Connection, held: UUID) -> tuple[str, str]:
    """Its channel and why it is held. Raises NotFoundError, ConflictError."""
    row: tuple[str, str, str] | None = connection.execute(
        "SELECT state, channel, reason FROM quarantine WHERE id = %s FOR UPDATE", (held,)
    ).fetchone()
    if row is None:
        raise NotFoundError("nothing like that is in quarantine")
    if row[0] not in {"held", "reprocessing"}:
        raise ConflictError(f"it is {row[0]} already")
    return row[1:]


def _where(asked: Asked) -> Composable:
    # spelled as the index is: what was settled is not looked at
    conditions = [SQL("state = 'discarded' AND raw <> ''" if asked.discarded else "state IN ('held', 'reprocessing')")]
    if asked.reason:
        conditions.append(SQL("reason = %(reason)s"))
    if asked.channel:
        conditions.append(SQL("channel = %(channel)s"))
    if asked.sender:
        conditions.append(SQL("strpos(lower(sender), %(sender)s) > 0"))
    return SQL(" AND ").join(conditions)


def _values(asked: Asked) -> dict[str, object]:
    return {"reason": asked.reason, "channel": asked.channel, "sender": asked.sender.strip().lower()}


def _received_at(record: LogRecord) -> datetime:
    try:
        return datetime.fromisoformat(record.headers.get("ce_time", ""))
    except ValueError:
        return datetime.now(UTC)


def _read_cursor(cursor: str | None) -> tuple[datetime, UUID]:
    if not cursor:
        return datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1)
    moment, _, last = cursor.partition("/")
    try:
        return datetime.fromisoformat(moment), UUID(last)
    except ValueError as error:
        raise InvalidError("not a cursor of ours", field="cursor") from error


def _text(text: str) -> str:
    # what can't be handled may not break its own keeping
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
