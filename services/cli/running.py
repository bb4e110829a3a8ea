"""`cauce up` and `cauce serve`: the hub in the foreground, whole or one role of it."""

from __future__ import annotations

from typing import Annotated

import typer

from services import logging_setup
from services import settings as settings_module
from services.roles import ROLES
from services.up import run, run_process


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("up")(up)
    app.command("serve")(serve)


def up() -> None:
    """Run the whole hub in the foreground until Ctrl-C. Brings the database to this version first."""
    settings = settings_module.read()
    logging_setup.configure("hub")
    run_process(run(settings, tuple(ROLES), migrating=True))


def serve(
    role: Annotated[str, typer.Argument(metavar="|".join(ROLES), help="What this process does.")],
) -> None:
    """Run one role as a process of its own. Several of the same role share the work or stand by."""
    if role not in ROLES:
        raise typer.BadParameter(f"{role} is none of {', '.join(ROLES)}")
    settings = settings_module.read()
    logging_setup.configure(role)
    run_process(run(settings, (role,)))
