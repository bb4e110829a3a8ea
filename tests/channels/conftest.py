"""Channels behind a real server, in front of a real log, for the tests that ask for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from channels.limits import Limit
from eventstore import embedded
from eventstore.blobs import Blobs, open_blobs
from eventstore.database import Database
from eventstore.migrate import migrate
from tests.channels.desk import Desk, serving
from tests.in_memory import new_folder


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """A blob store in a folder."""
    return open_blobs("", tmp_path)


@pytest.fixture
async def desk(database: Database, blobs: Blobs) -> AsyncIterator[Desk]:
    """Channels without rate limits."""
    async with serving(database, blobs) as running:
        yield running


class StillClock:
    """Of the rate limits: time passes when the test says so, not while a busy machine does other work."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def limits_clock(monkeypatch: pytest.MonkeyPatch) -> StillClock:
    """What every limit made from here on goes by."""
    clock = StillClock()
    monkeypatch.setitem(Limit.__init__.__kwdefaults__ or {}, "clock", clock)
    return clock


@pytest.fixture
async def limited_desk(database: Database, blobs: Blobs, limits_clock: StillClock) -> AsyncIterator[Desk]:
    """Channels with their rate limits, by a clock that stands still."""
    async with serving(database, blobs, rate_limit=True) as running:
        yield running


@pytest.fixture
def breakable() -> Iterator[tuple[Database, Callable[[], None], Callable[[], None]]]:
    """A database of a cluster of its own, how to stop that cluster, and how to start it again."""
    data = new_folder(f"cauce-break-{os.getpid()}-")
    database = Database(embedded.start(data, durable=False))
    migrate(database)
    database.open()
    yield database, lambda: _stopped(data), lambda: _started(data)
    database.close()
    embedded.stop(data)
    shutil.rmtree(embedded.cluster_folder(data).parent)


def _stopped(data: Path) -> None:
    assert embedded.stop(data)


def _started(data: Path) -> None:
    embedded.start(data, durable=False)


@pytest.fixture
async def breakable_desk(
    breakable: tuple[Database, Callable[[], None], Callable[[], None]], blobs: Blobs
) -> AsyncIterator[tuple[Desk, Callable[[], None], Callable[[], None]]]:
    """Channels whose log can be stopped and started."""
    database, stop, start = breakable
    async with serving(database, blobs) as running:
        yield running, stop, start
