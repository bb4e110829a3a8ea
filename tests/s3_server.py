"""A real S3 server for the tests: S3Proxy over a folder, one a worker, started by the first test that asks for it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eventstore import kafka_jars
from tests.in_memory import new_folder
from tests.ports import own_port

BUCKET = "blobs"
_POM = Path(__file__).parent / "s3" / "pom.xml"
_START_SECONDS = 60.0
_PROPERTIES = """\
s3proxy.endpoint={endpoint}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=key
s3proxy.credential=secret
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={folder}/buckets
"""
_QUIET = '<configuration><root level="OFF"/></configuration>'


class S3Server:
    """S3Proxy, running. Signatures are checked; a folder of `buckets` is a bucket."""

    def __init__(self, folder: Path) -> None:
        port = own_port()
        self.environment = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        (folder / "buckets" / BUCKET).mkdir(parents=True)
        settings, logging = folder / "s3proxy.properties", folder / "logback.xml"
        settings.write_text(_PROPERTIES.format(endpoint=self.environment["AWS_ENDPOINT"], folder=folder))
        logging.write_text(_QUIET)
        self._process = subprocess.Popen(
            [
                kafka_jars.java(),
                *("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlogback.configurationFile={logging}"),
                *("-cp", f"{kafka_jars.fetch(pom=_POM)}/*", "org.gaul.s3proxy.Main", "--properties", str(settings)),
            ],
            stdin=subprocess.DEVNULL,
        )
        self._wait_until_it_listens(port)

    def _wait_until_it_listens(self, port: int) -> None:
        until = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError("S3Proxy did not start")

    def pause(self) -> None:
        """SIGSTOP: it takes connections and answers nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A running server with one bucket. A test that pauses it must resume it."""
    folder = new_folder("cauce-s3-test-")
    server = S3Server(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
