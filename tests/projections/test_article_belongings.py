"""Files and doubts of articles: each its article's own, however often and under whose id it is said."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from projections.articles import ARTICLES, desk
from schemas.facts.article import ArticleKind, ArticlePublished
from schemas.facts.shelving import ArticleDoubted, ArticleFileAdded, ArticleFileRemoved, Doubt, DoubtSettled
from schemas.interaction import Attachment
from tests.projections.histories import Recorder
from tests.projections.views import fold_all

ONE, OTHER, THING = (UUID(int=number << 64) for number in (1, 2, 3))
SAID = {"by": "ana", "at": datetime(2026, 3, 1, tzinfo=UTC)}
PICTURE = Attachment(name="a.png", bytes=3, media_type="image/png", blob="b")


@pytest.mark.parametrize("batch", [1, 500])
def test_one_id_on_two_articles_is_the_first_ones(database, keys, batch):
    published = [
        ArticlePublished(article=article, kind=ArticleKind.FAQ, title="A", body="A", language="es", **SAID)
        for article in (ONE, OTHER)
    ]
    doubts = [
        ArticleDoubted(article=article, flag=THING, doubt=Doubt.WRONG, words="", incident=None, **SAID)
        for article in (ONE, OTHER)
    ]
    added = [
        ArticleFileAdded(article=article, file=THING, content=PICTURE, sha256="s", release="", **SAID)
        for article in (ONE, OTHER)
    ]
    recorder = Recorder(database, keys)

    def held():
        fold_all(database, keys, batch, [ARTICLES])
        with database.transaction() as connection:
            return [
                (len(desk.doubts(connection, article)), len(desk.files(connection, article)))
                for article in (ONE, OTHER)
            ]

    recorder.record([*published, *doubts, *added])
    assert held() == [(1, 1), (0, 0)]
    recorder.record([DoubtSettled(article=OTHER, flag=THING, **SAID)])
    recorder.record([ArticleFileRemoved(article=OTHER, file=THING, **SAID)])
    assert held() == [(1, 1), (0, 0)]
    recorder.record([DoubtSettled(article=ONE, flag=THING, **SAID), doubts[0]])
    recorder.record([ArticleFileRemoved(article=ONE, file=THING, **SAID), added[0]])
    assert held() == [(0, 1), (0, 0)]
