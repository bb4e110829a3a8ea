"""What can be done with where an article stands, who reads it, its files and doubts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, assert_never
from uuid import UUID

from schemas.address import without_addresses
from schemas.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from schemas.facts.article import ArticleKind, Audience
from schemas.facts.shelving import (
    ArticleDescribed,
    ArticleDoubted,
    ArticleFileAdded,
    ArticleFileRemoved,
    ArticlePinned,
    ArticleRedirected,
    ArticleTranslates,
    ArticleUnpinned,
    Doubt,
    DoubtSettled,
    ReviewDue,
)
from schemas.interaction import Attachment
from schemas.language import base_language
from services.knowledge import guide
from services.knowledge.asked import Asked
from services.knowledge.state import Article, Filing, ShelvingFact, Text, Translation

CATEGORY_LEVELS_MAX = 2
CATEGORY_MAX_CHARACTERS = 80
WORD_MAX_CHARACTERS = 60
WORDS_MAX = 30
FILES_MAX = 100
RANK_MAX = 1_000
DOUBT_MAX_CHARACTERS = 2_000
_UNREAD_FILES = "readers would get its files at once, unread by others: an admin adds them"
"""All files of a download that was published are offered at once, whatever its draft says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe(Asked):
    """File it, whole. `filing_changes`: as often as it had been filed when who asks saw it; None: whatever it was.

    `alone`: who asks may give readers what nobody else has looked at.
    """

    filing: Filing
    filing_changes: int | None = None
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReview(Asked):
    """To be looked at again on that day. `found_right`: somebody looked at it just now."""

    on: date | None
    found_right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Translate(Asked):
    """It is a translation of `original` as that reads now; once more: it was brought up to date."""

    original: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect(Asked):
    """Lead its readers to another; None: to none."""

    to: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFile(Asked):
    """A picture in the text, or something to download. `alone`: as for Describe."""

    file: UUID
    content: Attachment
    sha256: str
    release: str = ""
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFile(Asked):
    """No longer offer it. `alone`: as for Describe."""

    file: UUID
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(Asked):
    """Put it before what rises by itself, on a shelf: a category, or the first page."""

    shelf: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpin(Asked):
    """Let it rise or fall by itself."""

    shelf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtIt(Asked):
    """Say what is not right with it."""

    flag: UUID
    doubt: Doubt
    words: str = ""
    incident: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleDoubt(Asked):
    """It is mended, or there was nothing to mend."""

    flag: UUID


ShelvingRequest: TypeAlias = (
    Describe | PlanReview | Translate | Redirect | AddFile | RemoveFile | Pin | Unpin | DoubtIt | SettleDoubt
)


def decide(article: Article, request: ShelvingRequest, other: Article) -> list[ShelvingFact]:  # noqa: C901, PLR0911, PLR0912 -- a request a case
    """The facts a request leads to. `other`: the article that the request names beside its own, if it does."""
    if not article.known:
        raise NotFoundError("no such article")
    where = request.where
    match request:
        case Describe():
            return _describe(article, request)
        case PlanReview():
            same = request.on == article.review_on and not request.found_right
            return [] if same else [ReviewDue(on=request.on, found_right=request.found_right, **where)]
        case Translate():
            return _translate(article, request, other)
        case Redirect():
            return _redirect(article, request, other)
        case AddFile():
            return _add_file(article, request)
        case RemoveFile():
            return _remove_file(article, request)
        case Pin():
            if not -RANK_MAX <= request.rank <= RANK_MAX:
                raise InvalidError(f"between -{RANK_MAX} and {RANK_MAX}", field="rank")
            shelf = category_of(request.shelf)
            same = article.pins.get(shelf) == request.rank
            return [] if same else [ArticlePinned(shelf=shelf, rank=request.rank, **where)]
        case Unpin():
            shelf = category_of(request.shelf)
            return [ArticleUnpinned(shelf=shelf, **where)] if shelf in article.pins else []
        case DoubtIt() if request.flag in article.doubts | article.settled:
            return []  # said once already
        case DoubtIt():
            if len(request.words) > DOUBT_MAX_CHARACTERS:
                raise InvalidError(f"at most {DOUBT_MAX_CHARACTERS} characters", field="words")
            words = without_addresses(request.words.strip())
            return [
                ArticleDoubted(flag=request.flag, doubt=request.doubt, words=words, incident=request.incident, **where)
            ]
        case SettleDoubt():
            return [DoubtSettled(flag=request.flag, **where)] if request.flag in article.doubts else []
        case _:
            assert_never(request)


