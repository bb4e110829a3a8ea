"""What the routes of article_work.py take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import AfterValidator, Field, StringConstraints

from channels.text import clean, one_line
from projections.articles import ArticleRow, FlagRow
from projections.articles.desk import Pinned, Translated
from schemas.facts.article import ArticleKind, Audience
from services.knowledge import shelving
from services.knowledge.articles import BODY_MAX_CHARACTERS, REASON_MAX_CHARACTERS, TITLE_MAX_CHARACTERS
from services.web.api.shapes import Body, MaybeLine

_Title = Annotated[str, AfterValidator(one_line), StringConstraints(max_length=TITLE_MAX_CHARACTERS)]
_Body = Annotated[str, AfterValidator(clean), StringConstraints(max_length=BODY_MAX_CHARACTERS)]
_Reason = Annotated[str, AfterValidator(clean), StringConstraints(max_length=REASON_MAX_CHARACTERS)]
_Counted = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Words = Annotated[str, AfterValidator(one_line), StringConstraints(max_length=200)]


class DraftIn(Body):
    """A new draft; `source`: the incident it is made of."""

    kind: ArticleKind
    title: _Title
    body: _Body = ""
    language: Annotated[str, StringConstraints(max_length=35)]
    source: UUID | None = None


class TextIn(Body):
    """`wording`: of the text it was begun with; 409 if it changed since. Without it, it goes over whatever is there."""

    title: _Title
    body: _Body
    wording: _Counted | None = None


class PublishIn(Body):
    """`wording`: of the text that was read."""

    wording: _Counted | None = None


class DeclineIn(Body):
    """Why not."""

    reason: _Reason = ""


class FilingIn(Body):
    """How it is filed, whole. `filing_changes`: as often as it had been when it was read; 409 if it was since."""

    kind: ArticleKind
    category: MaybeLine = ""
    labels: Annotated[tuple[_Words, ...], Field(max_length=100)] = ()
    products: Annotated[tuple[_Words, ...], Field(max_length=100)] = ()
    versions: Annotated[tuple[_Words, ...], Field(max_length=100)] = ()
    audience: Audience = Audience.PUBLIC
    filing_changes: _Counted | None = None


class ReviewDateIn(Body):
    """When it is to be looked at again; null: never. `found_right`: somebody did just now."""

    on: date | None
    found_right: bool = False


class TranslationIn(Body):
    """What it is a translation of; once more: it was brought up to date."""

    original: UUID


class RedirectIn(Body):
    """Where its readers are led once it is retired; null: nowhere."""

    to: UUID | None


class PinIn(Body):
    """`shelf`: a category, or empty for the first page; `rank` null: no longer."""

    shelf: MaybeLine = ""
    rank: Annotated[int, Field(ge=-shelving.RANK_MAX, le=shelving.RANK_MAX)] | None = 0


class FileOut(msgspec.Struct, frozen=True):
    """A picture of the text, or a download. `url`: for whom the article is."""

    id: UUID
    name: str
    bytes: int
    media_type: str
    sha256: str
    release: str
    url: str


class EditionOut(msgspec.Struct, frozen=True):
    """What its readers were given once. Numbers count from 1."""

    edition: int
    title: str
    body: str
    by: str
    at: datetime


class Work(msgspec.Struct, frozen=True):
    """One article with all that belongs to it, for those who write."""

    article: ArticleRow
    files: list[FileOut]
    translations: list[Translated]
    pins: list[Pinned]
    doubts: list[FlagRow]
