"""A PostgreSQL that stands still, as on a frozen disk: its sockets stay open, and nothing answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


@contextmanager
def frozen(postmaster: psutil.Process) -> Iterator[None]:
    """Every process of that cluster stands still meanwhile."""
    stopped = [postmaster]
    try:
        postmaster.suspend()  # first: from here on it starts none
        for process in postmaster.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a backend whose client has left meanwhile
                process.suspend()
                stopped.append(process)
        yield
    finally:
        for process in reversed(stopped):
            with suppress(psutil.NoSuchProcess):
                process.resume()
