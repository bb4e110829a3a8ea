"""What the embedded log holds of an erased person is blanked, in its place; others' records and consumers go on."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from channels.intake import Intake, decode_item, encode_item
from eventstore.log import LogRecord, NewRecord
from schemas.facts.customer import CustomerRegistered
from schemas.interaction import CallSignalKind, Channel, RawMail
from schemas.topics import INTERACTIONS, MAIL
from services import quarantine
from services.audit import audit
from services.consumers import INCIDENTS
from services.customers.requests import ErasePerson
from services.doctor import Verdict, examine
from services.incidents.intake import IncidentsService
from services.privacy import records
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import NOON, form, mail, signal, uid

__all__ = ["commands", "taking"]


@contextlib.asynccontextmanager
async def consuming(hub):
    task = asyncio.create_task(hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle))
    try:
        async with asyncio.timeout(60):
            while await hub.log.lag(INTERACTIONS, INCIDENTS):  # noqa: ASYNC110 -- the log has no other word for it
                await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(hub, topic):
    return [record.id async for page in hub.log.scan(topic) for record in page]


def of_ana(taking):
    """Under every address of hers."""
    return [fact.customer for fact in taking.facts() if isinstance(fact, CustomerRegistered)]


async def test_her_records_say_nothing_any_more_and_his_are_as_they_were(taking, commands):
    hub = taking.hub
    rings = signal("call", CallSignalKind.STARTED)
    intake = Intake(hub.log, hub.secret)
    await intake.submit(mail("b1", "bob@x.cu"), mail("a1"), form("a2"), rings, mail("a3"))
    raw = RawMail(
        id=uid("a1"), source="smtp", mailbox="support@cauce.example", envelope_from="", envelope_to=(), raw=b"Ana",
        size=3, received_at=NOON,
    )  # fmt: skip
    for one in (raw, msgspec.structs.replace(raw, id=uid("b1"))):
        await hub.log.append(MAIL, [NewRecord(one.id, b"k", msgspec.msgpack.encode(one))])
    async with consuming(hub):
        bob, *ana = of_ana(taking)
        for customer in ana:
            await commands.run(ErasePerson(customer=customer), by="eva")
        assert (await told(hub, INTERACTIONS), await told(hub, MAIL)) == ([uid("b1")], [uid("b1")])
        assert len(taking.rows("log_interactions")) == 5
        findings = [each for each in await examine(hub) if each.subject == f"{INCIDENTS} on {INTERACTIONS.name}"]
        assert [each.verdict for each in findings] == [Verdict.WELL]  # the last one is blank, and in its place
        await intake.submit(mail("b2", "bob@x.cu"))
    async with consuming(hub):  # the last one it handled may be a blank one: it knows it by its id
        assert await told(hub, INTERACTIONS) == [uid("b1"), uid("b2")]
    assert bob not in ana
    accounts = (await audit(hub)).accounts
    # these mails did not come by the log `mail`, where a mail is counted
    assert [one for one in accounts if not one.balanced and one.channel != Channel.EMAIL] == []


async def test_what_nobody_has_handled_yet_is_not_lost(taking, commands):
    hub = taking.hub
    intake = Intake(hub.log, hub.secret)
    await intake.submit(mail("a1"))
    async with consuming(hub):
        pass
    await intake.submit(mail("a2", text="again"))
    await commands.run(ErasePerson(customer=of_ana(taking)[0]), by="eva")
    assert await told(hub, INTERACTIONS) == [uid("a2")]
    async with consuming(hub):
        assert len(of_ana(taking)) == 2


async def test_what_was_held_without_a_sender_and_became_a_fact_goes_too(taking, commands):
    hub = taking.hub
    value = encode_item(mail("q1", text="secreto"))
    with hub.database.transaction() as connection:
        record = LogRecord(uid("q1"), 0, 0, value, {})
        quarantine.hold(connection, record, topic=INTERACTIONS.name, reason="undecodable", error="")
    await quarantine.reprocess(hub.access, hub.log, uid("q1"), by="eva")
    async with consuming(hub):
        await commands.run(ErasePerson(customer=of_ana(taking)[0]), by="eva")
    assert "secreto" not in str(taking.rows("quarantine"))


async def test_pages_are_gone_through_to_the_end(taking, commands, monkeypatch):
    monkeypatch.setattr(records, "_PAGE", 2)
    hub = taking.hub
    mails = [mail(f"m{n}", "bob@x.cu" if n % 3 == 0 else "ana@x.cu") for n in range(9)]
    await Intake(hub.log, hub.secret).submit(*mails)
    async with consuming(hub):
        customer = of_ana(taking)[1]
        await commands.run(ErasePerson(customer=customer), by="eva")
        left = [page async for page in hub.log.scan(INTERACTIONS)]
    senders = {decode_item(record.value).sender.address for page in left for record in page}
    assert (senders, sum(map(len, left))) == ({"email:bob@x.cu"}, 3)
