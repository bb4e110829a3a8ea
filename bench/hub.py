"""A hub started as a newcomer starts it, for the figures that are taken of a whole one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import environment
from services.ports import free_port


@dataclass(frozen=True)
class RunningHub:
    """Where it listens, an agent's token and password, and its folder."""

    port: int
    token: str
    password: str
    folder: Path

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def hub(*options: str, settings: Mapping[str, str] | None = None) -> Generator[RunningHub]:
    """`cauce start OPTIONS` until the block ends."""
    cauce = [sys.executable, "-m", "services.cli"]
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        given = {
            "DATA": folder,
            "HTTP": f"127.0.0.1:{port}",
            "SMTP": f"127.0.0.1:{free_port()}",
            "RATE_LIMIT": "off",
            **(settings or {}),
        }
        try:
            started = [*cauce, "start", *options]
            told = subprocess.run(started, env=environment(given), check=True, capture_output=True, text=True).stdout
            password = told.partition("agent=agent ")[2].split()[0]
            yield RunningHub(port, told.rpartition("token=")[2].split()[0], password, Path(folder))
        finally:
            subprocess.run([*cauce, "stop"], env=environment(given), check=True, capture_output=True)
