"""`cauce mail recorrelate`: what today's parser and rules group otherwise, shown, and without --dry-run mended."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services import logging_setup, mail_jobs
from services.access.desk import COMMAND_LINE
from services.cli import context
from services.cli.progress import output, reaching
from services.recorrelation import work
from services.recorrelation.proposals import Proposal
from services.recorrelation.work import Findings
from services.settings import Settings
from services.wiring import open_hub

_COLUMNS = ("interaction", "from", "to", "what", "reason", "left")


def recorrelate(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would move, change nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="A CSV file for the whole table.")] = None,
) -> None:
    """Decide stored mail again by today's rules. What a person merged, split or moved stays. Safe on a running hub."""
    logging_setup.configure("mail recorrelate", level="WARNING")
    found = asyncio.run(_run(context.settings(), dry_run=dry_run))
    rows = [_row(each) for each in found.proposals]
    if out is not None:
        with out.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([_COLUMNS, *rows])
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*row)
    console = output()
    if rows:
        console.print(table)
    left = sum(1 for each in found.proposals if each.left)
    verb = "would move" if dry_run else "moved"
    console.print(
        f"{found.mails:,} mails decided again: {len(rows) - left:,} {verb}, {left:,} left;"
        f" {found.unreadable:,} stayed as recorded, {found.erased:,} are erased people's"
    )


async def _run(settings: Settings, *, dry_run: bool) -> Findings:
    async with open_hub(settings) as hub:
        job = await work.begin(hub, dry_run=dry_run, by=COMMAND_LINE)
        state = "stopped"
        try:
            with reaching("recorrelate") as show:
                found = await work.run(
                    hub, job, dry_run=dry_run, advance=lambda done, total: show("parsing again", done, total)
                )
            state = "done"
        finally:
            await hub.database.run(mail_jobs.end, job, state)
    return found


def _row(each: Proposal) -> tuple[str, ...]:
    to = f"#{each.to}" if each.to else "new"
    return (str(each.interaction), f"#{each.origin}", to, each.kind, str(each.reason), each.left)
