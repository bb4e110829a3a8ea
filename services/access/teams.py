"""Teams: agents who share work. An incident is given to a team by its name. Owns `teams` and `team_members`.

For other parts: `list_teams`, `titles`, `exists`, `of_user`, `members`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.text import one_line
from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.team import TeamClosed, TeamCreated, TeamOpened, TeamRenamed, TeamRetired
from schemas.facts.user import JoinedTeam, LeftTeam
from schemas.ids import new_id
from services.access import users
from services.access.desk import AccessDesk

TITLE_MAX_CHARACTERS = 60

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Team:
    """`name` stands in facts and addresses; `title` is for people. `members`: those who can sign in, by name.

    `closed`: its incidents are hidden from everybody else (services/access/sight.py).
    """

    name: str
    title: str
    members: tuple[str, ...]
    created_at: datetime
    closed: bool


def list_teams(connection: Connection) -> list[Team]:
    """All that were not retired, by title."""
    rows: Sequence[tuple[str, str, list[str], datetime, bool]] = connection.execute(
        "SELECT name, title, ARRAY(SELECT user_name FROM team_members JOIN users ON users.name = user_name"
        "  WHERE team = teams.name AND users.disabled_at IS NULL ORDER BY user_name), created_at, closed"
        " FROM teams WHERE retired_at IS NULL ORDER BY lower(title), name"
    ).fetchall()
    return [Team(name, title, tuple(members), created, closed) for name, title, members, created, closed in rows]


def titles(connection: Connection) -> dict[str, str]:
    """Name → title, of retired teams too: what they had is still shown."""
    rows: Sequence[tuple[str, str]] = connection.execute(
        "SELECT name, title FROM teams ORDER BY lower(title), name"
    ).fetchall()
    return dict(rows)


def exists(connection: Connection, name: str) -> bool:
    """Can something be given to it?"""
    row = connection.execute("SELECT 1 FROM teams WHERE name = %s AND retired_at IS NULL", (name,)).fetchone()
    return row is not None


def of_user(connection: Connection, user: str) -> list[str]:
    """The names of the teams somebody works for."""
    rows: Sequence[tuple[str]] = connection.execute(
        "SELECT team FROM team_members JOIN teams ON teams.name = team"
        " WHERE user_name = %s AND retired_at IS NULL ORDER BY team",
        (user,),
    ).fetchall()
    return [name for (name,) in rows]


def members(connection: Connection, name: str) -> list[str]:
    """Who works for it and can sign in."""
    rows: Sequence[tuple[str]] = connection.execute(
        "SELECT user_name FROM team_members JOIN users ON users.name = user_name"
        " WHERE team = %s AND disabled_at IS NULL ORDER BY user_name",
        (name,),
    ).fetchall()
    return [user for (user,) in rows]


def create_team(desk: AccessDesk, name: str, title: str = "") -> str:
    """A new team; returns its name. Raises InvalidError, ConflictError when there is or was one of that name."""
    folded, shown = name.strip().lower(), _title(title or name)
    if _NAME.fullmatch(folded) is None:
        raise InvalidError("a team's name has 1 to 40 of a-z 0-9 _ -; its title may be anything", field="name")
    team = new_id()
    made = desk.connection.execute(
        "INSERT INTO teams (name, id, title) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (folded, team, shown)
    ).rowcount
    if not made:
        raise ConflictError(f"there is, or was, a team {folded}", field="name")
    desk.record(TeamCreated(team=team, name=folded, title=shown, by=desk.by, at=desk.now))
    return folded


def rename_team(desk: AccessDesk, name: str, title: str) -> None:
    """People call it something else; its name stays. Raises NotFoundError, InvalidError."""
    shown = _title(title)
    row = desk.connection.execute(
        "UPDATE teams SET title = %s WHERE name = %s AND retired_at IS NULL AND title <> %s RETURNING id",
        (shown, name, shown),
    ).fetchone()
    if row is not None:
        desk.record(TeamRenamed(team=row[0], name=name, title=shown, by=desk.by, at=desk.now))
    elif not exists(desk.connection, name):
        raise NotFoundError(f"no team {name}")


def close_team(desk: AccessDesk, name: str, *, closed: bool = True) -> None:
    """Its incidents are hidden from everybody else, or no more. Raises NotFoundError."""
    row = desk.connection.execute(
        "UPDATE teams SET closed = %s WHERE name = %s AND retired_at IS NULL AND closed <> %s RETURNING id",
        (closed, name, closed),
    ).fetchone()
    if row is not None:
        fact = TeamClosed if closed else TeamOpened
        desk.record(fact(team=row[0], name=name, by=desk.by, at=desk.now))
    elif not exists(desk.connection, name):
        raise NotFoundError(f"no team {name}")


def retire_team(desk: AccessDesk, name: str) -> None:
    """Nothing more is given to it, and nobody is in it. Raises NotFoundError."""
    row = desk.connection.execute(
        "UPDATE teams SET retired_at = now() WHERE name = %s AND retired_at IS NULL RETURNING id", (name,)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no team {name}")
    set_members(desk, name, (), retired=True)
    desk.record(TeamRetired(team=row[0], name=name, by=desk.by, at=desk.now))


def set_members(desk: AccessDesk, name: str, wanted: Collection[str], *, retired: bool = False) -> None:
    """Exactly these work for it from now on. Raises NotFoundError for a team or user there is none of."""
    if not retired and not exists(desk.connection, name):
        raise NotFoundError(f"no team {name}")
    rows = desk.connection.execute("SELECT user_name FROM team_members WHERE team = %s", (name,)).fetchall()
    was, will = {user for (user,) in rows}, {user.strip().lower() for user in wanted}
    for user in sorted(was ^ will):
        _move(desk, name, user, joins=user in will)


def set_teams(desk: AccessDesk, user: str, wanted: Collection[str]) -> None:
    """Somebody works for exactly these from now on. Raises NotFoundError for a user or team there is none of."""
    was, will = set(of_user(desk.connection, user)), {name.strip().lower() for name in wanted}
    if missing := sorted(name for name in will - was if not exists(desk.connection, name)):
        raise NotFoundError(f"no team {', '.join(missing)}", field="teams")
    for name in sorted(was ^ will):
        _move(desk, name, user, joins=name in will)


def _move(desk: AccessDesk, team: str, user: str, *, joins: bool) -> None:
    person = users.get(desk.connection, user)
    if joins:
        desk.connection.execute("INSERT INTO team_members (team, user_name) VALUES (%s, %s)", (team, user))
        desk.record(JoinedTeam(user=person.id, name=user, team=team, by=desk.by, at=desk.now))
    else:
        desk.connection.execute("DELETE FROM team_members WHERE team = %s AND user_name = %s", (team, user))
        desk.record(LeftTeam(user=person.id, name=user, team=team, by=desk.by, at=desk.now))


def _title(text: str) -> str:
    shown = one_line(text)
    if not 1 <= len(shown) <= TITLE_MAX_CHARACTERS:
        raise InvalidError(f"a title has 1 to {TITLE_MAX_CHARACTERS} characters", field="title")
    return shown
