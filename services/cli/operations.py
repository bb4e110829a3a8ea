"""`cauce audit`, `doctor`, `erase`: what whoever runs a hub asks it."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from eventstore.identity import new_epoch
from services import logging_setup
from services.audit import Findings, audit
from services.cli import context
from services.cli.progress import counting, output
from services.doctor import Finding, Verdict, examine
from services.maintenance import erase_customer, find_customer, release_deliveries, reset_positions
from services.settings import Settings
from services.wiring import open_database, open_hub

_COLORS = {Verdict.WELL: "green", Verdict.WATCH: "yellow", Verdict.ILL: "bold red"}


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("audit")(run_audit)
    app.command("doctor")(doctor)
    app.command("erase")(erase)


def run_audit(*, as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False) -> None:
    """Account for every contact taken in. Ends with 1 when something is missing, doubled or from nowhere."""
    logging_setup.configure("audit", level="WARNING")
    findings = asyncio.run(_audit(context.settings()))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(findings)).decode())
    else:
        _show(findings)
    sys.exit(0 if findings.ok else 1)


async def _audit(settings: Settings) -> Findings:
    async with open_hub(settings) as hub:
        with counting("auditing") as advance:
            return await audit(hub, advance)


def _show(findings: Findings) -> None:
    columns = ("received", "recorded", "duplicates", "rejected", "quarantined", "in_flight", "lost")
    table = Table("channel", *(column.replace("_", " ") for column in columns), "")
    for column in table.columns[1:-1]:
        column.justify = "right"
    for account in findings.accounts:
        numbers = [f"{getattr(account, column):,}" for column in columns]
        table.add_row(account.channel, *numbers, "[green]ok" if account.balanced else "[bold red]does not add up")
    console = output()
    console.print(table)
    orphaned = "" if findings.blobs_orphaned is None else f", {findings.blobs_orphaned:,} named by nothing"
    console.print(f"{findings.blobs:,} blobs referenced, {len(findings.blobs_missing)} missing{orphaned}")
    for title, ids in (
        ("lost", findings.lost),
        ("recorded twice", findings.recorded_twice),
        ("recorded, but without its fact", findings.recorded_nowhere),
        ("missing blob", findings.blobs_missing),
    ):
        for found in ids:
            console.print(f"[red]{title}[/]: {found}")


def doctor(
    *,
    migrate: Annotated[bool, typer.Option("--migrate", help="First bring the database to this version.")] = False,
    only_migrate: Annotated[
        bool, typer.Option("--only-migrate", help="Bring the database to this version, and look at nothing else.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset-positions", help="Read the logs again from their start, after one was replaced.")
    ] = False,
    epoch: Annotated[
        bool, typer.Option("--new-epoch", help="After a restore: void what others hold of the store before it.")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release-deliveries", help="Send what was queued before a restore.")
    ] = False,
) -> None:
    """Look the hub over and say what to do. Ends with 1 when something is ill."""
    logging_setup.configure("doctor", level="ERROR")
    settings = context.settings()
    if migrate or only_migrate:
        with open_database(settings, migrating=True):
            pass
    if only_migrate:
        return
    findings = asyncio.run(_examine(settings, reset=reset, epoch=epoch, release=release))
    table = Table("", "what", "how it is", "what to do")
    for finding in findings:
        table.add_row(f"[{_COLORS[finding.verdict]}]{finding.verdict}", finding.subject, finding.detail, finding.advice)
    output().print(table)
    sys.exit(1 if any(finding.verdict is Verdict.ILL for finding in findings) else 0)


async def _examine(settings: Settings, *, reset: bool, epoch: bool, release: bool) -> list[Finding]:
    async with open_hub(settings) as hub:
        if reset:
            await reset_positions(hub)
        if epoch:
            await hub.database.run(new_epoch)
        if release:
            await release_deliveries(hub)
        return await examine(hub)


def erase(
    customer: Annotated[str, typer.Argument(help="The customer's id, or an address: ana@x.example, +53 5551 2345.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Destroy everything personal about a customer, for good. History keeps its counts."""
    logging_setup.configure("erase", level="WARNING")
    settings = context.settings()
    found = asyncio.run(find_customer(settings, customer))
    if not yes:
        typer.confirm(f"Erase everything personal about customer {found}? This can't be undone.", abort=True)
    asyncio.run(erase_customer(settings, found))
    print(f"erased {found}")
