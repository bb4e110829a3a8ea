"""An article's text: what can be asked of it on its way from a draft to its retirement, and what that leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

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
from services.knowledge.articles import decide
from services.knowledge.state import Article, Text, state_of
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

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ID = UUID(int=1)
HERS = {"article": ID, "by": "ana", "at": NOW}
ASKED = {"article": ID, "by": "ana", "now": NOW}
DRAFTED = ArticleDrafted(kind=ArticleKind.FAQ, title="Contraseña", body="Abra", language="es", **HERS)
SAVED = DraftSaved(title="Contraseña", body="Pulse", **HERS)
PUBLISHED = ArticlePublished(kind=ArticleKind.FAQ, title="Contraseña", body="Abra", language="es", **HERS)
REVISED = ArticleRevised(title="Contraseña", body="Pulse", **HERS)
RETIRED = ArticleRetired(**HERS)
REQUESTED = ReviewRequested(**HERS)


def _publish(title: str = " Contraseña ", body: str = "Abra") -> Publish:
    return Publish(kind=ArticleKind.FAQ, title=title, body=body, language="es", **ASKED)


def _revise(title: str | None = None, body: str | None = None) -> Revise:
    return Revise(title=title, body=body, **ASKED)


def test_publishing_makes_it_known() -> None:
    assert decide(Article(), _publish()) == [PUBLISHED]


def test_it_begins_as_a_draft_that_is_published_later() -> None:
    begun = Begin(kind=ArticleKind.FAQ, title="Contraseña ", body="Abra", language="es", **ASKED)
    assert decide(Article(), begun) == [DRAFTED]
    assert not state_of([DRAFTED]).published
    assert decide(state_of([DRAFTED]), PublishDraft(**ASKED)) == [PUBLISHED]
    assert state_of([DRAFTED, PUBLISHED]).published


@pytest.mark.parametrize(
    "asked", [_publish(), Begin(kind=ArticleKind.FAQ, title="x", body="x", language="es", **ASKED)]
)
def test_one_is_not_begun_twice(asked: WritingRequest) -> None:
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED]), asked)


@pytest.mark.parametrize(("title", "body"), [(" ", "x"), ("x", " "), ("x" * 301, "x"), ("x", "x" * 50_001)])
def test_what_nobody_could_read_is_refused(title: str, body: str) -> None:
    with pytest.raises(InvalidError):
        decide(Article(), _publish(title, body))
    with pytest.raises(InvalidError):
        decide(state_of([DraftSaved(title=title, body=body, **HERS), PUBLISHED]), _revise(title, body))


def test_an_unfinished_draft_is_kept_but_not_published() -> None:
    assert decide(state_of([DRAFTED]), SaveDraft(title="", body="", **ASKED)) == [DraftSaved(title="", body="", **HERS)]
    with pytest.raises(InvalidError):
        decide(state_of([DRAFTED, DraftSaved(title="", body="", **HERS)]), PublishDraft(**ASKED))


def test_a_revision_keeps_what_it_does_not_name() -> None:
    assert decide(state_of([PUBLISHED]), _revise(body="Pulse")) == [REVISED]
    after = state_of([PUBLISHED, REVISED])
    assert after.editions == (Text("Contraseña", "Abra"), Text("Contraseña", "Pulse"))


def test_what_changes_nothing_is_no_fact() -> None:
    assert decide(state_of([PUBLISHED]), _revise("Contraseña", "Abra")) == []
    assert decide(state_of([PUBLISHED]), SaveDraft(title="Contraseña", body="Abra", **ASKED)) == []
    assert decide(state_of([DRAFTED, SAVED]), SaveDraft(title="Contraseña", body="Pulse", **ASKED)) == []
    assert decide(state_of([PUBLISHED]), DropDraft(**ASKED)) == []


def test_readers_go_on_with_what_was_published_while_a_draft_is_beside_it() -> None:
    article = state_of([PUBLISHED, SAVED])
    assert (article.published, article.text, article.draft) == (
        True,
        Text("Contraseña", "Abra"),
        Text("Contraseña", "Pulse"),
    )
    assert decide(article, PublishDraft(**ASKED)) == [REVISED]
    with pytest.raises(ConflictError):
        decide(article, _revise(body="Y"))


def test_two_who_write_at_once_hear_of_it() -> None:
    seen = state_of([PUBLISHED]).wording
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED, SAVED]), SaveDraft(title="Y", body="Y", wording=seen, **ASKED))
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED, SAVED, SAVED]), PublishDraft(wording=seen + 1, **ASKED))


def test_a_draft_that_was_given_up_can_be_taken_up_again() -> None:
    assert decide(state_of([PUBLISHED, SAVED]), DropDraft(**ASKED)) == [DraftDropped(**HERS)]
    assert decide(state_of([PUBLISHED, SAVED, DraftDropped(**HERS)]), TakeUpDraft(**ASKED)) == [SAVED]
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED]), TakeUpDraft(**ASKED))


def test_an_edition_comes_back_as_a_draft_and_never_over_one() -> None:
    back = RestoreEdition(edition=1, **ASKED)
    restored = DraftSaved(title="Contraseña", body="Abra", **HERS)
    assert decide(state_of([PUBLISHED, REVISED]), back) == [restored]
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED, REVISED, SAVED]), back)
    with pytest.raises(NotFoundError):
        decide(state_of([PUBLISHED, REVISED]), RestoreEdition(edition=3, **ASKED))


def test_a_review_is_asked_for_once_and_declined_with_its_reason() -> None:
    assert decide(state_of([DRAFTED]), AskReview(**ASKED)) == [REQUESTED]
    assert decide(state_of([DRAFTED, REQUESTED]), AskReview(**ASKED)) == []
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED]), AskReview(**ASKED))
    declined = DeclineReview(reason=" Falta el paso 2 ", **ASKED)
    assert decide(state_of([DRAFTED, REQUESTED]), declined) == [ReviewDeclined(reason="Falta el paso 2", **HERS)]
    assert decide(state_of([DRAFTED]), declined) == []


def test_where_two_must_read_it_the_writer_does_not_publish() -> None:
    theirs = {"article": ID, "by": "luis", "now": NOW}
    with pytest.raises(ForbiddenError):
        decide(state_of([DRAFTED]), PublishDraft(alone=False, **theirs))
    with pytest.raises(ForbiddenError):
        decide(state_of([DRAFTED, REQUESTED]), PublishDraft(alone=False, **ASKED))
    with pytest.raises(ForbiddenError):
        decide(Article(), Publish(kind=ArticleKind.FAQ, title="x", body="x", language="es", alone=False, **ASKED))
    (published,) = decide(state_of([DRAFTED, REQUESTED]), PublishDraft(alone=False, **theirs))
    assert published.by == "luis"


def test_retiring_once_is_a_fact_and_twice_is_not() -> None:
    assert decide(state_of([PUBLISHED]), Retire(**ASKED)) == [RETIRED]
    assert decide(state_of([PUBLISHED, RETIRED]), Retire(**ASKED)) == []
    assert decide(state_of([PUBLISHED, RETIRED]), Reinstate(**ASKED)) == [ArticleReinstated(**HERS)]
    assert decide(state_of([PUBLISHED]), Reinstate(**ASKED)) == []
    assert state_of([PUBLISHED, RETIRED, ArticleReinstated(**HERS)]).published
    with pytest.raises(ConflictError):
        decide(state_of([DRAFTED]), Retire(**ASKED))


def test_what_is_retired_or_unknown_is_not_revised() -> None:
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED, RETIRED]), _revise("x"))
    with pytest.raises(NotFoundError):
        decide(Article(), _revise("x"))


def test_an_edition_is_taken_back_while_it_is_the_last() -> None:
    article = state_of([PUBLISHED, REVISED])
    assert decide(article, TakeBack(edition=2, **ASKED)) == [ArticleRevised(title="Contraseña", body="Abra", **HERS)]
    later = state_of([PUBLISHED, REVISED, ArticleRevised(title="Contraseña", body="De Eva", **HERS)])
    for stale in (TakeBack(edition=2, **ASKED), Retire(edition=1, **ASKED)):
        with pytest.raises(ConflictError, match="meanwhile"):
            decide(later, stale)
    with pytest.raises(NotFoundError):
        decide(state_of([PUBLISHED]), TakeBack(edition=1, **ASKED))


def test_where_texts_are_read_by_two_only_who_published_an_edition_takes_it_back() -> None:
    article = state_of([PUBLISHED, REVISED])
    assert decide(article, TakeBack(edition=2, alone=False, **ASKED)) != []
    with pytest.raises(ForbiddenError):
        decide(article, TakeBack(edition=2, alone=False, article=ID, by="eva", now=NOW))


def test_a_draft_that_somebody_saved_since_is_not_taken_back() -> None:
    article = state_of([PUBLISHED, SAVED])
    assert decide(article, DropDraft(wording=2, **ASKED)) == [DraftDropped(**HERS)]
    for stale, facts in (
        (DropDraft(wording=2, **ASKED), [PUBLISHED, SAVED, SAVED]),
        (TakeUpDraft(wording=3, **ASKED), [PUBLISHED, SAVED, DraftDropped(**HERS), SAVED, DraftDropped(**HERS)]),
    ):
        with pytest.raises(ConflictError, match="meanwhile"):
            decide(state_of(facts), stale)
