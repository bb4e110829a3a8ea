"""Chat over real WebSockets: acknowledged once it is on the log, usable whatever is sent, never mixed up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import websockets
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect

from channels.chat import connection, shared
from channels.chat.frames import Words
from channels.chat.replies import Receipts, follow_replies
from channels.chat.rooms import ChatLine, Outbox
from channels.chat.sessions import ChatSessions, Session
from channels.chat.shared import SAID_IN_ONE_SESSION, TYPED_FROM_ONE_PLACE
from channels.form import OF_ONE_ADDRESS
from channels.tokens import ThreadTokens
from eventstore import store
from eventstore.blobs import Blobs
from eventstore.database import Connection, Database
from eventstore.keys import Keys
from eventstore.ledger import Cause, Ledger
from eventstore.postgres import PostgresFeed
from schemas.facts import Fact
from schemas.facts.interaction import (
    InteractionContent,
    InteractionDelivered,
    InteractionHeld,
    InteractionSent,
    InteractionWithdrawn,
)
from schemas.ids import chat_id
from schemas.interaction import Attachment, Channel, Hints, Interaction, Party
from tests.channels.desk import SECRET, Desk, serving

Frame = dict[str, Any]


class Chat:
    """A client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self, seconds: float = 60) -> Frame:
        found: Frame = json.loads(await asyncio.wait_for(self.socket.recv(), seconds))
        return found

    async def hello(self, **frame: object) -> Frame:
        await self.send(type="hello", **frame)
        return await self.next()


@asynccontextmanager
async def chatting(desk: Desk) -> AsyncIterator[Chat]:
    async with connect(desk.chat, max_size=None, close_timeout=1) as socket:
        yield Chat(socket)


def words(sender: Any, text: str) -> Words:
    return Words(sender, uuid4(), text, datetime.now(UTC))


def shown(line: Words) -> Frame:
    at = line.at.isoformat().replace("+00:00", "Z")
    return {"type": "message", "from": line.sender, "id": str(line.id), "text": line.text, "at": at}


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_message_is_acknowledged_with_the_interaction_that_is_on_the_log(desk: Desk):
    async with chatting(desk) as chat:
        welcome = await chat.hello(name="Ana", email="Ana@X.cu", locale="es-CU")
        session = UUID(welcome["session"])
        assert welcome.keys() == {"type", "token", "session"}
        await chat.send(type="message", id="1", text="Hola")
        interaction = chat_id(session, "1")
        assert await chat.next() == {"type": "ack", "id": "1", "interaction_id": str(interaction)}

        (taken,) = await desk.taken()
        assert isinstance(taken, Interaction)
        assert taken == Interaction(
            id=interaction,
            channel=Channel.CHAT,
            sender=Party(address=f"chat:{session}", name="Ana", proven=True),
            claims=(Party(address="email:ana@x.cu", name="Ana"),),
            text="Hola",
            thread=session,
            contact=session,
            occurred_at=taken.received_at,
            received_at=taken.received_at,
            language="es",
            hints=Hints(session=session),
        )


async def test_a_message_sent_again_is_acknowledged_the_same(desk: Desk):
    async with chatting(desk) as chat:
        token = (await chat.hello())["token"]
        await chat.send(type="message", id="1", text="Hola")
        first = await chat.next()
    async with chatting(desk) as chat:
        await chat.hello(token=token)
        await chat.send(type="message", id="1", text="Hola")
        assert await chat.next() == first
    assert len({item.id for item in await desk.taken()}) == 1


async def test_equal_ids_of_two_sessions_are_two_messages_even_behind_one_status_link(desk: Desk):
    link = desk.tokens.sign(thread := uuid4())
    acks: set[str] = set()
    for hello in ({}, {}, {"token": link}, {"token": link}):
        async with chatting(desk) as chat:
            await chat.hello(**hello)
            await chat.send(type="message", id="1", text="Hola")
            acks.add((await chat.next())["interaction_id"])
    assert len(acks) == 4
    taken = [item for item in await desk.taken() if isinstance(item, Interaction)]
    assert [item.thread == thread for item in taken] == [False, False, True, True]
    assert [item.hints.thread_signed for item in taken] == [False, False, True, True]
    assert len({item.contact for item in taken}) == 4


