"""`cauce mail`: old mail from elsewhere onto the log (`import`), and keys that sign what we send (`dkim`)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from channels.email.sending import signing
from services import logging_setup
from services.cli import context, imports
from services.cli.progress import counting
from services.cli.recorrelate import recorrelate
from services.mail_import import Import, Imported, files_of_mails
from services.settings import Settings
from services.wiring import open_hub

app = typer.Typer(help="Mail from elsewhere, and keys for what we send.", no_args_is_help=True)
dkim = typer.Typer(help="Keys that sign what we send (DKIM).", no_args_is_help=True)
app.add_typer(dkim, name="dkim")
app.command("recorrelate")(recorrelate)


def register(cauce: typer.Typer) -> None:
    """Hang the group into the command line."""
    cauce.add_typer(app, name="mail")


@app.callback()
def mail() -> None:
    """Mail from elsewhere, and keys for what we send."""


@app.command("import")
def run_import(
    path: Annotated[Path, typer.Argument(help="An mbox, a Maildir, an .eml file, or a folder of these.", exists=True)],
    to: Annotated[
        str | None, typer.Option(help="Our address for mails that name none of ours; else the first of ours.")
    ] = None,
) -> None:
    """Take old mail in. Nothing is sent for it; a mail that was taken in before counts once. Run again, it goes on."""
    logging_setup.configure("mail import", level="WARNING")
    done = Imported()
    imports.run_import(
        _import(context.settings(), path, to, done),
        lambda: f"{done.taken} taken in, {done.there} already there, {done.refused} refused",
        done.reasons,
    )


@dkim.command("create")
def create_key(
    domain: Annotated[str | None, typer.Option(help="Whose mail it signs; else our first address's domain.")] = None,
    selector: Annotated[str, typer.Option(help="Its name in the domain's zone; a new one for each key.")] = "cauce",
) -> None:
    """Make a key and print the TXT record for the domain's zone. It signs from the next start of the deliveries on."""
    settings = context.settings()
    print(signing.create(settings.dkim, domain or settings.mail_domain, selector).record())


@dkim.command("list")
def list_keys() -> None:
    """Print the TXT record of every key there is."""
    for keys in signing.read_keys(context.settings().dkim).values():
        for key in keys:
            print(key.record())


async def _import(settings: Settings, path: Path, to: str | None, done: Imported) -> None:
    files = files_of_mails(path)
    async with open_hub(settings) as hub:
        total = await asyncio.to_thread(lambda: sum(file.count() for file in files))
        with counting("importing", total) as advance:
            await Import(hub, to, done).run(files, advance)
