"""What the editor of an article shows: the text one is at work on, whose else, and all that belongs to it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from eventstore.database import Connection
from projections import articles
from projections.articles import ArticleRow, EditionRow, FileRow, FlagRow, desk
from projections.articles.desk import Pinned, Translated
from schemas.errors import NotFoundError
from schemas.ids import new_id
from schemas.language import base_language
from services.drafts import article_autosaves
from services.drafts.article_autosaves import AtWork
from services.knowledge.difference import Piece, difference
from services.web.languages import LANGUAGES

_OFFERED_MAX = 200


class Typed(msgspec.Struct, frozen=True):
    """The text in the form. `wording`: of the text it was begun with; `unsaved`: it is nowhere else."""

    title: str
    body: str
    wording: int
    unsaved: bool


class View(msgspec.Struct, frozen=True):
    """One article in the editor. `theirs`: what was changed meanwhile by others, against what is typed.

    `fresh`: names what is made by the forms of this page, once however often they are sent.
    """

    row: ArticleRow
    typed: Typed
    theirs: list[Piece] | None
    others: list[AtWork]
    editions: list[EditionRow]
    files: list[FileRow]
    doubts: list[FlagRow]
    pins: list[Pinned]
    original: ArticleRow | None
    since: list[Piece] | None
    translations: list[Translated]
    missing: list[str]
    used: desk.Used
    offered: list[tuple[UUID, str]]
    overdue: bool
    fresh: UUID


def read(connection: Connection, article: UUID, by: str) -> View:
    """Everything. Raises NotFoundError."""
    row = desk.get(connection, article)
    if row is None:
        raise NotFoundError("no such article")
    typed = _typed(connection, row, by)
    original = desk.get(connection, row.original) if row.original else None
    translations = desk.translations(connection, row.original or row.id)
    spoken = {row.language, *(each.language for each in translations), *([original.language] if original else [])}
    offered = articles.find(connection, articles.AGENT, language=row.language, limit=_OFFERED_MAX).items
    return View(
        row=row,
        typed=typed,
        theirs=_theirs(row, typed),
        others=article_autosaves.others(connection, article, by=by),
        editions=desk.editions(connection, article),
        files=desk.files(connection, article),
        doubts=desk.doubts(connection, article),
        pins=desk.pins(connection, article),
        original=original,
        since=_since(connection, row, original),
        translations=[each for each in translations if each.id != article],
        missing=[each for each in LANGUAGES if each not in {base_language(tag) for tag in spoken}],
        used=desk.used(connection),
        offered=[(each.id, each.title) for each in offered if each.id != article],
        overdue=row.review_on is not None and row.review_on <= datetime.now(UTC).date(),
        fresh=new_id(),
    )


def text_of(row: ArticleRow) -> tuple[str, str]:
    """Title and body as somebody saved them last."""
    if row.draft_body is None:
        return row.title, row.body
    return row.draft_title or "", row.draft_body


def _typed(connection: Connection, row: ArticleRow, by: str) -> Typed:
    saved = text_of(row)
    own = article_autosaves.of(connection, row.id, by=by)
    if own is None or (own.title, own.body) == saved:
        return Typed(*saved, wording=row.wording, unsaved=False)
    return Typed(own.title, own.body, own.wording, unsaved=True)


def _theirs(row: ArticleRow, typed: Typed) -> list[Piece] | None:
    if typed.wording == row.wording:
        return None
    title, body = text_of(row)
    return difference(f"{typed.title}\n\n{typed.body}", f"{title}\n\n{body}")


def _since(connection: Connection, row: ArticleRow, original: ArticleRow | None) -> list[Piece] | None:
    """What the original says otherwise since the edition that this says."""
    if original is None or row.of_edition >= original.edition:
        return None
    editions = desk.editions(connection, original.id)
    before = editions[row.of_edition - 1].body if 0 < row.of_edition <= len(editions) else ""
    return difference(before, original.body)
