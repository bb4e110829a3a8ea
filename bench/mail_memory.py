"""What a hub's processes hold after 100,000 mails, against what they held after the first tenth of them.

`make bench SCALE=…` sets how many. Each time everything has come to rest: each mail stands in its timeline.
"""

from __future__ import annotations

import tempfile

import psutil

from bench.measure import Figure
from bench.parts import fresh_database
from bench.processes import running
from bench.scale import size
from bench.smtp import mail, wait_for_timelines
from bench.smtp_load import send_many
from services.ports import free_port

_MAILS = size(100_000)
_CLIENTS = 8
_AT_ONCE = _MAILS // 100  # then the hub is let come to rest: it is the mails that count, not the hurry


def figures(cluster_url: str) -> list[Figure]:
    """One figure."""
    smtp, http = free_port(), free_port()
    with fresh_database(cluster_url) as database, tempfile.TemporaryDirectory() as folder:
        settings = {
            "DATA": folder,
            "DATABASE_URL": database.url,
            "SMTP": f"127.0.0.1:{smtp}",
            "HTTP": f"127.0.0.1:{http}",
            "RATE_LIMIT": "off",
        }
        with running(["-m", "services.cli", "up"], smtp, settings) as pid:
            held: dict[int, float] = {}
            for sent in range(_AT_ONCE, _MAILS + 1, _AT_ONCE):
                send_many(smtp, mail, clients=_CLIENTS, mails=_AT_ONCE, to="support@cauce.example")
                wait_for_timelines(database, sent)
                held[sent] = _mebibytes(pid)
    tenth, whole = held[_MAILS // 10], held[_MAILS]
    ratio = whole / tenth
    note = f"most on the way: {max(held.values()):.0f} MiB"
    return [Figure(f"memory after {_MAILS:,} mails", "MiB", whole, tenth, ratio, None, "≤ 1.1 of after a tenth", note)]


def _mebibytes(pid: int) -> float:
    """Of the hub and the parser's children: what is theirs alone, whoever else maps the same libraries."""
    hub = psutil.Process(pid)
    return sum(int(each.memory_full_info().uss) for each in (hub, *hub.children(recursive=True))) / 2**20
