"""Wakes the readers of a log after a commit: NOTIFY on a connection of its own, empty, at most one per 10 ms a log.

Inside the writing transaction NOTIFY would be a second global lock. A lost one costs a reader its 1 s poll, no more.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable

import psycopg
from psycopg import sql

_INTERVAL_SECONDS = 0.01
_PAUSE_SECONDS = 0.5


def channel_of(log: str) -> str:
    """The LISTEN channel of a log."""
    return f"cauce_{log}"


class Notifier:
    """A thread with one connection. `wake` never waits for the database and never fails."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._guard = threading.Lock()
        self._pending: set[str] = set()
        self._something = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the connection is made with the first commit that has readers to wake."""
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send what is pending and end."""
        self._stopped.set()
        self._something.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def wake(self, logs: Iterable[str]) -> None:
        """The readers of these logs have something to read."""
        with self._guard:
            self._pending.update(logs)
            if self._pending:
                self._something.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(psycopg.Error):
                self._serve()
            self._stopped.wait(_PAUSE_SECONDS)

    def _serve(self) -> None:
        self._something.wait()
        if not self._pending:
            return
        with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
            while not (self._stopped.is_set() and not self._pending):
                self._something.wait()
                for name in self._taken():
                    connection.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(channel_of(name))))
                time.sleep(_INTERVAL_SECONDS)

    def _taken(self) -> set[str]:
        with self._guard:
            taken, self._pending = self._pending, set()
            if not self._stopped.is_set():
                self._something.clear()
        return taken
