"""A real Apache Kafka for the tests: one broker a worker, for the whole session; each test has topics of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest

from eventstore.local_kafka import LocalKafka
from tests.in_memory import new_folder
from tests.ports import own_port


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """A running broker. A test that stops, kills or pauses it must have it running again when it ends."""
    folder = new_folder("cauce-kafka-test-")
    broker = LocalKafka(folder)
    broker.start(own_port())
    yield broker
    broker.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running_kafka(kafka: LocalKafka) -> Iterator[LocalKafka]:
    """The broker, for a test that will stop, kill or pause it: it runs again afterwards."""
    yield kafka
    kafka.resume()
    kafka.start()


@pytest.fixture
def kafka_prefix() -> str:
    """A prefix nobody else uses."""
    return f"test-{uuid4().hex[:12]}."
