"""Kafka for the tests, warmed up: what Java makes of its classes is kept, and a broker starts with half the work.

Run before the tests by `make`. Where it was not, or Java finds that it doesn't fit, brokers start as ever.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psutil

from eventstore import kafka_jars
from eventstore.local_kafka import LocalKafka

_KEPT = Path(__file__).parents[1] / ".cauce-kafka" / "tests.aot"
_OPTIONS = "JDK_JAVA_OPTIONS"
_TOLD = "-XX:+IgnoreUnrecognizedVMOptions"  # a Java before 25 has none of this
_END_SECONDS = 300.0


def use() -> None:
    """By every Java that this process, or a child of it, starts from here on."""
    if _KEPT.exists():
        os.environ[_OPTIONS] = f"{_TOLD} -XX:AOTCache={_KEPT}"


def main() -> None:
    """Start a broker, and keep what came of it when it ends."""
    jars, java = kafka_jars.fetch(), Path(kafka_jars.java())
    if _KEPT.exists() and _KEPT.stat().st_mtime > max(jars.stat().st_mtime, java.stat().st_mtime):
        return
    folder, new = Path(tempfile.mkdtemp(prefix="cauce-warm-kafka-")), _KEPT.with_suffix(".new")
    broker = LocalKafka(folder)
    broker.start()  # which formats its storage first
    broker.stop()
    os.environ[_OPTIONS] = f"{_TOLD} -XX:AOTCacheOutput={new}"
    broker.start()
    pid = broker.pid()
    if pid is not None:
        process = psutil.Process(pid)
        process.terminate()
        process.wait(_END_SECONDS)  # it writes in the end
    if new.exists():
        new.replace(_KEPT)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
