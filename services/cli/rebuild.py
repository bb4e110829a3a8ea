"""`cauce rebuild`: computes read models anew beside the live ones and swaps them in. Ctrl-C stops it; it resumes."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from projections.registry import ALL
from services import logging_setup
from services.cli import context
from services.cli.progress import reaching
from services.rebuild import CancelledRebuildError, rebuild
from services.wiring import open_database

_CANCELLED = 130
_NAMES = ", ".join(projection.name for projection in ALL)


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("rebuild")(run_rebuild)


def run_rebuild(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help=f"{_NAMES}, or all.")],
) -> None:
    """Rebuild read models from the whole history, while the live ones go on serving."""
    logging_setup.configure("rebuild", level="WARNING")
    wanted = [projection.name for projection in ALL] if names == ["all"] else names
    cancelled = threading.Event()

    def cancel(_number: int, _frame: FrameType | None) -> None:
        cancelled.set()  # the page under way is finished, so that the next run goes on from there

    signal.signal(signal.SIGINT, cancel)
    signal.signal(signal.SIGTERM, cancel)
    with open_database(context.settings()) as database, reaching("rebuild") as progress:
        try:
            rebuild(database, wanted, progress, cancelled.is_set)
        except CancelledRebuildError as error:
            Console(stderr=True).print(str(error), markup=False)
            sys.exit(_CANCELLED)
    print(f"rebuilt {', '.join(wanted)}")
