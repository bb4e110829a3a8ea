"""The served hub for the tests that ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from eventstore.database import Database
from tests.services.web.browsing import keeping
from tests.services.web.serving import Web, serving


@pytest.fixture
def database_url(new_database: Callable[..., AbstractContextManager[str]], started_template: str) -> Iterator[str]:
    """A hub makes its read models at its first start; here it was started before."""
    with new_database(started_template) as url:
        yield url


@pytest.fixture
async def web(database: Database, tmp_path: Path) -> AsyncIterator[Web]:
    """Without rate limits."""
    async with serving(database, tmp_path) as running:
        yield running


@pytest.fixture
async def limited_web(database: Database, tmp_path: Path) -> AsyncIterator[Web]:
    """With rate limits."""
    async with serving(database, tmp_path, RATE_LIMIT="on") as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept_browser() -> AsyncIterator[None]:
    """One for all of the worker's tests in the session's event loop; `browsing` gives it."""
    async with keeping():
        yield
