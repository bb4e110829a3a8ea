"""Runs what is asked of articles, gaps and synonyms: lock, load, decide, record, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias, cast
from uuid import UUID

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.ledger import Cause, Ledger
from schemas.errors import ConflictError
from schemas.facts import Fact, stream_id
from schemas.ids import new_id, scoped_id
from services.knowledge import articles, gaps, shelving, state, synonyms, translating
from services.knowledge.asked import Asking
from services.knowledge.gaps import FillGap, GapFact, GapRequest
from services.knowledge.shelving import Redirect, ShelvingRequest, Translate
from services.knowledge.state import Article, ArticleFact, Text
from services.knowledge.synonyms import SynonymsFact, SynonymsRequest
from services.knowledge.writing import Begin, Publish, WritingRequest

ArticleRequest: TypeAlias = WritingRequest | ShelvingRequest
Request: TypeAlias = ArticleRequest | GapRequest | SynonymsRequest


def article_id(by: str, idempotency_key: str | None) -> UUID:
    """The id of an article to be begun: the same for the same caller and key, so a repeat meets its first."""
    return new_id() if idempotency_key is None else scoped_id("article", by, idempotency_key)


def asking(article: UUID, by: str) -> Asking:
    """What every request about an article says, now."""
    return {"article": article, "by": by, "now": datetime.now(UTC)}


class Library:
    """The articles' write side."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def run(self, *requests: Request, repeatable: bool = False) -> int:
        """All of them or none; the position that shows it. `repeatable`: publishing the same again is no conflict."""
        return await self._database.run(self.run_in, requests, repeatable=repeatable)

    async def state(self, article: UUID) -> Article:
        """How it stands now."""
        return await self._database.run(self._state, article)

    def _state(self, connection: Connection, article: UUID) -> Article:
        history = self._ledger.load(connection, [stream := stream_id("article", article)])[stream]
        return state.state_of(cast("Sequence[ArticleFact]", history.facts))

    def run_in(self, connection: Connection, requests: Sequence[Request], *, repeatable: bool = False) -> int:
        """The same within a transaction that has written nothing yet."""
        store.lock(connection)
        desk = _Desk(connection, self._ledger)
        for request in requests:
            asked = replace(request, now=desk.now)  # not the caller's clock
            if isinstance(asked, GapRequest):
                desk.ask_of_gap(asked)
            elif isinstance(asked, SynonymsRequest):
                desk.ask_of_synonyms(asked)
            else:
                desk.ask_of_article(asked, repeatable=repeatable)
        return desk.record()


class _Desk:
    """The streams of one transaction, as they read with what was decided so far."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self.now: datetime = store.now(connection)
        self._connection = connection
        self._ledger = ledger
        self._facts: dict[str, list[Fact]] = {}
        self._versions: dict[str, int] = {}
        self._decided: list[tuple[Fact, Cause]] = []

    def ask_of_article(self, request: ArticleRequest, *, repeatable: bool) -> None:
        article = self._article(request.article)
        if repeatable and isinstance(request, Begin | Publish) and article.known:
            _refuse_other_words(article, request)
            return
        if isinstance(request, WritingRequest):
            self._take("article", request.article, articles.decide(article, request))
        else:
            other = _named_beside(request)
            decided = shelving.decide(article, request, Article() if other is None else self._article(other))
            self._take("article", request.article, decided)
        place = self._article(request.article).place
        if place is not None and place != article.place:
            self._translate(place, request.article)

    def ask_of_gap(self, request: GapRequest) -> None:
        if isinstance(request, FillGap) and not self._article(request.article).known:
            raise ConflictError("no such article", field="article")
        gap = gaps.state_of(cast("Sequence[GapFact]", self._history("gap", request.gap)))
        self._take("gap", request.gap, gaps.decide(gap, request))

    def ask_of_synonyms(self, request: SynonymsRequest) -> None:
        group = synonyms.state_of(cast("Sequence[SynonymsFact]", self._history("synonyms", request.synonyms)))
        self._take("synonyms", request.synonyms, synonyms.decide(group, request))

    def record(self) -> int:
        if not self._decided:
            return store.last_position(self._connection)
        return self._ledger.record(self._connection, self._decided, self._versions)[-1]

    def _article(self, article: UUID) -> Article:
        return state.state_of(cast("Sequence[ArticleFact]", self._history("article", article)))

    def _translate(self, place: tuple[UUID, str], article: UUID) -> None:
        rival = translating.holder(self._connection, place)
        if rival is not None and rival != article:
            translating.refuse_second(place, rival, self._article(rival))
        translating.take(self._connection, place, article)

    def _history(self, category: str, subject: UUID) -> list[Fact]:
        stream = stream_id(category, subject)
        if stream not in self._facts:
            history = self._ledger.load(self._connection, [stream])[stream]
            self._facts[stream] = list(history.facts)
            self._versions[stream] = history.version
        return self._facts[stream]

    def _take(self, category: str, subject: UUID, decided: Sequence[Fact]) -> None:
        self._history(category, subject).extend(decided)
        self._decided += [(fact, Cause(correlation=subject)) for fact in decided]


def _named_beside(request: ShelvingRequest) -> UUID | None:
    match request:
        case Translate():
            return request.original
        case Redirect():
            return request.to
        case _:
            return None


def _refuse_other_words(article: Article, request: Begin | Publish) -> None:
    said = article.text if isinstance(request, Publish) else article.draft
    if said != Text(request.title.strip(), request.body):
        raise ConflictError("this Idempotency-Key was used for another article", field="Idempotency-Key")
