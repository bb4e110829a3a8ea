"""What a search finds by what is meant, beside the words: in which order, for whom, and when it finds nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from math import hypot
from uuid import UUID, uuid4

import pytest

from eventstore.database import Database
from eventstore.keys import Keys
from projections import article_vectors
from projections.article_search import ARTICLE_SEARCH, Chosen, Results, search
from projections.article_vectors import Meaning
from projections.articles import AGENT, ANYBODY, ARTICLES, Reader
from schemas.facts import Fact
from schemas.facts.article import (
    ArticleDrafted,
    ArticleKind,
    ArticlePublished,
    ArticleReinstated,
    ArticleRetired,
    Audience,
)
from schemas.facts.shelving import ArticleDescribed
from tests.projections.histories import Recorder
from tests.projections.views import fold_all

_AT = datetime(2026, 3, 2, tzinfo=UTC)
_MODEL = "letters"
_EAST = Meaning(_MODEL, 3, "[1,0,0]")
_BESIDES = "[0,0,1]"
Tell = Callable[..., None]


@pytest.fixture
def tell(database: Database, keys: Keys) -> Tell:
    """Facts, folded."""
    with database.transaction() as connection:
        article_vectors.prepare(connection)
        article_vectors.begin(connection, _MODEL, 3)
    recorder = Recorder(database, keys)

    def told(*facts: Fact, to=(ARTICLES, ARTICLE_SEARCH)) -> None:
        recorder.record(facts)
        fold_all(database, keys, projections=to)

    return told


def _pointing(database: Database, directions: dict[UUID, str]) -> None:
    """The vectors of articles; of what they aren't about, the third direction."""
    with database.transaction() as connection:
        pending = article_vectors.pending(connection, 1000, after=UUID(int=0))
        article_vectors.keep(connection, _MODEL, [(each, directions.get(each.id, "[0,1,0]")) for each in pending])
        article_vectors.set_floor(connection, _MODEL, [_BESIDES])


def _asked(database: Database, q: str, reader: Reader = ANYBODY, meaning: Meaning = _EAST, **more) -> Results:
    with database.transaction() as connection:
        return search(connection, reader, q, locale="es", meaning=meaning, **more)


def _ids(database: Database, q: str, reader: Reader = ANYBODY, meaning: Meaning = _EAST) -> list[UUID]:
    return [each.id for each in _asked(database, q, reader, meaning).items]


def _published(article: UUID, title: str, language: str = "es", kind: ArticleKind = ArticleKind.FAQ) -> Fact:
    return ArticlePublished(
        article=article, kind=kind, title=title, body="Nada más.", language=language, by="ana", at=_AT
    )


def test_what_stands_high_in_both_rankings_comes_first_and_at_a_tie_the_words_decide(tell, database):
    worded, meant, both, neither = uuid4(), uuid4(), uuid4(), uuid4()
    tell(
        _published(meant, "Silla"),
        _published(both, "Tóner o no"),
        _published(neither, "Otra cosa"),
        _published(worded, "Tóner tóner"),
    )
    _pointing(database, {meant: "[1,0,0]", both: "[0.9,0.1,0.2]"})
    assert _ids(database, "toner") == [both, worded, meant]
    _pointing(database, {})
    with database.transaction() as connection:
        connection.execute("DELETE FROM article_vectors WHERE article = %s", (both,))
    assert _ids(database, "toner") == [worded, meant, both]


def test_words_that_no_article_has_are_found_by_what_they_mean_or_not_at_all(tell, database):
    near, far = uuid4(), uuid4()
    tell(_published(near, "Silla"), _published(far, "Mesa"))
    _pointing(database, {near: "[0.9,0.1,0.2]"})
    found = _asked(database, "xyzzy", facets=True)
    assert [(each.id, each.snippet) for each in found.items] == [(near, "Nada más.")]
    assert (found.total, found.facets["kind"], found.meant) == (1, {"faq": 1}, None)
    nothing = _asked(database, "xyzzy", meaning=Meaning(_MODEL, 3, _BESIDES))
    assert (nothing.items, nothing.total) == ([], 0)


def test_what_is_faintly_alike_is_found_unless_something_is_much_liker(tell, database):
    near, faint = uuid4(), uuid4()
    tell(_published(near, "Silla"), _published(faint, "Mesa"))
    _pointing(database, {near: "[0,1,0]", faint: "[0.2,0.98,0]"})
    assert _ids(database, "xyzzy") == [faint]
    with database.transaction() as connection:
        connection.execute("UPDATE article_vectors SET vector = '[1,0,0]' WHERE article = %s", (near,))
    assert _ids(database, "xyzzy") == [near]


def test_facets_narrow_what_was_found_by_either(tell, database):
    meant, worded = uuid4(), uuid4()
    tell(_published(meant, "Silla", kind=ArticleKind.HOW_TO), _published(worded, "Tóner"))
    _pointing(database, {meant: "[1,0,0]"})
    found = _asked(database, "toner", facets=True, chosen=Chosen(kind="how_to"))
    assert ([each.id for each in found.items], found.total) == ([meant], 1)
    assert found.facets["kind"] == {"faq": 1, "how_to": 1}


def test_a_readers_language_comes_first_however_near_another_is(tell, database):
    ours, theirs = uuid4(), uuid4()
    tell(_published(theirs, "Chair", "en"), _published(ours, "Silla"))
    _pointing(database, {theirs: "[1,0,0]", ours: "[0.9,0.1,0.2]"})
    assert _ids(database, "xyzzy") == [ours, theirs]


