"""Articles: what can be asked of one, and what it leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.article import ArticleKind, ArticlePublished, ArticleRetired, ArticleRevised
from services.knowledge.articles import Article, Publish, Retire, Revise, decide, state_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ID = UUID(int=1)
PUBLISHED = ArticlePublished(
    article=ID, kind=ArticleKind.FAQ, title="Contraseña", body="Abra", language="es", by="ana", at=NOW
)
RETIRED = ArticleRetired(article=ID, by="ana", at=NOW)


def _publish(title: str = " Contraseña ", body: str = "Abra") -> Publish:
    return Publish(article=ID, kind=ArticleKind.FAQ, title=title, body=body, language="es", by="ana", now=NOW)


def _revise(title: str | None = None, body: str | None = None) -> Revise:
    return Revise(article=ID, title=title, body=body, by="luis", now=NOW)


def test_publishing_makes_it_known() -> None:
    assert decide(Article(), _publish()) == [PUBLISHED]


def test_publishing_twice_is_a_conflict() -> None:
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED]), _publish())


@pytest.mark.parametrize(("title", "body"), [(" ", "x"), ("x", " "), ("x" * 301, "x"), ("x", "x" * 50_001)])
def test_what_nobody_could_read_is_refused(title: str, body: str) -> None:
    with pytest.raises(InvalidError):
        decide(Article(), _publish(title, body))


def test_a_revision_keeps_what_it_does_not_name() -> None:
    revised = ArticleRevised(article=ID, title="Contraseña", body="Pulse", by="luis", at=NOW)
    assert decide(state_of([PUBLISHED]), _revise(body="Pulse")) == [revised]
    assert state_of([PUBLISHED, revised]) == Article(known=True, published=True, title="Contraseña", body="Pulse")


def test_a_revision_that_changes_nothing_is_no_fact() -> None:
    assert decide(state_of([PUBLISHED]), _revise("Contraseña", "Abra")) == []


def test_retiring_once_is_a_fact_and_twice_is_not() -> None:
    retire = Retire(article=ID, by="ana", now=NOW)
    assert decide(state_of([PUBLISHED]), retire) == [RETIRED]
    assert decide(state_of([PUBLISHED, RETIRED]), retire) == []


def test_what_is_retired_or_unknown_is_not_revised() -> None:
    with pytest.raises(ConflictError):
        decide(state_of([PUBLISHED, RETIRED]), _revise("x"))
    with pytest.raises(NotFoundError):
        decide(Article(), _revise("x"))
