"""Commands about chat widgets: which sites may show the chat."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from services.access.desk import COMMAND_LINE
from services.cli import context
from services.cli.progress import output
from services.widgets import sites
from services.wiring import build_access, open_database

_widget = typer.Typer(help="Chat widgets on sites of yours.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    app.add_typer(_widget, name="widget")


@_widget.command("create")
def create_widget(
    name: Annotated[str, typer.Argument(help="As visitors read it.")],
    origin: Annotated[list[str], typer.Option(help="Pages that may show it: https://www.example.com; repeatable.")],
    language: Annotated[str, typer.Option(help="es or en; without it, the visitor's own.")] = "",
    colour: Annotated[str, typer.Option(help="Of the button and the head.")] = sites.COLOUR,
) -> None:
    """Let a site show the chat. Prints the line for its pages."""
    settings = context.settings()
    with open_database(settings) as database, build_access(database).desk(COMMAND_LINE) as desk:
        made = sites.create(desk, name, origin, language=language, colour=colour)
    print(sites.snippet(made, settings.public_url))


@_widget.command("list")
def list_widgets() -> None:
    """The sites and who may frame the chat."""
    with open_database(context.settings()) as database, database.transaction() as connection:
        found = sites.every(connection)
    table = Table("key", "name", "origins", "language", "colour")
    for site in found:
        table.add_row(site.key, site.name, " ".join(site.origins), site.language, site.colour)
    output().print(table)


@_widget.command("remove")
def remove_widget(key: Annotated[str, typer.Argument(help="As `widget list` shows it.")]) -> None:
    """Show the chat there no more."""
    with open_database(context.settings()) as database, build_access(database).desk(COMMAND_LINE) as desk:
        sites.remove(desk, key)