def test_only_what_is_published_is_found_and_only_by_whom_it_is_for(tell, database):
    drafted, retired, agents, owned = uuid4(), uuid4(), uuid4(), uuid4()
    filed = {"kind": ArticleKind.FAQ, "by": "ana", "at": _AT}
    tell(
        *(_published(each, "Silla") for each in (retired, agents, owned)),
        ArticleDescribed(article=owned, audience=Audience.CUSTOMERS, products=("Caja",), **filed),
        ArticleDrafted(article=drafted, title="Silla", body="x", language="es", **filed),
    )
    _pointing(database, dict.fromkeys((retired, agents, owned), "[1,0,0]"))
    # the vectors stay as they are: the worker is behind
    tell(
        ArticleRetired(article=retired, by="ana", at=_AT),
        ArticleDescribed(article=agents, audience=Audience.AGENTS, **filed),
    )
    assert _ids(database, "xyzzy") == []
    assert _ids(database, "xyzzy", Reader.having(["caja"])) == [owned]
    assert set(_ids(database, "xyzzy", AGENT)) == {agents, owned}
    tell(ArticleReinstated(article=retired, by="ana", at=_AT))
    assert _ids(database, "xyzzy") == [retired]
    # nor what only the search still takes for published
    tell(ArticleRetired(article=retired, by="ana", at=_AT), to=[ARTICLES])
    assert _ids(database, "xyzzy") == []


def test_what_most_readers_may_not_see_hides_nothing_from_them(tell, database):
    filed = {"kind": ArticleKind.FAQ, "by": "ana", "at": _AT, "audience": Audience.AGENTS}
    chance = random.Random(5)  # noqa: S311 -- the same each time
    around = [[1.0, *(chance.gauss(0, 0.3) for _ in range(15))] for _ in range(300)]
    around.sort(key=lambda vector: hypot(*vector))  # the nearest first
    vectors = {uuid4(): str(vector) for vector in around}
    seen = list(vectors)[200]
    tell(
        *(_published(each, "Silla") for each in vectors),
        *(ArticleDescribed(article=each, **filed) for each in vectors if each != seen),
    )
    with database.transaction() as connection:
        article_vectors.begin(connection, "wide", 16)
        pending = article_vectors.pending(connection, 1000, after=UUID(int=0))
        article_vectors.keep(connection, "wide", [(each, vectors[each.id]) for each in pending])
        article_vectors.set_floor(connection, "wide", [str([-1, *([0] * 15)])])
        connection.execute("SET LOCAL enable_sort = off")  # as at twenty thousand: through the index
        meaning = Meaning("wide", 16, str([1, *([0] * 15)]))
        found = search(connection, ANYBODY, "xyzzy", locale="es", meaning=meaning)
    assert [each.id for each in found.items] == [seen]


@pytest.mark.parametrize("other", [Meaning("numbers", 3, "[1,0,0]"), Meaning(_MODEL, 2, "[1,0]")])
def test_what_another_model_means_is_not_compared(tell, database, other):
    article = uuid4()
    tell(_published(article, "Silla"))
    _pointing(database, {article: "[1,0,0]"})
    assert _ids(database, "xyzzy", meaning=other) == []
    assert _ids(database, "silla", meaning=other) == [article]


def test_until_all_have_a_vector_words_alone_count(tell, database):
    article = uuid4()
    tell(_published(article, "Silla"))
    with database.transaction() as connection:
        pending = article_vectors.pending(connection, 10, after=UUID(int=0))
        article_vectors.keep(connection, _MODEL, [(each, "[1,0,0]") for each in pending])
    assert _ids(database, "xyzzy") == []


def test_one_question_that_articles_do_answer_among_those_they_should_not_closes_no_search(tell, database):
    article = uuid4()
    tell(_published(article, "Silla"))
    _pointing(database, {article: "[1,0,0]"})
    with database.transaction() as connection:
        article_vectors.set_floor(connection, _MODEL, ["[1,0,0]", *([_BESIDES] * 23)])
    assert _ids(database, "xyzzy") == [article]


def test_the_nearest_are_found_through_the_index(tell, database):
    with database.transaction() as connection:
        connection.allow(60)  # an index of vectors takes a while to grow
        chance = random.Random(5)  # noqa: S311 -- the same each time
        vectors = [str([chance.gauss(0, 1) for _ in range(3)]) for _ in range(2000)]
        connection.execute(
            "INSERT INTO searched_articles SELECT gen_random_uuid(), n, 'faq', 'es', '', '', 'published', '', '{}',"
            " '{}', '{}', 'public' FROM generate_series(1, 2000) AS n"
        )
        connection.execute(
            "INSERT INTO article_vectors SELECT id, '', vector::halfvec FROM unnest(%s::text[]) WITH ORDINALITY"
            " AS made (vector, n) JOIN searched_articles ON position = n",
            (vectors,),
        )
        article_vectors.set_floor(connection, _MODEL, [_BESIDES])
        connection.execute("ANALYZE searched_articles, article_vectors")
        farthest = article_vectors.farthest(connection, _EAST)
        plan = connection.execute(
            b"EXPLAIN " + article_vectors.NEAREST.as_bytes(connection),
            {"meaning": _EAST.vector, "farthest": farthest, "share": 0.3, **ANYBODY.values},
        ).fetchall()
    assert "Index Scan using article_vectors_nearest" in str(plan)
