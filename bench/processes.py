"""Start a process, wait until it listens, end it. For the servers that figures are taken of."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

_START_SECONDS = 60


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with these settings of ours (named without `CAUCE_`) and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAUCE_")}
    return inherited | {f"CAUCE_{name}": value for name, value in (settings or {}).items()}


def of_a_hub(folder: str, database: str, *, smtp: int, http: int | None = None) -> dict[str, str]:
    """Settings of a hub of ours on that database, without limits for senders."""
    listening = {"SMTP": smtp} if http is None else {"SMTP": smtp, "HTTP": http}
    places = {name: f"127.0.0.1:{port}" for name, port in listening.items()}
    return {"DATA": folder, "DATABASE_URL": database, "RATE_LIMIT": "off"} | places


@contextmanager
def running(arguments: Sequence[str], port: int, settings: Mapping[str, str] | None = None) -> Generator[int]:
    """`python arguments…` until the block ends; yields its pid once `port` answers. `settings` without `CAUCE_`."""
    process = subprocess.Popen([sys.executable, *arguments], env=environment(settings), stdout=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(_START_SECONDS * 20):
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"does not listen on {port}")
