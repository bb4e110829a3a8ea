"""Chats: asked for by words, taken by one, handed on, ended; and what becomes of those to whom nobody came."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from channels.email.mailboxes import Mailboxes
from eventstore import store
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.chat import (
    Caller,
    ChatAccepted,
    ChatClosed,
    ChatEmailGiven,
    ChatMissed,
    ChatRequested,
    ChatTransferred,
    MissedReason,
)
from schemas.facts.customer import AddressAdded
from schemas.facts.incident import IncidentAssigned, IncidentOpened, InteractionLinked, Words
from schemas.facts.interaction import InteractionSent
from schemas.interaction import Channel
from services.chats import presence
from services.chats.house import ChatHouse, Clock
from services.chats.requests import AcceptChat, CloseChat, LeaveEmail, MissChat, TransferChat
from services.commands import Commands
from services.deliveries import letters, queue
from services.incidents.requests import Reply
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import chat, mail, uid

__all__ = ["commands", "taking"]

NO_TIME, LONG = timedelta(0), timedelta(hours=1)
S1 = uid("s1")
LIFE = (ChatRequested, ChatAccepted, ChatTransferred, ChatClosed, ChatMissed, ChatEmailGiven)


def of(taking, *kinds):
    return [fact for fact in taking.facts() if isinstance(fact, kinds)]


def life(taking, session="s1"):
    return [type(fact).__name__ for fact in of(taking, *LIFE) if fact.chat == uid(session)]


@pytest.fixture
def there(taking):
    """These agents take chats, or no more."""

    def put(*names: str, available: bool = True) -> None:
        with taking.hub.database.transaction() as connection:
            for name in names:
                presence.put(connection, name, there=available)

    return put


async def test_words_ask_for_a_person_when_one_is_there_and_only_once(taking, there):
    there("ana")
    await taking.take(chat("m1", claims=("eva@x.cu",), text="No imprime"), chat("m2"))
    await taking.take(chat("m3"))
    (asked,) = of(taking, ChatRequested)
    (opened,) = of(taking, IncidentOpened)
    assert (asked.chat, asked.incident, asked.thread) == (S1, opened.incident, S1)
    assert asked.personal == Caller(text="No imprime", email="eva@x.cu")
    assert len(of(taking, InteractionLinked)) == 3


async def test_where_nobody_is_there_words_make_an_incident_and_no_chat(taking, there):
    there("ana")
    there("ana", available=False)
    await taking.take(chat("m1"))
    assert life(taking) == []
    assert len(of(taking, IncidentOpened)) == 1


async def test_a_switch_nobody_touched_for_twelve_hours_is_off(taking, there):
    there("ana")
    with taking.hub.database.transaction() as connection:
        connection.execute("UPDATE agent_presence SET touched_at = now() - interval '12 hours 1 minute'")
    await taking.take(chat("m1"))
    assert life(taking) == []


@pytest.mark.parametrize("change", ["disabled_at = now()", "role = 'analyst'"])
async def test_the_switch_of_who_may_answer_nobody_any_more_is_off(taking, there, change):
    there("ana")
    with taking.hub.database.transaction() as connection:
        connection.execute("INSERT INTO users (id, name, role) VALUES (gen_random_uuid(), 'ana', 'agent')")
        connection.execute(f"UPDATE users SET {change} WHERE name = 'ana'")
        assert [each.available for each in presence.everybody(connection)] == [False]
    await taking.take(chat("m1"))
    assert life(taking) == []


async def test_who_accepts_has_the_chat_and_its_incident(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    first = await commands.run(AcceptChat(chat=S1), by="ana")
    again = await commands.run(AcceptChat(chat=S1), by="ana")
    assert (first.subject, first.number) == (again.subject, again.number) == (S1, 1)
    assert life(taking) == ["ChatRequested", "ChatAccepted"]
    assert [fact.to for fact in of(taking, IncidentAssigned)] == ["ana"]


async def test_of_all_who_accept_at_once_one_wins_and_the_others_hear_who(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    names = [f"agent{number}" for number in range(12)]
    came = await asyncio.gather(*(commands.run(AcceptChat(chat=S1), by=name) for name in names), return_exceptions=True)
    (accepted,) = of(taking, ChatAccepted)
    refused = [one for one in came if isinstance(one, ConflictError)]
    assert len(refused) == len(names) - 1
    assert {(str(one), one.field) for one in refused} == {(f"{accepted.by} has this chat", "agent")}


async def test_an_accept_whose_answer_was_lost_is_the_same_accept_after_a_kill(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    first = await commands.run(AcceptChat(chat=S1), by="ana", idempotency_key="k1")
    # kill -9 between the commit and the answer: another process is asked again, with the same key and without
    hub = taking.hub
    after = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(after.serve())
    assert await after.run(AcceptChat(chat=S1), by="ana", idempotency_key="k1") == first
    assert (await after.run(AcceptChat(chat=S1), by="ana")).subject == S1
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    assert life(taking) == ["ChatRequested", "ChatAccepted"]


async def test_whoever_answers_a_waiting_chat_accepts_it(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    await commands.run(Reply(incident=1, text="Hola"), by="luis")
    await commands.run(Reply(incident=1, text="Otra vez"), by="eva")
    assert life(taking) == ["ChatRequested", "ChatAccepted"]
    assert of(taking, ChatAccepted)[0].by == "luis"
    assert {fact.channel for fact in of(taking, InteractionSent)} == {Channel.CHAT}


async def test_a_chat_goes_to_an_agent_who_is_there_and_takes_its_incident_along(taking, there, commands):
    there("ana", "luis")
    await taking.take(chat("m1"))
    await commands.run(AcceptChat(chat=S1), by="ana")
    with pytest.raises(ConflictError, match="eva is not available"):
        await commands.run(TransferChat(chat=S1, to="eva"), by="ana")
    await commands.run(TransferChat(chat=S1, to="luis"), by="ana")
    await commands.run(TransferChat(chat=S1, to="luis"), by="ana")  # again: nothing
    assert life(taking) == ["ChatRequested", "ChatAccepted", "ChatTransferred"]
    assert [fact.to for fact in of(taking, IncidentAssigned)] == ["ana", "luis"]
    with pytest.raises(ConflictError, match="luis has this chat"):
        await commands.run(AcceptChat(chat=S1), by="ana")


@pytest.fixture
def billing(taking) -> None:
    with taking.hub.database.transaction() as connection:
        connection.execute("INSERT INTO teams (name, title, id) VALUES ('billing', 'Billing', gen_random_uuid())")


async def test_a_chat_in_a_teams_queue_waits_again(taking, there, commands, billing):
    there("ana")
    await taking.take(chat("m1"))
    await commands.run(AcceptChat(chat=S1), by="ana")
    await commands.run(TransferChat(chat=S1, team="billing"), by="ana")
    await commands.run(TransferChat(chat=S1, team="billing"), by="ana")
    assert await Clock(taking.hub.database, commands, LONG).tick() == 0
    await commands.run(AcceptChat(chat=S1), by="luis")
    assert life(taking) == ["ChatRequested", "ChatAccepted", "ChatTransferred", "ChatAccepted"]


@pytest.mark.parametrize("where", [{}, {"to": "luis", "team": "billing"}, {"team": "  "}, {"team": "sales"}])
async def test_a_chat_is_handed_to_an_agent_or_to_a_team(taking, there, commands, where, billing):
    there("luis")
    await taking.take(chat("m1"))
    with pytest.raises(InvalidError):
        await commands.run(TransferChat(chat=S1, **where), by="ana")


async def test_last_words_are_an_answer_like_any_other(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    await commands.run(AcceptChat(chat=S1), by="ana")
    done = await commands.run(CloseChat(chat=S1, goodbye="Hasta luego"), by="ana")
    again = await commands.run(CloseChat(chat=S1, goodbye="Hasta luego"), by="ana")
    (sent,) = of(taking, InteractionSent)
    (closed,) = of(taking, ChatClosed)
    assert (sent.channel, sent.thread, sent.personal.text) == (Channel.CHAT, S1, "Hasta luego")
    assert (closed.goodbye, closed.by) == (sent.interaction, "ana")
    assert (done.interaction, again.interaction) == (sent.interaction, None)


async def test_two_chats_of_one_incident_are_answered_apart(taking, there, commands):
    there("ana")
    await taking.take(chat("m1", "s1"), chat("m1", "s2", thread=S1))
    assert len(of(taking, ChatRequested)) == 2
    await taking.take(chat("m9", "s3"))
    for session in ("s1", "s3"):
        await commands.run(CloseChat(chat=uid(session), goodbye=f"adiós {session}"), by="ana")
    assert [(fact.thread, fact.personal.text) for fact in of(taking, InteractionSent)] == [
        (S1, "adiós s1"),
        (uid("s3"), "adiós s3"),
    ]


async def test_an_answer_to_a_conversation_that_is_elsewhere_is_refused(taking, there, commands):
    there("ana")
    await taking.take(chat("m1", "s1"))
    with pytest.raises(ConflictError, match="not part of the incident"):
        await commands.run(Reply(incident=1, text="x", thread=uid("s2")), by="ana")


async def test_who_writes_again_after_the_end_waits_again(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    await commands.run(AcceptChat(chat=S1), by="ana")
    await commands.run(CloseChat(chat=S1), by="ana")
    with pytest.raises(ConflictError, match="over"):
        await commands.run(AcceptChat(chat=S1), by="luis")
    await taking.take(chat("m2"))
    assert life(taking) == ["ChatRequested", "ChatAccepted", "ChatClosed", "ChatRequested"]


async def test_a_customer_may_leave_for_good(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    house = ChatHouse(taking.hub.database, commands, taking.hub.tokens)
    await house.ended(S1)
    await house.ended(S1)
    await house.ended(uid("nobody"))
    assert [(fact.by, fact.goodbye) for fact in of(taking, ChatClosed)] == [("", None)]


async def test_the_clock_tells_who_waited_too_long_once_and_nobody_else(taking, there, commands):
    there("ana")
    await taking.take(chat("m1", "s1"), chat("m1", "s2"))
    await commands.run(AcceptChat(chat=uid("s2")), by="ana")
    assert await Clock(taking.hub.database, commands, LONG).tick() == 0
    other = Clock(taking.hub.database, commands, NO_TIME)  # another process's, or the same after a kill
    ticked = await asyncio.gather(Clock(taking.hub.database, commands, NO_TIME).tick(), other.tick())
    assert max(ticked) == 1
    assert await other.tick() == 0
    (missed,) = of(taking, ChatMissed)
    assert (missed.chat, missed.reason, missed.by_mail) == (S1, MissedReason.TIMEOUT, False)


async def test_when_the_last_agent_goes_away_nobody_waits_in_vain(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    there("ana", available=False)
    assert await Clock(taking.hub.database, commands, LONG).tick() == 1
    assert of(taking, ChatMissed)[0].reason is MissedReason.NOBODY_AVAILABLE


async def test_a_miss_that_comes_too_late_misses_nothing(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    await commands.run(AcceptChat(chat=S1), by="ana")
    await commands.run(MissChat(chat=S1, patience=NO_TIME), by="")
    assert life(taking) == ["ChatRequested", "ChatAccepted"]


async def test_a_missed_chat_goes_on_by_the_mail_that_was_given_with_it(taking, there, commands):
    there("ana")
    await taking.take(chat("m1", claims=("eva@x.cu",), text="No imprime"))
    await Clock(taking.hub.database, commands, NO_TIME).tick()
    assert of(taking, ChatMissed)[0].by_mail
    letter = _letter(taking)
    assert (letter.recipient, letter.automatic) == ("eva@x.cu", True)
    assert "nadie pudiera atender su chat" in letter.text
    assert "/status/" in letter.text
    await commands.run(Reply(incident=1, text="Ya está"), by="ana")
    (sent,) = of(taking, InteractionSent)
    assert (sent.channel, sent.thread) == (Channel.EMAIL, S1)
    assert [party.address for party in sent.personal.recipients] == ["email:eva@x.cu"]


async def test_a_missed_chat_goes_on_by_the_mail_that_is_given_then(taking, there, commands):
    there("ana")
    await taking.take(chat("m1"))
    await Clock(taking.hub.database, commands, NO_TIME).tick()
    for _ in range(2):
        await commands.run(LeaveEmail(chat=S1, thread=S1, email=" Eva@X.cu "), by="")
    (given,) = of(taking, ChatEmailGiven)
    assert given.personal == Words(text="email:eva@x.cu")
    assert [(fact.personal.address, fact.proven) for fact in of(taking, AddressAdded)][1:] == [
        ("email:eva@x.cu", False)
    ]
    assert _letter(taking).recipient == "eva@x.cu"
    await commands.run(Reply(incident=1, text="Ya está"), by="ana")
    assert of(taking, InteractionSent)[0].channel is Channel.EMAIL


async def test_where_no_chat_was_offered_the_mail_given_takes_its_place(taking, commands):
    with pytest.raises(InvalidError, match="write first"):
        await commands.run(LeaveEmail(chat=S1, thread=S1, email="eva@x.cu"), by="")
    await taking.take(chat("m1"))
    await commands.run(LeaveEmail(chat=S1, thread=S1, email="eva@x.cu"), by="")
    assert life(taking) == ["ChatMissed", "ChatEmailGiven"]
    assert _letter(taking).recipient == "eva@x.cu"


async def test_an_answer_asked_for_in_the_chat_stays_in_the_chat(taking, there, commands):
    there("ana")
    await taking.take(chat("m1", claims=("eva@x.cu",)))
    await Clock(taking.hub.database, commands, NO_TIME).tick()
    await commands.run(Reply(incident=1, text="¿Sigue ahí?", channel=Channel.CHAT), by="ana")
    assert of(taking, InteractionSent)[0].channel is Channel.CHAT


async def test_a_missed_chat_taken_after_all_is_a_chat_again(taking, there, commands):
    there("ana")
    await taking.take(chat("m1", claims=("eva@x.cu",)))
    await Clock(taking.hub.database, commands, NO_TIME).tick()
    await commands.run(AcceptChat(chat=S1), by="ana")
    await commands.run(Reply(incident=1, text="Aquí estoy"), by="ana")
    assert of(taking, InteractionSent)[0].channel is Channel.CHAT


async def test_equal_message_ids_in_two_sessions_are_two_chats(taking, there):
    there("ana")
    await taking.take(chat("1", "s1"), chat("1", "s2"), chat("1", "s1"))
    assert {fact.chat for fact in of(taking, ChatRequested)} == {S1, uid("s2")}


async def test_a_mail_asks_for_no_chat(taking, there):
    there("ana")
    await taking.take(mail("m1"))
    assert of(taking, ChatRequested) == []


async def test_there_is_no_chat_nobody_asked_for(taking, commands):
    for request in (AcceptChat(chat=S1), CloseChat(chat=S1), TransferChat(chat=S1, team="x")):
        with pytest.raises(NotFoundError):
            await commands.run(request, by="ana")


async def test_the_state_kept_is_what_the_facts_say(taking, there, commands):
    there("ana", "luis")
    await taking.take(chat("m1", claims=("eva@x.cu",)), chat("m1", "s2"))
    await commands.run(AcceptChat(chat=S1), by="ana")
    await commands.run(TransferChat(chat=S1, to="luis"), by="ana")
    await Clock(taking.hub.database, commands, NO_TIME).tick()
    for chat_id, _, version, waiting, _ in taking.rows("chat_state"):
        stream = f"chat/{chat_id}"
        with taking.hub.database.transaction() as connection:
            assert store.versions(connection, [stream]) == {stream: version}
        assert waiting is None


def _letter(taking):
    hub = taking.hub
    head = letters.Letterhead(
        secret=hub.secret,
        tokens=hub.tokens,
        mailboxes=Mailboxes(hub.settings.mail_addresses),
        public_url="http://hub",
        locale="es",
    )
    with hub.database.transaction() as connection:
        (leased,) = queue.lease(connection, 10, 60)
        found = letters.write(connection, hub.ledger, head, leased)
    assert found is not None
    return found.mail
