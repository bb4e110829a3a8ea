"""The `eventsourcing` library's recorders over our event table: its contracts, kept by store.py's statements.

Not its database-functions mode, which drops the lock that makes order of commit the order of position.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    PersistenceError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)
from psycopg import sql

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.notifier import channel_of
from eventstore.recorded import NewEvent, Recorded
from schemas.errors import ConflictError, RetryableError


class StreamRecorder(AggregateRecorder):
    """Streams alone: no global order is given out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ARG002 -- the library's signature
        """Append under the lock, all or nothing. Raises IntegrityError on a version already taken."""
        self._insert(stored_events, _nothing_more)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """A stream's events, by version."""
        with _their_errors(), self._database.transaction() as connection:
            found = store.read_stream(
                connection, str(originator_id), after=gt, until=lte, newest_first=desc, limit=limit
            )
        return [StoredEvent(event.stream, event.version, event.type, event.data) for event in found]

    def _insert(self, stored_events: Sequence[StoredEvent], and_then: Callable[[Connection], None]) -> list[int]:
        events = [
            NewEvent(str(event.originator_id), event.originator_version, event.topic, event.state)
            for event in stored_events
        ]
        with _their_errors(), self._database.transaction() as connection:
            if events:
                store.lock(connection)
            appended = store.append(connection, events)
            and_then(connection)
        return appended


class StoreRecorder(StreamRecorder, ApplicationRecorder):
    """Streams and the one global order over them."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ARG002 -- the library's signature
        """Append under the lock; returns the positions."""
        return self._insert(stored_events, _nothing_more)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """A page of the global order."""
        after = (start or 0) - (1 if inclusive_of_start else 0)
        with _their_errors(), self._database.transaction() as connection:
            found = (
                store.read_types_after(connection, after, limit, topics, until=stop)
                if topics
                else store.read_after(connection, after, limit, until=stop)
            )
        return [_notification(event) for event in found]

    def max_notification_id(self) -> int | None:
        """The newest position, None in an empty store."""
        with _their_errors(), self._database.transaction() as connection:
            return store.last_position(connection) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Everything after a position, and then what comes."""
        return _Tail(self, self._database, gt, topics)


class TrackingStoreRecorder(StoreRecorder, ProcessRecorder):
    """Events and how far their maker has come in another application's order, in one transaction."""

    def __init__(self, database: Database, consumer: str) -> None:
        super().__init__(database)
        self._consumer = consumer

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **kwargs: Any,  # noqa: ARG002 -- the library's signature
    ) -> Sequence[int] | None:
        """Append and move on, or neither. Raises IntegrityError when that place was reached before."""
        return self._insert(stored_events, lambda connection: self._track(connection, tracking))

    def insert_tracking(self, tracking: Tracking) -> None:
        """Only move on."""
        self.insert_events([], tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """How far we have come, None at the start."""
        with _their_errors(), self._database.transaction() as connection:
            row = connection.execute(
                "SELECT next - 1 FROM positions WHERE consumer = %s AND topic = %s AND partition = 0",
                (self._consumer, application_name),
            ).fetchone()
        return int(row[0]) if row else None

    def _track(self, connection: Connection, tracking: Tracking | None) -> None:
        if tracking is None:
            return
        moved = connection.execute(
            "INSERT INTO positions (consumer, topic, partition, next) VALUES (%(consumer)s, %(topic)s, 0, %(next)s)"
            " ON CONFLICT (consumer, topic, partition) DO UPDATE SET next = excluded.next, moved_at = now()"
            " WHERE positions.next < excluded.next",
            {"consumer": self._consumer, "topic": tracking.application_name, "next": tracking.notification_id + 1},
        )
        if moved.rowcount != 1:
            msg = f"{self._consumer} has been at {tracking.notification_id} of {tracking.application_name} before"
            raise IntegrityError(msg)


class _Tail(ListenNotifySubscription[ApplicationRecorder]):
    """Woken by the notifier (after the commit, not inside it), and every second besides."""

    def __init__(self, recorder: StoreRecorder, database: Database, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._database = database
        self._listener = Thread(target=self._listen, name="subscription", daemon=True)
        self._listener.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listener.join()

    def _listen(self) -> None:
        try:
            with self._database.dedicated() as connection:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel_of("events"))))
                while not self._has_been_stopped:
                    self._has_been_notified.set()
                    for _ in range(10):  # so that the end of the subscription is soon seen
                        if self._has_been_stopped or list(connection.notifies(timeout=0.1, stop_after=1)):
                            break
        except psycopg.Error as error:
            self._thread_error = self._thread_error or error
            self.stop()


def _notification(event: Recorded) -> Notification:
    return Notification(event.stream, event.version, event.type, event.data, id=event.position)


def _nothing_more(_: Connection) -> None:
    return


@contextmanager
def _their_errors() -> Generator[None]:
    """The library's callers expect its own tree of errors."""
    try:
        yield
    except ConflictError as error:
        raise IntegrityError(str(error)) from error
    except (RetryableError, psycopg.OperationalError) as error:
        raise OperationalError(str(error)) from error
    except psycopg.Error as error:
        raise PersistenceError(str(error)) from error
