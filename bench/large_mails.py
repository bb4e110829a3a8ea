"""Two mails of 25 MB at once: what the hub and its parsers need on top of what they hold at rest, against their size.

Reported by the most each process ever held (VmHWM). Both in one process of the hub, as `make up` runs it.
"""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path

import psutil

from bench.measure import Figure
from bench.parts import fresh_database
from bench.processes import of_a_hub, running
from bench.smtp import mail, wait_for_timelines
from bench.smtp_load import send_many
from services.ports import free_port

_BYTES = 25 * 1000 * 1000
_MAILS = 2
_TO = "support@cauce.example"


def figures(cluster_url: str) -> list[Figure]:
    """One figure for the hub, one for the parser that needed more."""
    smtp, http = free_port(), free_port()
    with fresh_database(cluster_url) as database, tempfile.TemporaryDirectory() as folder:
        settings = of_a_hub(folder, database.url, smtp=smtp, http=http)
        with running(["-m", "services.cli", "up"], smtp, settings) as pid:
            send_many(smtp, mail, clients=4, mails=20, to=_TO)
            wait_for_timelines(database, 20)
            hub, *parsers = [pid, *_parsers(pid)]
            rest = {each: _most(each) for each in (hub, *parsers)}
            send_many(smtp, _large, clients=_MAILS, mails=_MAILS, to=_TO)
            wait_for_timelines(database, 20 + _MAILS)
            more = {each: _most(each) - rest[each] for each in (hub, *parsers)}
    return [
        _figure("the hub", more[hub], _BYTES * _MAILS, 5, f"at rest {rest[hub] / 2**20:.0f} MiB"),
        _figure(
            "a parser", max(more[each] for each in parsers), _BYTES, 12, f"at rest {rest[parsers[0]] / 2**20:.0f} MiB"
        ),
    ]


def _figure(whose: str, held: float, size: int, times: int, note: str) -> Figure:
    name = f"memory of {whose} for two mails of 25 MB at once"
    return Figure(name, "MiB", held / 2**20, size / 2**20, held / size, None, f"≤ {times} of its mails", note)


def _large(number: int) -> bytes:
    encoded = base64.encodebytes(os.urandom(_BYTES * 3 // 4 - 400_000))
    head = (
        f"From: Ana <ana@bench.example>\r\nTo: {_TO}\r\nSubject: Planos {number}\r\n"
        f"Message-ID: <large{number}@bench.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nVan\r\n'
        "--b\r\nContent-Type: application/pdf; name=planos.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    return head + encoded.replace(b"\n", b"\r\n") + b"--b--"


def _parsers(pid: int) -> list[int]:
    return [
        each.pid for each in psutil.Process(pid).children(recursive=True) if "channels.email.child" in each.cmdline()
    ]


def _most(pid: int) -> int:
    """The most bytes the process ever had in memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
