"""The background processes of one data folder: started with a log file, found again by pid file, stopped in order.

A pid alone is reused by the system: a process is ours only when its start time is the one we wrote down.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import psutil

_END_SECONDS = 12.0


class Process(msgspec.Struct, frozen=True):
    """One background process, as its pid file tells. `detail`: what others need of it, e.g. its port."""

    name: str
    pid: int
    started: float
    detail: str = ""

    def running(self) -> psutil.Process | None:
        """The live process, or None: it ended, or its pid is somebody else's by now."""
        try:
            found = psutil.Process(self.pid)
            ours = found.create_time() == self.started and found.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return found if ours else None


class Processes:
    """Those of one data folder."""

    def __init__(self, data: Path) -> None:
        self._run = data / "run"
        self._log = data / "log"

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        """Start `cauce ARGUMENTS` on its own, its output in the log folder; the one that runs already, if it does."""
        found = self.find(name)
        if found is not None:
            return found
        self._run.mkdir(parents=True, exist_ok=True)
        self._log.mkdir(parents=True, exist_ok=True)
        with self.log_file(name).open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 -- our own program
                [sys.executable, "-m", "services.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environment),
                start_new_session=True,  # a Ctrl-C in the terminal is not for them
            )
        process = Process(name, child.pid, psutil.Process(child.pid).create_time())
        self.write(process)
        return process

    def write(self, process: Process) -> None:
        """Remember it."""
        path = self._run / f"{process.name}.json"
        path.with_suffix(".new").write_bytes(msgspec.json.encode(process))
        path.with_suffix(".new").replace(path)

    def find(self, name: str) -> Process | None:
        """The running one of this name, or None."""
        return next((process for process in self.all_running() if process.name == name), None)

    def all_running(self) -> list[Process]:
        """All that run, by name; forgets those that don't."""
        running: list[Process] = []
        for path in sorted(self._run.glob("*.json")):
            try:
                process = msgspec.json.decode(path.read_bytes(), type=Process)
            except (msgspec.MsgspecError, FileNotFoundError):
                continue
            if process.running() is None:
                path.unlink(missing_ok=True)
            else:
                running.append(process)
        return running

    def stop_all(self) -> list[str]:
        """SIGTERM to all, SIGKILL to what is left after some seconds; returns their names."""
        asked: list[Process] = []
        for process in self.all_running():
            found = process.running()
            if found is not None:
                found.terminate()
                asked.append(process)
        for found in _left(asked, _END_SECONDS):
            found.kill()
        _left(asked, 2)
        self.all_running()
        return [process.name for process in asked]

    def log_file(self, name: str) -> Path:
        """Where its output goes."""
        return self._log / f"{name}.log"

    def log_files(self) -> list[Path]:
        """All of them."""
        return sorted(self._log.glob("*.log"))


def _left(asked: Sequence[Process], seconds: float) -> list[psutil.Process]:
    """Those that run still after so long. A zombie doesn't: in a container nobody may ever collect it."""
    until = time.monotonic() + seconds
    while True:
        left = [found for process in asked if (found := process.running()) is not None]
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.05)


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log, to show with a failure."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
