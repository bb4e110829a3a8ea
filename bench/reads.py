"""Lists and timelines at a million interactions, against the same reads at ten thousand.

`CAUCE_BENCH_INTERACTIONS` sets the larger size.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import ExitStack
from uuid import UUID

from bench.measure import Figure, against, rate
from bench.parts import fresh_database
from eventstore.database import Connection, Database
from projections import incidents, schema, timeline
from projections.registry import ALL

_SMALL = 10_000
_LARGE = int(os.environ.get("CAUCE_BENCH_INTERACTIONS", "1000000"))
_EACH = 5  # interactions an incident
_READS = 300
_WORDS = "impresora instalación licencia factura error pantalla driver backup contraseña módulo servidor gracias"


def _fill(database: Database, interactions: int) -> None:
    """Finished rows of so many interactions, spread over incidents and customers as the demo's are."""
    with database.dedicated() as connection, connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL synchronous_commit = off")
        for projection in ALL:
            schema.create(connection, projection, projection.name, "live")
        count = interactions // _EACH
        connection.execute(
            "INSERT INTO customers SELECT md5('c' || n)::uuid, n, 'es', 'Ana ' || n, md5('a' || n)::uuid, now(), NULL"
            " FROM generate_series(0, %s) n",
            (count // 3,),
        )
        connection.execute(
            "INSERT INTO customer_addresses SELECT md5('c' || n)::uuid, md5('a' || n)::uuid, n, true,"
            " 'email:p' || n || '@x.cu', 'Ana' FROM generate_series(0, %s) n",
            (count // 3,),
        )
        connection.execute(
            "INSERT INTO incidents SELECT md5('i' || n)::uuid, n, 'La impresora ' || n,"
            " (ARRAY['new', 'open', 'waiting', 'resolved', 'closed'])[1 + n %% 5], 'normal',"
            " (ARRAY['form', 'email', 'chat', 'phone'])[1 + n %% 4], ARRAY[(ARRAY['form', 'email', 'chat', 'phone'])"
            " [1 + n %% 4]], '{}', md5('c' || n / 3)::uuid, md5('a' || n / 3)::uuid, true,"
            " (ARRAY['ana', 'luis', NULL])[1 + n %% 3], NULL, '{}', 'es', '', now() - make_interval(secs => n * 60),"
            " now() - make_interval(secs => n * 60), NULL, NULL, NULL, '', '', NULL, NULL, now(), 3"
            " FROM generate_series(1, %s) n",
            (count,),
        )
        connection.execute(
            "INSERT INTO timeline_incidents SELECT id, number, customer, merged_into FROM incidents",
        )
        connection.execute(
            "INSERT INTO entries SELECT md5('e' || n)::uuid, n, 'interaction', now() - make_interval(secs => n),"
            " now(), md5('i' || 1 + n %% %s)::uuid, md5('t' || n)::uuid, 'email', 'in', md5('a' || n)::uuid,"
            " 'email:p@x.cu', 'Ana', '{}', 'La impresora', (string_to_array(%s, ' '))[1 + n %% 12] || ' ' || n"
            " || ' no funciona desde ayer por la tarde, gracias', '', '', '[]', NULL, 'InteractionLinked', 'new', NULL"
            " FROM generate_series(1, %s) n",
            (count, _WORDS, interactions),
        )
        for projection in ALL:
            schema.create_indexes(connection, projection, projection.name)
    with database.dedicated() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM")


def figures(cluster_url: str) -> list[Figure]:
    """A figure for each kind of read."""
    with ExitStack() as opened:
        small, large = (opened.enter_context(fresh_database(cluster_url)) for _ in range(2))
        _fill(small, _SMALL)
        _fill(large, _LARGE)
        chance = random.Random(7)  # noqa: S311 -- the same reads each time

        def customer(count: int) -> UUID:
            with small.transaction() as connection:
                row = connection.execute("SELECT md5('c' || %s)::uuid", (chance.randrange(count // 3),)).fetchone()
                assert row is not None
                return row[0]

        reads: dict[str, Callable[[Connection, int], object]] = {
            "list": lambda connection, _: incidents.find(connection),
            "list by status": lambda connection, _: incidents.find(connection, status="open"),
            "list by channel": lambda connection, _: incidents.find(connection, channel="phone"),
            "list by assignee": lambda connection, _: incidents.find(connection, assignee="ana"),
            "list by customer": lambda connection, n: incidents.find(connection, customer=customer(n)),
            "list by a rare word": lambda connection, n: incidents.find(connection, q=str(chance.randrange(1, n))),
            "list by a common word": lambda connection, _: incidents.find(connection, q="impresora"),
            "incident": lambda connection, n: incidents.get(connection, chance.randrange(1, n)),
            "timeline": lambda connection, n: timeline.of_incident(connection, chance.randrange(1, n)),
            "timeline of a customer": lambda connection, n: timeline.of_customer(connection, customer(n)),
        }

        def taken(database: Database, read: Callable[[Connection, int], object], interactions: int) -> float:
            def work() -> int:
                for _ in range(_READS):
                    with database.transaction() as connection:
                        read(connection, interactions // _EACH)
                return _READS

            return rate(work)

        return [
            against(
                f"{name}, {_LARGE:,} interactions against {_SMALL:,}",
                "reads/s",
                limit=lambda read=read: taken(small, read, _SMALL),
                ours=lambda read=read: taken(large, read, _LARGE),
                target="≥ 0.77 (time ≤ 1.3 times)",
                rounds=3,
            )
            for name, read in reads.items()
        ]
