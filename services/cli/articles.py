"""`cauce articles`: a folder of Markdown and HTML into the knowledge base, and the knowledge base as static files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from projections.articles import AGENT, ANYBODY
from services import logging_setup
from services.cli import context, imports
from services.cli.progress import counting
from services.knowledge.export_files import gather, into_folder
from services.knowledge.importing import Import, Imported, Wanted
from services.knowledge.library import Library
from services.settings import Settings
from services.wiring import open_hub

app = typer.Typer(help="Articles in from a folder, and out as files that read offline.", no_args_is_help=True)


def register(cauce: typer.Typer) -> None:
    """Add the group."""
    cauce.add_typer(app, name="articles")


@app.callback()
def articles() -> None:
    """Articles in from a folder, and out as files that read offline."""


@app.command("import")
def run_import(
    folder: Annotated[Path, typer.Argument(help="Of .md and .html files.", exists=True, file_okay=False)],
    language: Annotated[str, typer.Option(help="Of files that don't say theirs.")] = "",
    name: Annotated[str, typer.Option(help="Of this import, where the folder has another name each time.")] = "",
    by: Annotated[str, typer.Option(help="Whose articles they are.")] = "import",
    *,
    drafts: Annotated[bool, typer.Option("--drafts", help="Publish none of them.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Go over what is there with the folder's words.")] = False,
) -> None:
    """Take articles in, with the pictures and files beside them. One that is there stays; run again, it goes on."""
    logging_setup.configure("articles import", level="WARNING")
    settings = context.settings()
    called = name or folder.resolve().name
    wanted = Wanted(name=called, language=language or settings.locale, by=by, drafts=drafts, update=update)
    done = Imported()
    imports.run_import(
        _import(settings, folder, wanted, done),
        lambda: f"{done.new} new, {done.changed} changed, {done.there} already there, {len(done.reasons)} refused",
        done.reasons,
    )


@app.command("export")
def run_export(
    folder: Annotated[Path, typer.Argument(help="Empty, or an earlier export.", file_okay=False)],
    *,
    everything: Annotated[bool, typer.Option("--everything", help="Also what only customers or agents read.")] = False,
) -> None:
    """Write what everybody may read as static files, with pictures and downloads: open index.html, no server needed."""
    logging_setup.configure("articles export", level="WARNING")
    print(f"{asyncio.run(_export(context.settings(), folder, everything=everything))} files in {folder}")


async def _import(settings: Settings, folder: Path, wanted: Wanted, done: Imported) -> None:
    async with open_hub(settings) as hub:
        run = Import(Library(hub.database, hub.ledger), hub.blobs, folder, wanted, done)
        with counting("importing", len(run.paths)) as advance:
            await run.run(advance)


async def _export(settings: Settings, folder: Path, *, everything: bool) -> int:
    async with open_hub(settings) as hub:
        export = await asyncio.to_thread(gather, hub.database, AGENT if everything else ANYBODY, settings.public_url)
        with counting("exporting", export.total) as advance:
            return await asyncio.to_thread(into_folder, export, hub.blobs, folder, advance)
