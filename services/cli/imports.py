"""What every import at the terminal does alike: say how it went, also when it is broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

import typer

_INTERRUPTED = 130


def run_import(work: Coroutine[None, None, None], told: Callable[[], str], reasons: Sequence[tuple[str, str]]) -> None:
    """Run it, then say `told` and each of the `reasons`: (where it lies, why it was refused).

    Exits with 130 when broken off by Ctrl-C, with 1 when something was refused.
    """
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        _report(told(), reasons)
        typer.echo("broken off; the same command goes on from here", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    _report(told(), reasons)
    if reasons:
        raise typer.Exit(1)


def _report(told: str, reasons: Sequence[tuple[str, str]]) -> None:
    print(told)
    for place, reason in reasons:
        typer.echo(f"{place}: {reason}", err=True)
