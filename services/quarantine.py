"""Records that could not be handled: kept with their raw bytes, tried again, let in or discarded by a person.

Beside every consumer of `mail` and `interactions`; the table is in migration 0001.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from channels.intake import decode_item
from eventstore.database import Connection
from eventstore.log import Log, LogRecord, NewRecord
from eventstore.received import AGAIN, RELEASED
from schemas.address import handle_of
from schemas.errors import ConflictError, DecodeError, InvalidError, NotFoundError
from schemas.facts.held import HeldDiscarded, HeldReleased, HeldReprocessed
from schemas.interaction import Interaction, RawMail
from schemas.topics import MAIL, TOPICS, Topic
from services.access.desk import Access, AccessDesk

LIMIT_MAX = 200
SETTLED_KEPT = timedelta(days=30)
_BLANKED_AT_ONCE = 500
_ERROR_MAX_CHARACTERS = 2_000

_raw_mail = msgspec.msgpack.Decoder(RawMail)


class Held(msgspec.Struct, frozen=True):
    """A record in quarantine. `bytes`: how large it is."""

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
    reason: str,
    error: str,
    channel: str = "",
    sender: str = "",
) -> bool:
    """Keep a record that can't be handled, in the transaction that passes over it. Holding it again is harmless.

    Was it handled for the first time?

    `reason`: a fixed word, `undecodable` and the like; `error`: for a person to read.
    """
    channel = channel or record.headers.get("channel", topic)
    first = connection.execute(
        "INSERT INTO inbox (id, channel, outcome) VALUES (%s, %s, 'quarantined') ON CONFLICT DO NOTHING",
        (record.id, channel),
    )
    connection.execute(
        "INSERT INTO quarantine (id, channel, topic, received_at, reason, error, sender, raw, headers)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %b, %s) ON CONFLICT (id) DO UPDATE SET state = 'held',"
        " reason = excluded.reason, error = excluded.error, resolved_at = NULL, resolved_by = NULL",
        (
            record.id,
            _text(channel),
            topic,
            _received_at(record),
            reason,
            _text(error)[:_ERROR_MAX_CHARACTERS],
            _text(sender),
            record.value,
            Jsonb({_text(name): _text(value) for name, value in record.headers.items()}),
        ),
    )
    return first.rowcount == 1


def find(connection: Connection, *, cursor: str | None = None, limit: int = 50) -> HeldPage:
    """What is held, the newest first. Raises InvalidError for a cursor that isn't ours."""
    before, last = _read_cursor(cursor)
    limit = max(1, min(limit, LIMIT_MAX))
    rows: Sequence[tuple[UUID, str, datetime, str, str, int, str]] = connection.execute(
        "SELECT id, channel, received_at, reason, error, octet_length(raw), sender FROM quarantine"
        " WHERE state IN ('held', 'reprocessing') AND (received_at, id) < (%s, %s)"
        " ORDER BY received_at DESC, id DESC LIMIT %s",
        (before, last, limit + 1),
    ).fetchall()
    items = [Held(*row) for row in rows[:limit]]
    following = f"{items[-1].received_at.isoformat()}/{items[-1].id}" if len(rows) > limit else None
    return HeldPage(items, following)


def count_held(connection: Connection) -> int:
    """How many wait for a person."""
    row = connection.execute("SELECT count(*) FROM quarantine WHERE state = 'held'").fetchone()
    return int(row[0]) if row else 0


def raw(connection: Connection, held: UUID) -> bytes:
    """The bytes as they came; of a mail, the mail itself where the record carries it. Raises NotFoundError."""
    row = connection.execute("SELECT topic, raw FROM quarantine WHERE id = %s", (held,), binary=True).fetchone()
    if row is None:
        raise NotFoundError("nothing like that is in quarantine")
    topic, value = row
    if topic == MAIL.name:
        try:
            return _raw_mail.decode(value).raw or value
        except msgspec.MsgspecError:
            return bytes(value)
    return bytes(value)


async def reprocess(access: Access, log: Log, held: UUID, *, by: str) -> None:
    """Put it on its log again; it may come back. Raises NotFoundError, ConflictError, LogUnavailableError (try again).

    It leaves the list only once the log has it: a crash in between leaves it here, and handling it twice is harmless.
    """
    await _again(access, log, held, by, HeldReprocessed, {})


