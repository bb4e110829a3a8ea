"""`cauce mail import`: old mail from an mbox, a Maildir or .eml files onto the log, like any other; nothing is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services import logging_setup
from services.cli import context
from services.cli.progress import counting
from services.mail_import import Imported, import_mail
from services.settings import Settings
from services.wiring import open_hub

app = typer.Typer(help="Mail from elsewhere.", no_args_is_help=True)


@app.callback()
def mail() -> None:
    """Mail from elsewhere."""


@app.command("import")
def run_import(
    path: Annotated[Path, typer.Argument(help="An mbox, a Maildir, an .eml file, or a folder of these.", exists=True)],
    to: Annotated[
        str | None, typer.Option(help="Our address for mails that name none of ours; else the first of ours.")
    ] = None,
) -> None:
    """Take old mail in. Nothing is sent for it; a mail that was taken in before counts once."""
    logging_setup.configure("mail import", level="WARNING")
    done = asyncio.run(_import(context.settings(), path, to))
    print(f"{done.taken} taken in, {done.refused} refused")
    for name, reason in done.reasons:
        typer.echo(f"{name}: {reason}", err=True)
    if done.refused:
        raise typer.Exit(1)


async def _import(settings: Settings, path: Path, to: str | None) -> Imported:
    async with open_hub(settings) as hub:
        with counting("importing") as advance:
            return await import_mail(hub, path, to, lambda: advance(1))
