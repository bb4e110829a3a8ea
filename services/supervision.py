"""Keeps the tasks of one process running: a crashed one starts again after a pause, an operator's matter stops all.

Below services/up.py; knows nothing of what the tasks do.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from schemas.errors import OperatorError

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
_SETTLED_SECONDS = 60.0  # a task that ran this long starts again at once
_END_SECONDS = 8.0


@dataclass(frozen=True)
class Task:
    """Work that runs until it is cancelled. Returning is a crash like any other, unless the process is stopping."""

    name: str
    run: Callable[[], Awaitable[None]]


async def supervise(tasks: Sequence[Task], stop: asyncio.Event) -> None:
    """Run all until `stop`, then cancel them. Raises a task's OperatorError, after ending the rest."""
    running = {asyncio.create_task(_keep(task), name=task.name) for task in tasks}
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in running if task.done()]
    for task in {*running, stopping} - set(ended):
        task.cancel()
    # together: the slowest decides how long the end takes
    _, stuck = await asyncio.wait({*running, stopping}, timeout=_END_SECONDS)
    for task in stuck:
        log.error("task_would_not_end", task=task.get_name())
    for task in ended:
        task.result()


async def _keep(task: Task) -> None:
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            await task.run()
            log.warning("task_returned", task=task.name)
        except OperatorError as error:
            log.critical("operator_needed", task=task.name, error=type(error).__name__, message=str(error))
            raise
        except Exception:  # a process's edge: whatever it was, the others go on and this one starts again
            log.exception("task_crashed", task=task.name, pause_seconds=pause)
        if time.monotonic() - began > _SETTLED_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT ask for the end; asking again is harmless."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
