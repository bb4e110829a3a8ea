"""A mail's sender looked up by the parser: a real name server, a real child, and what stands on the log after it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.reception import Envelope, Reception
from channels.intake import decode_item
from eventstore.blobs import FolderBlobs
from schemas.interaction import Authentication, Checks
from schemas.topics import MAIL
from services.consumers import PARSER
from services.parser import ParserService
from services.settings import read
from services.wiring import build_hub
from tests.channels.email.dns_server import serving
from tests.channels.email.test_verification import MAIL as PLAIN
from tests.channels.email.test_verification import REFUSE, key, signed

BOX = "support@cauce.example"


@pytest.fixture
def zone():
    with serving() as made:
        made.texts |= {"s1._domainkey.x.cu": key()[1], "_dmarc.x.cu": REFUSE}
        yield made


@pytest.fixture
async def parsed(database_url, database, tmp_path, zone):
    """Takes a mail in and gives the interaction that the parser put on the next log."""
    settings = read({"CAUCE_DATABASE_URL": database_url, "CAUCE_DATA": str(tmp_path), "CAUCE_DNS": zone.address})
    hub = build_hub(settings, database, FolderBlobs(tmp_path / "blobs"))

    def found():
        with database.transaction() as connection:
            rows = connection.execute('SELECT value FROM log_interactions ORDER BY "offset"').fetchall()
        return [decode_item(bytes(value)) for (value,) in rows]

    async def take(content, source="smtp"):
        before = len(await asyncio.to_thread(found))
        reception = Reception(hub.log, hub.blobs, Mailboxes((BOX,)), hub.secret)
        await reception.accept(Envelope(source, "ana@x.cu", (BOX,)), content)
        async with asyncio.timeout(60):
            while len(now := await asyncio.to_thread(found)) == before:  # noqa: ASYNC110 -- another process changes it
                await asyncio.sleep(0.02)
        return now[-1]

    async with ParserService.open(hub) as parser:
        consuming = asyncio.create_task(hub.log.consume(MAIL, PARSER, parser.handle))
        yield take
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
    await hub.log.close()


async def test_a_signature_that_holds_is_on_the_interaction(parsed):
    item = await parsed(signed())
    assert (item.authentication, item.sender.proven) == (Authentication.PASS, True)
    assert item.checks == Checks(dkim="pass", dmarc="pass", domain="x.cu", aligned=True)


async def test_a_broken_one_proves_nothing(parsed):
    item = await parsed(signed().replace(b"No imprime", b"Paga ya"))
    assert (item.authentication, item.sender.proven) == (Authentication.FAIL, False)


async def test_without_dns_nothing_is_known_and_nothing_is_held_against_anybody(parsed, zone):
    zone.silent = True
    item = await parsed(signed().replace(b"No imprime", b"Paga ya"))
    assert (item.authentication, item.sender.proven) == (Authentication.TEMPERROR, True)


async def test_what_is_not_signed_asks_for_nothing(parsed, zone):
    item = await parsed(PLAIN)
    assert (item.authentication, item.checks, zone.asked.total()) == (Authentication.NONE, None, 0)


async def test_imported_and_old_mail_is_not_looked_up(parsed, zone):
    broken = signed().replace(b"No imprime", b"Paga ya")
    old = b"Date: " + format_datetime(datetime.now(UTC) - timedelta(days=30)).encode() + b"\r\n"
    items = [await parsed(broken, "import"), await parsed(old + broken, "imap:x")]
    assert [item.authentication for item in items] == [Authentication.NONE] * 2
    assert zone.asked.total() == 0
