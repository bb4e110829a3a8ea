"""SMTP: until 250, by `cauce serve intake`; and end to end, by a whole hub, until the incidents' timelines have it.

Both beside a bare aiosmtpd that fsyncs each mail, 16 connections.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

from bench.measure import Figure, against
from bench.parts import fresh_database
from bench.processes import of_a_hub, running
from bench.smtp_load import send_many
from eventstore.database import Database
from services.ports import free_port

_CLIENTS = 16
_MAILS = 1_600
_TO = "support@cauce.example"


def mail(number: int) -> bytes:
    """An ordinary one of 2 KiB, from a customer who writes now and then."""
    return (
        f"From: Ana <ana{number % 1000}@bench.example>\r\nTo: {_TO}\r\nSubject: Factura {number}\r\n"
        f"Message-ID: <{uuid4().hex}@bench.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n".encode()
        + b"La factura no llega.\r\n" * 80
    )


def in_timelines(database: Database) -> int:
    """How many interactions stand in an incident's timeline."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) FROM timeline.entries WHERE kind = 'interaction' AND incident IS NOT NULL"
        ).fetchone()
    return int(row[0]) if row else 0


def wait_for_timelines(database: Database, count: int) -> None:
    """Until so many stand there."""
    while in_timelines(database) < count:
        time.sleep(0.05)


def figures(cluster_url: str) -> list[Figure]:
    """Two figures: to the log, and to the timelines."""
    return [
        _figure(cluster_url, "SMTP intake (16 connections)", ["serve", "intake"], "≥ 0.5 of a sink that fsyncs"),
        _figure(
            cluster_url, "SMTP until the timeline has it", ["up"], "≥ 0.4 of a sink that fsyncs", wait_for_timelines
        ),
    ]


def _figure(
    cluster_url: str,
    name: str,
    command: Sequence[str],
    target: str,
    wait: Callable[[Database, int], None] = lambda _database, _count: None,
) -> Figure:
    smtp, http, bare = free_port(), free_port(), free_port()
    with fresh_database(cluster_url) as database, tempfile.TemporaryDirectory() as folder:
        settings = of_a_hub(folder, database.url, smtp=smtp, http=http)
        sink = Path(folder) / "sink"
        sink.mkdir()
        sent = 0

        def ours() -> float:
            nonlocal sent
            begun = time.perf_counter()
            send_many(smtp, mail, clients=_CLIENTS, mails=_MAILS, to=_TO)
            sent += _MAILS
            wait(database, sent)
            return _MAILS / (time.perf_counter() - begun)

        with (
            running(["-m", "services.cli", *command], smtp, settings),
            running([str(Path(__file__).parent / "bare_sink.py"), str(bare), str(sink)], bare),
        ):
            return against(
                name,
                "mails/s",
                limit=lambda: send_many(bare, mail, clients=_CLIENTS, mails=_MAILS, to=_TO),
                ours=ours,
                target=target,
            )
