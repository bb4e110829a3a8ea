"""Rebuild of incidents and timeline, against COPY of the same finished rows into the same tables and indexes.

And a report's replay, against only reading and decoding the same events. `make bench SCALE=…` sets how many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import structs
from psycopg.conninfo import make_conninfo

from bench import limits
from bench.measure import Figure, against, rate
from bench.parts import fresh_database
from bench.scale import size
from eventstore.database import Database
from eventstore.keys import Keys
from projections.projection import Projection
from projections.registry import by_name
from schemas.facts import Fact
from schemas.facts.incident import IncidentOpened, Reason
from services.rebuild import rebuild
from services.reports.replay import replay
from services.reports.report_file import load
from tests.projections.histories import Recorder, Story

_EVENTS = size(200_000)
_NAMES = ("incidents", "timeline")
_GOING_ON = 400  # incidents told at the same time
_REPORT = Path(__file__).parent.parent / "docs" / "examples" / "first_response_by_hour.py"


def record_history(database: Database, events: int) -> int:
    """A history of incidents with a few interactions each, many going on at a time; returns the events recorded."""
    recorder, story = Recorder(database, Keys(database)), Story(7)
    story.erasures = False
    going_on: list[Iterator[list[Fact]]] = []
    done = number = 0
    while done < events:
        batch: list[Fact] = []
        while len(batch) < 500:
            if len(going_on) < _GOING_ON:
                number += 1
                going_on.append(_incident(story, number))
            told = story.random.choice(going_on)
            story.now += timedelta(seconds=3)
            facts = next(told, None)
            if facts is None:
                going_on.remove(told)
            batch.extend(facts or ())
        recorder.record(batch)
        done += len(batch)
    return done


def _incident(story: Story, number: int) -> Iterator[list[Fact]]:
    story.people.clear()
    opened = story.open()
    work = story.work[-1]
    yield [structs.replace(fact, number=number) if isinstance(fact, IncidentOpened) else fact for fact in opened]
    for tell in (story.answer, story.write, story.turn, story.answer, story.resolve):
        story.work[:] = [work]
        yield tell()
    yield [*story.message(work, work.interactions[0][1], Reason.SAME_CUSTOMER)]


def _finished(database: Database, projection: Projection) -> list[tuple[str, Sequence[str], Sequence[str], list[Any]]]:
    with database.dedicated() as connection:
        connection.execute("SET statement_timeout = 0")
        return [
            (
                table.name,
                table.columns,
                [table.types[name] for name in table.columns],
                connection.execute(
                    f"SELECT {', '.join(table.columns)} FROM {projection.name}.{table.name}".encode(), binary=True
                ).fetchall(),
            )
            for table in projection.tables
        ]


def _copy_all(database: Database) -> float:
    finished = [(by_name(name), _finished(database, by_name(name))) for name in _NAMES]
    prepared = [
        (projection, [(table, names, types, [_plain(row) for row in rows]) for table, names, types, rows in tables])
        for projection, tables in finished
    ]

    in_no_hurry = make_conninfo(database.url, options="-c synchronous_commit=off")  # as a rebuild is

    def work() -> int:
        with psycopg.connect(in_no_hurry, autocommit=True) as connection:
            for projection, tables in prepared:
                connection.execute("DROP SCHEMA IF EXISTS bar CASCADE")
                connection.execute("CREATE SCHEMA bar")
                connection.execute("SET search_path = bar, public")
                connection.execute("SET maintenance_work_mem = '256MB'")
                connection.execute(projection.create_tables().encode())
                for table, *_ in tables:  # likewise
                    connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
                for table, names, types, rows in tables:
                    limits.copy_rows(in_no_hurry, f"bar.{table}", names, types, rows, 20_000)
                for statement in projection.create_indexes():
                    connection.execute(statement.encode())
                for table, *_ in tables:
                    connection.execute(f"ANALYZE {table}".encode())
        return _EVENTS

    return rate(work)


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    from psycopg.types.json import Jsonb  # noqa: PLC0415 -- psycopg's wrapper for jsonb columns

    return tuple(
        Jsonb(value)
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
        else value
        for value in row
    )


def figures(cluster_url: str) -> list[Figure]:
    """Two figures."""
    with fresh_database(cluster_url) as database:
        events = record_history(database, _EVENTS)
        rebuild(database, _NAMES)  # the rows to copy

        def ours() -> float:
            def work() -> int:
                rebuild(database, _NAMES)
                return events

            return rate(work)

        rebuilt = against(
            f"rebuild of {' and '.join(_NAMES)}, {events:,} events",
            "events/s",
            limit=lambda: _copy_all(database),
            ours=ours,
            target="≥ 0.5",
            rounds=3,
        )
        return [rebuilt, _replay(database, events)]


def _replay(database: Database, events: int) -> Figure:
    report = load(_REPORT)
    with database.transaction() as connection:
        found = connection.execute("SELECT address, secret FROM keys").fetchall()
    keys = {address.bytes: AESGCM(secret) for address, secret in found}

    def work() -> int:
        replay(database, report)
        return events

    return against(
        f"replay of {report.name}",
        "events/s",
        limit=lambda: rate(lambda: limits.read_and_decode(database.url, keys)),
        ours=lambda: rate(work),
        target="≥ 0.4",
        rounds=3,
    )
