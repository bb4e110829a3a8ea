"""The only place that builds real things from settings. Everything else gets them as arguments."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from channels.tokens import ThreadTokens
from eventstore.blobs import Blobs, open_blobs
from eventstore.database import Database
from eventstore.feed import EventFeed
from eventstore.identity import read_identity
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from eventstore.log import Log
from eventstore.migrate import check, migrate
from eventstore.postgres import PostgresFeed, PostgresLog
from schemas.errors import SettingsError
from services import embedded_database
from services.access.desk import Access
from services.settings import Settings

CONNECTIONS = 12


@dataclass(frozen=True)
class Hub:
    """What every process of Cauce has at hand. `secret` makes keyed ids and signatures."""

    settings: Settings
    database: Database
    keys: Keys
    ledger: Ledger
    log: Log
    feed: EventFeed
    blobs: Blobs
    tokens: ThreadTokens
    access: Access
    secret: bytes = field(repr=False)
    epoch: UUID


@contextmanager
def open_database(
    settings: Settings, *, migrating: bool = False, connections: int = CONNECTIONS
) -> Generator[Database]:
    """The database, at this code's version: brought there (`migrating`), or checked. Embedded when none is named.

    Raises SettingsError when it can't be reached, MigrationError when it doesn't fit.
    """
    with ExitStack() as stack:
        url = settings.database_url or stack.enter_context(embedded_database.running(settings.data))
        database = Database(url, size=connections)
        try:
            database.dedicated().close()  # says at once that nobody answers; a pool would try for half a minute
            if migrating:
                migrate(database)
            database.open()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise SettingsError(_unreachable(settings, error)) from error
        stack.callback(database.close)
        check(database)
        if settings.embeddings is not None:
            _fit_for_vectors(database, making=migrating)
        yield database


@asynccontextmanager
async def open_hub(
    settings: Settings, *, migrating: bool = False, connections: int = CONNECTIONS
) -> AsyncGenerator[Hub]:
    """All of it, closed in order at the end. Raises OperatorError: what to do stands in its message."""
    blobs = open_blobs(settings.blobs, settings.data)
    with open_database(settings, migrating=migrating, connections=connections) as database:
        hub = build_hub(settings, database, blobs)
        try:
            yield hub
        finally:
            await hub.log.close()


def _fit_for_vectors(database: Database, *, making: bool) -> None:
    """Raise SettingsError unless the database can keep what CAUCE_EMBEDDINGS asks for."""
    from projections import article_vectors  # noqa: PLC0415 -- loaded only where they are used

    with database.transaction() as connection:
        if making:
            article_vectors.prepare(connection)
        article_vectors.check(connection)


def build_hub(settings: Settings, database: Database, blobs: Blobs) -> Hub:
    """The hub over an open, migrated database."""
    with database.transaction() as connection:
        identity = read_identity(connection)
    keys = Keys(database)
    ledger = Ledger(keys)
    return Hub(
        settings=settings,
        database=database,
        keys=keys,
        ledger=ledger,
        log=_log(settings, database),
        feed=_feed(settings, database),
        blobs=blobs,
        tokens=ThreadTokens(identity.secret),
        access=Access(database, ledger, identity.secret),
        secret=identity.secret,
        epoch=identity.epoch,
    )


def build_access(database: Database) -> Access:
    """The write side of access, where nothing else of a hub is needed: the command line, the first start."""
    with database.transaction() as connection:
        identity = read_identity(connection)
    return Access(database, Ledger(Keys(database)), identity.secret)


def _log(settings: Settings, database: Database) -> Log:
    if settings.kafka:
        from eventstore.kafka_log import KafkaLog  # noqa: PLC0415 -- aiokafka is loaded only where Kafka is used

        return KafkaLog(settings.kafka, settings.kafka_prefix, database)
    return PostgresLog(database)


def _feed(settings: Settings, database: Database) -> EventFeed:
    if settings.kafka:
        from eventstore.kafka_feed import KafkaFeed  # noqa: PLC0415 -- likewise

        return KafkaFeed(settings.kafka, settings.kafka_prefix, database)
    return PostgresFeed(database)


def _unreachable(settings: Settings, error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    if settings.database_url:
        return f"CAUCE_DATABASE_URL: the database does not answer ({first})"
    return f"the embedded database does not answer ({first}); see {settings.data / 'postgres' / 'log'}"
