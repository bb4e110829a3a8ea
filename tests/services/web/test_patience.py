"""What a connection may not do to the others: keep a place and say nothing, send without end, hold up the process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from schemas.errors import MalformedError, RateLimitedError, RefusedError
from services.web import patience, problems, slow_bodies
from services.web.limits import BodyLimit
from services.web.patience import rest_of
from services.web.server import configured
from tests import ports

MUCH = 32 * 1024 * 1024
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def _length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def _much(_: Request) -> PlainTextResponse:
    return PlainTextResponse(bytes(MUCH))


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        return


@asynccontextmanager
async def _serving() -> AsyncIterator[int]:
    app = Starlette(
        routes=[Route("/", _length, methods=["POST"]), Route("/much", _much), WebSocketRoute("/chat", _echo)],
        exception_handlers={RefusedError: problems.answer},
    )
    app.add_middleware(BodyLimit)
    listening = ports.listening()
    server = uvicorn.Server(configured(app))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 -- uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield int(listening.getsockname()[1])
    server.should_exit = True
    await running


@pytest.mark.parametrize("begun", [b"", b"POST", HEAD])
async def test_who_asks_nothing_is_let_go_however_it_drips_in(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    async with _serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        for _ in range(100):
            if begun:
                writer.write(b"X")
            try:
                assert await asyncio.wait_for(reader.read(), 0.1) == b""
                break
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
        else:
            pytest.fail("still there")
        writer.close()


async def test_a_body_that_does_not_come_is_refused_and_one_in_time_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    async with _serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in (b"Content-Length: 2\r\n\r\n", b"x", b"y"):
            writer.write(HEAD + part if len(part) > 1 else part)
            await asyncio.sleep(0.5)  # longer than a head may take
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n2"), 10)).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(slow_bodies, "PIECE_SECONDS", 0.2)
        writer.write(HEAD + b"Content-Length: 3\r\n\r\nx")
        answer = await asyncio.wait_for(reader.readuntil(b"again"), 10)
        assert answer.startswith(b"HTTP/1.1 400")
        writer.close()


async def test_what_slow_bodies_hold_is_bounded_and_the_first_of_them_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "OF_ONE_PLACE_BYTES", 2500)
    async with _serving() as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in slow:
            writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)  # they are begun in this order
            writer.write(b"x" * 1000)
        refused = await asyncio.wait_for(slow[0][0].readuntil(b"under way"), 10)
        assert refused.startswith(b"HTTP/1.1 429")
        assert b"retry-after" in refused.lower()
        for reader, writer in slow[1:]:
            writer.write(b"x")
            assert (await asyncio.wait_for(reader.readuntil(b"1001"), 10)).startswith(b"HTTP/1.1 200")
        for _, writer in slow:
            writer.close()


async def _asking(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Who asks for much and has read nothing of it but its beginning."""
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asking.setblocking(False)
    await asyncio.get_running_loop().sock_connect(asking, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=asking, limit=4096)
    writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 200")
    return reader, writer


async def _end_of(reader: asyncio.StreamReader) -> int:
    """How much was still to be read, of an answer or until the connection broke."""
    read = 0
    with contextlib.suppress(ConnectionResetError):
        while read < MUCH and (piece := await asyncio.wait_for(reader.read(65536), 10)):
            read += len(piece)
    return read


async def _until_unread(count: int) -> None:
    async with asyncio.timeout(20):
        while len(patience._unread) != count:  # noqa: ASYNC110 -- nothing tells
            await asyncio.sleep(0.01)


async def test_who_never_reads_the_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "READ_SECONDS", 0.2)
    async with _serving() as port:
        reader, writer = await _asking(port)
        await _until_unread(1)
        await _until_unread(0)
        assert await _end_of(reader) < MUCH
        writer.close()


async def test_who_reads_slowly_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "READ_SECONDS", 1)
    monkeypatch.setattr(patience, "_READ_BYTES", 4096)
    async with _serving() as port:
        reader, writer = await _asking(port)
        await _until_unread(1)
        read, looks = 0, set[asyncio.TimerHandle]()
        while len(looks) < 3:
            read += len(await reader.readexactly(4096))
            looks.update(patience._unread.values())
            await asyncio.sleep(0.02)  # in a second a tenth of what the kernel waits for before it takes more
        await asyncio.wait_for(reader.readexactly(MUCH - read), 20)
        assert not patience._unread
        writer.close()


async def test_of_many_who_do_not_read_the_one_that_waited_longest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "UNREAD_MAX", 1)
    async with _serving() as port:
        first, one = await _asking(port)
        await _until_unread(1)
        second, other = await _asking(port)
        assert await _end_of(first) < MUCH
        assert await _end_of(second) >= MUCH
        one.close()
        other.close()