async def test_a_session_that_came_from_a_status_link_keeps_its_thread_when_it_returns(desk: Desk):
    thread = uuid4()
    async with chatting(desk) as chat:
        welcome = await chat.hello(token=desk.tokens.sign(thread))
    async with chatting(desk) as chat:
        again = await chat.hello(token=welcome["token"])
        assert again["session"] == welcome["session"]
        await chat.send(type="message", id="1", text="Hola")
        await chat.next()
    (taken,) = await desk.taken()
    assert isinstance(taken, Interaction)
    assert (taken.thread, taken.hints.thread_signed, taken.hints.session) == (thread, True, UUID(welcome["session"]))


async def test_who_returns_hears_the_thread_again_then_what_was_said_meanwhile(desk: Desk):
    asked, answered, unseen = words("customer", "Hola"), words("agent", "Buenas"), words("agent", "¿Sigue ahí?")
    async with chatting(desk) as chat:
        token, session = (welcome := await chat.hello())["token"], UUID(welcome["session"])
    desk.outside.histories[session] = [
        ChatLine(words=asked, delivered=True),
        ChatLine(words=answered, delivered=True),
        ChatLine(words=unseen, delivered=False),
    ]

    async with chatting(desk) as chat:
        await chat.hello(token=token)
        assert [await chat.next() for _ in range(3)] == [shown(asked), shown(answered), shown(unseen)]
        await until(lambda: desk.outside.delivered == [unseen.id])
        await desk.rooms.push(session, unseen)  # the watcher is late: it was in the history already
        await desk.rooms.push(session, said := words("agent", "Ya está"))
        assert await chat.next() == shown(said)
        await until(lambda: desk.outside.delivered == [unseen.id, said.id])


async def test_a_token_nobody_signed_opens_an_empty_session(desk: Desk):
    other = uuid4()
    desk.outside.histories[other] = [ChatLine(words=words("customer", "secreto"), delivered=True)]
    forged = ChatSessions(b"another secret of thirty-two byt", ThreadTokens(SECRET)).sign(Session(other, other))
    signed = desk.sessions.sign(Session(other, other))
    for token in (forged, signed[:-1], "", "x", "é" * 20, str(other)):
        async with chatting(desk) as chat:
            welcome = await chat.hello(token=token)
            assert welcome["type"] == "welcome"
            assert welcome["session"] != str(other)
            await chat.send(type="message", id="1", text="Hola")
            assert (await chat.next())["type"] == "ack"


@pytest.mark.parametrize(
    ("frame", "code", "named"),
    [
        ("{", "malformed", None),
        ("[]", "malformed", None),
        ("null", "malformed", None),
        ("[" * 60_000, "malformed", None),
        (b"\x00\xff", "malformed", None),
        ('{"type":"shout"}', "malformed", None),
        ('{"type":"message","id":"7"}', "malformed", "7"),
        ('{"type":"message","id":7,"text":"a"}', "malformed", None),
        ('{"type":"message","id":"7","text":null}', "malformed", "7"),
        ('{"type":"message","id":"7","text":"a","to":"x"}', "malformed", "7"),
        ('{"type":"message","id":"7","text":" \\n"}', "malformed", "7"),
        ('{"type":"message","id":"","text":"a"}', "malformed", None),
        ('{"type":"message","id":"' + "x" * 129 + '","text":"a"}', "malformed", None),
        ('{"type":"message","id":"7","text":"\\ud800"}', "malformed", "7"),
        ('{"type":"hello"}', "malformed", None),
        ('{"type":"message","id":"7","text":"' + "x" * 8193 + '"}', "too_large", "7"),
        ('{"type":"message","id":"7","text":"' + "x" * 100_000 + '"}', "too_large", "7"),
    ],
)
async def test_a_frame_that_can_not_be_taken_is_named_and_the_next_one_works(
    desk: Desk, frame: str | bytes, code: str, named: str | None
):
    async with chatting(desk) as chat:
        await chat.hello()
        await chat.socket.send(frame)
        error = await chat.next()
        assert (error["type"], error["code"], error.get("id")) == ("error", code, named)
        await chat.send(type="message", id="8", text="Hola")
        assert (await chat.next())["type"] == "ack"
    assert len(await desk.taken()) == 1


async def test_a_message_before_hello_or_a_wrong_hello_is_malformed(desk: Desk):
    async with chatting(desk) as chat:
        await chat.send(type="message", id="1", text="Hola")
        assert (await chat.next())["code"] == "malformed"
        assert (await chat.hello(email="nobody"))["code"] == "malformed"
        assert (await chat.hello(name="x" * 201))["code"] == "malformed"
        assert (await chat.hello(name="Ana", email=""))["type"] == "welcome"
    assert await desk.taken() == []


