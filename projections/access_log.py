"""The record of access: every sign-in and session's end, every change of who may come in, and by which door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.projection import Everywhere, On, Projection, Table, lines, on
from schemas.facts import Fact
from schemas.facts.api_token import TokenCreated, TokenRevoked
from schemas.facts.held import HeldDiscarded, HeldReleased, HeldReprocessed, HeldRestored
from schemas.facts.line import LineCreated, LineKeyRenewed, LineRevoked
from schemas.facts.team import TeamClosed, TeamCreated, TeamMailSet, TeamOpened, TeamRenamed, TeamRetired
from schemas.facts.user import (
    EmailChanged,
    JoinedTeam,
    LeftTeam,
    PasswordChanged,
    Place,
    PlacesForgotten,
    ProviderLinked,
    ProviderUnlinked,
    RoleChanged,
    SecondFactorRemoved,
    SecondFactorSet,
    SessionEnded,
    SignedIn,
    SignInFailed,
    UserCreated,
    UserDisabled,
    UserEnabled,
)
from schemas.facts.widget import WidgetChanged, WidgetCreated, WidgetRemoved


class AccessEntry(msgspec.Struct, frozen=True):
    """One line of it. `subject`: the user, team, token, line or widget it is about; empty for a name that nobody has.

    Of what was held in quarantine it is the id.

    `detail`: what differs by fact, in words or codes: `role`, `was`, `team`, `method`, `reason`, `scopes` …
    """

    position: int
    at: datetime
    fact: str
    subject: str
    by: str
    detail: dict[str, str]
    network: str
    browser: str


class AccessRow(msgspec.Struct, frozen=True):
    """A row of `access_log`."""

    position: int
    at: datetime
    fact: str
    subject: str
    subject_id: UUID
    by: str
    detail: dict[str, str]
    network: str
    browser: str


_LOG = Table("access_log", AccessRow, ("position",))

_FACTS: tuple[tuple[type[Fact], tuple[str, ...]], ...] = (
    (UserCreated, ("role",)),
    (RoleChanged, ("was", "role")),
    (UserDisabled, ()),
    (UserEnabled, ()),
    (PasswordChanged, ()),
    (EmailChanged, ("email",)),
    (ProviderLinked, ("issuer",)),
    (ProviderUnlinked, ("issuer",)),
    (SecondFactorSet, ()),
    (SecondFactorRemoved, ()),
    (JoinedTeam, ("team",)),
    (LeftTeam, ("team",)),
    (SignedIn, ("method", "session")),
    (SignInFailed, ("reason",)),
    (SessionEnded, ("reason", "session")),
    (TeamCreated, ("title",)),
    (TeamRenamed, ("title",)),
    (TeamClosed, ()),
    (TeamOpened, ()),
    (TeamMailSet, ("mailbox", "sender")),
    (TeamRetired, ()),
    (TokenCreated, ("role", "scopes", "owner", "expires_at")),
    (TokenRevoked, ()),
    (LineCreated, ()),
    (LineKeyRenewed, ()),
    (LineRevoked, ()),
    (WidgetCreated, ("origins", "language")),
    (WidgetChanged, ("origins", "language")),
    (WidgetRemoved, ()),
    (HeldReprocessed, ("channel", "reason")),
    (HeldReleased, ("channel", "reason")),
    (HeldDiscarded, ("channel", "reason")),
    (HeldRestored, ("channel", "reason")),
)
"""What is written down, and which fields of it are its detail."""

NAMES = (*(kind.__name__ for kind, _ in _FACTS), PlacesForgotten.__name__)
"""Of the facts it holds."""


def _line(names: tuple[str, ...]) -> Callable[[Any, Recorded], AccessRow]:
    def fold(fact: Any, event: Recorded) -> AccessRow:
        personal = getattr(fact, "personal", None)
        detail = {name: _word(getattr(fact, name, None) or getattr(personal, name, None)) for name in names}
        place = personal if isinstance(personal, Place) else Place()
        return AccessRow(
            position=event.position,
            at=fact.at,
            fact=type(fact).__name__,
            subject=fact.name,
            subject_id=getattr(fact, fact.subject_field),
            by=getattr(fact, "by", fact.name),
            detail={name: word for name, word in detail.items() if word},
            network=place.network,
            browser=place.browser,
        )

    return fold


def _word(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return ", ".join(str(each) for each in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # -- a fact's tuple of words
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _forgotten(fact: PlacesForgotten) -> dict[str, Any]:
    return {"user": fact.user}


def _kept(kind: type[Fact], names: tuple[str, ...], *more: Everywhere[Any]) -> On:
    return on(kind, lines(_LOG, _line(names), lambda event: event.position), *more)


ACCESS_LOG = Projection(
    "access_log",
    version=4,
    ddl="access_log.sql",
    tables=(_LOG,),
    on=(
        *(_kept(kind, names) for kind, names in _FACTS),
        _kept(
            PlacesForgotten,
            (),
            Everywhere(
                "UPDATE access_log SET network = '', browser = '', detail = detail - 'email'"
                " WHERE subject_id = %(user)s AND (network <> '' OR browser <> '' OR detail ? 'email')",
                _forgotten,
            ),
        ),
    ),
)


def find(
    connection: Connection,
    *,
    who: str | None = None,
    fact: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[AccessEntry]:
    """The record, newest first. `who`: what is about them or was done by them."""
    conditions = [sql.SQL("true")]
    values: list[object] = []
    if who:
        spelled = [who, who.lower()]  # login names are in lower case, names of widgets as people write them
        conditions.append(sql.SQL("(subject = ANY(%s) OR by = ANY(%s))"))
        values += [spelled, spelled]
    if fact:
        conditions.append(sql.SQL("fact = %s"))
        values.append(fact)
    if cursor:
        conditions.append(sql.SQL("position < %s"))
        values.append(read_cursor(cursor, int))
    query = sql.SQL(
        "SELECT position, at, fact, subject, by, detail, network, browser"
        " FROM access_log WHERE {} ORDER BY position DESC LIMIT %s"
    ).format(sql.SQL(" AND ").join(conditions))
    with connection.cursor(row_factory=class_row(AccessEntry)) as reader:
        rows = reader.execute(query, (*values, bounded(limit) + 1)).fetchall()
    kept, following = page_of(rows, limit, lambda row: row.position)
    return Page(kept, following)
