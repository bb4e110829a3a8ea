import psycopg
import pytest

from eventstore.identity import Identity, new_epoch, read_identity
from schemas.errors import MigrationError


def test_a_hub_keeps_its_identity_until_a_new_epoch_begins(database):
    with database.transaction() as connection:
        first = read_identity(connection)
    with database.transaction() as connection:
        assert read_identity(connection) == first
        epoch = new_epoch(connection)
    with database.transaction() as connection:
        assert read_identity(connection) == Identity(first.secret, epoch)
    assert (len(first.secret), epoch != first.epoch) == (32, True)


def test_the_secret_shows_in_no_log(database):
    with database.transaction() as connection:
        identity = read_identity(connection)
    assert repr(identity) == f"Identity(epoch={identity.epoch})"


def test_a_database_without_a_hub_says_what_to_do(database):
    with database.transaction() as connection:
        connection.execute("DELETE FROM hub")
        for ask in (read_identity, new_epoch):
            with pytest.raises(MigrationError, match="doctor"):
                ask(connection)


def test_there_is_one_hub_in_a_database(database):
    with pytest.raises(psycopg.errors.IntegrityError), database.transaction() as connection:
        connection.execute("INSERT INTO hub (secret) VALUES ('x')")
