"""The served hub for the tests that ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eventstore.database import Database
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
