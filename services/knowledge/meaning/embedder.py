"""Asks the server of embeddings what texts mean: OpenAI's `/v1/embeddings`, as Ollama, TEI, vLLM and others speak it.

Whatever it answers, an ask ends in time, reads no more than vectors take, and gives vectors or an EmbedderError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import hypot, isfinite

import httpx
import msgspec

from projections.article_vectors import Meaning
from services.knowledge.meaning.address import Address

DIMENSIONS_MAX = 4000  # pgvector's index takes no more
_NUMBER_MAX_BYTES = 32
_FRAME_MAX_BYTES = 4096
_REFUSED = (400, 413, 422)


class EmbedderError(Exception):
    """No vectors: it did not answer in time, or not with vectors."""


class RefusedTextError(EmbedderError):
    """It would not take these texts: too long, mostly."""


class _Embedding(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Embedding]


_decoder = msgspec.json.Decoder(_Answer)


class Embedder:
    """One server and one model. Follows no redirect and no proxy: texts go where the operator said."""

    def __init__(self, address: Address) -> None:
        self.address = address
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if address.key:
            headers["Authorization"] = f"Bearer {address.key}"
        self._client = httpx.AsyncClient(headers=headers, trust_env=False, timeout=None)  # noqa: S113 -- bounded as a whole

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def questions(self, texts: Sequence[str], *, seconds: float) -> list[Meaning]:
        """What questions mean, in their order. Raises EmbedderError, within the time."""
        return await self._meanings([self.address.query + text for text in texts], seconds)

    async def articles(self, texts: Sequence[str], *, seconds: float) -> list[Meaning]:
        """What articles mean, in their order. Raises EmbedderError, within the time."""
        return await self._meanings([self.address.passage + text for text in texts], seconds)

    async def _meanings(self, texts: Sequence[str], seconds: float) -> list[Meaning]:
        try:
            async with asyncio.timeout(seconds):
                body = await self._ask(texts)
        except TimeoutError as error:
            raise EmbedderError(f"no answer in {seconds:g} s") from error
        except httpx.HTTPError as error:
            raise EmbedderError(f"no answer: {type(error).__name__}") from error
        return [self._meaning(vector) for vector in _vectors(body, len(texts))]

    async def _ask(self, texts: Sequence[str]) -> bytes:
        most = _FRAME_MAX_BYTES + len(texts) * (DIMENSIONS_MAX * _NUMBER_MAX_BYTES + _FRAME_MAX_BYTES)
        asked = {"model": self.address.model, "input": texts, "encoding_format": "float"}
        found = bytearray()
        async with self._client.stream("POST", self.address.url, json=asked) as answer:
            if answer.status_code in _REFUSED:
                raise RefusedTextError(f"it answered {answer.status_code}")
            if not answer.is_success:
                raise EmbedderError(f"it answered {answer.status_code}")
            async for part in answer.aiter_raw():  # as it comes: what is packed, unasked, could be of any size
                found += part
                if len(found) > most:
                    raise EmbedderError("it answers too much")
        return bytes(found)

    def _meaning(self, vector: Sequence[float]) -> Meaning:
        length = hypot(*vector)
        if not isfinite(length) or not length:
            raise EmbedderError("a vector without a direction")
        told = ",".join(f"{number / length:.6f}" for number in vector)
        return Meaning(self.address.embedder, len(vector), f"[{told}]")


def _vectors(body: bytes, wanted: int) -> list[list[float]]:
    """Of an answer. All are of one length."""
    try:
        data = sorted(_decoder.decode(body).data, key=lambda each: each.index)
    except msgspec.MsgspecError as error:
        raise EmbedderError("it answers something else than vectors") from error
    if [each.index for each in data] != list(range(wanted)):
        raise EmbedderError(f"{len(data)} vectors for {wanted} texts")
    lengths = {len(each.embedding) for each in data}
    if len(lengths) > 1 or not 1 < max(lengths, default=0) <= DIMENSIONS_MAX:
        raise EmbedderError(f"vectors of {sorted(lengths)} numbers")
    return [each.embedding for each in data]
