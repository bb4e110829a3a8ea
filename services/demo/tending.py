"""What became of the demo's articles: revised, doubted, pinned, retired; with drafts, files, gaps and synonyms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from eventstore import store
from eventstore.blobs import Blobs
from eventstore.database import Connection
from eventstore.ledger import Cause
from schemas.facts import Fact, stream_of
from schemas.facts.article import ArticleDrafted, ArticleRetired, ArticleRevised, DraftSaved, ReviewRequested
from schemas.facts.gap import GapFilled, GapNoticed
from schemas.facts.shelving import ArticleDoubted, ArticleFileAdded, ArticlePinned, ArticleRedirected
from schemas.facts.synonyms import SynonymsSet
from schemas.facts.visit import ArticleOpened, FileDownloaded, Surface, VisitBegun
from schemas.ids import scoped_id
from schemas.interaction import Attachment
from services.demo.catalogue import AGENTS
from services.demo.history_ledger import HistoryLedger, happened_at
from services.demo.shelf import GONE, LANGUAGES, Article, Shelf, article_id, load
from services.wiring import Hub

_PINS = (("password_lost", "", 0), ("invoice_guide", "", 1), ("invoice_rejected", "Facturas", 0))
_FILE_BYTES = 180_000
_ADDED = {"es": "\n\nDesde la 8.4 también se importan hojas de **LibreOffice** sin convertirlas.", "en": ""}


@dataclass(frozen=True)
class Tending:
    """One story's end, and incidents where doubts and gaps showed."""

    seed: int
    until: datetime
    incidents: Sequence[UUID]

    def id(self, *what: str | int) -> UUID:
        """The same whenever the same story is told."""
        return scoped_id("demo-tending", str(self.seed), *map(str, what))

    def days_ago(self, days: float) -> datetime:
        """Before the end of the story."""
        return self.until - timedelta(days=days)

    def incident(self, place: int) -> UUID | None:
        """Where it was asked."""
        return self.incidents[place % len(self.incidents)] if self.incidents else None


async def tend(hub: Hub, seed: int, until: datetime, incidents: Sequence[UUID]) -> None:
    """Once, after the history of this seed."""
    await hub.database.run(_enter, hub, Tending(seed, until, incidents))


def _enter(connection: Connection, hub: Hub, tending: Tending) -> None:
    facts = sorted(_facts(tending, load(), hub.blobs), key=happened_at)
    store.lock(connection)
    versions = store.versions(connection, list({stream_of(fact) for fact in facts}))
    ledger = HistoryLedger(hub.keys)
    ledger.record(connection, [(fact, Cause(tending.id("cause"))) for fact in facts], versions)


def _facts(tending: Tending, shelf: Shelf, blobs: Blobs) -> Iterator[Fact]:
    for number, article in enumerate(shelf.article):
        for language in LANGUAGES:
            if article.text(language) is not None:
                yield from _of_article(tending, article, language, AGENTS[number % len(AGENTS)], blobs)
    for rank, (key, category, _) in enumerate(_PINS):
        for language in LANGUAGES if not category else ("es",):
            own = article_id(tending.seed, key, language)
            yield ArticlePinned(article=own, shelf=category, rank=rank, by=AGENTS[0], at=tending.days_ago(20))
    yield from _drafts(tending, shelf)
    for place, doubt in enumerate(shelf.doubt):
        yield ArticleDoubted(
            article=article_id(tending.seed, doubt.article, doubt.language),
            flag=tending.id("doubt", place),
            doubt=doubt.doubt,
            words=doubt.words,
            incident=tending.incident(place),
            by=AGENTS[(place + 1) % len(AGENTS)],
            at=tending.days_ago(1.2 + place),
        )
    yield from _gaps(tending, shelf)
    for language, groups in shelf.synonyms.items():
        for place, words in enumerate(groups):
            own = tending.id("synonyms", language, place)
            yield SynonymsSet(synonyms=own, words=words, language=language, by=AGENTS[2], at=tending.days_ago(60))


