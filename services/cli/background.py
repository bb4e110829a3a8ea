"""`cauce start`, `stop`, `logs`: the hub in the background. What `make up`, `make down` and `make logs` call."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eventstore import embedded, local_kafka
from services import logging_setup
from services import settings as settings_module
from services.cli import context
from services.cli.processes import Processes
from services.cli.starting import Background

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("start")(start)
    app.command("stop")(stop)
    app.command("logs")(logs)


def start(
    *,
    demo: Annotated[bool, typer.Option(help="Fill an empty hub with a demo history, and let more arrive.")] = True,
    kafka: Annotated[bool, typer.Option(help="On a local Apache Kafka, each service a process of its own.")] = False,
) -> None:
    """Run the hub in the background and return once it is ready. Harmless when it runs already."""
    logging_setup.configure("start", level="ERROR")
    began = time.monotonic()
    background = Background(context.settings(), demo=demo, kafka=kafka, say=_say)
    lines = background.start()
    _say(f"ready after {time.monotonic() - began:.1f} s")
    print("\n".join(lines))


def stop() -> None:
    """End the background hub of this CAUCE_DATA: its processes, its database, its broker. Harmless when none runs."""
    data = settings_module.read().data
    stopped = Processes(data).stop_all()
    # in this order: whoever still flushes needs them
    if local_kafka.LocalKafka(data / "kafka").stop():
        stopped.append("kafka")
    if embedded.stop(data):
        stopped.append("database")
    _say(f"stopped {', '.join(stopped)}" if stopped else f"nothing runs in {data}")


def logs(*, follow: Annotated[bool, typer.Option(help="Go on as more is written.")] = True, lines: int = 40) -> None:
    """Show what the background processes log."""
    data = settings_module.read().data
    files: list[Path] = Processes(data).log_files()
    if not files:
        _say(f"no logs in {data / 'log'}: `make up` starts a hub")
        return
    arguments = ["tail", "-n", str(lines), *(["-F"] if follow else []), *map(str, files)]
    try:
        subprocess.run(arguments, check=False)  # noqa: S603 -- fixed program, our own files
    except KeyboardInterrupt:
        return


def _say(text: str) -> None:
    _console.print(text, markup=False)
