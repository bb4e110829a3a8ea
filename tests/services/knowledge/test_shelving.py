"""Where an article stands and what belongs to it; and what the knowledge base lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from schemas.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from schemas.facts.article import (
    ArticleDrafted,
    ArticleKind,
    ArticlePublished,
    ArticleRetired,
    ArticleRevised,
    Audience,
    DraftDropped,
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
    Doubt,
    DoubtSettled,
    ReviewDue,
)
from schemas.interaction import Attachment
from services.knowledge import gaps
from services.knowledge.shelving import (
    AddFile,
    Describe,
    DoubtIt,
    Pin,
    PlanReview,
    Redirect,
    RemoveFile,
    SettleDoubt,
    Translate,
    Unpin,
    decide,
)
from services.knowledge.state import Article, ArticleFact, Filing, state_of
from services.knowledge.translating import refuse_second

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ID, OTHER, THING = UUID(int=1), UUID(int=2), UUID(int=3)
HERS = {"article": ID, "by": "ana", "at": NOW}
ASKED = {"article": ID, "by": "ana", "now": NOW}
PUBLISHED = ArticlePublished(kind=ArticleKind.FAQ, title="A", body="A", language="es", **HERS)
DRAFTED = ArticleDrafted(kind=ArticleKind.FAQ, title="A", body="A", language="es-CU", **HERS)
ENGLISH = ArticlePublished(article=OTHER, kind=ArticleKind.FAQ, title="B", body="B", language="en", by="ana", at=NOW)
PICTURE = Attachment(name="a.png", bytes=3, media_type="image/png", blob="b")
FILED = Filing(
    ArticleKind.HOW_TO, " Cuenta / Contraseñas ", ("Clave", "clave ", ""), ("Caja",), ("9",), Audience.CUSTOMERS
)
DESCRIBED = ArticleDescribed(
    kind=ArticleKind.HOW_TO,
    shelf="Cuenta/Contraseñas",
    labels=("Clave",),
    products=("Caja",),
    versions=("9",),
    audience=Audience.CUSTOMERS,
    **HERS,
)
TRANSLATES = ArticleTranslates(original=OTHER, edition=1, **HERS)
ADDED = ArticleFileAdded(file=THING, content=PICTURE, sha256="00", release="9.1", **HERS)
DOUBTED = ArticleDoubted(flag=THING, doubt=Doubt.WRONG, words="No abre", **HERS)


def _of(*facts: ArticleFact) -> Article:
    return state_of([PUBLISHED, *facts])


def test_it_is_filed_whole_in_tidy_words() -> None:
    assert decide(_of(), Describe(filing=FILED, **ASKED), Article()) == [DESCRIBED]
    assert decide(_of(DESCRIBED), Describe(filing=FILED, **ASKED), Article()) == []


@pytest.mark.parametrize(
    "filing",
    [
        Filing(category="a/b/c"),
        Filing(category="x" * 81),
        Filing(labels=("x" * 61,)),
        Filing(products=tuple("abcdefghijklmnopqrstuvwxyzñçäöü")),
    ],
)
def test_what_fits_no_shelf_is_refused(filing: Filing) -> None:
    with pytest.raises(InvalidError):
        decide(_of(), Describe(filing=filing, **ASKED), Article())


def test_two_who_file_at_once_hear_of_it() -> None:
    with pytest.raises(ConflictError):
        decide(_of(DESCRIBED), Describe(filing=Filing(), filing_changes=0, **ASKED), Article())


def test_a_review_is_planned_and_found_right_counts_each_time() -> None:
    day = date(2027, 3, 1)
    planned = ReviewDue(on=day, **HERS)
    right = ReviewDue(on=day, found_right=True, **HERS)
    assert decide(_of(), PlanReview(on=day, **ASKED), Article()) == [planned]
    assert decide(_of(planned), PlanReview(on=day, **ASKED), Article()) == []
    assert decide(_of(planned), PlanReview(on=day, found_right=True, **ASKED), Article()) == [right]


def test_a_translation_says_which_edition_it_says() -> None:
    asked = Translate(original=OTHER, **ASKED)
    assert decide(_of(), asked, state_of([ENGLISH])) == [TRANSLATES]
    assert decide(_of(TRANSLATES), asked, state_of([ENGLISH])) == []
    revised = ArticleRevised(article=OTHER, title="B", body="C", by="ana", at=NOW)
    assert decide(_of(TRANSLATES), asked, state_of([ENGLISH, revised])) == [
        ArticleTranslates(original=OTHER, edition=2, **HERS)
    ]


@pytest.mark.parametrize(
    ("original", "refusal"),
    [(Article(), NotFoundError), (_of(), ConflictError), (state_of([ENGLISH, TRANSLATES]), ConflictError)],
    ids=["unknown", "in the same language", "itself a translation"],
)
def test_it_translates_only_an_original_of_another_language(original: Article, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        decide(_of(), Translate(original=OTHER, **ASKED), original)


def test_it_leads_to_what_can_be_read_and_not_to_itself() -> None:
    led = ArticleRedirected(to=OTHER, **HERS)
    assert decide(_of(), Redirect(to=OTHER, **ASKED), state_of([ENGLISH])) == [led]
    assert decide(_of(led), Redirect(to=None, **ASKED), Article()) == [ArticleRedirected(to=None, **HERS)]
    gone = ArticleRetired(article=OTHER, by="ana", at=NOW)
    with pytest.raises(ConflictError):
        decide(_of(), Redirect(to=OTHER, **ASKED), state_of([ENGLISH, gone]))
    with pytest.raises(ConflictError):
        decide(_of(), Redirect(to=ID, **ASKED), _of())


def test_files_pins_and_doubts_come_and_go_once() -> None:
    add = AddFile(file=THING, content=PICTURE, sha256="00", release=" 9.1 ", **ASKED)
    assert decide(_of(), add, Article()) == [ADDED]
    assert decide(_of(ADDED), add, Article()) == []
    gone = RemoveFile(file=THING, **ASKED)
    assert decide(_of(ADDED), gone, Article()) == [ArticleFileRemoved(file=THING, **HERS)]
    assert decide(_of(ADDED, ArticleFileRemoved(file=THING, **HERS)), gone, Article()) == []
    pinned = ArticlePinned(shelf="Cuenta", rank=2, **HERS)
    assert decide(_of(), Pin(shelf=" Cuenta ", rank=2, **ASKED), Article()) == [pinned]
    assert decide(_of(pinned), Pin(shelf="Cuenta", rank=2, **ASKED), Article()) == []
    assert decide(_of(pinned), Unpin(shelf="Cuenta", **ASKED), Article()) == [ArticleUnpinned(shelf="Cuenta", **HERS)]
    assert decide(_of(), Unpin(shelf="Cuenta", **ASKED), Article()) == []
    assert decide(_of(), DoubtIt(flag=THING, doubt=Doubt.WRONG, words=" No abre ", **ASKED), Article()) == [DOUBTED]
    settled = SettleDoubt(flag=THING, **ASKED)
    assert decide(_of(DOUBTED), settled, Article()) == [DoubtSettled(flag=THING, **HERS)]
    assert decide(_of(DOUBTED, DoubtSettled(flag=THING, **HERS)), settled, Article()) == []


def test_nothing_is_done_with_what_is_not_there() -> None:
    with pytest.raises(NotFoundError):
        decide(Article(), Unpin(**ASKED), Article())


def test_a_gap_is_noticed_then_filled_or_dismissed() -> None:
    by = {"gap": THING, "by": "ana"}
    noticed = GapNoticed(words="¿Cómo exporto?", language="es", at=NOW, **by)
    asked = gaps.NoticeGap(words=" ¿Cómo  exporto? ", language="es", now=NOW, **by)
    assert gaps.decide(gaps.Gap(), asked) == [noticed]
    assert gaps.decide(gaps.state_of([noticed]), asked) == []
    with pytest.raises(InvalidError):
        gaps.decide(gaps.Gap(), gaps.NoticeGap(words=" ", now=NOW, **by))
    filled, dismissed = GapFilled(article=ID, at=NOW, **by), GapDismissed(at=NOW, **by)
    fill, dismiss = gaps.FillGap(article=ID, now=NOW, **by), gaps.DismissGap(now=NOW, **by)
    assert gaps.decide(gaps.state_of([noticed]), fill) == [filled]
    assert gaps.decide(gaps.state_of([noticed, filled]), fill) == []
    assert gaps.decide(gaps.state_of([noticed, filled]), dismiss) == []
    assert gaps.decide(gaps.state_of([noticed]), dismiss) == [dismissed]
    reopen, reopened = gaps.ReopenGap(now=NOW, **by), GapReopened(at=NOW, **by)
    assert gaps.decide(gaps.state_of([noticed, dismissed]), reopen) == [reopened]
    assert gaps.decide(gaps.state_of([noticed, filled, reopened]), reopen) == []
    assert gaps.decide(gaps.state_of([noticed, filled, reopened]), fill) == [filled]
    with pytest.raises(NotFoundError):
        gaps.decide(gaps.Gap(), dismiss)


def test_a_doubt_that_was_settled_is_not_said_again() -> None:
    doubted = ArticleDoubted(flag=THING, doubt=Doubt.WRONG, words="", incident=None, **HERS)
    settled = state_of([PUBLISHED, doubted, DoubtSettled(flag=THING, **HERS)])
    assert decide(settled, DoubtIt(flag=THING, doubt=Doubt.WRONG, **ASKED), Article()) == []


def test_a_pin_is_taken_off_however_its_shelf_is_written() -> None:
    pinned = state_of([PUBLISHED, ArticlePinned(shelf="Cuenta/Clave", rank=1, **HERS)])
    assert decide(pinned, Unpin(shelf=" Cuenta / Clave", **ASKED), Article()) == [
        ArticleUnpinned(shelf="Cuenta/Clave", **HERS)
    ]


def test_what_is_read_becomes_a_guide_only_if_it_is_one() -> None:
    guide = Describe(filing=Filing(kind=ArticleKind.GUIDE), **ASKED)
    with pytest.raises(InvalidError):
        decide(state_of([PUBLISHED]), guide, Article())


def test_words_of_doubts_and_gaps_hold_no_addresses() -> None:
    (doubted,) = decide(
        _of(PUBLISHED), DoubtIt(flag=THING, doubt=Doubt.WRONG, words="ana@x.cu says", **ASKED), Article()
    )
    noticed = gaps.NoticeGap(gap=THING, words="Call +53 5555 1234?", by="ana", now=NOW)
    (gap,) = gaps.decide(gaps.Gap(), noticed)
    assert isinstance(doubted, ArticleDoubted)
    assert isinstance(gap, GapNoticed)
    assert (doubted.words, gap.words) == ("… says", "Call …?")


def test_an_unread_file_is_added_to_no_download_that_was_published() -> None:
    download = ArticleDescribed(kind=ArticleKind.DOWNLOAD, **HERS)
    asked = AddFile(file=THING, content=PICTURE, sha256="00", release="9.1", **ASKED)
    unread = replace(asked, alone=False)
    assert decide(_of(), unread, Article()) == [ADDED]  # readers get it with the text that shows it
    assert decide(state_of([DRAFTED, download]), unread, Article()) == [ADDED]
    assert decide(_of(download), asked, Article()) == [ADDED]
    for offered in (_of(download), _of(download, ArticleRetired(**HERS))):
        with pytest.raises(ForbiddenError):
            decide(offered, unread, Article())
    turned = Describe(filing=Filing(ArticleKind.DOWNLOAD), **ASKED)
    with pytest.raises(ForbiddenError):
        decide(_of(ADDED), replace(turned, alone=False), Article())
    assert decide(_of(ADDED), turned, Article()) == [download]
    assert decide(_of(), replace(turned, alone=False), Article()) == [download]


def test_what_readers_would_get_or_miss_at_once_is_for_who_publishes_alone() -> None:
    def filed(audience: Audience, *products: str) -> Describe:
        return Describe(filing=Filing(audience=audience, products=products), alone=False, **ASKED)

    def now(audience: Audience, *products: str) -> Article:
        described = ArticleDescribed(kind=ArticleKind.FAQ, audience=audience, products=products, **HERS)
        return _of(described)

    public, customers, agents = Audience.PUBLIC, Audience.CUSTOMERS, Audience.AGENTS
    for more, before in (
        (filed(public), now(agents)),
        (filed(public), now(customers, "Caja")),
        (filed(customers, "Caja"), now(agents)),
        (filed(customers, "Caja", "Fax"), now(customers, "Caja")),
    ):
        with pytest.raises(ForbiddenError):
            decide(before, more, Article())
        assert decide(before, replace(more, alone=True), Article()) != []
    for less, before in (
        (filed(agents), now(public)),
        (filed(customers, "Caja"), now(public)),
        (filed(customers, "caja"), now(customers, "Caja", "Fax")),
        (filed(public), state_of([DRAFTED, ArticleDescribed(kind=ArticleKind.FAQ, audience=agents, **HERS)])),
    ):
        assert decide(before, less, Article()) != []
    gone = RemoveFile(file=THING, alone=False, **ASKED)
    shown = ArticleRevised(title="A", body=f"![](/articles/{ID}/files/{THING})", **HERS)
    for offered in (_of(ADDED, shown), _of(ADDED, ArticleDescribed(kind=ArticleKind.DOWNLOAD, **HERS))):
        with pytest.raises(ForbiddenError):
            decide(offered, gone, Article())
    assert decide(_of(ADDED), gone, Article()) == [ArticleFileRemoved(file=THING, **HERS)]


def test_a_place_is_held_by_what_somebody_reads_or_works_on() -> None:
    drafted = [DRAFTED, TRANSLATES]
    place = (OTHER, "es")
    assert state_of(drafted).place == place
    with pytest.raises(ConflictError, match=str(ID)):
        refuse_second(place, ID, state_of(drafted))
    for gone in ([*drafted, DraftDropped(**HERS)], [PUBLISHED, TRANSLATES, ArticleRetired(**HERS)], [DRAFTED]):
        refuse_second(place, ID, state_of(gone))
    for elsewhere in ((OTHER, "fr"), (THING, "es")):
        refuse_second(elsewhere, ID, state_of(drafted))
