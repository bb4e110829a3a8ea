"""How facts become articles to be read and worked on, their editions, files, pins and doubts, and what is lacking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.articles.rows import (
    EDITIONS,
    FILES,
    FLAGS,
    GAPS,
    PINS,
    TABLE,
    ArticleRow,
    EditionRow,
    FileRow,
    FlagRow,
    GapRow,
    PinRow,
)
from projections.projection import Projection, Step, changes, lines, on, opens
from schemas.facts.article import (
    ArticleDrafted,
    ArticlePublished,
    ArticleReinstated,
    ArticleRetired,
    ArticleRevised,
    DraftDropped,
    DraftSaved,
    ReviewDeclined,
    ReviewRequested,
)
from schemas.facts.gap import GapDismissed, GapFilled, GapNoticed, GapReopened
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

_OnRow: TypeAlias = (
    ArticleDrafted
    | DraftSaved
    | DraftDropped
    | ReviewRequested
    | ReviewDeclined
    | ArticlePublished
    | ArticleRevised
    | ArticleRetired
    | ArticleReinstated
    | ArticleDescribed
    | ReviewDue
    | ArticleTranslates
    | ArticleRedirected
)
F = TypeVar("F", bound=_OnRow)


def product_key(name: str) -> str:
    """A product however it is written."""
    return " ".join(name.casefold().split())


def _on_article(fold: Callable[[ArticleRow, F], ArticleRow]) -> Step[F]:
    """The fact changes its article's row; the version is that of its last fact."""

    def run(row: ArticleRow, fact: F, event: Recorded) -> ArticleRow:
        return replace(fold(row, fact), position=row.position or event.position, version=event.version)

    return changes(TABLE, lambda fact: fact.article, run)


def _drafted(row: ArticleRow, fact: ArticleDrafted) -> ArticleRow:
    begun = replace(row, kind=fact.kind.value, language=fact.language, source=fact.source, author=fact.by)
    return _worded(begun, fact, fact.title, fact.body)


def _worded(row: ArticleRow, fact: ArticleDrafted | DraftSaved, title: str, body: str) -> ArticleRow:
    return replace(
        row,
        draft_title=title,
        draft_body=body,
        drafted_by=fact.by,
        changed_at=fact.at,
        changed_by=fact.by,
        wording=row.wording + 1,
    )


def _saved(row: ArticleRow, fact: DraftSaved) -> ArticleRow:
    return _worded(row, fact, fact.title, fact.body)


def _dropped(row: ArticleRow, fact: DraftDropped) -> ArticleRow:
    return replace(
        _of_review(row, "", None),
        draft_title=None,
        draft_body=None,
        changed_at=fact.at,
        changed_by=fact.by,
        wording=row.wording + 1,
    )


def _of_review(row: ArticleRow, by: str, declined: str | None) -> ArticleRow:
    waits = "review" if by else "draft"
    return replace(row, review_by=by, declined=declined, state=row.state if row.edition else waits)


def _asked(row: ArticleRow, fact: ReviewRequested) -> ArticleRow:
    return _of_review(row, fact.by, None)


def _declined(row: ArticleRow, fact: ReviewDeclined) -> ArticleRow:
    return _of_review(row, "", fact.reason)


def _published(row: ArticleRow, fact: ArticlePublished) -> ArticleRow:
    first = replace(row, kind=fact.kind.value, language=fact.language, author=fact.by, published_at=fact.at)
    return _edition(first, fact)


def _revised(row: ArticleRow, fact: ArticleRevised) -> ArticleRow:
    return replace(_edition(row, fact), revised_at=fact.at)


def _edition(row: ArticleRow, fact: ArticlePublished | ArticleRevised) -> ArticleRow:
    return replace(
        row,
        title=fact.title,
        body=fact.body,
        draft_title=None,
        draft_body=None,
        review_by="",
        declined=None,
        state="published",
        edition=row.edition + 1,
        changed_at=fact.at,
        changed_by=fact.by,
        wording=row.wording + 1,
    )


def _retired(row: ArticleRow, fact: ArticleRetired) -> ArticleRow:
    return replace(row, state="retired", changed_at=fact.at, changed_by=fact.by)


def _reinstated(row: ArticleRow, fact: ArticleReinstated) -> ArticleRow:
    return replace(row, state="published", changed_at=fact.at, changed_by=fact.by)


def _described(row: ArticleRow, fact: ArticleDescribed) -> ArticleRow:
    return replace(
        row,
        kind=fact.kind.value,
        category=fact.shelf,
        labels=list(fact.labels),
        products=list(fact.products),
        product_keys=[product_key(each) for each in fact.products],
        versions=list(fact.versions),
        audience=fact.audience.value,
        filing_changes=row.filing_changes + 1,
    )


def _due(row: ArticleRow, fact: ReviewDue) -> ArticleRow:
    return replace(row, review_on=fact.on, found_right_at=fact.at if fact.found_right else row.found_right_at)