def category_of(text: str) -> str:
    """A category as it is kept: `Account/Passwords`. Raises InvalidError."""
    levels = [level for each in text.split("/") if (level := " ".join(each.split()))]
    if len(levels) > CATEGORY_LEVELS_MAX or any(len(level) > CATEGORY_MAX_CHARACTERS for level in levels):
        raise InvalidError(f"at most {CATEGORY_LEVELS_MAX} levels like Account/Passwords", field="category")
    return "/".join(levels)


def _describe(article: Article, request: Describe) -> list[ShelvingFact]:
    if request.filing_changes is not None and request.filing_changes != article.filing_changes:
        raise ConflictError("somebody else filed it otherwise meanwhile")
    filing = Filing(
        kind=request.filing.kind,
        category=category_of(request.filing.category),
        labels=_words(request.filing.labels, "labels"),
        products=_words(request.filing.products, "products"),
        versions=_words(request.filing.versions, "versions"),
        audience=request.filing.audience,
    )
    if filing == article.filing:
        return []
    if not request.alone and article.editions:
        if filing.kind is ArticleKind.DOWNLOAD is not article.filing.kind and article.files:
            raise ForbiddenError(_UNREAD_FILES, field="file")
        if not _reads_no_more(filing, article.filing):
            raise ForbiddenError("more people would read it at once: an admin opens it to them", field="audience")
    if filing.kind is ArticleKind.GUIDE is not article.filing.kind and article.text is not None:
        guide.check(article.text.body)
    return [
        ArticleDescribed(
            kind=filing.kind,
            shelf=filing.category,
            labels=filing.labels,
            products=filing.products,
            versions=filing.versions,
            audience=filing.audience,
            **request.where,
        )
    ]


def _reads_no_more(filing: Filing, before: Filing) -> bool:
    """Does nobody read it who did not before? Customers do who have one of its products."""
    match filing.audience:
        case Audience.AGENTS:
            return True
        case Audience.CUSTOMERS if before.audience is Audience.CUSTOMERS:
            return {each.casefold() for each in filing.products} <= {each.casefold() for each in before.products}
        case Audience.CUSTOMERS | Audience.PUBLIC:
            return before.audience is Audience.PUBLIC
        case _:
            assert_never(filing.audience)


def _words(given: Iterable[str], field: str) -> tuple[str, ...]:
    """Each once, however it is written."""
    found = {word.casefold(): word for each in reversed(tuple(given)) if (word := " ".join(each.split()))}
    words = tuple(reversed(found.values()))
    if len(words) > WORDS_MAX or any(len(word) > WORD_MAX_CHARACTERS for word in words):
        raise InvalidError(f"at most {WORDS_MAX} of {WORD_MAX_CHARACTERS} characters", field=field)
    return words


def _translate(article: Article, request: Translate, original: Article) -> list[ShelvingFact]:
    if not original.known:
        raise NotFoundError("no such article to translate")
    if request.original == request.article or original.translation is not None:
        raise ConflictError("that is itself a translation: translate its original")
    if base_language(original.language) == base_language(article.language):
        raise ConflictError("it is in that language already")
    says = Translation(request.original, max(1, len(original.editions)))
    if says == article.translation:
        return []
    return [ArticleTranslates(original=says.original, edition=says.edition, **request.where)]


def _redirect(article: Article, request: Redirect, other: Article) -> list[ShelvingFact]:
    if request.to == article.redirect_to:
        return []
    if request.to == request.article:
        raise ConflictError("it can't lead to itself")
    if request.to is not None and not other.published:
        raise ConflictError("that can't be read: lead to one that is published")
    return [ArticleRedirected(to=request.to, **request.where)]


def _add_file(article: Article, request: AddFile) -> list[ShelvingFact]:
    if request.file in article.files:
        return []
    if len(article.files) >= FILES_MAX:
        raise ConflictError(f"an article has at most {FILES_MAX} files")
    if not request.alone and article.editions and article.filing.kind is ArticleKind.DOWNLOAD:
        raise ForbiddenError(_UNREAD_FILES, field="file")
    return [
        ArticleFileAdded(
            file=request.file,
            content=request.content,
            sha256=request.sha256,
            release=" ".join(request.release.split())[:WORD_MAX_CHARACTERS],
            **request.where,
        )
    ]


def _remove_file(article: Article, request: RemoveFile) -> list[ShelvingFact]:
    if request.file not in article.files:
        return []
    offered = article.filing.kind is ArticleKind.DOWNLOAD or str(request.file) in (article.text or Text("", "")).body
    if not request.alone and article.editions and offered:
        raise ForbiddenError("its readers would miss it at once: an admin takes it off", field="file")
    return [ArticleFileRemoved(file=request.file, **request.where)]
