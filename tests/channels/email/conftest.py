"""Mail over real sockets into a real log: a reception, servers on free ports, a client that says what it likes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.lmtp import serve_lmtp
from channels.email.receiving.reception import Reception, decode_mail
from channels.email.receiving.smtp import serve_smtp
from eventstore.blobs import FolderBlobs
from eventstore.database import Database
from eventstore.postgres import PostgresLog
from schemas.interaction import RawMail
from tests import ports

SECRET = b"a secret of 32 bytes for tests.."
ADDRESSES = ("support@cauce.example", "ventas@cauce.example")


@pytest.fixture
def mailboxes() -> Mailboxes:
    return Mailboxes(ADDRESSES)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
async def log(database: Database) -> AsyncIterator[PostgresLog]:
    opened = PostgresLog(database)
    yield opened
    await opened.close()


@pytest.fixture
def reception(log: PostgresLog, blobs: FolderBlobs, mailboxes: Mailboxes) -> Reception:
    return Reception(log, blobs, mailboxes, SECRET)


Serve = Callable[..., Awaitable[int]]


@pytest.fixture
async def serve(reception: Reception) -> AsyncIterator[Serve]:
    """Start an SMTP (or LMTP) server; gives its port."""
    servers: list[asyncio.Server] = []

    async def start(*, lmtp: bool = False, of: Reception | None = None, **options: object) -> int:
        make = serve_lmtp if lmtp else serve_smtp
        servers.append(await make(of or reception, ports.listening(), hostname="mx.cauce.example", **options))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def kept(database: Database) -> Callable[[], list[RawMail]]:
    """What the log `mail` holds, in order."""

    def read() -> list[RawMail]:
        with database.transaction() as connection:
            rows = connection.execute('SELECT value FROM log_mail ORDER BY "offset"').fetchall()
        return [decode_mail(bytes(value)) for (value,) in rows]

    return read


class Wire:
    """A client that says what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def answer(self) -> str:
        """The last line of one answer."""
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 60)).decode().rstrip("\r\n")
            if line[3:4] != "-":
                return line

    async def say(self, *lines: str | bytes) -> str:
        """Send lines, get one answer."""
        for line in lines:
            self.writer.write(line if isinstance(line, bytes) else f"{line}\r\n".encode())
        await self.writer.drain()
        return await self.answer()


@pytest.fixture
def begun(serve: Serve, wire: Callable[[int], Awaitable[Wire]]) -> Callable[..., Awaitable[Wire]]:
    """A client who has greeted a server of its own; with `to`, at its DATA, which was answered 354."""

    async def begin(*, to: tuple[str, ...] = (), **options: object) -> Wire:
        client = await wire(await serve(**options))
        await client.answer()
        await client.say("LHLO x" if options.get("lmtp") else "EHLO x")
        if to:
            await client.say("MAIL FROM:<ana@x.cu>")
            for each in to:
                assert (await client.say(f"RCPT TO:<{each}>")).startswith("250")
            assert (await client.say("DATA")).startswith("354")
        return client

    return begin


@pytest.fixture
def wire() -> Iterator[Callable[[int], Awaitable[Wire]]]:
    opened: list[Wire] = []

    async def connect(port: int) -> Wire:
        opened.append(Wire(*await asyncio.open_connection("127.0.0.1", port)))
        return opened[-1]

    yield connect
    for each in opened:
        each.writer.close()


@pytest.fixture
def big_mail() -> Callable[[int], bytes]:
    """A mail of about that many bytes, in lines of 76."""

    def make(size: int) -> bytes:
        line = os.urandom(38).hex().encode() + b"\r\n"
        head = b"From: ana@x.cu\r\nTo: support@cauce.example\r\nMessage-ID: <big@x.cu>\r\nSubject: big\r\n\r\n"
        return head + line * ((size - len(head)) // len(line))

    return make
