"""Rebuilds read models beside the live ones and swaps them in: `cauce rebuild NAME`, and the projector by itself.

Reads succeed throughout. Of a long history several views are rebuilt in two processes, a core each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from eventstore import store
from eventstore.database import Database
from projections.registry import by_name
from services.rebuild.children import Helper, rebuild_in_child
from services.rebuild.work import PAGE_EVENTS, CancelledRebuildError, Progress, rebuild_here

__all__ = ["CancelledRebuildError", "Progress", "rebuild", "rebuild_in_child"]

_LONG_EVENTS = 100_000  # below, starting a process takes longer than it saves
_HEAVIEST = "timeline"


def rebuild(
    database: Database,
    names: Sequence[str],
    progress: Progress = lambda _phase, _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    page_events: int = PAGE_EVENTS,
    processes: int | None = None,
) -> None:
    """Build these views anew from the whole history and put them in the place of the live ones.

    `progress` follows the heaviest of them. `processes`: 1 or 2, else as the history and the machine are.
    Raises ConflictError while another process rebuilds one of them, CancelledRebuildError, NotFoundError.
    """
    wanted = [by_name(name).name for name in dict.fromkeys(names)]
    if processes is None:
        with database.transaction() as connection:
            processes = 2 if store.last_position(connection) > _LONG_EVENTS and (os.cpu_count() or 1) > 1 else 1
    mine = wanted
    with ExitStack() as running:
        helper = None
        if processes > 1 and len(wanted) > 1:
            # the timeline's events are nearly all of them, so the rest together are about as much work
            mine = [_HEAVIEST] if _HEAVIEST in wanted else wanted[:1]
            helper = Helper(database.url, [name for name in wanted if name not in mine], page_events)
            running.callback(helper.stop)
        rebuild_here(database, mine, progress, cancelled, page_events=page_events)
        if helper is not None:
            helper.finish(cancelled)
            if cancelled():
                raise CancelledRebuildError("cancelled; what was loaded is kept for the next run")
