"""Whose mail stops, by which reports; and that it goes on again when an agent says so."""

from __future__ import annotations

from dataclasses import replace as swap

import pytest
from msgspec.structs import replace

from schemas.errors import ConflictError
from schemas.facts.address import AddressMuted, AddressUnmuted, MuteReason
from schemas.facts.interaction import InteractionBounced, InteractionComplained, InteractionDelayed
from schemas.interaction import Authentication, Automatic
from services.incidents.known import Known, Thread
from services.incidents.requests import Reply
from services.incidents.ways import ways
from services.muting import tables
from services.muting.requests import Resubscribe, Unmute, Unsubscribe
from services.undo import Undo
from tests.services.incidents.world import NOON, World, mail, uid

SENT = uid("sent")


def report(name, automatic, status, *, about=SENT, returned_from=""):
    details = {"status": status} | ({"returned_from": returned_from} if returned_from else {})
    return replace(mail(name, "mailer-daemon@y.cu", automatic=automatic, about=about), details=details)


@pytest.fixture
def world():
    """Ana wrote; what we sent her is known."""
    made = World()
    made.take(mail("m1", subject="Printer"))
    made.known.threads[made.rules.reader.key_of(f"interaction:{SENT}")] = Thread(SENT, made.placed()[uid("m1")])
    made.known.recipients[SENT] = frozenset({made.id_of("email:ana@x.cu")})
    return made


def mutes(facts):
    return [fact for fact in facts if isinstance(fact, AddressMuted)]


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.10", "5.2.1"])
def test_an_address_that_is_gone_is_muted(world, status):
    assert mutes(world.take(report("b1", Automatic.BOUNCE, status))) == [
        AddressMuted(
            address=world.id_of("email:ana@x.cu"),
            reason=MuteReason.BOUNCE,
            interaction=SENT,
            status=status,
            since=NOON,
            at=NOON,
        )
    ]


@pytest.mark.parametrize("status", ["", "5.0.0", "5.2.2", "5.2.3", "5.3.4", "5.7.1", "5.4.7", "4.1.1"])
def test_what_is_not_the_addresss_fault_mutes_nobody(world, status):
    facts = world.take(report("b1", Automatic.BOUNCE, status))
    assert mutes(facts) == []
    assert [fact for fact in facts if isinstance(fact, InteractionBounced)] == [
        InteractionBounced(interaction=SENT, bounce=uid("b1"), at=NOON, reason=status)
    ]


def test_delayed_is_not_failed(world):
    facts = world.take(report("d1", Automatic.DELAY, "4.1.1"))
    assert mutes(facts) == []
    assert [fact for fact in facts if isinstance(fact, InteractionBounced | InteractionDelayed)] == [
        InteractionDelayed(interaction=SENT, notice=uid("d1"), at=NOON, reason="4.1.1")
    ]


def test_a_complaint_is_told_and_mutes(world):
    facts = world.take(report("c1", Automatic.COMPLAINT, "abuse"))
    assert [(fact.reason, fact.status) for fact in mutes(facts)] == [(MuteReason.COMPLAINT, "")]
    assert [fact for fact in facts if isinstance(fact, InteractionComplained)] == [
        InteractionComplained(interaction=SENT, complaint=uid("c1"), at=NOON, reason="abuse")
    ]


@pytest.mark.parametrize("about", [None, uid("never sent")])
def test_a_report_of_nothing_we_sent_mutes_nobody(world, about):
    told = report("b1", Automatic.BOUNCE, "5.1.1", about=about, returned_from="ana@x.cu")
    assert mutes(world.take(told)) == []


def test_a_person_who_answers_mutes_nobody(world):
    assert mutes(world.take(report("m2", None, "5.1.1"))) == []


@pytest.mark.parametrize(("kind", "status"), [(Automatic.BOUNCE, "5.1.1"), (Automatic.COMPLAINT, "abuse")])
def test_a_report_that_is_not_from_whom_it_says_mutes_nobody(world, kind, status):
    assert mutes(world.take(replace(report("b1", kind, status), authentication=Authentication.FAIL))) == []
    assert len(mutes(world.take(replace(report("b2", kind, status), authentication=Authentication.PASS)))) == 1