def _of_article(tending: Tending, article: Article, language: str, by: str, blobs: Blobs) -> Iterator[Fact]:
    own = article_id(tending.seed, article.key, language)
    text = article.text(language)
    if article.revised == language and text is not None:
        body = text[1].strip() + _ADDED[language]
        yield ArticleRevised(article=own, title=text[0], body=body, by=by, at=tending.days_ago(9))
    if article.key == "licences" and language == "es" and text is not None:
        body = text[1].strip() + "\n\nUn usuario dado de baja **no** se devuelve."
        yield DraftSaved(article=own, title=text[0], body=body, by=by, at=tending.days_ago(0.8))
    for place, (name, release) in enumerate(article.files):
        yield _file(tending, own, name, release, by, len(article.files) - place, blobs)
        yield from _downloads(tending, article, language, name, place + 1)
    if article.retired:
        if article.retired != GONE:
            to = article_id(tending.seed, article.retired, language)
            yield ArticleRedirected(article=own, to=to, by=by, at=tending.days_ago(30))
        yield ArticleRetired(article=own, by=by, at=tending.days_ago(30))


def _file(tending: Tending, article: UUID, name: str, release: str, by: str, age: int, blobs: Blobs) -> Fact:
    line = f"{name} {release}: a file of the demo, made to be downloaded.\n"
    size = _FILE_BYTES if name.endswith(".zip") else len(line)
    data = (line * (size // len(line) + 1)).encode()[:size]
    kind = "application/zip" if name.endswith(".zip") else "text/plain"
    content = Attachment(name=name, bytes=len(data), media_type=kind, blob=blobs.put(data))
    return ArticleFileAdded(
        article=article,
        file=tending.id("file", str(article), name),
        content=content,
        sha256=hashlib.sha256(data).hexdigest(),
        release=release,
        by=by,
        at=tending.days_ago(age * 24),
    )


def _downloads(tending: Tending, article: Article, language: str, name: str, often: int) -> Iterator[Fact]:
    own = article_id(tending.seed, article.key, language)
    for number in range(often * 3):
        visit, at = tending.id("download", article.key, language, name, number), tending.days_ago(0.3 + number * 1.7)
        yield VisitBegun(visit=visit, surface=Surface.HELP_CENTRE, language=language, at=at)
        yield ArticleOpened(visit=visit, article=own, at=at)
        yield FileDownloaded(visit=visit, article=own, file=tending.id("file", str(own), name), at=at)


def _drafts(tending: Tending, shelf: Shelf) -> Iterator[Fact]:
    for place, draft in enumerate(shelf.draft):
        own, by, at = tending.id("draft", place), AGENTS[place + 2], tending.days_ago(0.6 + place)
        yield ArticleDrafted(
            article=own,
            kind=draft.kind,
            title=draft.title,
            body=draft.body,
            language=draft.language,
            source=tending.incident(place + 3),
            by=by,
            at=at,
        )
        if draft.review:
            yield ReviewRequested(article=own, by=by, at=at + timedelta(minutes=20))


def _gaps(tending: Tending, shelf: Shelf) -> Iterator[Fact]:
    number = 0
    for gap in shelf.gap:
        for words in gap.words:
            number += 1
            yield GapNoticed(
                gap=tending.id("gap", number),
                words=words,
                language=gap.language,
                incident=tending.incident(number),
                by=AGENTS[number % len(AGENTS)],
                at=tending.days_ago(0.4 + number * 0.9),
            )
    for place, closed in enumerate(shelf.closed_gap):
        own, article = tending.id("closed", place), article_id(tending.seed, closed.article, closed.language)
        yield GapNoticed(gap=own, words=closed.words, language=closed.language, by=AGENTS[1], at=tending.days_ago(12))
        yield GapFilled(gap=own, article=article, by=AGENTS[0], at=tending.days_ago(11))
