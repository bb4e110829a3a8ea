"""Live chats: who waits and since when, who talks with whom, what ended how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections import incidents
from projections.erasure import erased
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.projection import Everywhere, Projection, Table, changes, on
from schemas.facts.chat import (
    Caller,
    ChatAccepted,
    ChatClosed,
    ChatEmailGiven,
    ChatMissed,
    ChatRequested,
    ChatTransferred,
)
from schemas.facts.customer import PersonErased
from schemas.facts.undone import ChatTransferUndone


class Chat(msgspec.Struct, frozen=True):
    """A chat as the API shows it. `waited_seconds`: until somebody came, or it was missed; None while it waits."""

    id: UUID
    number: int | None
    state: str
    name: str
    words: str
    email: str
    language: str
    site: str
    agent: str | None
    team: str | None
    requested_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    waited_seconds: float | None
    reason: str | None
    by_mail: bool
    thread: UUID
    incident: UUID


class ChatRow(msgspec.Struct, frozen=True):
    """A row of `chats`."""

    id: UUID
    position: int
    incident: UUID
    thread: UUID | None
    address: UUID
    state: str
    agent: str
    team: str
    site: str
    language: str
    name: str
    words: str
    email: str
    requested_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    reason: str
    by_mail: bool


_NOBODY = UUID(int=0)
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00Z")


def _blank(chat: UUID) -> ChatRow:
    return ChatRow(
        id=chat,
        position=0,
        incident=_NOBODY,
        thread=None,
        address=_NOBODY,
        state="",
        agent="",
        team="",
        site="",
        language="",
        name="",
        words="",
        email="",
        requested_at=_NEVER,
        accepted_at=None,
        ended_at=None,
        reason="",
        by_mail=False,
    )


_CHATS = Table("chats", ChatRow, ("id",), _blank, seen="public.sees(incident)")


def _requested(row: ChatRow, fact: ChatRequested, event: Recorded) -> ChatRow:
    said = fact.personal or Caller()
    return replace(
        row,
        position=event.position,
        incident=fact.incident,
        thread=fact.thread,
        address=fact.address,
        state="waiting",
        agent="",
        team="",
        site=fact.site,
        language=fact.language,
        name=said.name,
        words=said.text,
        email=said.email or row.email,
        requested_at=fact.at,
        accepted_at=None,
        ended_at=None,
        reason="",
        by_mail=False,
    )


def _accepted(row: ChatRow, fact: ChatAccepted, _: Recorded) -> ChatRow:
    return replace(
        row,
        state="active",
        agent=fact.by,
        accepted_at=row.accepted_at or fact.at,
        ended_at=None,
        reason="",
        by_mail=False,
    )


def _transferred(row: ChatRow, fact: ChatTransferred, _: Recorded) -> ChatRow:
    if fact.to:
        return replace(row, state="active", agent=fact.to, accepted_at=row.accepted_at or fact.at)
    return replace(row, state="waiting", agent="", team=fact.team)


def _transfer_undone(row: ChatRow, fact: ChatTransferUndone, _: Recorded) -> ChatRow:
    accepted_at = None if row.accepted_at == fact.undone_at else row.accepted_at
    state = "active" if fact.agent else "waiting"
    return replace(row, state=state, agent=fact.agent, team=fact.team, accepted_at=accepted_at)


def _closed(row: ChatRow, fact: ChatClosed, _: Recorded) -> ChatRow:
    return replace(row, state="closed", ended_at=fact.at)


def _missed(row: ChatRow, fact: ChatMissed, event: Recorded) -> ChatRow:
    return replace(
        row,
        position=row.position or event.position,
        incident=fact.incident,
        thread=fact.thread,
        address=fact.address,
        state="missed",
        agent="",
        requested_at=fact.at if row.requested_at == _NEVER else row.requested_at,
        ended_at=fact.at,
        reason=fact.reason.value,
        by_mail=fact.by_mail,
    )


def _email_given(row: ChatRow, fact: ChatEmailGiven, _: Recorded) -> ChatRow:
    email = fact.personal.text.removeprefix("email:") if fact.personal else ""
    return replace(row, email=email, by_mail=row.state == "missed")


CHATS = Projection(
    "chats",
    version=3,
    ddl="chats.sql",
    tables=(_CHATS,),
    on=(
        on(ChatRequested, changes(_CHATS, lambda fact: fact.chat, _requested)),
        on(ChatAccepted, changes(_CHATS, lambda fact: fact.chat, _accepted)),
        on(ChatTransferred, changes(_CHATS, lambda fact: fact.chat, _transferred)),
        on(ChatTransferUndone, changes(_CHATS, lambda fact: fact.chat, _transfer_undone)),
        on(ChatClosed, changes(_CHATS, lambda fact: fact.chat, _closed)),
        on(ChatMissed, changes(_CHATS, lambda fact: fact.chat, _missed)),
        on(ChatEmailGiven, changes(_CHATS, lambda fact: fact.chat, _email_given)),
        on(
            PersonErased,
            Everywhere("UPDATE chats SET name = '', words = '', email = '' WHERE address = ANY(%(addresses)s)", erased),
        ),
    ),
)

_SELECT = sql.SQL(
    "SELECT id, position, incident, thread, address, state, agent, team, site, language, name, words, email,"
    " requested_at, accepted_at, ended_at, reason, by_mail FROM chats "
)


def find(
    connection: Connection,
    *,
    state: str | None = None,
    agent: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Chat]:
    """Chats: those that wait, the longest waiting first; all others, the newest first."""
    conditions = [sql.SQL("true")]
    values: list[object] = []
    if state is not None:
        conditions.append(sql.SQL("state = %s"))
        values.append(state)
    if agent is not None:
        conditions.append(sql.SQL("agent = %s"))
        values.append(agent)
    oldest_first = state == "waiting"
    if cursor:
        conditions.append(sql.SQL("position > %s" if oldest_first else "position < %s"))
        values.append(read_cursor(cursor, int))
    query = _SELECT + sql.SQL("WHERE {} ORDER BY position {} LIMIT %s").format(
        sql.SQL(" AND ").join(conditions), sql.SQL("ASC" if oldest_first else "DESC")
    )
    with connection.cursor(row_factory=class_row(ChatRow)) as reader:
        rows = reader.execute(query, (*values, bounded(limit) + 1)).fetchall()
    kept, following = page_of(rows, limit, lambda row: row.position)
    return Page(_shown(connection, kept), following)


def get(connection: Connection, chat: UUID) -> Chat | None:
    """One chat."""
    with connection.cursor(row_factory=class_row(ChatRow)) as reader:
        row = reader.execute(_SELECT + sql.SQL("WHERE id = %s"), (chat,)).fetchone()
    return _shown(connection, [row])[0] if row else None


def of_thread(connection: Connection, thread: UUID) -> Chat | None:
    """The latest chat held on a thread."""
    with connection.cursor(row_factory=class_row(ChatRow)) as reader:
        row = reader.execute(
            _SELECT + sql.SQL("WHERE thread = %s ORDER BY position DESC LIMIT 1"), (thread,)
        ).fetchone()
    return _shown(connection, [row])[0] if row else None


def counts(connection: Connection, agent: str) -> tuple[int, int]:
    """How many wait, and how many this agent has."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'active' AND agent = %s)"
        " FROM chats WHERE state IN ('waiting', 'active')",
        (agent,),
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _shown(connection: Connection, rows: Sequence[ChatRow]) -> list[Chat]:
    numbers = incidents.roots(connection, [row.incident for row in rows])
    return [
        Chat(
            id=row.id,
            number=numbers.get(row.incident),
            state=row.state,
            name=row.name,
            words=row.words,
            email=row.email,
            language=row.language,
            site=row.site,
            agent=row.agent or None,
            team=row.team or None,
            requested_at=row.requested_at,
            accepted_at=row.accepted_at,
            ended_at=row.ended_at,
            waited_seconds=_waited(row),
            reason=row.reason or None,
            by_mail=row.by_mail,
            thread=row.thread or row.id,
            incident=row.incident,
        )
        for row in rows
    ]


def _waited(row: ChatRow) -> float | None:
    until = row.accepted_at or row.ended_at
    return None if until is None else max(0.0, (until - row.requested_at).total_seconds())
