"""What asking for a change of an article's text (writing.py) leads to. Pure; `Library` records it."""

from __future__ import annotations

import re
from typing import assert_never

from schemas.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from schemas.facts.article import (
    ArticleDrafted,
    ArticleKind,
    ArticlePublished,
    ArticleReinstated,
    ArticleRetired,
    ArticleRevised,
    DraftDropped,
    DraftSaved,
    ReviewDeclined,
    ReviewRequested,
)
from services.knowledge import guide
from services.knowledge.asked import Asked
from services.knowledge.state import Article, Text, WritingFact
from services.knowledge.writing import (
    AskReview,
    Begin,
    DeclineReview,
    DropDraft,
    Publish,
    PublishDraft,
    Reinstate,
    RestoreEdition,
    Retire,
    Revise,
    SaveDraft,
    TakeBack,
    TakeUpDraft,
    WritingRequest,
)

TITLE_MAX_CHARACTERS = 300
BODY_MAX_CHARACTERS = 50_000
REASON_MAX_CHARACTERS = 1_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


def decide(article: Article, request: WritingRequest) -> list[WritingFact]:  # noqa: C901, PLR0911, PLR0912 -- a request a case
    """The facts a request leads to; a request that changes nothing leads to none."""
    if isinstance(request, Begin | Publish):
        return _begin(article, request)
    if not article.known:
        raise NotFoundError("no such article")
    where = request.where
    match request:
        case Revise():
            return _revise(article, request)
        case SaveDraft():
            _refuse_stale(article, request.wording)
            return _save(article, request, Text(request.title.strip(), request.body))
        case RestoreEdition():
            if not 1 <= request.edition <= len(article.editions):
                raise NotFoundError("no such edition")
            if article.draft is not None:
                raise ConflictError("there is a draft: publish it or give it up first")
            return _save(article, request, article.editions[request.edition - 1])
        case TakeUpDraft():
            _refuse_stale(article, request.wording)
            if article.dropped is None or article.draft is not None:
                raise ConflictError("there is no draft to be taken up again")
            return _save(article, request, article.dropped)
        case TakeBack():
            return _take_back(article, request)
        case DropDraft():
            _refuse_stale(article, request.wording)
            return [DraftDropped(**where)] if article.draft else []
        case AskReview():
            _refuse_without_draft(article)
            return [ReviewRequested(**where)] if not article.asked_by else []
        case DeclineReview():
            if len(request.reason) > REASON_MAX_CHARACTERS:
                raise InvalidError(f"at most {REASON_MAX_CHARACTERS} characters", field="reason")
            return [ReviewDeclined(reason=request.reason.strip(), **where)] if article.asked_by else []
        case PublishDraft():
            return _publish_draft(article, request)
        case Retire():
            if not article.editions:
                raise ConflictError("it was never published")
            _refuse_later_edition(article, request.edition)
            return [ArticleRetired(**where)] if article.published else []
        case Reinstate():
            if not article.editions:
                raise ConflictError("it was never published")
            return [ArticleReinstated(**where)] if article.retired else []
        case _:
            assert_never(request)


def _begin(article: Article, request: Begin | Publish) -> list[WritingFact]:
    if article.known:
        raise ConflictError("there is an article with this id already")
    if _LANGUAGE.fullmatch(request.language) is None:
        raise InvalidError("a language is a tag like es or en-GB", field="language")
    if isinstance(request, Begin):
        _refuse_too_long(request.title, request.body)
        return [
            ArticleDrafted(
                kind=request.kind,
                title=request.title.strip(),
                body=request.body,
                language=request.language,
                source=request.source,
                **request.where,
            )
        ]
    _refuse_alone(article, request)
    return [_first(request, request.kind, Text(request.title.strip(), request.body), request.language)]


def _first(request: Asked, kind: ArticleKind, text: Text, language: str) -> ArticlePublished:
    _refuse_unreadable(text, kind)
    return ArticlePublished(kind=kind, title=text.title, body=text.body, language=language, **request.where)


def _revised(article: Article, request: Asked, text: Text) -> list[WritingFact]:
    if article.retired:
        raise ConflictError("the article was retired")
    _refuse_unreadable(text, article.filing.kind)
    if text == article.text and article.draft is None:
        return []
    return [ArticleRevised(title=text.title, body=text.body, **request.where)]


def _take_back(article: Article, request: TakeBack) -> list[WritingFact]:
    """The text before goes to its readers unread: they had it already."""
    _refuse_later_edition(article, request.edition)
    if request.edition < 2:  # noqa: PLR2004 -- nothing was before the first
        raise NotFoundError("no such edition")
    if article.draft is not None:
        raise ConflictError("there is a draft: publish it or give it up first")
    if not request.alone and request.by != article.published_by:
        raise ForbiddenError("somebody else published it: write it anew and ask for a review")
    return _revised(article, request, article.editions[-2])


def _revise(article: Article, request: Revise) -> list[WritingFact]:
    if article.text is None:
        raise ConflictError("it is not published yet")
    if article.draft is not None:
        raise ConflictError("somebody is at work on a draft of it")
    _refuse_alone(article, request)
    title = article.text.title if request.title is None else request.title.strip()
    body = article.text.body if request.body is None else request.body
    return _revised(article, request, Text(title, body))


def _save(article: Article, request: Asked, text: Text) -> list[WritingFact]:
    _refuse_too_long(text.title, text.body)
    if text == (article.draft or article.text):
        return []
    return [DraftSaved(title=text.title, body=text.body, **request.where)]


def _publish_draft(article: Article, request: PublishDraft) -> list[WritingFact]:
    draft = _refuse_without_draft(article)
    _refuse_stale(article, request.wording)
    _refuse_alone(article, request)
    if article.editions:
        return _revised(article, request, draft)
    return [_first(request, article.filing.kind, draft, article.language)]


def _refuse_without_draft(article: Article) -> Text:
    if article.draft is None:
        raise ConflictError("there is no draft")
    return article.draft


def _refuse_stale(article: Article, wording: int | None) -> None:
    if wording is not None and wording != article.wording:
        raise ConflictError("somebody else changed the text meanwhile")


def _refuse_later_edition(article: Article, seen: int | None) -> None:
    if seen is not None and seen != len(article.editions):
        raise ConflictError("another edition was published meanwhile: nothing was taken back")


def _refuse_alone(article: Article, request: Publish | Revise | PublishDraft) -> None:
    """Where texts are read by two: who asks for a review, or wrote last, is not the one who publishes."""
    if not request.alone and (not article.asked_by or request.by in {article.asked_by, article.drafted_by}):
        raise ForbiddenError("somebody else has to read and publish it: ask for a review")


def _refuse_too_long(title: str, body: str) -> None:
    if len(title) > TITLE_MAX_CHARACTERS:
        raise InvalidError(f"at most {TITLE_MAX_CHARACTERS} characters", field="title")
    if len(body) > BODY_MAX_CHARACTERS:
        raise InvalidError(f"at most {BODY_MAX_CHARACTERS} characters", field="body")


def _refuse_unreadable(text: Text, kind: ArticleKind) -> None:
    if not text.title.strip() or len(text.title) > TITLE_MAX_CHARACTERS:
        raise InvalidError(f"a title has 1 to {TITLE_MAX_CHARACTERS} characters", field="title")
    if not text.body.strip() or len(text.body) > BODY_MAX_CHARACTERS:
        raise InvalidError(f"a body has 1 to {BODY_MAX_CHARACTERS} characters", field="body")
    if kind is ArticleKind.GUIDE:
        guide.check(text.body)
