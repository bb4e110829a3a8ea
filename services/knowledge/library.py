"""Runs article requests: lock, load, decide, record; one transaction each. Between the API and the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.ledger import Cause, Ledger
from schemas.errors import ConflictError
from schemas.facts import stream_id
from schemas.ids import new_id, scoped_id
from services.knowledge.articles import Article, ArticleFact, ArticleRequest, Publish, decide, state_of


def article_id(by: str, idempotency_key: str | None) -> UUID:
    """The id of an article to be published: the same for the same caller and key, so a repeat meets its first."""
    return new_id() if idempotency_key is None else scoped_id("article", by, idempotency_key)


class Library:
    """The articles' write side."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def run(self, request: ArticleRequest, *, repeatable: bool = False) -> int:
        """The position that shows the request's effect. `repeatable`: publishing the same again is no conflict."""
        return await self._database.run(self._in_transaction, request, repeatable=repeatable)

    def _in_transaction(self, connection: Connection, request: ArticleRequest, *, repeatable: bool) -> int:
        store.lock(connection)
        stream = stream_id("article", request.article)
        history = self._ledger.load(connection, [stream])[stream]
        article = state_of(cast("Sequence[ArticleFact]", history.facts))
        if repeatable and isinstance(request, Publish) and article.known:
            _refuse_other_words(article, request)
            return store.last_position(connection)
        facts = decide(article, replace(request, now=store.now(connection)))  # not the caller's clock
        if not facts:
            return store.last_position(connection)
        cause = Cause(correlation=request.article)
        return self._ledger.record(connection, [(fact, cause) for fact in facts], {stream: history.version})[-1]


def _refuse_other_words(article: Article, request: Publish) -> None:
    if (article.title, article.body) != (request.title.strip(), request.body):
        raise ConflictError("this Idempotency-Key was used for another article", field="Idempotency-Key")
