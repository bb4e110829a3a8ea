"""Memory at rest: everything `make up` starts, a minute after its demo history is in. Reported, with no bar."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from bench.measure import Figure
from bench.processes import environment
from eventstore import embedded
from services.ports import free_port

_REST_SECONDS = 60


def figures(cluster_url: str) -> list[Figure]:  # noqa: ARG001 -- it starts a hub of its own, as a newcomer does
    """One figure for our processes, one for the database's."""
    cauce = [sys.executable, "-m", "services.cli"]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DATA": folder, "HTTP": f"127.0.0.1:{free_port()}", "SMTP": f"127.0.0.1:{free_port()}"}
        try:
            subprocess.run([*cauce, "start"], env=environment(settings), check=True, capture_output=True)
            time.sleep(_REST_SECONDS)
            found = list(psutil.process_iter())
            ours = {each: _unique_bytes(each) for each in found if _is_ours(each, folder)}
            cluster = embedded.cluster_folder(Path(folder))
            database = sum(_unique_bytes(each) for each in found if _is_of_database(each, cluster))
        finally:
            subprocess.run([*cauce, "stop"], env=environment(settings), check=True, capture_output=True)
    each = ", ".join(f"{size / 2**20:.0f}" for size in sorted(ours.values(), reverse=True))
    return [
        _figure("memory of `make up` at rest, the hub's processes", sum(ours.values()), f"each: {each}"),
        _figure("memory of `make up` at rest, PostgreSQL", database, "shared buffers counted where first touched"),
    ]


def _is_ours(process: psutil.Process, folder: str) -> bool:
    """Was it started for this data folder? The machine may have other hubs."""
    with suppress(psutil.Error):
        python = Path(process.exe()).name.startswith("python")
        return python and process.environ().get("CAUCE_DATA") == folder and process.pid != os.getpid()
    return False


def _is_of_database(process: psutil.Process, cluster: Path) -> bool:
    with suppress(psutil.Error):
        return process.name() == "postgres" and Path(process.cwd()) == cluster
    return False


def _unique_bytes(process: psutil.Process) -> int:
    found = process.memory_full_info()
    return int(getattr(found, "pss", found.uss))


def _figure(name: str, size: int, note: str) -> Figure:
    return Figure(name, "MiB", size / 2**20, None, None, None, "reported", note)


if __name__ == "__main__":
    print(json.dumps([figure.as_json() for figure in figures("")], indent=2))
