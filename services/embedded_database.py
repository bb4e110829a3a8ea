"""The embedded PostgreSQL as this process uses it: whoever comes first starts it, the last one out stops it.

Every process of a data folder holds a shared lock on one file; the operating system drops a killed process's.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from eventstore import embedded


@contextmanager
def running(data: Path) -> Generator[str]:
    """Its URL, while it is needed."""
    folder = data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "database.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # waits for one that is just stopping it
        try:
            yield embedded.start(data)
        finally:
            _stop_if_last(data, lock.fileno())


def _stop_if_last(data: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    embedded.stop(data)
