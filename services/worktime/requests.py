"""What a user can ask of their stopwatch. Made by the API and the pages, run by `services/commands.py`."""

from __future__ import annotations

from services.request import Request


class StartWork(Request, frozen=True, kw_only=True):
    """My time counts for this incident from now on; for another one no longer. Its id is the run's."""

    incident: int


class StopWork(Request, frozen=True, kw_only=True):
    """It counts no longer. `incident`: only if it runs for that one; `seconds`: less than ran, where I forgot it."""

    incident: int | None = None
    seconds: float | None = None


WorkRequest = StartWork | StopWork