async def release(access: Access, log: Log, held: UUID, *, by: str) -> None:
    """Let it in as it is: on its log again with the header RELEASED, which what held it honours. Raises as above."""
    await _again(access, log, held, by, HeldReleased, {RELEASED: by})


def discard(desk: AccessDesk, held: UUID, reason: str) -> None:
    """Give it up, saying why; its bytes stay for SETTLED_KEPT. Raises NotFoundError, ConflictError, InvalidError."""
    if not reason.strip():
        raise InvalidError("say why", field="reason")
    channel, kept_for = _unresolved(desk.connection, held)
    desk.connection.execute(
        "UPDATE quarantine SET state = 'discarded', resolved_at = %s, resolved_by = %s, note = %s WHERE id = %s",
        (desk.now, desk.by, _text(reason), held),
    )
    desk.record(HeldDiscarded(held=held, channel=channel, reason=kept_for, by=desk.by, at=desk.now))


def forget(connection: Connection, handles: Collection[str], *, by: str) -> set[str]:
    """Blank what these senders wrote, whatever became of it: they are erased. Returns the blobs it names.

    `handles` as people write them, in lower case: a sender stands here with its kind or, from an envelope, without.
    """
    rows: Sequence[tuple[str, bytes]] = connection.execute(
        "WITH theirs AS (SELECT id, topic, raw FROM quarantine WHERE lower(sender) = ANY(%(senders)s) FOR UPDATE)"
        " UPDATE quarantine SET raw = '', sender = '', error = '', headers = '{}', note = 'erased',"
        " state = 'discarded', resolved_at = now(), resolved_by = %(by)s"
        " FROM theirs WHERE quarantine.id = theirs.id RETURNING theirs.topic, theirs.raw",
        {"senders": [*handles, *(handle_of(handle) for handle in handles)], "by": by},
        binary=True,
    ).fetchall()
    return {blob for topic, value in rows for blob in _blobs_of(topic, value) if blob}


def named(connection: Connection) -> set[str]:
    """Every blob that something here names, whatever became of it: reprocessed, it may not be a fact yet."""
    rows: Iterator[tuple[str, bytes]] = iter(
        connection.execute("SELECT topic, raw FROM quarantine WHERE raw <> ''", binary=True)
    )
    return {blob for topic, value in rows for blob in _blobs_of(topic, value) if blob}


def records(connection: Connection) -> list[LogRecord]:
    """All that still says something, as its log had it."""
    rows: Sequence[tuple[UUID, bytes, Mapping[str, str]]] = connection.execute(
        "SELECT id, raw, headers FROM quarantine WHERE raw <> ''", binary=True
    ).fetchall()
    return [LogRecord(held, 0, 0, bytes(value), headers) for held, value, headers in rows]


def blank(connection: Connection, ids: Collection[UUID]) -> int:
    """What these say is an erased person's, and facts that can't be read any more; returns how many."""
    return connection.execute(
        "UPDATE quarantine SET raw = '', sender = '', error = '', headers = '{}', note = 'erased'"
        " WHERE id = ANY(%s) AND raw <> ''",
        (list(ids),),
    ).rowcount


def blank_settled(connection: Connection) -> int:
    """What was reprocessed or discarded long ago keeps its place in the account, and no word; returns how many."""
    return connection.execute(
        "UPDATE quarantine SET raw = '', sender = '', error = '', headers = '{}' WHERE id IN (SELECT id FROM quarantine"
        " WHERE state IN ('reprocessed', 'discarded') AND resolved_at < now() - %s AND raw <> '' LIMIT %s)",
        (SETTLED_KEPT, _BLANKED_AT_ONCE),
    ).rowcount


def _blobs_of(topic: str, value: bytes) -> Iterator[str]:
    try:
        if topic == MAIL.name:
            yield _raw_mail.decode(value).blob
            return
        item = decode_item(value)
    except (msgspec.MsgspecError, DecodeError):
        return  # what can't be read names nothing
    if isinstance(item, Interaction):
        yield from (item.html, item.raw, *(file.blob for file in item.attachments))


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
