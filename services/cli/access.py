"""Commands about who may come in: users, teams, API tokens, telephone lines."""

from __future__ import annotations

import getpass
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from schemas.errors import InvalidError
from services.access import linking, passwords, teams, tokens, totp, users
from services.access.desk import COMMAND_LINE, AccessDesk
from services.access.lines import create_line
from services.cli import context
from services.cli.progress import output
from services.wiring import build_access, open_database

_user = typer.Typer(help="People who sign in.", no_args_is_help=True)
_team = typer.Typer(help="Teams of agents.", no_args_is_help=True)
_token = typer.Typer(help="Tokens for programs.", no_args_is_help=True)
_line = typer.Typer(help="Telephone lines (CTI).", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Hang the groups into the command line."""
    app.add_typer(_user, name="user")
    app.add_typer(_team, name="team")
    app.add_typer(_token, name="token")
    app.add_typer(_line, name="line")


@_user.command("create")
def create_user(
    name: Annotated[str, typer.Argument(help="Login name.")],
    role: Annotated[str, typer.Option(help="agent, analyst or admin.")] = "agent",
    password: Annotated[
        str | None, typer.Option(help="'-' reads it from the input; without it you are asked, or one is made.")
    ] = None,
    email: Annotated[str, typer.Option(help="By which an identity provider knows them.")] = "",
) -> None:
    """Let somebody in. Prints the name, and the password if it was made here."""
    given, made = _password(password)
    with _desk() as desk:
        kept = users.create_user(desk, name, role, given, email)
    print(f"{kept} {given}" if made else kept)


@_user.command("list")
def list_users() -> None:
    """Everybody, and what they may do."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        found = users.list_users(connection)
    table = Table("name", "role", "teams", "second factor", "disabled")
    for user in found:
        disabled = f"{user.disabled_at:%Y-%m-%d %H:%M}" if user.disabled_at else ""
        table.add_row(user.name, user.role, ", ".join(user.teams), "yes" if user.second_factor else "", disabled)
    output().print(table)


@_user.command("role")
def set_role(
    name: Annotated[str, typer.Argument(help="Login name.")],
    role: Annotated[str, typer.Argument(help="agent, analyst or admin.")],
) -> None:
    """Let somebody do other things, from their next click on."""
    with _desk() as desk:
        users.set_role(desk, name, role)


@_user.command("password")
def set_password(
    name: Annotated[str, typer.Argument(help="Login name.")],
    password: Annotated[
        str | None, typer.Option(help="'-' reads it from the input; without it you are asked, or one is made.")
    ] = None,
) -> None:
    """Give somebody a new password; their sessions end. Prints it if it was made here."""
    given, made = _password(password)
    hashed = passwords.hash_password(given)
    with _desk() as desk:
        users.set_password(desk, name, hashed)
    if made:
        print(given)


@_user.command("disable")
def disable_user(name: Annotated[str, typer.Argument(help="Login name.")]) -> None:
    """Let somebody in no more; their sessions and tokens end at once."""
    with _desk() as desk:
        users.disable_user(desk, name)


@_user.command("enable")
def enable_user(name: Annotated[str, typer.Argument(help="Login name.")]) -> None:
    """Let somebody in again."""
    with _desk() as desk:
        users.enable_user(desk, name)


@_user.command("unlink-provider")
def unlink_provider(name: Annotated[str, typer.Argument(help="Login name.")]) -> None:
    """Let no identity provider speak for somebody any more; their sessions end."""
    with _desk() as desk:
        linking.unlink(desk, name)


@_user.command("reset-totp")
def reset_totp(name: Annotated[str, typer.Argument(help="Login name.")]) -> None:
    """Ask somebody for no code any more: their telephone is lost."""
    with _desk() as desk:
        totp.remove(desk, name)


@_user.command("forget-places")
def forget_places(name: Annotated[str, typer.Argument(help="Login name.")]) -> None:
    """Destroy the key of the network addresses somebody signed in from."""
    with _desk() as desk:
        users.forget_places(desk, name)


@_team.command("create")
def create_team(
    name: Annotated[str, typer.Argument(help="Stands in facts and addresses, never changes: a-z 0-9 _ -")],
    title: Annotated[str, typer.Option(help="What people read.")] = "",
    members: Annotated[str, typer.Option(help="Login names, separated by commas.")] = "",
) -> None:
    """A new team. Prints its name."""
    with _desk() as desk:
        kept = teams.create_team(desk, name, title)
        teams.set_members(desk, kept, _names(members))
    print(kept)


@_team.command("members")
def set_members(
    name: Annotated[str, typer.Argument(help="The team's name.")],
    members: Annotated[str, typer.Argument(help="Login names, separated by commas: exactly these.")],
) -> None:
    """Say who works for a team."""
    with _desk() as desk:
        teams.set_members(desk, name, _names(members))


@_team.command("list")
def list_teams() -> None:
    """All teams and who is in them."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        found = teams.list_teams(connection)
    table = Table("name", "title", "members", "closed")
    for team in found:
        table.add_row(team.name, team.title, ", ".join(team.members), "yes" if team.closed else "")
    output().print(table)


@_team.command("close")
def close_team(name: Annotated[str, typer.Argument(help="The team's name.")]) -> None:
    """Hide a team's incidents from everybody else."""
    with _desk() as desk:
        teams.close_team(desk, name)


@_team.command("open")
def open_team(name: Annotated[str, typer.Argument(help="The team's name.")]) -> None:
    """Let every agent see a team's incidents."""
    with _desk() as desk:
        teams.close_team(desk, name, closed=False)


@_team.command("retire")
def retire_team(name: Annotated[str, typer.Argument(help="The team's name.")]) -> None:
    """Give nothing more to a team."""
    with _desk() as desk:
        teams.retire_team(desk, name)


@_token.command("create")
def create_token(
    role: Annotated[str, typer.Option(help="agent, analyst or admin.")],
    name: Annotated[str, typer.Option(help="What it is for; stands in the history of what it does.")] = "",
    expires: Annotated[int | None, typer.Option(help="Days until it ends.")] = None,
    scopes: Annotated[str, typer.Option(help="Only this, separated by commas: read, incidents, reports …")] = "",
) -> None:
    """Make a token. Prints it, this once, and nothing else."""
    with _desk() as desk:
        made = tokens.create_token(desk, role, name, expires, scopes=_names(scopes))
    print(made)


@_token.command("list")
def list_tokens() -> None:
    """All tokens, without their secrets."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        found = tokens.list_tokens(connection)
    table = Table("id", "name", "role", "scopes", "created", "expires", "revoked")
    for token in found:
        moments = (token.created_at, token.expires_at, token.revoked_at)
        shown = [f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in moments]
        table.add_row(str(token.id), token.name, token.role, ", ".join(token.scopes), *shown)
    output().print(table)


@_token.command("revoke")
def revoke_token(token: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """End a token at once."""
    with _desk() as desk:
        tokens.revoke_token(desk, token)


@_line.command("create")
def new_line(name: Annotated[str, typer.Argument(help="The line's name, part of its URL.")]) -> None:
    """Let a telephone system in. Prints the URL it posts its calls to; the key in it is shown this once."""
    with _desk() as desk:
        key = create_line(desk, name)
    print(f"{context.settings().public_url}/api/v1/cti/{name}?key={key}")


@contextmanager
def _desk() -> Generator[AccessDesk]:
    with open_database(context.settings()) as database, build_access(database).desk(COMMAND_LINE) as desk:
        yield desk


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.replace(",", " ").split() if name)


def _password(given: str | None) -> tuple[str, bool]:
    if given == "-":
        return sys.stdin.readline().rstrip("\n"), False
    if given is not None:
        return given, False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(12), True
    first = getpass.getpass("Password (empty: make one): ")
    if not first:
        return secrets.token_urlsafe(12), True
    if getpass.getpass("Once more: ") != first:
        raise InvalidError("the two passwords differ")
    return first, False
