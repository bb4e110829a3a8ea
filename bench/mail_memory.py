"""What the processes on a mail's way hold after 100,000 mails, against what they held after the first tenth of them.

`make bench SCALE=…` sets how many. Each time everything has come to rest: each mail stands in its timeline.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack

import psutil

from bench.measure import Figure
from bench.parts import fresh_database
from bench.processes import of_a_hub, running
from bench.scale import size
from bench.smtp import mail, wait_for_timelines
from bench.smtp_load import send_many
from services.ports import free_port

_MAILS = size(100_000)
_AT_ONCE = _MAILS // 100  # then all comes to rest: it is the mails that count, not the hurry
_CLIENTS = 8
_ROLES = ("intake", "parser", "incidents", "projections")


def figures(cluster_url: str) -> list[Figure]:
    """One for the SMTP server, one for each other role."""
    smtp = free_port()
    with fresh_database(cluster_url) as database, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = of_a_hub(folder, database.url, smtp=smtp)
        pids: dict[str, int] = {}
        for role in _ROLES:
            metrics = free_port()  # of which each role says that it lives
            given = settings | {"METRICS_PORT": str(metrics)}
            pids[role] = stack.enter_context(running(["-m", "services.cli", "serve", role], metrics, given))
        tenth: dict[str, float] = {}
        for sent in range(_AT_ONCE, _MAILS + 1, _AT_ONCE):
            send_many(smtp, mail, clients=_CLIENTS, mails=_AT_ONCE, to="support@cauce.example")
            wait_for_timelines(database, sent)
            if sent == _MAILS // 10:
                tenth = {role: _mebibytes(pid) for role, pid in pids.items()}
        whole = {role: _mebibytes(pid) for role, pid in pids.items()}
    return [_figure(role, whole[role], tenth[role]) for role in _ROLES]


def _figure(role: str, whole: float, tenth: float) -> Figure:
    name = f"memory of `{role}` after {_MAILS:,} mails"
    return Figure(name, "MiB", whole, tenth, whole / tenth, None, "≤ 1.1 of after a tenth")


def _mebibytes(pid: int) -> float:
    """Of a process and its children: what is theirs alone, whoever else maps the same libraries."""
    process = psutil.Process(pid)
    return sum(int(each.memory_full_info().uss) for each in (process, *process.children(recursive=True))) / 2**20
