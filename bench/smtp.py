"""SMTP intake: `cauce serve intake` beside a bare aiosmtpd that fsyncs each mail, 16 connections."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

from bench.measure import Figure, against
from bench.parts import fresh_database
from bench.processes import running
from bench.smtp_load import send_many
from services.ports import free_port

_CLIENTS = 16
_MAILS = 1_600


def _mail(number: int) -> bytes:
    return (
        f"From: Ana <ana@bench.example>\r\nTo: support@cauce.example\r\nSubject: Factura {number}\r\n"
        f"Message-ID: <{uuid4().hex}@bench.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n".encode()
        + b"La factura no llega.\r\n" * 80
    )


def figures(cluster_url: str) -> list[Figure]:
    """One figure."""
    smtp, http, bare = free_port(), free_port(), free_port()
    with fresh_database(cluster_url) as database, tempfile.TemporaryDirectory() as folder:
        settings = {
            "DATA": folder,
            "DATABASE_URL": database.url,
            "SMTP": f"127.0.0.1:{smtp}",
            "HTTP": f"127.0.0.1:{http}",
            "RATE_LIMIT": "off",
        }
        sink = Path(folder) / "sink"
        sink.mkdir()
        with (
            running(["-m", "services.cli", "serve", "intake"], smtp, settings),
            running([str(Path(__file__).parent / "bare_sink.py"), str(bare), str(sink)], bare),
        ):
            return [
                against(
                    "SMTP intake (16 connections)",
                    "mails/s",
                    limit=lambda: send_many(bare, _mail, clients=_CLIENTS, mails=_MAILS, to="support@cauce.example"),
                    ours=lambda: send_many(smtp, _mail, clients=_CLIENTS, mails=_MAILS, to="support@cauce.example"),
                    target="≥ 0.5 of a sink that fsyncs",
                )
            ]
