"""`cauce blobs clean`: what lies in the blob store and nothing names. A hub does it by itself, part by part."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from services import logging_setup
from services.cli import context
from services.privacy import orphans
from services.settings import Settings
from services.wiring import open_hub

app = typer.Typer(help="Raw mail, files and HTML kept beside the database.", no_args_is_help=True)


def register(cauce: typer.Typer) -> None:
    """Hang the group into the command line."""
    cauce.add_typer(app, name="blobs")


@app.callback()
def blobs() -> None:
    """Raw mail, files and HTML kept beside the database."""


@app.command()
def clean(
    *, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them; delete nothing.")] = False
) -> None:
    """Delete the blobs older than 30 days that no fact, record or quarantined item names. Safe on a running hub."""
    logging_setup.configure("blobs clean", level="WARNING")
    count = asyncio.run(_clean(context.settings(), dry_run=dry_run))
    print(f"{count} named by nothing" if dry_run else f"{count} named by nothing, deleted")


async def _clean(settings: Settings, *, dry_run: bool) -> int:
    async with open_hub(settings) as hub:
        return await (orphans.find(hub) if dry_run else orphans.clean(hub))
