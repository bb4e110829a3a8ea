"""A real hub as a process of its own, and a real SMTP server that takes its mail: for journeys and faults."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import psutil
import pytest

from services.demo import mailbox
from tests.ports import own_port

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 120.0  # a slow machine proves nothing
OURS = "support@cauce.example"


def eventually(look: Callable, seconds: float = PATIENCE_SECONDS, pause: float = 0.1):
    """The first true answer of `look`; the last one when time is up."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > until:
            return found
        time.sleep(pause)


class Sink:
    """The customers' mail server: real SMTP, its mails in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = own_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        eventually(lambda: not _is_free(self.port))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError):
            self._serving = self._loop.create_task(mailbox.serve(self.folder, "127.0.0.1", self.port))
            self._loop.run_until_complete(self._serving)

    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.folder.glob("*.eml"))
        ]

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails() if address in str(mail["To"])]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(timeout=5)


class HubProcess:
    """`cauce up` (or `cauce serve ROLE`s) with settings of its own."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.http = f"127.0.0.1:{own_port()}"
        self.smtp = f"127.0.0.1:{own_port()}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAUCE_")}
        self.environment = inherited | {
            "CAUCE_DATA": str(data),
            "CAUCE_HTTP": self.http,
            "CAUCE_SMTP": self.smtp,
            "CAUCE_RATE_LIMIT": "off",
            **{f"CAUCE_{name.upper()}": value for name, value in settings.items()},
        }
        self.log = data / "hub.log"
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://{self.http}"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", *(arguments or ("up",))],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert all(process.poll() is None for process in self.processes), self.log.read_text()[-4000:]
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{self.url}/readyz", timeout=PATIENCE_SECONDS, trust_env=False).status_code == 200
            return False

        assert eventually(ready), self.log.read_text()[-4000:]

    def kill(self) -> None:
        """kill -9 of every process of it, children first left alone: they must notice by themselves."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()

    def stop(self) -> list[int]:
        """SIGTERM; the exit codes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(timeout=PATIENCE_SECONDS) for process in self.processes]
        self.processes.clear()
        return codes

    def children(self) -> list[psutil.Process]:
        return [child for process in self.processes for child in psutil.Process(process.pid).children(recursive=True)]

    def cauce(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "services.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def audit(self) -> dict:
        """The settled audit: nothing in flight any more."""

        def settled() -> dict | None:
            found = json.loads(self.cauce("audit", "--json", check=False).stdout)
            return found if not any(account["in_flight"] for account in found["accounts"]) else None

        found = eventually(settled, pause=0.5)
        assert found, "something stays in flight"
        return found

    def token(self, role: str = "admin") -> str:
        return self.cauce("token", "create", "--role", role).stdout.removesuffix("\n")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A real SMTP server for what the hub sends."""
    running = Sink(tmp_path / "outbox")
    yield running
    running.close()


@pytest.fixture
def hub_process(tmp_path: Path, database_url: str, sink: Sink) -> Iterator[HubProcess]:
    """A hub over a fresh database; not started yet."""
    hub = HubProcess(
        tmp_path / "data",
        database_url=database_url,
        mail_out=f"smtp://127.0.0.1:{sink.port}",
        mail_addresses=OURS,
    )
    yield hub
    hub.kill()