def test_of_several_recipients_only_the_one_it_names_is_muted(world):
    bea = world.id_of("email:bea@x.cu")
    world.known.recipients[SENT] |= {bea}
    assert mutes(world.take(report("b1", Automatic.BOUNCE, "5.1.1"))) == []
    assert mutes(world.take(report("b2", Automatic.BOUNCE, "5.1.1", returned_from="carl@x.cu"))) == []
    named = mutes(world.take(report("b3", Automatic.BOUNCE, "5.1.1", returned_from="bea@x.cu")))
    assert [fact.address for fact in named] == [bea]


def test_the_second_report_says_nothing_new(world):
    assert len(mutes(world.take(report("b1", Automatic.BOUNCE, "5.1.1"), report("b2", Automatic.BOUNCE, "5.1.1")))) == 1


async def test_it_is_kept_and_shown_and_ends_and_can_be_undone(taking, commands, database):
    await taking.take(mail("m1", subject="Printer"))
    sent = (await commands.run(Reply(incident=1, text="Off and on?"), by="luis")).interaction
    rules = swap(commands.rules)

    def shown():
        with database.transaction() as connection:
            found = {way.to: way.muted for way in ways(connection, taking.hub.ledger, rules, 1)}
        return found["email:ana@x.cu"]

    def kept():
        with database.transaction() as connection:
            known = Known()
            tables.load(connection, known, [rules.reader.id_of("email:ana@x.cu")])
        (mute,) = known.mutes.values()
        return mute

    assert (shown(), kept()) == (None, None)
    await taking.take(report("b1", Automatic.BOUNCE, "5.1.1", about=sent))
    mute = kept()
    assert mute is not None
    assert (mute.reason, mute.status, mute.interaction) == (MuteReason.BOUNCE, "5.1.1", sent)
    assert shown() == mute
    # an agent may write all the same
    assert (await commands.run(Reply(incident=1, text="Once more"), by="luis")).delivery == "queued"

    lifted = await commands.run(Unmute(address="ana@x.cu"), by="luis")
    assert kept() is None
    with pytest.raises(ConflictError):
        await commands.run(Unmute(address="ana@x.cu"), by="luis")
    await commands.run(Undo(undo=lifted.undo), by="luis")
    assert kept() == mute
    told = [fact for fact in taking.facts() if isinstance(fact, AddressMuted | AddressUnmuted)]
    assert [(type(fact), fact.by) for fact in told] == [
        (AddressMuted, ""),
        (AddressUnmuted, "luis"),
        (AddressMuted, "luis"),
    ]


async def test_what_its_reader_asked_takes_the_place_of_a_report_and_none_takes_its_place(taking, commands, database):
    await taking.take(mail("m1", subject="Printer"))
    ana = commands.rules.reader.id_of("email:ana@x.cu")
    sent = (await commands.run(Reply(incident=1, text="Off and on?"), by="luis")).interaction

    def reason():
        with database.transaction() as connection:
            mute = tables.of(connection, [ana]).get(ana)
        return mute and mute.reason

    await taking.take(report("b1", Automatic.BOUNCE, "5.1.1", about=sent))
    await commands.run(Resubscribe(address=ana), by="")
    assert reason() is MuteReason.BOUNCE  # not theirs to say
    lifted = await commands.run(Unmute(address="ana@x.cu", why="mailbox_unknown"), by="luis")
    await commands.run(Unsubscribe(address=ana, interaction=sent), by="")
    with pytest.raises(ConflictError):
        await commands.run(Undo(undo=lifted.undo), by="luis")
    await taking.take(report("b2", Automatic.BOUNCE, "5.1.1", about=sent))
    with pytest.raises(ConflictError):
        await commands.run(Unmute(address="ana@x.cu", why="mailbox_unknown"), by="luis")
    assert reason() is MuteReason.ASKED
    await commands.run(Resubscribe(address=ana), by="")
    assert reason() is None
    await taking.take(report("b3", Automatic.COMPLAINT, "abuse", about=sent))
    await commands.run(Unsubscribe(address=ana, interaction=sent), by="")
    assert reason() is MuteReason.ASKED
