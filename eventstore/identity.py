"""Who this hub is: the secret behind keyed ids and signatures, and the epoch of its event store."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from eventstore.database import Connection
from schemas.errors import MigrationError


@dataclass(frozen=True, slots=True)
class Identity:
    """`secret`: 32 random bytes, made once. `epoch`: another one after each restore or fail-over."""

    secret: bytes
    epoch: UUID

    def __repr__(self) -> str:
        return f"Identity(epoch={self.epoch})"  # a secret has no place in a log


def read_identity(connection: Connection) -> Identity:
    """This hub's identity. Raises MigrationError on a database that `migrate` never saw."""
    row = connection.execute("SELECT secret, epoch FROM hub").fetchone()
    if row is None:
        msg = "the database has no hub in it: run `cauce doctor --migrate`"
        raise MigrationError(msg)
    return Identity(secret=bytes(row[0]), epoch=row[1])


def new_epoch(connection: Connection) -> UUID:
    """Begin another epoch, after a restore or a fail-over: what others hold of the old one is void."""
    row = connection.execute("UPDATE hub SET epoch = gen_random_uuid() RETURNING epoch").fetchone()
    if row is None:
        msg = "the database has no hub in it: run `cauce doctor --migrate`"
        raise MigrationError(msg)
    epoch: UUID = row[0]
    return epoch
