"""Keeps a vector for every published article: the worker beside the read models.

Follows the events as far as article_search has folded them; what an article says is read there. Killed at any moment
it goes on where it was: an article whose text has its vector is left as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog
from prometheus_client import Gauge

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.turns import Turn, hold
from projections import article_vectors
from projections.article_search import ARTICLE_SEARCH
from projections.article_vectors import Meaning, Pending
from services.knowledge.meaning.besides import BESIDES
from services.knowledge.meaning.embedder import Embedder, EmbedderError, RefusedTextError

ARTICLES = Gauge("cauce_articles_embedded", "Published articles with a vector, and those without", ("state",))

TURN = "article vectors"
_BATCH = 8
_BATCH_SECONDS = 120.0
_EVENTS = 100
_POLL_SECONDS = 1.0
_PAUSE_SECONDS = 30.0
_SHORTEST_CHARACTERS = 300

log = structlog.get_logger()


class Filling:
    """One at a time works, others stand by."""

    def __init__(self, database: Database, embedder: Embedder, *, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._database = database
        self._embedder = embedder
        self._pause_seconds = pause_seconds

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                async with hold(self._database.url, TURN) as turn:
                    try:
                        await self._fill(turn)
                    except EmbedderError as error:
                        log.warning("embedder_failed", error=str(error), pause_seconds=self._pause_seconds)
                        await asyncio.sleep(self._pause_seconds)
        finally:
            await self._embedder.close()

    async def _fill(self, turn: Turn) -> None:
        folded = await self._database.run(_folded)
        if folded is None:
            await asyncio.sleep(_POLL_SECONDS)
            return
        besides = await self._embedder.questions(BESIDES, seconds=_BATCH_SECONDS)
        await self._database.run(article_vectors.begin, besides[0].embedder, besides[0].dimensions)
        await self._settle(turn, besides, None)
        position = folded
        while turn.held:
            changed, position = await self._database.run(_changed, position)
            if changed:
                await self._settle(turn, besides, changed)
            else:
                await asyncio.sleep(_POLL_SECONDS)

    async def _settle(self, turn: Turn, besides: Sequence[Meaning], among: Sequence[UUID] | None) -> None:
        """Give those of these articles a vector that lack it, and none to what is no longer published."""
        await self._database.run(article_vectors.prune, among)
        after = UUID(int=0)
        while turn.held and (pending := await self._next(after, among)):
            embedded = await self._embed(pending)
            await self._database.run(article_vectors.keep, self._embedder.address.embedder, embedded)
            await self._tell()
            after = pending[-1].id
        if turn.held:
            vectors = [each.vector for each in besides]
            await self._database.run(article_vectors.set_floor, self._embedder.address.embedder, vectors)
            await self._tell()

    async def _next(self, after: UUID, among: Sequence[UUID] | None) -> list[Pending]:
        return await self._database.run(article_vectors.pending, _BATCH, after=after, among=among)

    async def _embed(self, pending: Sequence[Pending]) -> list[tuple[Pending, str]]:
        try:
            meanings = await self._embedder.articles([each.text for each in pending], seconds=_BATCH_SECONDS)
        except RefusedTextError:
            if len(pending) > 1:
                return [found for each in pending for found in await self._embed([each])]
            return await self._shortened(pending[0])
        return [(each, meaning.vector) for each, meaning in zip(pending, meanings, strict=True)]

    async def _shortened(self, pending: Pending) -> list[tuple[Pending, str]]:
        """Of a text that is too long for the model its beginning says most. None: it takes not even that."""
        characters = len(pending.text) // 2
        while characters >= _SHORTEST_CHARACTERS:
            try:
                (meaning,) = await self._embedder.articles([pending.text[:characters]], seconds=_BATCH_SECONDS)
            except RefusedTextError:
                characters //= 2
            else:
                return [(pending, meaning.vector)]
        log.warning("article_not_embedded", article=str(pending.id))
        return []

    async def _tell(self) -> None:
        progress = await self._database.run(article_vectors.progress)
        ARTICLES.labels("with").set(progress.embedded)
        ARTICLES.labels("without").set(max(0, progress.published - progress.embedded))


def _folded(connection: Connection) -> int | None:
    """How far article_search has come; None: it was never made."""
    row: tuple[int] | None = connection.execute(
        "SELECT position FROM projections WHERE name = 'article_search' AND state = 'live'"
    ).fetchone()
    return row[0] if row else None


def _changed(connection: Connection, position: int) -> tuple[list[UUID], int]:
    """The articles that something happened to since, and up to where that was read."""
    until = _folded(connection) or 0
    events = store.read_types_after(connection, position, _EVENTS, ARTICLE_SEARCH.type_names, until=until)
    articles = {UUID(each.stream.partition("/")[2]) for each in events if each.stream.startswith("article/")}
    return sorted(articles), events[-1].position if len(events) == _EVENTS else max(position, until)