def _translates(row: ArticleRow, fact: ArticleTranslates) -> ArticleRow:
    return replace(row, original=fact.original, of_edition=fact.edition)


def _redirected(row: ArticleRow, fact: ArticleRedirected) -> ArticleRow:
    return replace(row, redirect_to=fact.to)


def _printed(fact: ArticlePublished | ArticleRevised, event: Recorded) -> EditionRow:
    return EditionRow(event.position, fact.article, fact.title, fact.body, fact.by, fact.at)


def _file_added(row: FileRow, fact: ArticleFileAdded, event: Recorded) -> FileRow:
    """Once more after it was taken off; another article's of the same id stays that one's."""
    if row.position and row.article != fact.article:
        return row
    return FileRow(
        file=fact.file,
        article=fact.article,
        position=event.position,
        name=fact.content.name,
        bytes=fact.content.bytes,
        media_type=fact.content.media_type,
        blob=fact.content.blob,
        sha256=fact.sha256,
        release=fact.release,
        removed=False,
        by=fact.by,
        at=fact.at,
    )


def _file_removed(row: FileRow, fact: ArticleFileRemoved, _: Recorded) -> FileRow:
    return replace(row, removed=True) if row.article == fact.article else row


def _pinned(row: PinRow, fact: ArticlePinned, _: Recorded) -> PinRow:
    return replace(row, rank=fact.rank, pinned=True)


def _unpinned(row: PinRow, _fact: ArticleUnpinned, _: Recorded) -> PinRow:
    return replace(row, pinned=False)


def _doubted(row: FlagRow, fact: ArticleDoubted, event: Recorded) -> FlagRow:
    """The first of an id stands, with whether it was settled."""
    if row.position:
        return row
    doubt, at = fact.doubt.value, fact.at
    return FlagRow(fact.flag, fact.article, event.position, doubt, fact.words, fact.incident, fact.by, at, "", None)


def _settled(row: FlagRow, fact: DoubtSettled, _: Recorded) -> FlagRow:
    return replace(row, settled_by=fact.by, settled_at=fact.at) if row.article == fact.article else row


def _noticed(fact: GapNoticed, event: Recorded) -> GapRow:
    return GapRow(
        gap=fact.gap,
        position=event.position,
        state="open",
        words=fact.words,
        language=fact.language,
        incident=fact.incident,
        article=None,
        by=fact.by,
        at=fact.at,
        closed_by="",
        closed_at=None,
    )


def _filled(row: GapRow, fact: GapFilled, _: Recorded) -> GapRow:
    return replace(row, state="filled", article=fact.article, closed_by=fact.by, closed_at=fact.at)


def _dismissed(row: GapRow, fact: GapDismissed, _: Recorded) -> GapRow:
    return replace(row, state="dismissed", closed_by=fact.by, closed_at=fact.at)


def _reopened(row: GapRow, _: GapReopened, __: Recorded) -> GapRow:
    return replace(row, state="open", article=None, closed_by="", closed_at=None)


def _position(event: Recorded) -> int:
    return event.position


ARTICLES = Projection(
    "articles",
    version=5,
    ddl="articles/tables.sql",
    tables=(TABLE, EDITIONS, FILES, FLAGS, PINS, GAPS),
    on=(
        on(ArticleDrafted, _on_article(_drafted)),
        on(DraftSaved, _on_article(_saved)),
        on(DraftDropped, _on_article(_dropped)),
        on(ReviewRequested, _on_article(_asked)),
        on(ReviewDeclined, _on_article(_declined)),
        on(ArticlePublished, _on_article(_published), lines(EDITIONS, _printed, _position)),
        on(ArticleRevised, _on_article(_revised), lines(EDITIONS, _printed, _position)),
        on(ArticleRetired, _on_article(_retired)),
        on(ArticleReinstated, _on_article(_reinstated)),
        on(ArticleDescribed, _on_article(_described)),
        on(ReviewDue, _on_article(_due)),
        on(ArticleTranslates, _on_article(_translates)),
        on(ArticleRedirected, _on_article(_redirected)),
        on(ArticleFileAdded, changes(FILES, lambda fact: fact.file, _file_added)),
        on(ArticleFileRemoved, changes(FILES, lambda fact: fact.file, _file_removed)),
        on(ArticlePinned, changes(PINS, lambda fact: (fact.article, fact.shelf), _pinned)),
        on(ArticleUnpinned, changes(PINS, lambda fact: (fact.article, fact.shelf), _unpinned)),
        on(ArticleDoubted, changes(FLAGS, lambda fact: fact.flag, _doubted)),
        on(DoubtSettled, changes(FLAGS, lambda fact: fact.flag, _settled)),
        on(GapNoticed, opens(GAPS, lambda fact: fact.gap, _noticed)),
        on(GapFilled, changes(GAPS, lambda fact: fact.gap, _filled)),
        on(GapDismissed, changes(GAPS, lambda fact: fact.gap, _dismissed)),
        on(GapReopened, changes(GAPS, lambda fact: fact.gap, _reopened)),
    ),
)
