"""The audit finds what is missing, doubled or from nowhere, and says nothing when all is there."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from psycopg.sql import SQL

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.reception import Envelope, Reception
from channels.intake import Intake
from eventstore import positions, received
from eventstore.blobs import open_blobs
from eventstore.database import Connection
from eventstore.log import Batch, NewRecord
from eventstore.log_tables import tables
from schemas.errors import ConflictError, LogUnavailableError
from schemas.interaction import Attachment, Channel, Direction, Interaction, Party
from schemas.topics import INTERACTIONS, MAIL
from services import open_files, quarantine, settings
from services.audit import Account, audit
from services.calls.requests import ChangeCall, StartCall
from services.commands import Commands
from services.consumers import INCIDENTS, PARSER
from services.demo.history import Size, fill
from services.doctor import Verdict, examine
from services.incidents.intake import IncidentsService
from services.parser import ParserService
from services.privacy import orphans
from services.wiring import build_hub

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def hub(database, tmp_path):
    found = build_hub(settings.read({"CAUCE_DATA": str(tmp_path)}), database, open_blobs("", tmp_path))
    yield found
    await found.log.close()


def form(**more) -> Interaction:
    own = uuid4()
    sender = Party(address="email:ana@x.example", name="Ana")
    return Interaction(
        id=own, channel=Channel.FORM, sender=sender, subject="s", text="t", thread=own, contact=own, occurred_at=NOW,
        received_at=NOW, **more,
    )  # fmt: skip


class LogThatIsDown:
    async def append(self, _topic, _records):
        raise LogUnavailableError("down")


async def take_in(hub, *items: Interaction) -> None:
    await Intake(hub.log, hub.secret).submit(*items)


async def handle_all(hub, running, until, count: int) -> None:
    consuming = running(hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle))
    await until(lambda: position(hub, INCIDENTS, INTERACTIONS) > count)
    consuming.cancel()


def position(hub, consumer: str, topic) -> int:
    with hub.database.transaction() as connection:
        return positions.read(connection, consumer, topic.name).get(0, 0)


def account(**more: object) -> Account:
    zero = dict.fromkeys(("received", "recorded", "duplicates", "rejected", "quarantined", "in_flight", "lost"), 0)
    return Account(**{"channel": "form", **zero, **more})


async def test_what_came_twice_is_one_recorded_and_one_duplicate(hub, running, until):
    twice = form()
    await take_in(hub, twice, form(), twice)
    await handle_all(hub, running, until, 3)
    findings = await audit(hub)
    assert findings.accounts == (account(received=3, recorded=2, duplicates=1),)
    assert findings.ok


async def test_what_nobody_has_handled_yet_is_in_flight(hub):
    await take_in(hub, form(), form())
    findings = await audit(hub)
    assert findings.accounts == (account(received=2, in_flight=2),)
    assert findings.ok


async def test_a_contact_passed_over_is_lost_and_named(hub):
    passed = form()
    await take_in(hub, passed)
    await hub.database.run(pass_over, Batch(INTERACTIONS.name, 0, INCIDENTS, 0, 2, ()))
    findings = await audit(hub)
    assert findings.accounts == (account(received=1, lost=1),)
    assert (findings.ok, findings.lost) == (False, (passed.id,))
    await hub.database.run(trim, 2)
    assert (await audit(hub)).accounts == (account(received=1),)
    assert not (await audit(hub)).ok, "nobody can name it any more, and it is missing all the same"


def pass_over(connection: Connection, batch: Batch) -> None:
    """What no consumer does: move on, and keep nothing."""
    received.count(connection, INTERACTIONS.name, {"form": 1})
    positions.advance(connection, batch)


def trim(connection: Connection, passed: int = 0) -> None:
    """As after two weeks."""
    connection.execute('DELETE FROM log_interactions WHERE "offset" < %s', (passed,))
    for table in tables():
        connection.execute(SQL("UPDATE {} SET recorded_at = now() - interval '1 year'").format(table.name))
        table.trim(connection, timedelta(days=14))


async def test_what_was_trimmed_from_a_log_still_counts_its_duplicates_too(hub, running, until):
    twice, last = form(), form()
    await take_in(hub, twice, form(), twice, twice, last)
    await handle_all(hub, running, until, 5)
    whole = account(received=5, recorded=3, duplicates=2)
    assert (await audit(hub)).accounts == (whole,)
    await hub.database.run(trim)
    with hub.database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM log_interactions").fetchone() == (1,)
    findings = await audit(hub)
    assert findings.accounts == (whole,)
    assert findings.ok


async def test_a_call_an_agent_enters_is_received_and_recorded(hub):
    commands = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(commands.serve())
    call = await commands.run(StartCall(direction=Direction.IN, phone="+5355500007", external_id="7"), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(StartCall(direction=Direction.IN, phone="+5355500007", external_id="7"), by="eva")
    await commands.run(ChangeCall(call=call.subject, notes="rang twice"), by="eva")
    serving.cancel()
    findings = await audit(hub)
    assert findings.accounts == (account(channel="phone", received=1, recorded=1),)
    assert findings.ok


async def test_what_is_reprocessed_counts_once_wherever_it_is_under_way(hub, running, until):
    garbage = NewRecord(uuid4(), b"key", b"\xff no interaction", {"channel": "form"})
    await hub.log.append(INTERACTIONS, [garbage])
    await handle_all(hub, running, until, 1)
    held = account(received=1, quarantined=1)
    assert (await audit(hub)).accounts == (held,)
    with pytest.raises(LogUnavailableError):
        await quarantine.reprocess(hub.access, LogThatIsDown(), garbage.id, by="eva")
    assert (await audit(hub)).accounts == (held,)
    await quarantine.reprocess(hub.access, hub.log, garbage.id, by="eva")
    assert (await audit(hub)).accounts == (account(received=1, in_flight=1),)
    await handle_all(hub, running, until, 2)
    findings = await audit(hub)
    assert findings.accounts == (held,)
    assert findings.ok


async def test_a_recorded_contact_without_its_fact_is_named(hub):
    own = uuid4()
    with hub.database.transaction() as connection:
        connection.execute("INSERT INTO inbox (id, channel, outcome) VALUES (%s, 'form', 'recorded')", (own,))
    findings = await audit(hub)
    assert (findings.ok, findings.recorded_nowhere) == (False, (own,))


async def test_a_blob_that_is_gone_is_named(hub, running, until):
    blob = hub.blobs.put(b"a file")
    file = Attachment(name="a.txt", bytes=6, media_type="text/plain", blob=blob)
    await take_in(hub, form(attachments=(file,)))
    await handle_all(hub, running, until, 1)
    assert (await audit(hub)).blobs_missing == ()
    hub.blobs.delete([blob])
    findings = await audit(hub)
    assert (findings.ok, findings.blobs_missing) == (False, (blob,))


async def test_a_mail_is_one_contact_on_its_way_through_both_logs(hub, running, until):
    reception = Reception(hub.log, hub.blobs, Mailboxes(hub.settings.mail_addresses), hub.secret)
    mail = b"From: ana@x.example\r\nMessage-ID: <1@x.example>\r\nSubject: s\r\n\r\nhola\r\n"
    (own,) = await reception.accept(Envelope("smtp", "ana@x.example", ("support@cauce.example",)), mail)
    kept = account(channel="email", received=1, in_flight=1)
    assert (await audit(hub)).accounts == (kept,)
    async with ParserService.open(hub) as parser:
        running(hub.log.consume(MAIL, PARSER, parser.handle))
        await until(lambda: position(hub, PARSER, MAIL) > 1)
        assert (await audit(hub)).accounts == (kept,)
        assert await reception.accept(Envelope("smtp", "ana@x.example", ("support@cauce.example",)), mail) == [own]
        await until(lambda: position(hub, PARSER, MAIL) > 2)
    assert (await audit(hub)).accounts == (account(channel="email", received=2, duplicates=1, in_flight=1),)
    await handle_all(hub, running, until, 2)
    whole = account(channel="email", received=2, recorded=1, duplicates=1)
    assert (await audit(hub)).accounts == (whole,)
    await hub.database.run(trim)
    findings = await audit(hub)
    assert findings.accounts == (whole,)
    assert findings.ok


async def test_blobs_that_nothing_names_are_counted_and_are_no_loss(hub, monkeypatch):
    hub.blobs.put(b"left behind")
    monkeypatch.setattr(orphans, "KEPT", timedelta(seconds=-5))
    findings = await audit(hub)
    assert (findings.ok, findings.blobs_orphaned) == (True, 1)
    (finding,) = [each for each in await examine(hub) if each.subject == "clean-up"]
    assert (finding.verdict, finding.detail) == (
        Verdict.WELL, "0 blobs of erased people to delete, 1 old ones that nothing names",
    )  # fmt: skip


async def test_where_the_blobs_are_anothers_nobody_counts_them_and_the_doctor_says_so_as_of_few_files(hub, monkeypatch):
    assert hub.blobs.claim("another hub")
    assert (await audit(hub)).blobs_orphaned is None
    monkeypatch.setattr(open_files, "MOST", 1024)
    found = {each.subject: each for each in await examine(hub)}
    assert found["clean-up"].verdict is Verdict.ILL
    assert (found["open files"].verdict, "ulimit" in found["open files"].advice) == (Verdict.WATCH, True)


async def test_history_counts_as_what_it_tells_of(hub):
    await fill(hub, Size(days=3, incidents=12))
    findings = await audit(hub)
    assert findings.ok
    assert {each.channel for each in findings.accounts} >= {"email", "form"}
    assert all(each.received == each.recorded + each.duplicates > 0 for each in findings.accounts)
