"""What is asked of a server of embeddings, what is believed of its answers, and that no search waits for it in vain."""

from __future__ import annotations

import asyncio
import json
from math import hypot

import pytest

from schemas.errors import SettingsError
from services.knowledge.meaning.address import read_address
from services.knowledge.meaning.embedder import Embedder, EmbedderError, RefusedTextError
from services.knowledge.meaning.questions import Questions
from tests.services.knowledge.embedding_server import say, serving_embeddings


@pytest.fixture
async def server():
    async with serving_embeddings() as running:
        yield running


@pytest.fixture
async def embedder(server):
    made = Embedder(server.named())
    yield made
    await made.close()


async def test_vectors_come_in_the_order_of_their_texts_with_length_one(server, embedder):
    texts = ["la factura", "el acceso", "el papel"]

    meanings = await embedder.questions(texts, seconds=30)

    told = [json.loads(each.vector) for each in meanings]
    assert [vector.index(max(vector)) for vector in told] == [0, 1, 2]
    assert [round(hypot(*vector), 3) for vector in told] == [1, 1, 1]
    assert {(each.embedder, each.dimensions) for each in meanings} == {("words", 16)}
    assert server.asked == [{"model": "words", "input": texts, "encoding_format": "float"}]


async def test_prefixes_go_before_questions_and_articles_and_the_key_along(server):
    where = server.address.replace("//", "//:s3cr%40t@")
    address = read_address(f"{where}?model=e5&query=query:%20&passage=passage:%20")
    made = Embedder(address)
    await made.questions(["uno"], seconds=30)
    await made.articles(["dos"], seconds=30)
    await made.close()
    assert server.texts == ["query: uno", "passage: dos"]
    assert "authorization: bearer s3cr@t" in server.heads[0].lower()
    assert "s3cr" not in f"{address} {address.url}"
    assert address.embedder == "e5 · query: · passage:"


def _saying(body: bytes, **more: str):
    async def answer(writer: asyncio.StreamWriter) -> None:
        say(writer, body, **more)

    return answer


def _with(*vectors: list[float], indexes: tuple[int, ...] = (0,)) -> bytes:
    data = [{"index": index, "embedding": vector} for index, vector in zip(indexes, vectors, strict=True)]
    return json.dumps({"data": data}).encode()


async def _without_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(1024):
        writer.write(b" " * 1024 * 1024)
        await writer.drain()


async def _drop_by_drop(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _hanging_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


_HOSTILE = {
    "not a number": _saying(b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}'),
    "a number without end": _saying(b'{"data": [{"index": 0, "embedding": [1e999, 1]}]}'),
    "nothing": _saying(b'{"data": [{"index": 0, "embedding": [null, 1]}]}'),
    "no direction": _saying(_with([0.0, 0.0])),
    "no numbers": _saying(_with([])),
    "too many numbers": _saying(_with([1.0] * 4001)),
    "no vector": _saying(_with(indexes=())),
    "two for one": _saying(_with([1.0, 2.0], [1.0, 2.0], indexes=(0, 1))),
    "of something else": _saying(_with([1.0, 2.0], indexes=(7,))),
    "an error page": _saying(b"<html>", status="200 OK"),
    "deep": _saying(b"[" * 100_000),
    "an error": _saying(b"{}", status="500 Oh no"),
    "elsewhere": _saying(b"", status="307 Go", head="Location: http://127.0.0.1:1/\r\n"),
    "packed": _saying(b"\x1f\x8b", head="Content-Encoding: gzip\r\n"),
    "no HTTP": _hanging_up,
    "drop by drop": _drop_by_drop,
    "silence": _silent,
}


@pytest.mark.parametrize("badly", _HOSTILE.values(), ids=_HOSTILE)
async def test_whatever_else_it_answers_is_no_vector_and_ends_in_time(server, badly):
    server.badly = badly
    made = Embedder(server.named())
    try:
        async with asyncio.timeout(60):
            with pytest.raises(EmbedderError):
                await made.questions(["factura"], seconds=0.5 if badly in {_drop_by_drop, _silent} else 30)
        assert len(server.asked) <= 1  # nor was anybody followed
    finally:
        await made.close()


async def test_an_answer_that_is_too_long_for_vectors_is_not_read_to_its_end(server, embedder):
    server.badly = _without_end
    with pytest.raises(EmbedderError, match="too much"):
        await embedder.questions(["factura"], seconds=300)


async def test_vectors_of_different_lengths_are_none(server, embedder):
    server.badly = _saying(_with([1.0, 2.0], [1.0, 2.0, 3.0], indexes=(0, 1)))
    with pytest.raises(EmbedderError, match=r"\[2, 3\]"):
        await embedder.articles(["uno", "dos"], seconds=30)


async def test_a_text_that_it_refuses_is_told_from_a_server_that_is_ill(server, embedder):
    server.refuses = 5
    with pytest.raises(RefusedTextError):
        await embedder.articles(["factura"], seconds=30)


async def test_the_same_words_are_asked_for_once(server, embedder):
    asked = Questions(embedder, wait_seconds=30)
    first = await asked.meaning("la  factura ")
    assert first is not None
    assert await asked.meaning("la factura") == first
    assert await asked.meaning(" ") is None
    assert len(server.asked) == 1


async def test_no_embedder_is_asked_nothing():
    assert await Questions(None).meaning("factura") is None


async def test_after_three_failures_it_is_left_alone_and_then_tried_again(server, embedder):
    asked = Questions(embedder, wait_seconds=30)
    server.badly = _saying(b"{}", status="500 Oh no")
    assert [await asked.meaning(f"factura {number}") for number in range(10)] == [None] * 10
    assert len(server.asked) == 3
    asked._paused_until = 0  # the pause is over
    assert [await asked.meaning(f"factura {number}") for number in range(10)] == [None] * 10
    assert len(server.asked) == 4
    server.badly, asked._paused_until = None, 0
    assert await asked.meaning("factura") is not None


async def test_words_that_it_refuses_let_others_be_asked(server, embedder):
    asked = Questions(embedder, wait_seconds=30)
    server.refuses = 10
    assert [await asked.meaning(f"una factura {number}") for number in range(5)] == [None] * 5
    assert await asked.meaning("factura") is not None


async def test_half_a_letter_is_no_failure(embedder):
    assert await Questions(embedder, wait_seconds=30).meaning("factura \ud83d") is not None


@pytest.mark.parametrize(
    "url",
    [
        "localhost:11434",
        "ftp://host/?model=x",
        "http://host/v1/embeddings",
        "http://host/?model=",
        "http://host/?model=%20",
        "http://host:port/?model=x",
        "http://:s3cret@/?model=x",
        "http://:s3cret@host/?model=x&floor=1",
    ],
)
def test_an_address_that_is_none_is_said_without_its_key(url):
    with pytest.raises(SettingsError, match="CAUCE_EMBEDDINGS") as refused:
        read_address(url)
    assert "s3cret" not in str(refused.value)


def test_an_address_without_a_path_is_that_of_openai():
    assert read_address("http://[::1]:8080?model=bge-m3").url == "http://[::1]:8080/v1/embeddings"
