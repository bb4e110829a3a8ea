"""Whatever comes as a mail becomes something that is accounted for, and no parser dies of it.

4,000 mails are parsed, 2,000 go the whole way. More: `CAUCE_TEST_MAILS=20000 pytest tests/services/test_any_mail.py`.
"""

from __future__ import annotations

import asyncio
import os

import psutil
import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.parser_pool import ParserPool
from channels.email.receiving.reception import Envelope, Reception
from eventstore.blobs import FolderBlobs
from schemas.errors import PoisonError
from schemas.topics import INTERACTIONS, MAIL
from services import quarantine
from services.audit import audit
from services.consumers import INCIDENTS, PARSER
from services.incidents.intake import IncidentsService
from services.parser import ParserService
from services.settings import read
from services.wiring import build_hub
from tests.channels.email.generated import examples
from tests.channels.email.mails import BOX, OURS, mails, raw_mail
from tests.channels.email.mutations import mutated

WHOLE_WAY = int(os.environ.get("CAUCE_TEST_MAILS", "2000"))
PARSED = max(4000, WHOLE_WAY)
AT_ONCE = 50
SENDERS = ("ana@x.cu", "", "bea@example.org", "mailer-daemon@x.cu")


def any_mails(count):
    """A twentieth made from nothing, the others from the corpus."""
    made = examples(count // 20)
    corpus = [mail.content for mail in mails()]
    return made + [mutated(corpus, number) for number in range(count - len(made))]


@pytest.fixture
async def hub(database, database_url, tmp_path):
    environment = {"CAUCE_DATABASE_URL": database_url, "CAUCE_DATA": str(tmp_path), "CAUCE_MAIL_ADDRESSES": BOX}
    opened = build_hub(read(environment), database, FolderBlobs(tmp_path / "blobs"))
    yield opened
    await opened.log.close()


@pytest.mark.timeout(600)
async def test_no_mail_kills_a_parser_and_each_gives_a_result():
    pool = ParserPool(OURS, size=2)
    unread = []

    async def parse(number, content):
        try:
            parsed = await pool.parse(raw_mail(len(content), envelope_from=SENDERS[number % len(SENDERS)]), content)
        except PoisonError as error:
            unread.append((number, str(error)))
        else:
            (parsed.interaction.text + parsed.interaction.subject + parsed.html).encode()  # no lone surrogate

    everything = any_mails(PARSED)
    await parse(0, everything[0])
    await asyncio.gather(*(parse(number, content) for number, content in enumerate(everything[1:AT_ONCE], 1)))
    began = children()
    for at in range(AT_ONCE, PARSED, AT_ONCE):
        await asyncio.gather(*(parse(number, everything[number]) for number in range(at, at + AT_ONCE)))
    assert (unread, children()) == ([], began), "a child died, or gave up a mail"
    await pool.close()


def children():
    return {child.pid for child in psutil.Process().children() if "channels.email.child" in " ".join(child.cmdline())}


@pytest.mark.timeout(max(240, WHOLE_WAY // 10))
async def test_each_mail_is_accounted_for_at_the_end_of_its_way(hub, running, until):
    reception = Reception(hub.log, hub.blobs, Mailboxes((BOX,)), hub.secret)
    sent = any_mails(WHOLE_WAY)
    async with ParserService.open(hub) as service:
        running(hub.log.consume(MAIL, PARSER, service.handle))
        running(hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle))
        for at in range(0, len(sent), AT_ONCE):
            some = enumerate(sent[at : at + AT_ONCE], at)
            await asyncio.gather(
                *(
                    reception.accept(Envelope("smtp", SENDERS[number % len(SENDERS)], (BOX,)), mail)
                    for number, mail in some
                )
            )
        await until_none_waits(hub)
    found = await audit(hub)
    (account,) = found.accounts
    assert (account.channel, account.received, account.lost, account.in_flight) == ("email", len(sent), 0, 0)
    assert account.recorded + account.duplicates + account.quarantined + account.rejected == len(sent)
    assert found.ok
    with hub.database.transaction() as connection:
        reasons = {item.reason for item in quarantine.find(connection).items}
    assert not reasons & {"unparsable", "undecodable", "raw_missing"}


async def until_none_waits(hub):
    async with asyncio.timeout(max(120, WHOLE_WAY // 20)):
        while await hub.log.lag(MAIL, PARSER) or await hub.log.lag(INTERACTIONS, INCIDENTS):  # noqa: ASYNC110 -- the log has no other word for it
            await asyncio.sleep(0.1)