PIECE: Message = {"type": "http.request", "body": b"x" * 20, "more_body": True}


async def _begun(
    coming: slow_bodies.Coming, pieces: asyncio.Queue[Message], place: str
) -> tuple[slow_bodies.Body, asyncio.Task[Message]]:
    """A body that holds a piece and waits for the next."""
    pieces.put_nowait(PIECE)
    body = coming.one(pieces.get, place)
    await body.receive()
    waiting = asyncio.create_task(body.receive())
    await asyncio.sleep(0)  # it waits
    return body, waiting


async def test_other_places_are_let_go_only_for_what_all_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "OF_ONE_PLACE_BYTES", 30)
    monkeypatch.setattr(slow_bodies, "IN_ALL_BYTES", 50)
    coming, pieces = slow_bodies.Coming(), asyncio.Queue[Message]()
    (_, a), (_, b), (_, b2), (_, c) = [await _begun(coming, pieces, place) for place in "abbc"]
    for gone in (b, a):
        with pytest.raises(RateLimitedError):
            await gone
    for staying in (b2, c):
        assert not staying.done()
        staying.cancel()


async def test_who_is_let_go_as_its_next_piece_comes_holds_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "OF_ONE_PLACE_BYTES", 30)
    coming, ours, theirs = slow_bodies.Coming(), asyncio.Queue[Message](), asyncio.Queue[Message]()
    body, waiting = await _begun(coming, ours, "a")
    other = coming.one(theirs.get, "a")
    ours.put_nowait(PIECE)
    theirs.put_nowait(PIECE)
    await other.receive()  # lets it go, before it could look at what came
    with pytest.raises(RateLimitedError):
        await waiting
    coming.remove(body)
    coming.remove(other)
    assert not coming._held


async def test_who_lets_another_go_is_not_ended_by_its_time_running_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "OF_ONE_PLACE_BYTES", 30)
    coming, pieces = slow_bodies.Coming(), asyncio.Queue[Message]()
    body, waiting = await _begun(coming, pieces, "a")
    other = coming.one(pieces.get, "a")
    assert body._waiting is not None
    body._waiting.reschedule(asyncio.get_running_loop().time())
    await asyncio.sleep(0)  # its time has run out, and it does not know yet
    assert body._waiting.expired()
    pieces.put_nowait(PIECE)
    await other.receive()
    with pytest.raises(MalformedError):
        await waiting


async def test_a_body_that_is_let_go_is_too_many_also_where_fastapi_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "OF_ONE_PLACE_BYTES", 0)
    app = FastAPI()

    async def read(said: dict[str, str]) -> dict[str, str]:
        return said

    app.post("/")(read)
    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    pieces = asyncio.Queue[Message]()
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "client": ("192.0.2.1", 1)}
    scope["headers"] = [(b"content-type", b"application/json"), (b"content-length", b"30")]
    limited = BodyLimit(app)
    asked = asyncio.create_task(limited(scope, pieces.get, send))
    while not any(body._waiting for body in limited._coming._bodies):  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0)
    other = limited._coming.one(pieces.get, "192.0.2.1")
    limited._coming.add(other, 20)
    await asked
    assert answers[0]["status"] == 429
    assert b"under way" in b"".join(answer.get("body", b"") for answer in answers)


async def test_messages_longer_than_what_is_read_at_once_stay_whole_and_in_order() -> None:
    said = [str(number) * (number * 900) for number in range(1, 40)]
    async with _serving() as port, connect(f"ws://127.0.0.1:{port}/chat") as chat:
        for words in said:
            await chat.send(words)
        assert [await asyncio.wait_for(chat.recv(), 10) for _ in said] == said


async def test_a_message_in_fragments_without_end_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FRAGMENTS_MAX", 4)
    async with _serving() as port, connect(f"ws://127.0.0.1:{port}/chat") as chat:
        await chat.send(["", json.dumps({}), ""])
        assert await asyncio.wait_for(chat.recv(), 10) == "{}"
        frames = [Frame(Opcode.TEXT, b"", fin=False), *[Frame(Opcode.CONT, b"", fin=False)] * 4]
        chat.transport.write(b"".join(frame.serialize(mask=True) for frame in frames))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(chat.recv(), 10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_the_connections_of_one_place_rest_one_after_the_other_and_another_place_does_not() -> None:
    assert rest_of(("198.51.100.1", 1), 0.5, now=1000) == 2
    assert rest_of(("198.51.100.1", 2), 0.5, now=1001) == 3
    assert rest_of(("198.51.100.2", 1), 0.5, now=1001) == 2
    assert rest_of(("198.51.100.1", 3), 0.5, now=1005) == 2
