"""Lists and timelines of a long history, against the same reads at ten thousand interactions.

`make bench SCALE=1000000` sets how long. `CAUCE_BENCH_HUBS=FOLDER:FOLDER` reads two hubs' own data instead, the smaller
first: what `cauce demo --scale …` and `cauce rebuild all` made of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from bench.measure import Figure, against, rate
from bench.parts import data_folder
from bench.scale import size
from eventstore.database import Connection, Database
from eventstore.migrate import migrate
from projections import calls, customers, incidents, timeline
from projections.registry import ALL
from services import embedded_database
from tests.projections import crowd

_SMALL = 10_000
_READS = 300
_SAMPLE = 500


class History:
    """A database of finished rows, and who and what is in it, to ask for at random."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._chance = random.Random(7)  # noqa: S311 -- the same reads each time
        with database.transaction() as connection:
            newest = connection.execute("SELECT max(number) FROM incidents").fetchone()
            chosen = connection.execute("SELECT id FROM customers ORDER BY id LIMIT %s", (_SAMPLE,)).fetchall()
            about = connection.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass('entries')").fetchone()
        self._numbers = int(newest[0]) if newest else 0
        self._customers: list[UUID] = [customer for (customer,) in chosen]
        self.lines = int(about[0]) if about else 0

    def number(self) -> int:
        """Of an incident."""
        return self._chance.randrange(1, self._numbers)

    def customer(self) -> UUID:
        """Somebody."""
        return self._chance.choice(self._customers)


Read = Callable[[Connection, History], object]

READS: dict[str, Read] = {  # a full page of both histories, or an empty one
    "list": lambda connection, _: incidents.find(connection),
    "list by status": lambda connection, _: incidents.find(connection, status="closed"),
    "list by channel": lambda connection, _: incidents.find(connection, channel="email"),
    "list by a channel nobody used": lambda connection, _: incidents.find(connection, channel="phone"),
    "list by assignee": lambda connection, _: incidents.find(connection, assignee="ana"),
    "list by nobody's name": lambda connection, _: incidents.find(connection, assignee="nadie"),
    "list by assignee and status": lambda connection, _: incidents.find(connection, assignee="ana", status="closed"),
    "list by customer": lambda connection, history: incidents.find(connection, customer=history.customer()),
    "list by a rare word": lambda connection, history: incidents.find(connection, q=str(history.number())),
    "list by a word of every hundredth message": lambda connection, _: incidents.find(connection, q=crowd.COMMON),
    "list by a word of all": lambda connection, _: incidents.find(connection, q=crowd.EVERYWHERE),
    "incident": lambda connection, history: incidents.get(connection, history.number()),
    "timeline": lambda connection, history: timeline.of_incident(connection, history.number()),
    "timeline of a customer": lambda connection, history: timeline.of_customer(connection, history.customer()),
    "customers": lambda connection, _: customers.find(connection),
    "customer": lambda connection, history: customers.get(connection, history.customer()),
    "calls going on": lambda connection, _: calls.find(connection, state="active"),
}


def figures(cluster_url: str) -> list[Figure]:  # noqa: ARG001 -- each history is a hub of its own
    """A figure for each kind of read."""
    with ExitStack() as opened:
        small, large = (History(opened.enter_context(_hub(folder))) for folder in _hubs(opened))
        return [
            against(
                f"{name}, {large.lines:,} lines of timeline against {small.lines:,}",
                "reads/s",
                limit=lambda read=read: _taken(small, read),
                ours=lambda read=read: _taken(large, read),
                target="≥ 0.77 (time ≤ 1.3 times)",
            )
            for name, read in READS.items()
        ]


def _taken(history: History, read: Read) -> float:
    def work() -> int:
        for _ in range(_READS):
            with history.database.transaction() as connection:
                read(connection, history)
        return _READS

    return rate(work)


def _hubs(opened: ExitStack) -> list[Path]:
    if folders := os.environ.get("CAUCE_BENCH_HUBS"):
        return [Path(folder) for folder in folders.split(":")]
    return [opened.enter_context(_made(interactions)) for interactions in (_SMALL, size(200_000))]


@contextmanager
def _made(interactions: int) -> Generator[Path]:
    with data_folder() as folder:
        with embedded_database.running(folder) as url:
            database = Database(url)
            migrate(database)
            database.open()
            crowd.fill(database, interactions)
            database.close()
        yield folder


@contextmanager
def _hub(folder: Path) -> Generator[Database]:
    """Started anew, so with the memory that its data asks for; and warm, as after some days of work."""
    with embedded_database.running(folder) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            connection.execute(
                "SELECT pg_prewarm(oid) FROM pg_class"
                " WHERE relkind IN ('r', 'i') AND relnamespace::regnamespace::text = ANY(%s)",
                ([projection.name for projection in ALL],),
            )
            connection.rollback()  # leaves no extension in a hub of somebody's
        database = Database(url, size=2)
        database.open()
        yield database
        database.close()
