"""The audit finds what is missing, doubled or from nowhere, and says nothing when all is there."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.reception import Envelope, Reception
from channels.intake import Intake
from eventstore import positions
from eventstore.blobs import open_blobs
from eventstore.log import Batch
from schemas.interaction import Attachment, Channel, Interaction, Party
from schemas.topics import INTERACTIONS, MAIL
from services import settings
from services.audit import Account, audit
from services.consumers import INCIDENTS, PARSER
from services.doctor import Verdict, examine
from services.incidents.intake import IncidentsService
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


async def take_in(hub, *items: Interaction) -> None:
    await Intake(hub.log, hub.secret).submit(*items)


async def handle_all(hub, running, until, count: int) -> None:
    running(hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle))

    def handled() -> bool:
        with hub.database.transaction() as connection:
            return positions.read(connection, INCIDENTS, INTERACTIONS.name).get(0, 0) > count

    await until(handled)


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
    await hub.database.run(positions.advance, Batch(INTERACTIONS.name, 0, INCIDENTS, 0, 2, ()))
    findings = await audit(hub)
    assert findings.accounts == (account(received=1, lost=1),)
    assert (findings.ok, findings.lost) == (False, (passed.id,))


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
    parsed = form()
    parsed = Interaction(**{name: getattr(parsed, name) for name in parsed.__struct_fields__} | {
        "id": own, "channel": Channel.EMAIL, "thread": own, "contact": own,
    })  # fmt: skip
    await take_in(hub, parsed)
    await hub.database.run(positions.advance, Batch(MAIL.name, 0, PARSER, 0, 2, ()))
    assert (await audit(hub)).accounts == (kept,)
    await handle_all(hub, running, until, 1)
    findings = await audit(hub)
    assert findings.accounts == (account(channel="email", received=1, recorded=1),)
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


async def test_where_the_blobs_are_anothers_nobody_counts_them_and_the_doctor_says_so(hub):
    assert hub.blobs.claim("another hub")
    assert (await audit(hub)).blobs_orphaned is None
    (finding,) = [each for each in await examine(hub) if each.subject == "clean-up"]
    assert finding.verdict is Verdict.ILL
