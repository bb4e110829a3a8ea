"""The command `cauce`: its groups of commands put together, and how errors end it."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.console import Console

from schemas.errors import CauceError, OperatorError
from services.cli import access, background, blobs, demo, mail, operations, rebuild, report, running, widgets

_FAILED, _OPERATOR = 1, 2

app = typer.Typer(
    name="cauce",
    help="Cauce: every contact on any channel, one timeline per incident.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (running, background, demo, operations, rebuild, access, widgets):
    module.register(app)
app.add_typer(report.app, name="report")
app.add_typer(mail.app, name="mail")
app.add_typer(blobs.app, name="blobs")


def main() -> None:
    """Run a command. An error of ours is one line; 2: the installation or its settings, 1: anything else."""
    try:
        app()
    except CauceError as error:
        errors = Console(stderr=True, highlight=False, soft_wrap=True)
        errors.print(f"[bold red]{Path(sys.argv[0]).stem.removesuffix('__main__') or 'cauce'}:[/] ", end="")
        errors.print(str(error), markup=False)
        sys.exit(_OPERATOR if isinstance(error, OperatorError) else _FAILED)
