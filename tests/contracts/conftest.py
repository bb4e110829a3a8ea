"""One contract, every log: each test that asks for `logs` or `feeds` runs once for each name registered here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest

from eventstore.database import Database
from eventstore.feed import EventFeed
from eventstore.kafka_feed import KafkaFeed
from eventstore.kafka_log import KafkaLog
from eventstore.log import Log
from eventstore.postgres import PostgresFeed, PostgresLog
from services.relay import run_relay

LogFactory = Callable[[pytest.FixtureRequest, Database, str], AbstractAsyncContextManager[Log]]
"""(request, database, prefix) → a log. Called twice with one prefix it gives two processes' views of one log."""

FeedFactory = Callable[[pytest.FixtureRequest, Database, str], AbstractAsyncContextManager[EventFeed]]
"""(request, database, prefix) → a feed of that database's events, with whatever must run to carry them."""


@asynccontextmanager
async def _postgres_log(request: pytest.FixtureRequest, database: Database, prefix: str) -> AsyncIterator[Log]:
    log = PostgresLog(database)
    yield log
    await log.close()


@asynccontextmanager
async def _postgres_feed(request: pytest.FixtureRequest, database: Database, prefix: str) -> AsyncIterator[EventFeed]:
    yield PostgresFeed(database)


@asynccontextmanager
async def _kafka_log(request: pytest.FixtureRequest, database: Database, prefix: str) -> AsyncIterator[Log]:
    log = KafkaLog(request.getfixturevalue("kafka").bootstrap, prefix, database)
    yield log
    await log.close()


@asynccontextmanager
async def _kafka_feed(request: pytest.FixtureRequest, database: Database, prefix: str) -> AsyncIterator[EventFeed]:
    bootstrap = request.getfixturevalue("kafka").bootstrap
    relay = asyncio.create_task(run_relay(database, bootstrap, prefix))
    yield KafkaFeed(bootstrap, prefix, database)
    relay.cancel()
    await asyncio.wait({relay})


LOGS: dict[str, LogFactory] = {"postgres": _postgres_log, "kafka": _kafka_log}
FEEDS: dict[str, FeedFactory] = {"postgres": _postgres_feed, "kafka": _kafka_feed}


def _param(name: str):
    # one broker is enough for a run: all that need it go to one worker (--dist loadgroup)
    return pytest.param(name, marks=pytest.mark.xdist_group("kafka") if name == "kafka" else ())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "open_log" in metafunc.fixturenames:
        metafunc.parametrize("log_name", [_param(name) for name in LOGS], scope="function")
    if "feed" in metafunc.fixturenames:
        metafunc.parametrize("feed_name", [_param(name) for name in FEEDS], scope="function")


@pytest.fixture
async def open_log(request, log_name, database):
    """Call it for a log; call it again for another process's view of the same."""
    prefix = f"contract-{uuid4().hex[:8]}."
    async with AsyncExitStack() as stack:

        async def opened() -> Log:
            return await stack.enter_async_context(LOGS[log_name](request, database, prefix))

        yield opened


@pytest.fixture
async def log(open_log):
    return await open_log()


@pytest.fixture
async def feed(request, feed_name, database):
    async with FEEDS[feed_name](request, database, f"contract-{uuid4().hex[:8]}.") as opened:
        yield opened
