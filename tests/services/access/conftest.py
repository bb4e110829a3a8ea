"""Access over a fresh database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eventstore import store
from eventstore.database import Database
from eventstore.keys import Keys
from schemas.facts import Fact
from services.access.desk import Access, AccessDesk
from services.wiring import build_access


@pytest.fixture
def access(database: Database) -> Access:
    return build_access(database)


@pytest.fixture
def desk(access: Access) -> Iterator[AccessDesk]:
    with access.desk("admin") as desk:
        yield desk


@pytest.fixture
def history(database: Database) -> Callable[[], list[Fact]]:
    """Every fact so far, read as anybody would."""

    def read() -> list[Fact]:
        keys = Keys(database)
        with database.transaction() as connection:
            events = store.read_after(connection, 0, 1000)
            keys.prefetch(connection, events)
            return [event.fact(keys) for event in events]

    return read


def told(facts: list[Fact], *fields: str) -> list[tuple[Any, ...]]:
    """Name and some fields of each."""
    return [(type(fact).__name__, *(getattr(fact, field, None) for field in fields)) for fact in facts]
