"""The state of one article: what its facts come to. Pure; what the deciders beside it decide on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, assert_never
from uuid import UUID

from schemas.facts.article import (
    ArticleDrafted,
    ArticleKind,
    ArticlePublished,
    ArticleReinstated,
    ArticleRetired,
    ArticleRevised,
    Audience,
    DraftDropped,
    DraftSaved,
    ReviewDeclined,
    ReviewRequested,
)
from schemas.facts.shelving import (
    ArticleDescribed,
    ArticleDoubted,
    ArticleFileAdded,
    ArticleFileRemoved,
    ArticlePinned,
    ArticleRedirected,
    ArticleTranslates,
    ArticleUnpinned,
    DoubtSettled,
    ReviewDue,
)
from schemas.language import base_language

WritingFact: TypeAlias = (
    ArticleDrafted
    | DraftSaved
    | DraftDropped
    | ReviewRequested
    | ReviewDeclined
    | ArticlePublished
    | ArticleRevised
    | ArticleRetired
    | ArticleReinstated
)
ShelvingFact: TypeAlias = (
    ArticleDescribed
    | ReviewDue
    | ArticleTranslates
    | ArticleRedirected
    | ArticleFileAdded
    | ArticleFileRemoved
    | ArticlePinned
    | ArticleUnpinned
    | ArticleDoubted
    | DoubtSettled
)
ArticleFact: TypeAlias = WritingFact | ShelvingFact


@dataclass(frozen=True, slots=True)
class Text:
    """What it says."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Filing:
    """Where it stands and who may read it."""

    kind: ArticleKind = ArticleKind.FAQ
    category: str = ""
    labels: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    audience: Audience = Audience.PUBLIC


@dataclass(frozen=True, slots=True)
class Translation:
    """Of which article it is one, and what edition of that it says."""

    original: UUID
    edition: int


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `editions`: what readers were given, oldest first; `retired`: they are no longer.

    `published_by`: who gave them the last. `settled`: doubts that were. `wording` and `filing_changes`
    count, so that who writes can say what they saw before.
    """

    known: bool = False
    language: str = ""
    editions: tuple[Text, ...] = ()
    published_by: str = ""
    retired: bool = False
    draft: Text | None = None
    dropped: Text | None = None
    drafted_by: str = ""
    asked_by: str = ""
    wording: int = 0
    filing: Filing = field(default_factory=Filing)
    filing_changes: int = 0
    review_on: date | None = None
    translation: Translation | None = None
    redirect_to: UUID | None = None
    files: Mapping[UUID, str] = field(default_factory=dict[UUID, str])
    pins: Mapping[str, int] = field(default_factory=dict[str, int])
    doubts: frozenset[UUID] = frozenset()
    settled: frozenset[UUID] = frozenset()

    @property
    def published(self) -> bool:
        """Readers find it."""
        return bool(self.editions) and not self.retired

    @property
    def place(self) -> tuple[UUID, str] | None:
        """The original and the language it translates it into, as long as somebody reads it or works on it."""
        stands = not self.retired and (bool(self.editions) or self.draft is not None)
        return (self.translation.original, base_language(self.language)) if self.translation and stands else None

    @property
    def text(self) -> Text | None:
        """What readers are given, or were at last."""
        return self.editions[-1] if self.editions else None


def evolve(article: Article, fact: ArticleFact) -> Article:  # noqa: PLR0911 -- a fact a return
    """The state after a fact."""
    match fact:
        case ArticleDrafted():
            begun = replace(article, known=True, language=fact.language, filing=Filing(kind=fact.kind))
            return _drafted(begun, Text(fact.title, fact.body), fact.by)
        case DraftSaved():
            return _drafted(article, Text(fact.title, fact.body), fact.by)
        case DraftDropped():
            return replace(article, draft=None, dropped=article.draft, asked_by="", wording=article.wording + 1)
        case ReviewRequested():
            return replace(article, asked_by=fact.by)
        case ReviewDeclined():
            return replace(article, asked_by="")
        case ArticlePublished():
            filing = replace(article.filing, kind=fact.kind)
            begun = replace(article, known=True, language=fact.language, filing=filing)
            return _next_edition(begun, Text(fact.title, fact.body), fact.by)
        case ArticleRevised():
            return _next_edition(article, Text(fact.title, fact.body), fact.by)
        case ArticleRetired():
            return replace(article, retired=True)
        case ArticleReinstated():
            return replace(article, retired=False)
        case _:
            return _shelved(article, fact)


def state_of(facts: Sequence[ArticleFact]) -> Article:
    """The state after all of them."""
    article = Article()
    for fact in facts:
        article = evolve(article, fact)
    return article


def _shelved(article: Article, fact: ShelvingFact) -> Article:  # noqa: C901, PLR0911 -- a fact a return
    match fact:
        case ArticleDescribed():
            filing = Filing(fact.kind, fact.shelf, fact.labels, fact.products, fact.versions, fact.audience)
            return replace(article, filing=filing, filing_changes=article.filing_changes + 1)
        case ReviewDue():
            return replace(article, review_on=fact.on)
        case ArticleTranslates():
            return replace(article, translation=Translation(fact.original, fact.edition))
        case ArticleRedirected():
            return replace(article, redirect_to=fact.to)
        case ArticleFileAdded():
            return replace(article, files={**article.files, fact.file: fact.content.name})
        case ArticleFileRemoved():
            return replace(article, files={file: name for file, name in article.files.items() if file != fact.file})
        case ArticlePinned():
            return replace(article, pins={**article.pins, fact.shelf: fact.rank})
        case ArticleUnpinned():
            return replace(article, pins={shelf: rank for shelf, rank in article.pins.items() if shelf != fact.shelf})
        case ArticleDoubted():
            return replace(article, doubts=article.doubts | {fact.flag})
        case DoubtSettled():
            return replace(article, doubts=article.doubts - {fact.flag}, settled=article.settled | {fact.flag})
        case _:
            assert_never(fact)


def _drafted(article: Article, text: Text, by: str) -> Article:
    return replace(article, draft=text, drafted_by=by, wording=article.wording + 1)


def _next_edition(article: Article, text: Text, by: str) -> Article:
    return replace(
        article,
        editions=(*article.editions, text),
        published_by=by,
        draft=None,
        asked_by="",
        wording=article.wording + 1,
        retired=False,
    )
