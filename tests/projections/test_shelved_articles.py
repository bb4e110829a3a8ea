"""What readers find of articles: in their language however it is written, and of files what is published."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from projections import articles, knowledge_usage
from projections.articles import AGENT, ANYBODY, desk, shelves
from projections.articles.desk import Asked
from schemas.facts.article import ArticleKind, ArticlePublished
from schemas.facts.shelving import ArticleDescribed, ArticleFileAdded, ArticlePinned
from schemas.interaction import Attachment
from tests.projections.histories import Recorder
from tests.projections.views import fold_all

CUBAN, ENGLISH, DOWNLOAD, SHOWN, DRAFTED, PROGRAM = (UUID(int=number << 64) for number in range(1, 7))
SAID = {"by": "ana", "at": datetime(2026, 3, 1, tzinfo=UTC)}


def _published(article, language, body="A", kind=ArticleKind.FAQ):
    return ArticlePublished(article=article, kind=kind, title="A", body=body, language=language, **SAID)


def test_an_article_in_a_regional_language_is_in_the_lists_of_its_language(database, keys):
    filed = {"kind": ArticleKind.FAQ, "shelf": "Cuenta", **SAID}
    Recorder(database, keys).record(
        [
            *(_published(CUBAN, "es-CU"), _published(ENGLISH, "en"), ArticleDescribed(article=CUBAN, **filed)),
            ArticlePinned(article=CUBAN, **SAID),
        ]
    )
    fold_all(database, keys)
    with database.transaction() as connection:
        found = {
            language: [each.id for each in articles.find(connection, ANYBODY, language=language).items]
            for language in ("es", "es-CU", "es-ES", "en")
        }
        assert found == {"es": [CUBAN], "es-CU": [CUBAN], "es-ES": [], "en": [ENGLISH]}
        assert [each.name for each in shelves.categories(connection, ANYBODY, "es")] == ["Cuenta"]
        assert shelves.kinds(connection, ANYBODY, "es") == [ArticleKind.FAQ]
        assert knowledge_usage.wanted(connection, ANYBODY, "es", "Cuenta", 9) == [CUBAN]
        assert knowledge_usage.wanted(connection, ANYBODY, "es", "", 9) == [CUBAN]
        assert [each.id for each in desk.find(connection, Asked(language="es")).items] == [CUBAN]
        assert [each.id for each in desk.find(connection, Asked(missing="es")).items] == [ENGLISH]


def test_readers_get_the_files_that_the_published_text_shows_and_all_of_a_download(database, keys):
    content = Attachment(name="a.png", bytes=3, media_type="image/png", blob="b")
    Recorder(database, keys).record(
        [
            _published(CUBAN, "es", f"![a](/articles/{CUBAN}/files/{SHOWN})"),
            _published(DOWNLOAD, "es", kind=ArticleKind.DOWNLOAD),
            *(
                ArticleFileAdded(article=article, file=file, content=content, sha256="s", release="", **SAID)
                for article, file in ((CUBAN, SHOWN), (CUBAN, DRAFTED), (DOWNLOAD, PROGRAM))
            ),
        ]
    )
    fold_all(database, keys)
    with database.transaction() as connection:
        both = [CUBAN, DOWNLOAD]
        assert [each.file for each in articles.files(connection, ANYBODY, both)] == [SHOWN, PROGRAM]
        assert [each.file for each in articles.files(connection, AGENT, both)] == [SHOWN, DRAFTED, PROGRAM]