async def test_nul_in_a_message_and_in_its_id_is_kept_out_of_the_log(desk: Desk):
    async with chatting(desk) as chat:
        await chat.hello(name="A\x00")
        await chat.send(type="message", id="a\x00", text="b\x00c")
        assert (await chat.next())["id"] == "a\x00"
    (taken,) = await desk.taken()
    assert isinstance(taken, Interaction)
    assert (taken.text, taken.sender.name) == ("b\ufffdc", "A\ufffd")


async def test_messages_of_a_session_stay_in_order(desk: Desk):
    async with chatting(desk) as chat:
        await chat.hello()
        for number in range(200):
            await chat.send(type="message", id=str(number), text=str(number))
        acks = [await chat.next() for _ in range(200)]
    assert [ack["id"] for ack in acks] == [str(number) for number in range(200)]
    taken = [item.text for item in await desk.taken() if isinstance(item, Interaction)]
    assert taken == [str(number) for number in range(200)]


async def test_a_flood_is_refused_with_a_time_to_wait_and_the_others_are_served(limited_desk: Desk, limits_clock):
    async with chatting(limited_desk) as flood, chatting(limited_desk) as calm:
        await flood.hello()
        await calm.hello()
        for number in range(300):
            await flood.send(type="message", id=str(number), text="x")
        await calm.send(type="message", id="calm", text="Hola")
        assert (await calm.next())["type"] == "ack"
        answers = [await flood.next() for _ in range(300)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert len(refused) == 300 - SAID_IN_ONE_SESSION.burst
        assert {answer["code"] for answer in refused} == {"rate_limited"}
        assert {answer["retry_after"] for answer in refused} == {1}
        limits_clock.now += 1
        await flood.send(type="message", id="later", text="x")
        assert (await flood.next())["type"] == "ack"
    assert len(await limited_desk.taken()) == 300 - len(refused) + 2


async def test_a_session_does_not_shed_its_limit_by_returning(limited_desk: Desk):
    async with chatting(limited_desk) as chat:
        token = (await chat.hello())["token"]
        for number in range(31):
            await chat.send(type="message", id=str(number), text="x")
        answers = [await chat.next() for _ in range(31)]
    async with chatting(limited_desk) as chat:
        await chat.hello(token=token)
        for number in range(31, 62):
            await chat.send(type="message", id=str(number), text="x")
        answers += [await chat.next() for _ in range(31)]
    assert sum(answer["type"] == "ack" for answer in answers) == SAID_IN_ONE_SESSION.burst


async def test_who_names_one_address_again_and_again_is_refused_whichever_session_they_open(limited_desk: Desk):
    codes: list[str] = []
    for _ in range(OF_ONE_ADDRESS.burst - 2):
        async with chatting(limited_desk) as chat:
            codes.append((await chat.hello(email="ana@x.cu"))["type"])
    assert set(codes) == {"welcome"}
    async with chatting(limited_desk) as chat:
        await chat.hello()
        for _ in range(6):
            await chat.send(type="email", email="Ana@x.cu")
        assert (await chat.next())["code"] == "rate_limited"
        await chat.send(type="email", email="eva@x.cu")
        await chat.send(type="message", id="1", text="Hola")
        while (answer := await chat.next())["type"] == "error":
            assert answer["code"] == "rate_limited"
        assert answer["type"] == "ack"


async def test_from_one_place_only_so_many_are_told_to_be_typing(limited_desk: Desk):
    many = TYPED_FROM_ONE_PLACE.burst * 2
    async with AsyncExitStack() as open_ones:
        chats = [await open_ones.enter_async_context(chatting(limited_desk)) for _ in range(many)]
        for chat in chats:
            await chat.hello()
        for chat in chats:
            await chat.send(type="typing")
            await chat.send(type="message", id="1", text="x")
        for chat in chats:
            while (await chat.next())["type"] != "ack":
                continue
    assert len(limited_desk.outside.typed) == TYPED_FROM_ONE_PLACE.burst


async def test_a_client_that_reads_nothing_is_let_go_and_holds_up_nobody(desk: Desk):
    async with chatting(desk) as chat:
        session = UUID((await chat.hello())["session"])
        await chat.socket.send("{}")
        await chat.next()
        chat.socket.transport.pause_reading()
        for _ in range(3000):
            await desk.rooms.push(session, words("agent", os.urandom(4000).hex()))
            await asyncio.sleep(0)
        await until(lambda: not desk.rooms.is_open(session))


async def test_who_writes_and_leaves_at_once_is_heard(desk: Desk):
    async with chatting(desk) as chat:
        await chat.hello()
        for number in range(100):
            await chat.send(type="message", id=str(number), text="Hola")
    deadline = time.monotonic() + 60
    while len(await desk.taken()) < 100:
        assert time.monotonic() < deadline


async def test_typing_goes_both_ways(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "_TYPING_SECONDS", 60)  # a busy machine may take a second for five frames
    async with chatting(desk) as chat:
        session = UUID((await chat.hello())["session"])
        for _ in range(5):
            await chat.send(type="typing")
        await until(lambda: desk.outside.typed == [session])
        desk.rooms.typing(session)
        assert await chat.next() == {"type": "typing"}
    assert await desk.taken() == []


async def test_what_is_said_in_one_thread_reaches_no_other(desk: Desk):
    async with chatting(desk) as one, chatting(desk) as other:
        mine = UUID((await one.hello())["session"])
        await other.hello(email="ana@x.cu")
        await desk.rooms.push(mine, said := words("agent", "para usted"))
        assert await one.next() == shown(said)
        with pytest.raises(TimeoutError):
            await other.next(0.2)


async def test_who_sends_nothing_but_what_can_not_be_taken_is_let_go(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "_REFUSED_MAX", 3)
    async with chatting(desk) as chat:
        await chat.hello()
        for _ in range(3):
            await chat.send(type="nothing")
            assert (await chat.next())["code"] == "malformed"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await chat.next()
        assert closed.value.code == 1008


async def test_who_never_says_hello_is_let_go(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "_HELLO_SECONDS", 0.1)
    async with chatting(desk) as chat:
        with pytest.raises(websockets.ConnectionClosed):
            await chat.next()


async def test_without_the_log_there_is_no_ack_but_word_of_it_within_five_seconds(
    breakable_desk: tuple[Desk, Callable[[], None], Callable[[], None]],
):
    desk, stop, start = breakable_desk
    async with chatting(desk) as chat:
        await chat.hello()
        await asyncio.to_thread(stop)
        began = time.monotonic()
        for number in range(5):
            await chat.send(type="message", id=str(number), text="Hola")
        answers = [await chat.next() for _ in range(5)]
        assert time.monotonic() - began < 5
        assert answers == [
            {"type": "error", "code": "log_unavailable", "id": str(number), "retry_after": 5} for number in range(5)
        ]

        await asyncio.to_thread(start)
        deadline = time.monotonic() + 60
        while True:
            await chat.send(type="message", id="0", text="Hola")
            if (await chat.next())["type"] == "ack":
                break
            assert time.monotonic() < deadline


class Followed(PostgresFeed):
    """Says when somebody follows it, who knows by then from where on."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.begun = asyncio.Event()

    async def follow(self, *args: Any, **kwargs: Any) -> None:
        self.begun.set()
        await super().follow(*args, **kwargs)


async def test_a_recorded_answer_reaches_the_open_chat_and_its_delivery_is_recorded_once(
    desk: Desk, database: Database, keys: Keys
):
    ledger = Ledger(keys)
    receipts = Receipts(database, ledger)
    feed = Followed(database)
    watching = asyncio.create_task(follow_replies(feed, desk.rooms, keys, database, _file))
    async with chatting(desk) as chat:
        session = UUID((await chat.hello())["session"])
        await feed.begun.wait()
        sent = [answer(session, Channel.EMAIL), answer(uuid4(), Channel.CHAT), answer(session, Channel.CHAT)]
        await database.run(record, ledger, sent)
        assert await chat.next() == shown(Words("agent", sent[2].interaction, "Reinicie", sent[2].at))
        await until(lambda: desk.outside.delivered == [sent[2].interaction])
    watching.cancel()

    for interaction in (sent[2].interaction, sent[2].interaction, uuid4()):
        await receipts.delivered(interaction)
    events = await database.run(store.read_after, 0, 100)
    facts = [event.fact(keys) for event in events]
    assert facts[:3] == sent
    assert [fact for fact in facts[3:] if isinstance(fact, InteractionDelivered)] == facts[3:]
    assert [fact.interaction for fact in facts[3:] if isinstance(fact, InteractionDelivered)] == [sent[2].interaction]


def _file(thread: UUID, interaction: UUID, index: int) -> str:
    return f"/files/{thread}/{interaction}/{index}"


async def test_a_held_answer_reaches_the_chat_when_its_time_has_come_and_a_withdrawn_one_never(
    desk: Desk, database: Database, keys: Keys
):
    ledger = Ledger(keys)
    feed = Followed(database)
    watching = asyncio.create_task(follow_replies(feed, desk.rooms, keys, database, _file))
    async with chatting(desk) as chat:
        session = UUID((await chat.hello())["session"])
        await feed.begun.wait()
        back, held, last = (answer(session, Channel.CHAT) for _ in range(3))
        until_then = datetime.now(UTC) + timedelta(seconds=3)
        facts: list[Fact] = []
        for sent in (back, held):
            facts += [InteractionHeld(interaction=sent.interaction, until=until_then, at=sent.at), sent]
        facts += [InteractionWithdrawn(interaction=back.interaction, by="ana", at=back.at), last]
        await database.run(record, ledger, facts)
        assert await chat.next() == shown(Words("agent", last.interaction, "Reinicie", last.at))
        assert datetime.now(UTC) < until_then
        assert await chat.next() == shown(Words("agent", held.interaction, "Reinicie", held.at))
        assert datetime.now(UTC) >= until_then
        after = answer(session, Channel.CHAT)
        await database.run(record, ledger, [after])
        assert await chat.next() == shown(Words("agent", after.interaction, "Reinicie", after.at))
    watching.cancel()


async def test_a_watcher_that_starts_late_still_pushes_what_is_held(desk: Desk, database: Database, keys: Keys):
    ledger = Ledger(keys)
    async with chatting(desk) as chat:
        session = UUID((await chat.hello())["session"])
        file = Attachment(name="a.txt", bytes=1, media_type="text/plain", blob="b")
        sent = replace(answer(session, Channel.CHAT), personal=InteractionContent(text="Reinicie", attachments=(file,)))
        until_then = datetime.now(UTC) + timedelta(seconds=1)
        held = InteractionHeld(interaction=sent.interaction, until=until_then, at=sent.at)
        await database.run(record, ledger, [held, sent])
        watching = asyncio.create_task(follow_replies(PostgresFeed(database), desk.rooms, keys, database, _file))
        came = await chat.next()
        assert came.pop("attachments") == [{"name": "a.txt", "url": _file(session, sent.interaction, 0), "bytes": 1}]
        assert came == shown(Words("agent", sent.interaction, "Reinicie", sent.at))
    watching.cancel()


def answer(thread: UUID, channel: Channel) -> InteractionSent:
    return InteractionSent(
        interaction=uuid4(),
        incident=uuid4(),
        channel=channel,
        thread=thread,
        address=uuid4(),
        by="ana",
        at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        personal=InteractionContent(text="Reinicie"),
    )


def record(connection: Connection, ledger: Ledger, facts: Sequence[Fact]) -> None:
    store.lock(connection)
    pairs: list[tuple[Fact, Cause]] = [(fact, Cause()) for fact in facts]
    ledger.record(connection, pairs, {})


async def test_what_is_pushed_while_the_history_is_read_comes_after_it_and_once():
    outbox = Outbox()
    early, both, live = words("customer", "1"), words("agent", "2"), words("agent", "3")
    outbox.push(both)
    outbox.push(live)
    await outbox.put_history([ChatLine(words=early, delivered=True), ChatLine(words=both, delivered=False)])
    outbox.push(live)
    frames = [await outbox.next() for _ in range(3)]
    assert frames == [early, both, live]
    assert [outbox.written(frame) for frame in frames] == [None, both.id, live.id]
    assert outbox.written(live) is None


@pytest.mark.parametrize(("of_one_place", "of_all"), [(2, 5000), (200, 2)])
async def test_only_so_many_chats_are_open_from_one_place_and_the_next_hears_when_to_come_back(
    database: Database, blobs: Blobs, monkeypatch: pytest.MonkeyPatch, of_one_place: int, of_all: int
):
    monkeypatch.setattr(shared, "OPEN_FROM_ONE_PLACE", of_one_place)
    monkeypatch.setattr(shared, "OPEN_AT_ONCE", of_all)
    async with serving(database, blobs, rate_limit=True) as desk:
        async with AsyncExitStack() as open_ones:
            for _ in range(2):
                chat = await open_ones.enter_async_context(chatting(desk))
                assert (await chat.hello())["type"] == "welcome"
            async with chatting(desk) as third:
                assert await third.next() == {"type": "error", "code": "rate_limited", "retry_after": 30}
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await third.next()
                assert closed.value.code == 1013
            await chat.send(type="message", id="1", text="Hola")  # nobody else is sent away
            assert (await chat.next())["type"] == "ack"
        async with asyncio.timeout(60):
            while True:
                async with chatting(desk) as again:
                    with contextlib.suppress(websockets.ConnectionClosed):
                        if (await again.hello())["type"] == "welcome":
                            break
