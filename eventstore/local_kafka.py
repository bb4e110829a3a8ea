"""A real Apache Kafka on this machine, no Docker: one broker for a data folder, found again by it, stopped by it.

For `make up KAFKA=1`, the benchmarks and the tests. One broker, one copy: production wants three (docs/kafka.md).
"""

from __future__ import annotations

import base64
import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import psutil

from eventstore import kafka_jars
from schemas.errors import OperatorError

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_RELEASE_SECONDS = 5.0
_PORTS = range(20_000, 32_000)

_FORMAT = ("kafka.tools.StorageTool", "format")
_PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/log
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
"""


class LocalKafka:
    """The broker of a folder. Its process outlives us: `stop` finds it by the folder's pid file.

    Settings of one's own are written to `server.properties` in the folder before the first start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        jars: Path | None = None,
        heap: str = "512m",
        cluster: str = "",
        format_options: Sequence[str] = (),
    ) -> None:
        self.folder = folder.absolute()
        self._jars = jars
        self._heap = heap
        self._cluster = cluster or cluster_id()
        self._format_options = format_options
        self._settings = self.folder / "server.properties"
        self._pid_file = self.folder / "kafka.pid"
        self._output = self.folder / "kafka.out"

    @property
    def bootstrap(self) -> str:
        """Where clients connect; known once it was started."""
        for line in self._settings.read_text().splitlines():
            if line.startswith("advertised.listeners="):
                return line.partition("://")[2]
        raise OperatorError(f"{self._settings} is not of our making: remove it")

    def start(self, port: int | None = None) -> str:
        """Start it, or find it running; returns the bootstrap address. Without `port`: as last time, else a free one.

        Raises SettingsError when Java or maven is missing, OperatorError when it won't start.
        """
        if self.pid() is not None:
            return self.bootstrap
        jars, java = kafka_jars.fetch(self._jars), kafka_jars.java()
        self.folder.mkdir(parents=True, exist_ok=True)
        if port is not None or not self._settings.exists():
            port = port or free_port()
            self._settings.write_text(properties(self.folder, port=port, voters={1: free_port(besides=port)}))
        command = [
            java,
            f"-Xmx{self._heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j2.level=WARN",
            "-cp",
            f"{jars}/*",
        ]
        self._refuse_busy_port()
        if not (self.folder / "log" / "meta.properties").exists():
            self._format(command)
        with self._output.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 -- fixed program and arguments
                [*command, "kafka.Kafka", str(self._settings)],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the hub, which then stops us in its order
            )
        self._pid_file.write_text(f"{process.pid}\n")
        self._wait_until_it_listens(process)
        return self.bootstrap

    def stop(self) -> bool:
        """End it in order, its data flushed; False when none runs."""
        pid = self.pid()
        if pid is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.send_signal(signal.SIGCONT)
            process.terminate()
            if not self._ended(process):
                self.kill()
        self._pid_file.unlink(missing_ok=True)
        return True

    def kill(self) -> None:
        """`kill -9`: what a crash leaves."""
        pid = self.pid()
        if pid is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                process.kill()
                self._ended(process)  # its port and its files are free only then
        self._pid_file.unlink(missing_ok=True)

    def _ended(self, process: psutil.Process) -> bool:
        until = time.monotonic() + _STOP_SECONDS
        while self.pid() is not None and time.monotonic() < until:
            time.sleep(0.05)
        with contextlib.suppress(psutil.TimeoutExpired):  # a zombie that isn't ours to collect has ended too
            process.wait(0)
        return self.pid() is None

    def pause(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def pid(self) -> int | None:
        """Its process, if it runs. A pid given to another program meanwhile is not ours."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            ours = str(self._settings) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process.pid if ours else None

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid()
        if pid is not None:
            os.kill(pid, number)

    def _format(self, command: list[str]) -> None:
        done = subprocess.run(  # noqa: S603 -- fixed program and arguments
            [*command, *_FORMAT, "-t", self._cluster, "-c", str(self._settings), *self._format_options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=_START_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise OperatorError(f"Kafka's storage can't be formatted:\n{done.stdout.decode(errors='replace')[-1500:]}")

    def _refuse_busy_port(self) -> None:
        host, _, port = self.bootstrap.rpartition(":")
        until = time.monotonic() + _RELEASE_SECONDS
        while not _is_free(host, int(port)):
            if time.monotonic() > until:
                raise OperatorError(
                    f"{self.bootstrap} is taken by another program; remove {self._settings} to use another port"
                )
            time.sleep(0.1)  # a killed broker's last threads may still hold it, though its process reads as ended

    def _wait_until_it_listens(self, process: subprocess.Popen[bytes]) -> None:
        host, _, port = self.bootstrap.rpartition(":")
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                return
            time.sleep(0.1)
        said = self._output.read_bytes()[-1500:].decode(errors="replace")
        self.kill()
        raise OperatorError(f"Kafka did not start on {self.bootstrap}; it said:\n{said}")


def properties(folder: Path, *, port: int, voters: Mapping[int, int], node: int = 1, copies: int = 1) -> str:
    """Settings of a broker that is a controller too. `voters`: the controller's port of each node of the cluster."""
    return _PROPERTIES.format(
        folder=folder,
        port=port,
        node=node,
        controller=voters[node],
        voters=",".join(f"{voter}@127.0.0.1:{at}" for voter, at in voters.items()),
        copies=copies,
    )


def cluster_id() -> str:
    """A new one; brokers of one cluster share it."""
    return base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=").replace("-", "A")


def free_port(besides: int = 0) -> int:
    """One that nobody holds, and another than `besides`. Raises OperatorError."""
    # below the ports that the system lends to outgoing connections: there somebody may sit on it after a restart
    for port in random.sample(_PORTS, len(_PORTS)):
        if port != besides and _is_free("127.0.0.1", port):
            return port
    raise OperatorError(f"no port from {_PORTS.start} to {_PORTS.stop - 1} is free for Kafka")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
