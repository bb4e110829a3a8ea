"""The command `cauce`: its groups of commands put together, and how errors end it.

Only the module that has the command is loaded: all of them, with what they work with, take a second.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import typer
from rich.console import Console

from schemas.errors import CauceError, OperatorError

_FAILED, _OPERATOR = 1, 2

MODULES: Mapping[str, tuple[str, ...]] = {
    "running": ("up", "serve"),
    "background": ("start", "stop", "logs"),
    "demo": ("demo", "mailbox"),
    "operations": ("audit", "doctor", "erase"),
    "rebuild": ("rebuild",),
    "access": ("user", "team", "token", "line"),
    "widgets": ("widget",),
    "report": ("report",),
    "mail": ("mail",),
    "blobs": ("blobs",),
    "articles": ("articles",),
}
"""Module of this package → the commands and groups that it registers, in the order in which help shows them."""


def command_line(asked: str = "") -> typer.Typer:
    """With the module that has this command; with all of them for help, and for what is none."""
    app = typer.Typer(
        name="cauce",
        help="Cauce: every contact on any channel, one timeline per incident.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_stay_a_group,
    )
    for module in [name for name, commands in MODULES.items() if asked in commands] or MODULES:
        import_module(f"services.cli.{module}").register(app)
    return app


def _stay_a_group() -> None:
    """With one command alone, Typer would take the command's name for its first argument."""


def main() -> None:
    """Run a command. An error of ours is one line; 2: the installation or its settings, 1: anything else."""
    try:
        command_line(*sys.argv[1:2])()
    except CauceError as error:
        errors = Console(stderr=True, highlight=False, soft_wrap=True)
        errors.print(f"[bold red]{Path(sys.argv[0]).stem.removesuffix('__main__') or 'cauce'}:[/] ", end="")
        errors.print(str(error), markup=False)
        sys.exit(_OPERATOR if isinstance(error, OperatorError) else _FAILED)
