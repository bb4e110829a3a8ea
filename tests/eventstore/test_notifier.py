import threading
import time

import psycopg
import pytest

from eventstore import store
from eventstore.notifier import Notifier
from eventstore.recorded import NewEvent


def _listen(url: str, channel: str):
    connection = psycopg.connect(url, autocommit=True)
    connection.execute(f"LISTEN {channel}".encode())
    return connection


def test_a_commit_wakes_a_reader_within_a_tenth_of_a_second(database):
    with _listen(database.url, "cauce_events") as reader:
        waits = []
        for version in range(1, 6):
            with database.transaction() as connection:
                store.append(connection, [NewEvent("incident/a", version, "t", b"")])
            committed = time.monotonic()
            (note,) = reader.notifies(timeout=60, stop_after=1)
            waits.append(time.monotonic() - committed)
            assert (note.channel, note.payload) == ("cauce_events", "")
        assert min(waits) < 0.1  # a machine that works besides may be slow with some


def test_a_rolled_back_append_wakes_nobody(database):
    with _listen(database.url, "cauce_events") as reader:

        def fail(connection) -> None:
            store.append(connection, [NewEvent("incident/a", 1, "t", b"")])
            raise KeyError

        with pytest.raises(KeyError), database.transaction() as connection:
            fail(connection)
        assert list(reader.notifies(timeout=0.5, stop_after=1)) == []


def test_many_commits_at_once_are_few_notifications(database):
    with _listen(database.url, "cauce_events") as reader:
        database.wake({"events"})
        assert len(list(reader.notifies(timeout=60, stop_after=1))) == 1  # connected
        rounds = heard = 0
        while heard < 5:
            rounds, began = rounds + 1, time.monotonic()
            while time.monotonic() - began < 0.5:
                database.wake({"events"})
                time.sleep(0.0005)
            heard += len(list(reader.notifies(timeout=0.3)))
        assert heard <= 55 * rounds


def test_each_log_wakes_its_own_readers(database):
    with _listen(database.url, "cauce_mail") as mail, _listen(database.url, "cauce_interactions") as interactions:
        database.wake({"mail"})
        assert len(list(mail.notifies(timeout=60, stop_after=1))) == 1
        assert list(interactions.notifies(timeout=0.3, stop_after=1)) == []


def test_without_a_database_waking_neither_waits_nor_fails():
    notifier = Notifier("postgresql://127.0.0.1:1/none")
    notifier.start()
    began = time.monotonic()
    for _ in range(1000):
        notifier.wake({"events"})
    assert time.monotonic() - began < 0.5
    notifier.stop()


def test_a_lost_connection_is_made_again(database):
    with _listen(database.url, "cauce_events") as reader:
        database.wake({"events"})
        assert len(list(reader.notifies(timeout=60, stop_after=1))) == 1
        reader.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'NOTIFY%' AND datname ="
            " current_database()"
        )
        stop = threading.Event()

        def keep_waking() -> None:
            while not stop.wait(0.1):
                database.wake({"events"})

        waker = threading.Thread(target=keep_waking)
        waker.start()
        heard = list(reader.notifies(timeout=60, stop_after=1))
        stop.set()
        waker.join()
        assert heard != []
