"""Progress on the terminal: a bar where the end is known, a count where it isn't. Silent when nobody watches."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

_PIPE_COLUMNS = 200


def output() -> Console:
    """Where tables go: as wide as the terminal, and into a pipe or file without cutting anything."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_COLUMNS)


@contextmanager
def counting(what: str, total: int | None = None) -> Generator[Callable[[int], None]]:
    """Call what it yields with how many more are done."""
    with _progress(known_end=total is not None) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.update(task, advance=more)


@contextmanager
def reaching(what: str) -> Generator[Callable[[str, int, int], None]]:
    """Call what it yields with (phase, done, total)."""
    with _progress(known_end=True) as progress:
        task = progress.add_task(what, total=None)

        def show(phase: str, done: int, total: int) -> None:
            progress.update(task, description=f"{what}: {phase}", completed=done, total=total or None)

        yield show


def _progress(*, known_end: bool) -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if not known_end:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description} {task.completed:,.0f}"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
    return Progress(*columns, console=console, disable=not console.is_terminal)
