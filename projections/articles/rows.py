"""The rows of what is known about articles, as the facts leave them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from projections.projection import Table

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ArticleRow(msgspec.Struct, frozen=True):
    """A row of `articles`; the defaults are those of one that was only begun."""

    id: UUID
    position: int = 0
    kind: str = ""
    title: str = ""
    body: str = ""
    language: str = ""
    author: str = ""
    published_at: datetime | None = None
    revised_at: datetime | None = None
    state: str = "draft"
    edition: int = 0
    draft_title: str | None = None
    draft_body: str | None = None
    drafted_by: str = ""
    review_by: str = ""
    declined: str | None = None
    category: str = ""
    labels: list[str] = msgspec.field(default_factory=list[str])
    products: list[str] = msgspec.field(default_factory=list[str])
    product_keys: list[str] = msgspec.field(default_factory=list[str])
    versions: list[str] = msgspec.field(default_factory=list[str])
    audience: str = "public"
    review_on: date | None = None
    found_right_at: datetime | None = None
    original: UUID | None = None
    of_edition: int = 0
    redirect_to: UUID | None = None
    source: UUID | None = None
    changed_at: datetime = NEVER
    changed_by: str = ""
    wording: int = 0
    filing_changes: int = 0
    version: int = 0


class EditionRow(msgspec.Struct, frozen=True):
    """A row of `article_editions`."""

    position: int
    article: UUID
    title: str
    body: str
    by: str
    at: datetime


class FileRow(msgspec.Struct, frozen=True):
    """A row of `article_files`."""

    file: UUID
    article: UUID
    position: int
    name: str
    bytes: int
    media_type: str
    blob: str
    sha256: str
    release: str
    removed: bool
    by: str
    at: datetime


class FlagRow(msgspec.Struct, frozen=True):
    """A row of `article_flags`."""

    flag: UUID
    article: UUID
    position: int
    doubt: str
    words: str
    incident: UUID | None
    by: str
    at: datetime
    settled_by: str
    settled_at: datetime | None


class PinRow(msgspec.Struct, frozen=True):
    """A row of `article_pins`."""

    article: UUID
    shelf: str
    rank: int
    pinned: bool


class GapRow(msgspec.Struct, frozen=True):
    """A row of `gaps`."""

    gap: UUID
    position: int
    state: str
    words: str
    language: str
    incident: UUID | None
    article: UUID | None
    by: str
    at: datetime
    closed_by: str
    closed_at: datetime | None


def _no_file(file: UUID) -> FileRow:
    return FileRow(file, UUID(int=0), 0, "", 0, "", "", "", "", removed=True, by="", at=NEVER)


def _no_flag(flag: UUID) -> FlagRow:
    return FlagRow(flag, UUID(int=0), 0, "", "", None, "", NEVER, "", None)


def _not_pinned(key: tuple[UUID, str]) -> PinRow:
    return PinRow(*key, rank=0, pinned=False)


_OF_AN_INCIDENT: LiteralString = "incident IS NULL OR public.sees(incident)"

TABLE = Table(
    "articles",
    ArticleRow,
    ("id",),
    lambda article: ArticleRow(id=article),
    seen="edition > 0 OR source IS NULL OR public.sees(source)",
)
EDITIONS = Table("article_editions", EditionRow, ("position",))
FILES = Table("article_files", FileRow, ("file",), _no_file)
FLAGS = Table("article_flags", FlagRow, ("flag",), _no_flag, seen=_OF_AN_INCIDENT)
PINS = Table("article_pins", PinRow, ("article", "shelf"), _not_pinned)
GAPS = Table("gaps", GapRow, ("gap",), seen=_OF_AN_INCIDENT)
