"""Brings the background hub up step by step: ports, database, broker, users, demo history, processes, readiness.

Each step finds what is there already, so that `make up` can be repeated, also after a crash half-way.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from http import HTTPStatus

import httpx
import msgspec

from eventstore.local_kafka import LocalKafka
from schemas.errors import OperatorError, SettingsError
from services import ports
from services import settings as settings_module
from services.access import tokens, users
from services.access.desk import COMMAND_LINE
from services.access.identity import Role
from services.access.lines import put_line
from services.cli import context
from services.cli.processes import Processes, last_lines
from services.demo.desk import LINE
from services.demo.history import fill_if_empty
from services.demo.staff import hire
from services.roles import ROLES
from services.settings import Settings
from services.wiring import build_access, open_database, open_hub

_READY_SECONDS = 90.0
_CURRENT_SECONDS = 20.0  # ready is enough, but a first look should find the history there
_CURRENT_EVENTS = 200  # on a busy hub nobody ever finds a read model that lacks nothing
_MAILBOX_SECONDS = 10.0
_HUB, _MAILBOX, _VISITORS = "hub", "mailbox", "demo"


class Credentials(msgspec.Struct, frozen=True):
    """Made at the first start, kept in the data folder for this user only: `make up` ends with them each time."""

    agent: str
    analyst: str
    admin: str
    token: str
    line: str


class _Lag(msgspec.Struct, frozen=True):
    lag: int


class _Checks(msgspec.Struct, frozen=True):
    projections: dict[str, _Lag]


class _Readiness(msgspec.Struct, frozen=True):
    """The answer of `/readyz`, as far as it matters here."""

    checks: _Checks

    @property
    def lags(self) -> list[int]:
        return [projection.lag for projection in self.checks.projections.values()]


class Background:
    """One background hub. `say` tells the person who waits what is going on."""

    def __init__(self, settings: Settings, *, demo: bool, kafka: bool, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._demo = demo
        self._kafka = kafka
        self._say = say
        self._processes = Processes(settings.data)
        self._environment = context.environment() | {"CAUCE_DATA": str(settings.data)}

    def start(self) -> list[str]:
        """Start what doesn't run; returns the closing lines. Raises OperatorError with what to do."""
        running = {process.name for process in self._processes.all_running()}
        wanted = set(ROLES) if self._kafka else {_HUB}
        self._refuse_other_shape(running, wanted)
        if not running & ({_HUB, "web"} & wanted):
            ports.refuse_busy(self._settings.http, "CAUCE_HTTP")
        if not running & ({_HUB, "intake"} & wanted):
            ports.refuse_busy(self._settings.smtp, "CAUCE_SMTP")
        self._make_folder()
        if self._kafka:
            self._start_kafka()
        if self._demo:
            self._start_mailbox()
        with open_database(self._settings, migrating=True):  # holds the embedded one until the processes have it
            credentials = self._credentials()
            self._fill()
            context.remember(self._settings.data, self._environment | self._addresses())
            for role in sorted(wanted):
                self._processes.start(role, ("up",) if role == _HUB else ("serve", role), self._environment)
            self._wait_until_ready(wanted)
        if self._demo:
            self._start_visitors()
        return self._closing_lines(credentials)

    def _refuse_other_shape(self, running: set[str], wanted: set[str]) -> None:
        other = running & (set(ROLES) | {_HUB}) - wanted
        if other:
            how = "on one process" if self._kafka else "on Kafka"
            raise SettingsError(f"this hub runs {how} already ({', '.join(sorted(other))}): `make down` first")

    def _make_folder(self) -> None:
        self._settings.data.mkdir(parents=True, exist_ok=True)

    def _start_kafka(self) -> None:
        broker = LocalKafka(self._settings.data / "kafka")
        if not self._settings.kafka or (broker.folder.exists() and self._settings.kafka == broker.bootstrap):
            if broker.pid() is None:
                self._say("starting Apache Kafka (the first time fetches it) …")
            self._environment["CAUCE_KAFKA"] = broker.start()
            self._settings = settings_module.read(self._environment)

    def _start_mailbox(self) -> None:
        port_file = self._settings.data / "run" / "mailbox.port"
        port = port_file.read_text() if port_file.exists() else "0"
        if self._settings.mail_out not in {"", f"smtp://127.0.0.1:{port}"}:
            return  # a real one was named
        if self._processes.find(_MAILBOX) is None:
            port_file.unlink(missing_ok=True)
            listen = f"127.0.0.1:{port if self._settings.mail_out else 0}"  # a running hub knows the old one
            arguments = ("mailbox", "--listen", listen, "--port-file", str(port_file))
            self._processes.start(_MAILBOX, arguments, self._environment)
        until = time.monotonic() + _MAILBOX_SECONDS
        while not port_file.exists():
            if time.monotonic() > until or self._processes.find(_MAILBOX) is None:
                raise OperatorError(f"the demo mailbox did not start:\n{self._end_of_log(_MAILBOX)}")
            time.sleep(0.05)
        self._environment["CAUCE_MAIL_OUT"] = f"smtp://127.0.0.1:{port_file.read_text()}"
        self._settings = settings_module.read(self._environment)

    def _credentials(self) -> Credentials:
        path = self._settings.data / "credentials.json"
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=Credentials)
        with open_database(self._settings) as database, build_access(database).desk(COMMAND_LINE) as desk:
            made = {role: secrets.token_urlsafe(9) for role in Role}
            for role, password in made.items():
                users.put_user(desk, role, role, password)
            token = tokens.create_token(desk, Role.ADMIN, "make up")
            line = put_line(desk, LINE)
        found = Credentials(made[Role.AGENT], made[Role.ANALYST], made[Role.ADMIN], token, line)
        context.write_private(path, msgspec.json.encode(found))
        return found

    def _fill(self) -> None:
        if self._demo:
            asyncio.run(self._fill_history())

    async def _fill_history(self) -> None:
        async with open_hub(self._settings) as hub:
            hire(hub.access, hub.settings.mail_domain)
            await fill_if_empty(hub, self._say)

    def _wait_until_ready(self, wanted: set[str]) -> None:
        began = time.monotonic()
        while True:
            readiness, answer = self._ask_readiness()
            if readiness is not None and not self._takes_mail():  # perhaps a process of its own, unknown to /readyz
                readiness, answer = None, f"nobody takes mail at {self._settings.smtp} yet"
            waited = time.monotonic() - began
            if readiness is not None and (
                max(readiness.lags, default=0) < _CURRENT_EVENTS or waited > _CURRENT_SECONDS
            ):
                return
            gone = [name for name in sorted(wanted) if self._processes.find(name) is None]
            if gone:
                said = "\n".join(self._end_of_log(name) for name in gone)
                self._processes.stop_all()
                raise OperatorError(f"{', '.join(gone)} ended while starting:\n{said}")
            if waited > _READY_SECONDS:
                said = "\n".join(self._end_of_log(name) for name in sorted(wanted))
                raise OperatorError(f"not ready after {_READY_SECONDS:g} s: {answer}\n{said}")
            time.sleep(0.1)

    def _ask_readiness(self) -> tuple[_Readiness | None, str]:
        """What `/readyz` says when it is ready; else why not."""
        try:
            answer = httpx.get(f"http://{ports.reachable(self._settings.http)}/readyz", timeout=10, trust_env=False)
        except httpx.TransportError:
            return None, "no answer yet"
        if answer.status_code != HTTPStatus.OK:
            return None, answer.text[:500]
        return msgspec.json.decode(answer.content, type=_Readiness), ""

    def _takes_mail(self) -> bool:
        there = ports.reachable(self._settings.smtp)
        try:
            with socket.create_connection((there.host, there.port), timeout=5) as smtp:
                return smtp.recv(3) == b"220"
        except OSError:
            return False

    def _addresses(self) -> dict[str, str]:
        return {"CAUCE_HTTP": str(self._settings.http), "CAUCE_SMTP": str(self._settings.smtp)}

    def _start_visitors(self) -> None:
        told = self._settings.data / "run" / "visitors-began"
        if not told.exists():  # they come once; a repeated `make up` is not another crowd
            told.touch()
            self._processes.start(_VISITORS, ("demo", "--live"), self._environment)

    def _end_of_log(self, name: str) -> str:
        return last_lines(self._processes.log_file(name))

    def _closing_lines(self, credentials: Credentials) -> list[str]:
        return [
            f"http=http://{ports.reachable(self._settings.http)}",
            f"smtp={ports.reachable(self._settings.smtp)}",
            f"agent={Role.AGENT} {credentials.agent}",
            f"analyst={Role.ANALYST} {credentials.analyst}",
            f"admin={Role.ADMIN} {credentials.admin}",
            f"token={credentials.token}",
        ]
