"""Several changes of one user or team at once: all of them, or none. Between the API or a page and the tables."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from channels.email.mailboxes import Mailboxes
from services.access import passwords, team_mail, teams, users
from services.access.desk import AccessDesk
from services.access.identity import Role
from services.access.team_mail import TeamMail
from services.access.users import User

_HASHING = asyncio.Semaphore(2)


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody to let in. `hashed` None: only an identity provider speaks for them."""

    name: str
    role: Role
    hashed: str | None = None
    email: str = ""
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is None stays."""

    role: Role | None = None
    disabled: bool | None = None
    email: str | None = None
    teams: tuple[str, ...] | None = None
    hashed: str | None = None


async def hashed(password: str) -> str:
    """The hash to keep, made outside any transaction: it takes 50 ms of a core and 64 MiB. Raises InvalidError."""
    async with _HASHING:
        return await asyncio.to_thread(passwords.hash_password, password)


def add_user(desk: AccessDesk, new: NewUser) -> User:
    """Raises InvalidError, ConflictError, NotFoundError (a team)."""
    name = users.create_hashed(desk, new.name, new.role, new.hashed, new.email)
    teams.set_teams(desk, name, new.teams)
    return users.get(desk.connection, name)


def change_user(desk: AccessDesk, name: str, change: UserChange) -> User:
    """Raises NotFoundError, InvalidError, ConflictError."""
    users.get(desk.connection, name)
    if change.email is not None:
        users.set_email(desk, name, change.email)
    if change.teams is not None:
        teams.set_teams(desk, name, change.teams)
    if change.hashed is not None:
        users.set_password(desk, name, change.hashed)
    if change.role is not None:
        users.set_role(desk, name, change.role)
    if change.disabled is not None:
        (users.disable_user if change.disabled else users.enable_user)(desk, name)
    return users.get(desk.connection, name)


def add_team(desk: AccessDesk, name: str, title: str, members: tuple[str, ...], *, closed: bool = False) -> str:
    """Its name. Raises InvalidError, ConflictError, NotFoundError (a member)."""
    kept = teams.create_team(desk, name, title)
    teams.set_members(desk, kept, members)
    teams.close_team(desk, kept, closed=closed)
    return kept


def change_team(
    desk: AccessDesk,
    name: str,
    title: str | None,
    members: tuple[str, ...] | None,
    *,
    ours: Mailboxes,
    closed: bool | None = None,
    mail: TeamMail | None = None,
) -> None:
    """What is None stays. `ours`: the addresses it may write from. Raises NotFoundError, InvalidError."""
    if mail is not None:
        team_mail.set_mail(desk, name, mail, ours)
    if title is not None:
        teams.rename_team(desk, name, title)
    if members is not None:
        teams.set_members(desk, name, members)
    if closed is not None:
        teams.close_team(desk, name, closed=closed)
