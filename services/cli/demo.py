"""`cauce demo`: a believable history into an empty hub, live traffic at its doors, and a mailbox for what it sends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from schemas.errors import SettingsError
from services import logging_setup
from services.cli import context
from services.cli.progress import reaching
from services.demo import mailbox
from services.demo.history import Progress, Size, fill
from services.demo.live import Keys, Pace, run_live
from services.demo.shelf import LIVE_SEEDS
from services.settings import Settings
from services.wiring import open_hub

_CREDENTIALS = "credentials.json"


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("demo")(demo)
    app.command("mailbox")(run_mailbox)


def demo(
    *,
    days: Annotated[int, typer.Option(help="How far back it goes.", min=1, max=3650)] = 90,
    incidents: Annotated[int | None, typer.Option(help="How many incidents it has.", min=1)] = None,
    scale: Annotated[int | None, typer.Option(help="How many interactions instead, e.g. 1000000.", min=10)] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another story.")] = 1,
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="Only act live at the doors of a running hub.")
    ] = False,
    minutes: Annotated[float, typer.Option(help="How long the live part takes.", min=0.1)] = 4.0,
) -> None:
    """Fill the hub with a support history, or let more of it arrive live. The same seed is the same story."""
    logging_setup.configure("demo", level="WARNING")
    settings = context.settings()
    size = Size(days=days, incidents=incidents, interactions=scale, seed=seed)
    with reaching("demo") as progress:
        if live:
            pace = Pace(cases=incidents or 40, seconds=minutes * 60, seed=seed + LIVE_SEEDS)
            failed = asyncio.run(
                run_live(settings, _keys(settings), pace, lambda done, total: progress("live", done, total))
            )
            message = f"{failed} steps failed" if failed else "all steps done"
        else:
            message = asyncio.run(_fill(settings, size, progress))
    Console(stderr=True).print(message, markup=False)


async def _fill(settings: Settings, size: Size, progress: Progress) -> str:
    async with open_hub(settings, migrating=True) as hub:  # as `cauce up`: it may be the first to use this folder
        told = await fill(hub, size, progress)
    return f"{told.interactions} interactions, {told.commands} commands, {told.skipped} skipped"


def run_mailbox(
    listen: Annotated[str, typer.Option(help="host:port")] = "127.0.0.1:0",
    folder: Annotated[Path | None, typer.Option(help="Where mails go; else CAUCE_DATA/outbox.")] = None,
    port_file: Annotated[Path | None, typer.Option(help="Write the port here once it listens.")] = None,
) -> None:
    """Take every mail and keep it as .eml: stands where the world's mail servers would. Delivers to nobody."""
    logging_setup.configure("mailbox")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"--listen is host:port, not {listen!r}")
    into = folder or context.settings().data / "outbox"
    asyncio.run(mailbox.serve(into, host, int(port), port_file))


def _keys(settings: Settings) -> Keys:
    path = settings.data / _CREDENTIALS
    if not path.exists():
        raise SettingsError(f"no credentials in {settings.data}: start the hub with `make up` first")
    return msgspec.json.decode(path.read_bytes(), type=Keys)
