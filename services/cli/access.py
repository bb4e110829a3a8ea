"""Commands about who may come in: users, API tokens, telephone lines, and erasing a person."""

from __future__ import annotations

import getpass
import secrets
import sys
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from schemas.errors import InvalidError
from services.access import tokens, users
from services.access.lines import create_line
from services.cli import context
from services.cli.progress import output
from services.wiring import open_database

_user = typer.Typer(help="People who sign in.", no_args_is_help=True)
_token = typer.Typer(help="Tokens for programs.", no_args_is_help=True)
_line = typer.Typer(help="Telephone lines (CTI).", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Hang the groups into the command line."""
    app.add_typer(_user, name="user")
    app.add_typer(_token, name="token")
    app.add_typer(_line, name="line")


@_user.command("create")
def create_user(
    name: Annotated[str, typer.Argument(help="Login name.")],
    role: Annotated[str, typer.Option(help="agent, analyst or admin.")] = "agent",
    password: Annotated[
        str | None, typer.Option(help="'-' reads it from the input; without it you are asked, or one is made.")
    ] = None,
) -> None:
    """Let somebody in. Prints the name, and the password if it was made here."""
    given, made = _password(password)
    with open_database(context.settings()) as database, database.transaction() as connection:
        kept = users.create_user(connection, name, role, given)
    print(f"{kept} {given}" if made else kept)


@_token.command("create")
def create_token(
    role: Annotated[str, typer.Option(help="agent, analyst or admin.")],
    name: Annotated[str, typer.Option(help="What it is for; stands in the history of what it does.")] = "",
    expires: Annotated[int | None, typer.Option(help="Days until it ends.")] = None,
) -> None:
    """Make a token. Prints it, this once, and nothing else."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        made = tokens.create_token(connection, role, name, expires)
    print(made)


@_token.command("list")
def list_tokens() -> None:
    """All tokens, without their secrets."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        found = tokens.list_tokens(connection)
    table = Table("id", "name", "role", "created", "expires", "revoked")
    for token in found:
        moments = (token.created_at, token.expires_at, token.revoked_at)
        shown = [f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in moments]
        table.add_row(str(token.id), token.name, token.role, *shown)
    output().print(table)


@_token.command("revoke")
def revoke_token(token: Annotated[UUID, typer.Argument(metavar="ID")]) -> None:
    """End a token at once."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        tokens.revoke_token(connection, token)


@_line.command("create")
def new_line(name: Annotated[str, typer.Argument(help="The line's name, part of its URL.")]) -> None:
    """Let a telephone system in. Prints the URL it posts its calls to; the key in it is shown this once."""
    settings = context.settings()
    with open_database(settings) as database, database.transaction() as connection:
        key = create_line(connection, name)
    print(f"{settings.public_url}/api/v1/cti/{name}?key={key}")


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
