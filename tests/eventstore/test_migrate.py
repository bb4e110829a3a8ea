"""A start checks that code and database fit, and says what to do when they don't."""

import hashlib
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eventstore import migrate as migrations
from eventstore import received
from eventstore.database import Database
from eventstore.identity import read_identity
from eventstore.migrate import check, migrate
from schemas.errors import MigrationError


@pytest.fixture
def empty_url(cluster_url):
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield make_conninfo(cluster_url, dbname=name)
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(empty_url):
    database = Database(empty_url)
    database.open()
    yield database
    database.close()


def test_an_empty_database_is_refused_until_it_was_migrated(empty):
    with pytest.raises(MigrationError, match="doctor --migrate"):
        check(empty)
    assert migrate(empty) == migrations._known()[-1][0]
    check(empty)


def test_migrating_again_changes_nothing(empty):
    migrate(empty)
    with empty.transaction() as connection:
        before = read_identity(connection)
    migrate(empty)
    with empty.transaction() as connection:
        assert read_identity(connection) == before


def test_what_was_handled_before_anybody_counted_is_taken_to_have_come_once(empty):
    migrate(empty)
    recorded, parsed, waiting = uuid4(), uuid4(), uuid4()
    with empty.transaction() as connection:
        connection.execute("DROP TABLE received, mail_taken")
        connection.execute("DELETE FROM migrations WHERE number = 10")
        connection.execute(
            "INSERT INTO inbox (id, channel, outcome) VALUES (%s, 'email', 'recorded'), (%s, 'form', 'rejected')",
            (recorded, uuid4()),
        )
        for mail in (recorded, parsed, waiting):
            connection.execute("INSERT INTO log_mail (id, key, value) VALUES (%s, '', '')", (mail,))
        connection.execute("INSERT INTO positions VALUES ('parser', 'mail', 0, 3, %s)", (parsed,))
    migrate(empty)
    with empty.transaction() as connection:
        assert received.totals(connection) == {"earlier": {"email": (2, 0), "form": (1, 0)}}
        assert received.mails_taken(connection, [recorded, parsed, waiting]) == {recorded, parsed}


def test_several_that_start_at_once_migrate_once(empty):
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: migrate(empty), range(4)))) == 1
    check(empty)


def test_a_database_behind_the_code_is_refused(database):
    with database.transaction() as connection:
        connection.execute("DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)")
    with pytest.raises(MigrationError, match="the database is at"):
        check(database)


def test_a_database_of_a_newer_version_is_refused(database):
    with database.transaction() as connection:
        connection.execute("INSERT INTO migrations (number, digest) VALUES (9999, 'later')")
    for start in (check, migrate):
        with pytest.raises(MigrationError, match="newer Cauce"):
            start(database)


def test_a_migration_changed_after_it_was_applied_is_refused(database):
    with database.transaction() as connection:
        connection.execute("UPDATE migrations SET digest = %s WHERE number = 1", (hashlib.sha256(b"x").hexdigest(),))
    for start in (check, migrate):
        with pytest.raises(MigrationError, match=r"0001_events\.sql was changed"):
            start(database)


def test_a_migration_that_fails_leaves_nothing_of_itself(empty, tmp_path, monkeypatch):
    (tmp_path / "0001_good.sql").write_text("CREATE TABLE hub (one boolean, secret bytea)")
    (tmp_path / "0002_bad.sql").write_text("CREATE TABLE half (a int); SELECT 1/0")
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty)
    with empty.transaction() as connection:
        assert connection.execute("SELECT to_regclass('hub') IS NULL, to_regclass('half') IS NULL").fetchone() == (
            False,
            True,
        )
        assert connection.execute("SELECT number FROM migrations").fetchall() == [(1,)]


class TransactionPooler:
    """What a transaction pooler does, on the wire: many clients, one session of the server, lent a transaction each."""

    def __init__(self, url: str) -> None:
        self._keep = psycopg.pq.PGconn.connect(url.encode())
        self._server = socket.socket(fileno=os.dup(self._keep.socket))
        self._server.settimeout(None)
        self._turn = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._admit, daemon=True).start()

    def close(self) -> None:
        self._door.close()
        self._keep.finish()

    def _admit(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        length = int.from_bytes(_exactly(client, 4), "big")
        if _exactly(client, length - 4)[:4] == (80877103).to_bytes(4, "big"):  # asks for TLS
            client.sendall(b"N")
            _exactly(client, int.from_bytes(_exactly(client, 4), "big") - 4)
        settings = {b"client_encoding": b"UTF8", b"server_version": b"18.0", b"standard_conforming_strings": b"on"}
        client.sendall(_message(b"R", bytes(4)))
        for name, value in settings.items():
            client.sendall(_message(b"S", name + b"\0" + value + b"\0"))
        client.sendall(_message(b"Z", b"I"))
        while True:
            kind, message = _read(client)
            if kind == b"X":
                return
            with self._turn:
                status = b""
                while status != b"I":
                    self._server.sendall(message)
                    if kind in b"QS":
                        status = self._answer(client)
                    if status != b"I":
                        kind, message = _read(client)

    def _answer(self, client: socket.socket) -> bytes:
        while True:
            kind, message = _read(self._server)
            client.sendall(message)
            if kind == b"Z":
                return message[-1:]


def _exactly(wire: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        piece = wire.recv(count - len(got))
        if not piece:
            raise SystemExit
        got += piece
    return got


def _read(wire: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(wire, 5)
    return head[:1], head + _exactly(wire, int.from_bytes(head[1:], "big") - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def test_a_transaction_pooler_is_refused(empty_url):
    pooler = TransactionPooler(empty_url)
    through = make_conninfo(empty_url, host="127.0.0.1", port=pooler.port)
    with psycopg.connect(through) as connection:  # it does serve transactions
        assert connection.execute("SELECT %s + 1", (1,)).fetchone() == (2,)
    with pytest.raises(MigrationError, match="transaction pooler"):
        migrate(Database(through))
    pooler.close()
