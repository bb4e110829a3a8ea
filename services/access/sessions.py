"""Sessions: opened once somebody has shown who they are, listed, ended. Owns `sessions`.

The cookie's value is random and kept as a digest; it is always new, so nobody can be made to use one they were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from eventstore.database import Connection
from schemas.errors import NotFoundError
from schemas.facts.user import Method, Place, SessionEnd, SessionEnded, SignedIn
from schemas.ids import new_id
from services.access import sight, users
from services.access.desk import AccessDesk
from services.access.digests import digest, new_secret
from services.access.identity import Identity, Role

SESSION_HOURS = 12


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's session as it is listed. `current`: the one that asks."""

    id: UUID
    user: str
    network: str
    browser: str
    began_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


def open_session(desk: AccessDesk, name: str, method: Method, place: Place, *, instead_of: str = "") -> str:
    """The cookie's value of a new session. `instead_of`: the cookie the browser came with, whose session ends."""
    if instead_of:
        sign_out(desk, instead_of, SessionEnd.SIGNED_IN_AGAIN)
    _end_expired(desk)
    user, session, cookie = users.get(desk.connection, name), new_id(), new_secret()
    desk.connection.execute(
        "INSERT INTO sessions (id, digest, user_name, network, browser, expires_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (session, digest(cookie), name, place.network, place.browser, desk.now + timedelta(hours=SESSION_HOURS)),
    )
    desk.record(
        SignedIn(user=user.id, name=name, session=session, method=method, address=user.id, at=desk.now, personal=place)
    )
    return cookie


def of_session(connection: Connection, cookie: str) -> Identity | None:
    """Who has this session, while it lasts and they may come in."""
    key = digest(cookie)
    row: tuple[str, str, bool, str, list[str], bool, list[str]] | None = connection.execute(
        "SELECT users.name, users.role, users.shortcuts, users.language, ARRAY("
        "  SELECT team FROM team_members JOIN teams ON teams.name = team"
        "  WHERE user_name = users.name AND retired_at IS NULL ORDER BY team),"
        " last_seen_at < now() - interval '1 minute', hidden_from(users.name)"
        " FROM sessions JOIN users ON users.name = sessions.user_name"
        " WHERE sessions.digest = %s AND sessions.expires_at > now() AND users.disabled_at IS NULL",
        (key,),
    ).fetchone()
    if row is None:
        return None
    name, role, shortcuts, language, teams, unseen, hidden = row
    if unseen:  # one write a minute at most, and none that another request waits for
        connection.execute(
            "UPDATE sessions SET last_seen_at = now() WHERE digest ="
            " (SELECT digest FROM sessions WHERE digest = %s FOR UPDATE SKIP LOCKED)",
            (key,),
        )
    return Identity(
        name,
        Role(role),
        session=True,
        teams=tuple(teams),
        shortcuts=shortcuts,
        language=language,
        sight=sight.of(Role(role), name, hidden),
    )


def is_kept(connection: Connection, cookie: str) -> bool:
    """Is there a session of this cookie, be it over?"""
    return connection.execute("SELECT 1 FROM sessions WHERE digest = %s", (digest(cookie),)).fetchone() is not None


def list_sessions(connection: Connection, *, user: str | None = None, cookie: str = "") -> list[Session]:
    """Those that last, the latest seen first: one user's, or everybody's."""
    rows: Sequence[tuple[UUID, str, str, str, datetime, datetime, datetime, bool]] = connection.execute(
        "SELECT sessions.id, user_name, network, browser, sessions.created_at, last_seen_at, expires_at, digest = %s"
        " FROM sessions WHERE expires_at > now() AND (%s::text IS NULL OR user_name = %s)"
        " ORDER BY last_seen_at DESC, sessions.id",
        (digest(cookie), user, user),
    ).fetchall()
    return [Session(*row) for row in rows]


def last_seen(connection: Connection) -> dict[str, datetime]:
    """When somebody with a session was seen last, by name."""
    rows: Sequence[tuple[str, datetime]] = connection.execute(
        "SELECT user_name, max(last_seen_at) FROM sessions WHERE expires_at > now() GROUP BY user_name"
    ).fetchall()
    return dict(rows)


def sign_out(desk: AccessDesk, cookie: str, why: SessionEnd = SessionEnd.SIGNED_OUT) -> None:
    """End the session of this cookie, if there is one."""
    row: tuple[UUID, str, UUID] | None = desk.connection.execute(
        "DELETE FROM sessions USING users WHERE digest = %s AND users.name = user_name"
        " RETURNING sessions.id, users.name, users.id",
        (digest(cookie),),
    ).fetchone()
    if row is not None:
        session, name, user = row
        desk.record(SessionEnded(user=user, name=name, session=session, reason=why, by=desk.by or name, at=desk.now))


def end_session(desk: AccessDesk, session: UUID, *, of: str | None = None) -> None:
    """End one by its id. `of`: only if it is this user's. Raises NotFoundError: another's looks like none."""
    row: tuple[str, UUID] | None = desk.connection.execute(
        "DELETE FROM sessions USING users WHERE sessions.id = %s AND users.name = user_name"
        " AND (%s::text IS NULL OR user_name = %s) RETURNING users.name, users.id",
        (session, of, of),
    ).fetchone()
    if row is None:
        raise NotFoundError("no such session")
    name, user = row
    reason = SessionEnd.ENDED
    desk.record(SessionEnded(user=user, name=name, session=session, reason=reason, by=desk.by, at=desk.now))


def end_others(desk: AccessDesk, user: str, cookie: str) -> None:
    """End all of a user's sessions but this one."""
    for session in list_sessions(desk.connection, user=user, cookie=cookie):
        if not session.current:
            end_session(desk, session.id, of=user)


def _end_expired(desk: AccessDesk) -> None:
    rows: Sequence[tuple[UUID, str, UUID]] = desk.connection.execute(
        "DELETE FROM sessions USING users WHERE expires_at < now() AND users.name = user_name"
        " RETURNING sessions.id, users.name, users.id"
    ).fetchall()
    desk.record(
        *(
            SessionEnded(user=user, name=name, session=session, reason=SessionEnd.EXPIRED, by="", at=desk.now)
            for session, name, user in sorted(rows)
        )
    )
