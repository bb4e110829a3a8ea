"""Real parts for the tests: one PostgreSQL for the session, one empty migrated database for each test that asks."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from types import SimpleNamespace
from uuid import uuid4

import httpx
import psycopg
import pytest
import structlog
import uvicorn.server
from hypothesis import HealthCheck, settings
from playwright.async_api import expect
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from eventstore import embedded
from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.migrate import migrate
from projections import reading, schema
from projections.registry import ALL
from services.access import passwords
from tests import warm_kafka
from tests.hub_process import hub_process, sink
from tests.in_memory import new_folder
from tests.kafka_broker import kafka, kafka_prefix, running_kafka
from tests.s3_server import s3

# fixtures that live in a file of their own
__all__ = ["hub_process", "kafka", "kafka_prefix", "running_kafka", "s3", "sink"]

# many tests start processes of ours: let only the first of them compile what they all load
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
warm_kafka.use()
# a run that is told to end (by `timeout`, by CI) ends as by Ctrl-C: it leaves no server behind, which would fill memory
signal.signal(signal.SIGTERM, signal.default_int_handler)
# how long a test waits or takes proves nothing: other work may slow it down
expect.set_options(timeout=60_000)
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
_LONG = {"faults", "journeys"}
# the default paints every frame's variables: seconds of work for a failure that a test means to happen
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: else one worker ends with them while the other has nothing left to do."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG and item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Hashes of the same kind that cost next to nothing: many tests sign in. Hubs of their own process hash dearly."""
    passwords._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@pytest.fixture(scope="session", autouse=True)
def one_tls_context() -> None:
    """The authorities' certificates are read once: httpx reads them for each client, which takes 45 ms."""
    httpx._transports.default.create_ssl_context = cache(httpx._transports.default.create_ssl_context)


@pytest.fixture(scope="session", autouse=True)
def patient_reads() -> None:
    """What follows a command is as new as that, however slow the machine is. Hubs of their own process wait 2 s."""
    reading.AT_MOST_SECONDS = 60.0


@pytest.fixture(scope="session", autouse=True)
def servers_end_soon() -> None:
    """A uvicorn of this process looks a hundred times a second whether it is to end, and waits as short in ending."""
    quick = vars(asyncio) | {"sleep": lambda seconds: asyncio.sleep(seconds / 10)}
    uvicorn.server.asyncio = SimpleNamespace(**quick)


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running PostgreSQL: each worker of the test run has its own."""
    data = new_folder(f"cauce-test-{os.getpid()}-")
    yield embedded.start(data, durable=False)
    embedded.stop(data)
    shutil.rmtree(embedded.cluster_folder(data).parent, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(cluster_url: str) -> str:
    """A migrated database that tests are copied from."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE cauce_template")
    database = Database(_named(cluster_url, "cauce_template"))
    migrate(database)
    database.close()
    return "cauce_template"


@pytest.fixture(scope="session")
def started_template(cluster_url: str, template_database: str) -> str:
    """What tests of a hub that was started before are copied from: its read models are made, and empty."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE cauce_started TEMPLATE {template_database}".encode())
    database = Database(_named(cluster_url, "cauce_started"))
    database.open()
    for projection in ALL:
        with database.transaction() as connection:
            schema.ensure_live(connection, projection)
    database.close()
    return "cauce_started"


@pytest.fixture(scope="session")
def new_database(cluster_url: str, template_database: str) -> Callable[..., AbstractContextManager[str]]:
    """A fresh database for a block, a copy of a template; dropped afterwards, whoever is still connected."""

    @contextmanager
    def made(template: str = template_database) -> Iterator[str]:
        name = f"test_{uuid4().hex}"
        with psycopg.connect(cluster_url, autocommit=True) as connection:
            # copying files takes half of what writing every page into the log does
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
        yield _named(cluster_url, name)
        with psycopg.connect(cluster_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    return made


@pytest.fixture
def database_url(new_database: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """A fresh migrated database for a test."""
    with new_database() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The fresh database, opened."""
    opened = Database(database_url)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def keys(database: Database) -> Keys:
    """The keys of the fresh database."""
    return Keys(database)


@pytest.fixture
async def running():
    """Start something that runs until cancelled; it is cancelled at the end. Its failure fails the test."""
    tasks: list[asyncio.Task[None]] = []

    def start(coroutine) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(coroutine))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [end for end in ended if isinstance(end, Exception)] == []


@pytest.fixture
def until():
    """Wait for a condition, two minutes at most."""

    async def wait(condition: Callable[[], bool], seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            await asyncio.sleep(0.01)

    return wait


def _named(cluster_url: str, name: str) -> str:
    return cluster_url.replace("/postgres?", f"/{name}?")
