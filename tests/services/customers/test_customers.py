"""Customers: known from the first contact, proven by what shows it, merged and un-merged, forgotten for good."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from channels.intake import encode_item
from eventstore.log import LogRecord
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.customer import (
    AddressAdded,
    AddressProven,
    CustomerMerged,
    CustomerRegistered,
    PersonErased,
)
from schemas.facts.incident import IncidentNoted, IncidentOpened, InteractionLinked, Reason
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Attachment, Party, RawMail
from schemas.topics import INTERACTIONS, MAIL
from services import quarantine
from services.customers.requests import AddAddress, ErasePerson, MergeCustomers, RegisterCustomer, UnmergeCustomers
from services.incidents.requests import Note, Reply, Resolve
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import NOON, chat, form, mail, uid

__all__ = ["commands", "taking"]


def of(taking, *kinds):
    return [fact for fact in taking.facts() if isinstance(fact, kinds)]


async def test_a_customer_is_registered_once_and_a_claim_becomes_a_proof(taking):
    await taking.take(form("f1"), form("f2"))
    await taking.take(mail("m1"))
    assert len(of(taking, CustomerRegistered)) == 1
    assert [fact.proven for fact in of(taking, AddressAdded)] == [False]
    assert [fact.interaction for fact in of(taking, AddressProven)] == [uid("m1")]


async def test_what_a_chat_says_of_itself_is_kept_as_a_claim_said_once(taking):
    await taking.take(chat("1", claims=("ana@x.cu",)), chat("2", claims=("ana@x.cu",)))
    added = [(fact.personal.address, fact.proven) for fact in of(taking, AddressAdded)]
    assert added == [(f"chat:{uid('s1')}", True), ("email:ana@x.cu", False)]


async def test_a_visitor_known_by_one_address_brings_the_other(taking):
    await taking.take(mail("m1", subject="Printer"))
    visit = replace(
        form("v1", "new@x.cu"),
        sender=Party(address="phone:+5355500007", name="Ana", proven=True),
        claims=(Party(address="email:ana@x.cu", proven=True),),
        by="eva",
    )
    await taking.take(visit)
    assert len(of(taking, CustomerRegistered)) == 1
    assert of(taking, AddressAdded)[-1].personal.address == "phone:+5355500007"


async def test_an_agent_enters_a_customer_whose_first_mail_is_theirs(taking, commands):
    done = await commands.run(RegisterCustomer(name=" Ana  Pérez ", addresses=("ANA@x.cu", "+53 5550 0001")), by="eva")
    await taking.take(mail("m1"))
    (registered,) = of(taking, CustomerRegistered)
    assert (registered.customer, registered.personal.name) == (done.subject, "Ana Pérez")
    assert of(taking, IncidentOpened)[0].customer == done.subject
    with pytest.raises(ConflictError):
        await commands.run(RegisterCustomer(name="Other", addresses=("ana@x.cu",)), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(RegisterCustomer(name=" "), by="eva")
    await commands.run(RegisterCustomer(name="Nobody Reachable"), by="eva")


async def test_an_address_that_is_anothers_stays_anothers(taking, commands):
    await taking.take(mail("m1"), mail("m2", "bob@x.cu"), form("f3", "carla@y.cu"))
    ana, bob, carla = (fact.customer for fact in of(taking, CustomerRegistered))
    with pytest.raises(ConflictError):
        await commands.run(AddAddress(customer=ana, address="bob@x.cu"), by="eva")
    await commands.run(AddAddress(customer=ana, address="ana@work.cu"), by="eva")
    await commands.run(AddAddress(customer=ana, address="ana@work.cu"), by="eva")  # said twice
    await commands.run(AddAddress(customer=carla, address="carla@y.cu"), by="eva")
    assert [fact.customer for fact in of(taking, AddressProven)] == [carla]
    with pytest.raises(NotFoundError):
        await commands.run(AddAddress(customer=uid("none"), address="x@x.cu"), by="eva")
    assert bob not in {ana, carla}


async def test_merged_customers_are_one_to_correlation_and_two_again_after(taking, commands):
    await taking.take(mail("m1", subject="Printer"), mail("m2", "ana@home.cu", subject="Other"))
    ana, home = (fact.customer for fact in of(taking, CustomerRegistered))
    await commands.run(MergeCustomers(customer=ana, sources=(home,)), by="eva")
    await taking.take(mail("m3", "ana@home.cu", subject="printer"))
    assert of(taking, InteractionLinked)[-1].reason is Reason.SAME_CUSTOMER
    with pytest.raises(ConflictError):
        await commands.run(MergeCustomers(customer=ana, sources=(home,)), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(AddAddress(customer=home, address="x@x.cu"), by="eva")
    await commands.run(UnmergeCustomers(customer=ana, source=home), by="eva")
    await taking.take(mail("m4", "ana@home.cu", subject="New thing"), mail("m5", subject="new thing"))
    reasons = [fact.reason for fact in of(taking, InteractionLinked)[-2:]]
    assert reasons == [Reason.NEW, Reason.NEW]
    assert len(of(taking, CustomerMerged)) == 1


async def test_a_chain_of_merges_comes_apart_where_it_is_cut(taking, commands):
    await taking.take(mail("m1", "a@x.cu"), mail("m2", "b@x.cu"), mail("m3", "c@x.cu"))
    a, b, c = (fact.customer for fact in of(taking, CustomerRegistered))
    await commands.run(MergeCustomers(customer=b, sources=(c,)), by="eva")
    await commands.run(MergeCustomers(customer=a, sources=(b,)), by="eva")
    roots = lambda: {row[0]: row[1] for row in taking.rows("customer_state")}  # noqa: E731 -- asked twice
    assert roots() == {a: a, b: a, c: a}
    await commands.run(UnmergeCustomers(customer=a, source=b), by="eva")
    assert roots() == {a: a, b: b, c: b}


async def test_an_erased_person_can_be_read_by_nobody_and_their_blobs_are_gone(taking, commands):
    blob = taking.hub.blobs.put(b"photo")
    photo = Attachment(name="photo.jpg", bytes=5, media_type="image/jpeg", blob=blob)
    await taking.take(mail("m1", subject="Secret", attachments=(photo,)), mail("m2", "bob@x.cu", subject="Else"))
    await commands.run(Note(incident=1, text="about Ana"), by="eva")
    ana, _ = (fact.customer for fact in of(taking, CustomerRegistered))
    await commands.run(ErasePerson(customer=ana), by="eva")
    for fact in of(taking, InteractionReceived, IncidentOpened, CustomerRegistered, AddressAdded, IncidentNoted):
        about_bob = taking.service._rules.reader.id_of("email:bob@x.cu") == fact.address
        assert (fact.personal is not None) == about_bob
    assert taking.hub.blobs.missing([blob]) == {blob}
    assert len(of(taking, PersonErased)) == 1
    with pytest.raises(ConflictError):
        await commands.run(ErasePerson(customer=ana), by="eva")
    assert taking.rows("doomed_blobs") == []


async def test_what_an_erased_person_has_in_quarantine_goes_too_and_nobody_elses(taking, commands):
    blobs = taking.hub.blobs
    raw, photo = blobs.put(b"raw"), blobs.put(b"photo")
    named = (Attachment(name="photo.jpg", bytes=5, media_type="image/jpeg", blob=photo),)
    large = RawMail(
        id=uid("q1"),
        source="smtp",
        mailbox="support@cauce.example",
        envelope_from="Ana@x.cu",
        envelope_to=(),
        blob=raw,
        size=3,
        received_at=NOON,
    )
    ana = mail("q2", attachments=named)
    held = [
        (MAIL.name, uid("q1"), msgspec.msgpack.encode(large), "Ana@x.cu"),
        (INTERACTIONS.name, uid("q2"), encode_item(ana), "email:ana@x.cu"),
        (INTERACTIONS.name, uid("q3"), encode_item(mail("q3", "bob@x.cu")), "email:bob@x.cu"),
    ]
    with taking.hub.database.transaction() as connection:
        for topic, held_id, value, sender in held:
            record = LogRecord(held_id, 0, 0, value, {"ce_time": NOON.isoformat()})
            quarantine.hold(connection, record, topic=topic, reason="undecidable", error=sender, sender=sender)
    await taking.take(mail("m1"), mail("m2", "bob@x.cu"))
    await commands.run(ErasePerson(customer=of(taking, CustomerRegistered)[0].customer), by="eva")
    with taking.hub.database.transaction() as connection:
        (left,) = quarantine.find(connection).items
        kept = connection.execute("SELECT id FROM quarantine WHERE raw <> '' OR sender <> ''").fetchall()
    assert (left.id, left.sender, kept) == (uid("q3"), "email:bob@x.cu", [(uid("q3"),)])
    assert blobs.missing([raw, photo]) == {raw, photo}


async def test_an_erased_person_who_writes_again_is_somebody_new_and_readable(taking, commands):
    await taking.take(mail("m1", subject="Secret"))
    ana = of(taking, CustomerRegistered)[0].customer
    await commands.run(ErasePerson(customer=ana), by="eva")
    await taking.take(mail("m2", subject="Hello again"))
    again = of(taking, CustomerRegistered)[-1]
    assert again.customer != ana
    received = of(taking, InteractionReceived)[-1]
    assert received.personal.subject == "Hello again"
    await commands.run(ErasePerson(customer=again.customer), by="eva")
    await taking.take(mail("m3", subject="And again"))
    assert [fact.personal and fact.personal.subject for fact in of(taking, InteractionReceived)] == [
        None,
        None,
        "And again",
    ]


async def test_a_claim_to_an_erased_persons_address_is_no_obstacle(taking, commands):
    await taking.take(chat("1", claims=("ana@x.cu",)), mail("m1"))
    chatter, ana = (fact.customer for fact in of(taking, CustomerRegistered))
    await commands.run(ErasePerson(customer=ana), by="eva")
    await commands.run(ErasePerson(customer=chatter), by="eva")
    assert [len(fact.addresses) for fact in of(taking, PersonErased)] == [1, 1]


async def test_nothing_can_be_written_about_or_to_an_erased_person(taking, commands):
    await taking.take(mail("m1", subject="Secret"))
    await commands.run(ErasePerson(customer=of(taking, CustomerRegistered)[0].customer), by="eva")
    for request in (Note(incident=1, text="x"), Resolve(incident=1, solution="x"), Reply(incident=1, text="x")):
        with pytest.raises(ConflictError, match="erased"):
            await commands.run(request, by="eva")
    await commands.run(Resolve(incident=1), by="eva")
    assert taking.rows("deliveries") == []
