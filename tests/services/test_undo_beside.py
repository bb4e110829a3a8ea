"""Taking back what was done with a chat, a call, two customers: with all that it did to their incident."""

from __future__ import annotations

import msgspec
import pytest

from projections import chats
from schemas.errors import ConflictError
from schemas.facts.call import CallAttached
from schemas.facts.customer import CustomerRegistered
from schemas.facts.incident import Reason, Status
from schemas.ids import scoped_id
from schemas.interaction import CallSignalKind
from services.calls.decide import interaction_of
from services.calls.requests import ChangeCall
from services.chats import presence
from services.chats.requests import AcceptChat, CloseChat, TransferChat
from services.chats.state import Chat
from services.customers.requests import MergeCustomers, UnmergeCustomers
from services.incidents.requests import Assign, Reply
from services.undo import Undo
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import chat, mail, signal, uid
from tests.services.test_undo import Desk

__all__ = ["commands", "taking"]  # fixtures

S1 = uid("s1")
STARTED = CallSignalKind.STARTED
FIRST, SECOND = (scoped_id("call", "main", name) for name in ("c1", "c2"))


@pytest.fixture
def desk(taking, commands):
    """Ana and Luis take chats; there is a team."""
    with taking.hub.database.transaction() as connection:
        connection.execute("INSERT INTO teams (name, title, id) VALUES ('billing', 'Billing', gen_random_uuid())")
        for name in ("ana", "luis"):
            presence.put(connection, name, there=True)
    return Desk(taking, commands)


def kept(desk):
    """The chat's state; as the console shows it; and the incident."""
    incidents = desk.rows("incidents")
    with desk.taking.hub.database.transaction() as connection:
        (packed,) = connection.execute("SELECT state FROM chat_state").fetchone()
        connection.execute("SET LOCAL search_path = chats, incidents, public")
        return msgspec.msgpack.decode(packed, type=Chat), chats.get(connection, S1), incidents


async def _waits(desk):
    pass


async def _talks(desk):
    await desk.do(AcceptChat(chat=S1), by="ana")


async def _talks_about_what_is_anothers(desk):
    await desk.do(Assign(incident=1, to="eva"))
    await _talks(desk)


@pytest.mark.parametrize("where", [{"to": "luis"}, {"team": "billing"}])
@pytest.mark.parametrize("before", [_waits, _talks, _talks_about_what_is_anothers])
async def test_a_chat_that_was_handed_on_is_with_whom_it_was(taking, desk, before, where):
    await taking.take(chat("m1"))
    await before(desk)
    stood = kept(desk)
    done = await desk.do(TransferChat(chat=S1, **where), by="ana")
    assert kept(desk) != stood
    await desk.do(Undo(undo=done.undo), by="ana")
    assert kept(desk) == stood


async def test_a_chat_that_ended_since_is_with_nobody_again(taking, desk):
    await taking.take(chat("m1"))
    done = await desk.do(TransferChat(chat=S1, to="luis"), by="ana")
    await desk.do(CloseChat(chat=S1), by="luis")
    facts = len(taking.facts())
    with pytest.raises(ConflictError):
        await desk.do(Undo(undo=done.undo), by="ana")
    assert len(taking.facts()) == facts


def attached(taking):
    """Call → the number it belongs to."""
    return {fact.call: fact.number for fact in taking.facts() if isinstance(fact, CallAttached)}


async def test_a_call_goes_back_with_the_incident_it_had_brought_along(taking, desk):
    await taking.take(mail("m1", subject="Printer"), signal("c1", STARTED))
    await desk.do(Reply(incident=1, text="We call you"))
    stood, calls_stood = desk.rows(), attached(taking)
    done = await desk.do(ChangeCall(call=FIRST, incident=1))
    assert desk.rows() != stood
    await desk.do(Undo(undo=done.undo))
    assert (desk.rows(), attached(taking)) == (stood, calls_stood)


async def test_a_call_that_was_moved_goes_back_alone(taking, desk):
    await taking.take(mail("m1", subject="Printer"), signal("c1", STARTED), signal("c2", STARTED))
    await desk.do(Reply(incident=1, text="We call you"))
    stood, calls_stood = desk.rows(), attached(taking)
    done = await desk.do(ChangeCall(call=SECOND, incident=1))
    assert [row["status"] for row in desk.rows()["incidents"]] == [Status.OPEN, Status.NEW]
    await desk.do(Undo(undo=done.undo))
    now = desk.rows()
    assert [row["status"] for row in now["incidents"]] == [Status.WAITING, Status.NEW]
    assert (now["states"], now["lines"], attached(taking)) == (stood["states"], stood["lines"], calls_stood)
    (line,) = (row for row in now["lines"] if row["id"] == interaction_of(SECOND))
    assert line["reason"] != Reason.AGENT


async def test_a_call_that_was_attached_elsewhere_since_stays_there(taking, desk):
    await taking.take(mail("m1", subject="Printer"), mail("m2", "leo@x.cu"), signal("c1", STARTED))
    done = await desk.do(ChangeCall(call=FIRST, incident=1))
    await desk.do(ChangeCall(call=FIRST, incident=2), by="leo")
    stood = attached(taking)
    with pytest.raises(ConflictError):
        await desk.do(Undo(undo=done.undo))
    assert attached(taking) == stood


async def test_customers_who_were_merged_are_two_again_and_the_other_way_round(taking, desk):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))
    one, two = (fact.customer for fact in taking.facts() if isinstance(fact, CustomerRegistered))
    alone = taking.rows("customer_state")

    def grouped():
        return [row[:4] for row in taking.rows("customer_state")]  # without the version

    done = await desk.do(MergeCustomers(customer=one, sources=(two,)))
    together = grouped()
    await desk.do(Undo(undo=done.undo))
    assert grouped() == [row[:4] for row in alone] != together
    await desk.do(MergeCustomers(customer=one, sources=(two,)))
    done = await desk.do(UnmergeCustomers(customer=one, source=two))
    await desk.do(Undo(undo=done.undo))
    assert grouped() == together
