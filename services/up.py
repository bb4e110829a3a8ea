"""One process of Cauce: opens the hub, runs the tasks of its roles, ends in order when asked. Behind up and serve."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from services import open_files
from services.roles import ROLES, metrics
from services.settings import Settings
from services.supervision import Task, stop_on_signals, supervise
from services.wiring import open_hub

log = structlog.get_logger()

_CONNECTIONS_A_ROLE = 3
_CONNECTIONS_FOR_ALL = 6


def run_process(work: Coroutine[Any, Any, None]) -> None:
    """Run it on the fastest event loop there is."""
    if sys.platform == "win32":
        asyncio.run(work)
        return
    import uvloop  # noqa: PLC0415 -- not on every platform

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def run(settings: Settings, roles: Sequence[str], *, migrating: bool = False) -> None:
    """Until SIGTERM or SIGINT. Raises OperatorError when a person is needed: the process ends with its message."""
    files = open_files.allow()
    stop = asyncio.Event()
    stop_on_signals(stop)
    connections = _CONNECTIONS_FOR_ALL + _CONNECTIONS_A_ROLE * len(roles)
    async with open_hub(settings, migrating=migrating, connections=connections) as hub:
        tasks: list[Task] = [task for role in roles for task in ROLES[role](hub)]
        if "web" not in roles:
            tasks.extend(metrics(hub))
        log.info("started", roles=list(roles), tasks=[task.name for task in tasks], pid=os.getpid(), open_files=files)
        await supervise(tasks, stop)
        log.info("stopping")
    log.info("stopped")
