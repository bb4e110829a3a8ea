"""Where access is changed: one transaction that changes the tables and records the facts of it, or neither.

Who may come in is kept in tables (they are asked at each request); what happened to it is history like all else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Concatenate, Generic, ParamSpec, TypeVar

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.ledger import NO_CAUSE, Ledger
from schemas.facts import Fact, stream_of

T = TypeVar("T")
P = ParamSpec("P")

COMMAND_LINE = "command line"
"""Stands in facts as `by` for whoever has the machine itself."""


@dataclass(slots=True)
class AccessDesk:
    """What a change of access works with. The store's lock is held: what is read here is fresh."""

    connection: Connection
    ledger: Ledger
    by: str
    now: datetime
    position: int = field(default=0)

    def record(self, *facts: Fact) -> None:
        """Append them, in this transaction."""
        if facts:
            versions = store.versions(self.connection, [stream_of(fact) for fact in facts])
            self.position = self.ledger.record(self.connection, [(fact, NO_CAUSE) for fact in facts], versions)[-1]


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What a change gave, and the position that shows it."""

    value: T
    position: int


class Access:
    """The write side of access. `secret`: the hub's; it seals what must be read again (second factors)."""

    def __init__(self, database: Database, ledger: Ledger, secret: bytes) -> None:
        self.database = database
        self.secret = secret
        self._ledger = ledger

    @contextmanager
    def desk(self, by: str) -> Generator[AccessDesk]:
        """A transaction of one's own, for the command line and for starting."""
        with self.database.transaction() as connection:
            yield self._open(connection, by)

    async def run(
        self, by: str, work: Callable[Concatenate[AccessDesk, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Done[T]:
        """`work(desk, …)` in one transaction."""

        def in_transaction(connection: Connection) -> Done[T]:
            desk = self._open(connection, by)
            value = work(desk, *args, **kwargs)
            return Done(value, desk.position or store.last_position(connection))

        return await self.database.run(in_transaction)

    def _open(self, connection: Connection, by: str) -> AccessDesk:
        store.lock(connection)
        return AccessDesk(connection, self._ledger, by, store.now(connection))
