"""The figures of self-service: equal to a hand count, however the facts arrive in batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from projections.articles.readers import AGENT, ANYBODY
from projections.knowledge_usage import wanted
from projections.knowledge_usage.placement import HELPFUL, UNHELPFUL, VIEW, warmth
from projections.knowledge_usage.rows import ArticleCounts, ReadRow, SearchRow, VisitCounts, WordCounts
from projections.knowledge_usage.trail import phrase_of
from schemas.facts.article import ArticleKind, Audience
from schemas.facts.shelving import ArticleDescribed, ArticlePinned
from tests.projections.histories import Recorder
from tests.projections.told_visits import BILL, DAY, PAPER, TONER, published, visit
from tests.projections.views import fold_all


def _rows(connection, table, kind):
    return [kind(*row) for row in connection.execute(f"SELECT * FROM {table}").fetchall()]


def test_what_became_of_each_visit(told):
    rows = told.execute("SELECT visit, outcome, looked FROM usage_visits").fetchall()
    outcomes = {visit.int: outcome for visit, outcome, _ in rows}
    assert outcomes == {
        1: "solved",
        2: "contact",
        3: "contact",
        4: "abandoned",
        5: "solved",
        6: "left",
        7: "contact",
        8: "left",
        9: "solved",
        10: "solved",
        11: "solved",
    }
    assert {visit.int for visit, _, looked in rows if not looked} == {7}


_NO_VISIT = dict.fromkeys(VisitCounts.__struct_fields__[4:], 0)
_NO_READ = dict.fromkeys(ArticleCounts.__struct_fields__[3:], 0)
_NO_WORD = dict.fromkeys(WordCounts.__struct_fields__[5:], 0)


def test_visits_are_counted_as_by_hand(told):
    def counted(surface, language="es", product="", **more):
        return VisitCounts(DAY, surface, language, product, **_NO_VISIT | more)

    rows = _rows(told, "usage_visit_counts", VisitCounts)
    assert sorted(rows, key=lambda row: (row.surface, row.language, row.product)) == [
        counted("agent", visits=1, looked=1, solved=1, searches=1, views=1, downloads=1),
        counted("form", visits=2, looked=1, contacts=1, abandoned=1, suggested=1),
        counted("form", product="Caja", visits=1, looked=1, solved=1, views=1, suggested=1, suggestion_opened=1),
        counted("help_centre", "en", visits=1, looked=1, views=1, unhelpful=1),
        counted(
            "help_centre", visits=6, looked=6, contacts=2, contacts_after_looking=2, solved=3, searches=6,
            zero_searches=3, views=5, seconds=40, timed=1, helpful=1, unhelpful=1,
        ),
    ]  # fmt: skip


def test_articles_are_counted_as_by_hand(told):
    def counted(article, surface, **more):
        return ArticleCounts(DAY.date(), article, surface, **_NO_READ | more)

    rows = _rows(told, "usage_article_counts", ArticleCounts)
    assert sorted(rows, key=lambda row: (row.article.int, row.surface)) == [
        counted(TONER, "agent", views=1, readers=1, searches=1, downloads=1),
        counted(
            TONER, "help_centre", views=2, readers=2, helpful=1, unhelpful=1, contacts_after=1, seconds=40, timed=1,
            searches=2,
        ),
        counted(PAPER, "form", views=1, readers=1, suggested=2, suggestion_opened=1),
        counted(PAPER, "help_centre", views=2, readers=1, searches=2),
        counted(BILL, "help_centre", views=2, readers=2, unhelpful=1, searches=1),
    ]  # fmt: skip
    reads = {(row.article, row.visit.int): row for row in _rows(told, "usage_reads", ReadRow)}
    assert {key for key, row in reads.items() if row.contacts_after} == {(TONER, 2)}
    assert {key for key, row in reads.items() if row.unhelpful} == {(TONER, 2), (BILL, 8)}


def test_words_are_counted_with_what_came_next(told):
    def counted(phrase, surface, **more):
        return WordCounts(DAY.date(), phrase, surface, "es", "", **_NO_WORD | more)

    rows = _rows(told, "usage_word_counts", WordCounts)
    assert sorted(rows, key=lambda row: (row.phrase, row.surface)) == [
        counted("factura", "help_centre", searches=1, solved=1),
        counted("fax", "help_centre", searches=3, zero=3, searched=1, contact=1),
        counted("toner", "agent", searches=1, opened=1),
        counted("toner", "help_centre", searches=2, opened=2),
    ]
    found = {(row.visit.int, row.place): row for row in _rows(told, "usage_searches", SearchRow)}
    assert (found[6, 1].next, found[6, 1].next_article) == ("left", None)
    assert (found[1, 1].next, found[1, 1].next_article) == ("opened", TONER)
    assert found[9, 1].results == [PAPER, BILL]  # the second was shown later


def test_the_most_wanted_come_first_and_what_is_voted_down_falls(told):
    # BILL: 2 views, one vote against it; the others: 3 views, and of TONER one vote each way
    first, second, last = wanted(told, ANYBODY, "es", "", 9)
    assert ({first, second}, last) == ({TONER, PAPER}, BILL)
    assert wanted(told, ANYBODY, "en", "", 9) == []


def test_pins_stand_before_and_a_shelf_has_its_own_and_what_is_below_it(database, keys):
    filed = {"kind": ArticleKind.FAQ, "by": "luis", "at": DAY}
    Recorder(database, keys).record(
        [
            *published(),
            ArticleDescribed(article=TONER, shelf="Impresora/Tóner", **filed),
            ArticleDescribed(article=PAPER, shelf="Impresora", **filed),
            ArticleDescribed(article=BILL, shelf="Impresoras", audience=Audience.AGENTS, **filed),
            *visit(1, ("open", PAPER), ("open", BILL), ("open", BILL), ("open", BILL)),  # once a visit
            *visit(2, ("open", PAPER)),
            ArticlePinned(article=TONER, by="luis", at=DAY),
        ]
    )
    fold_all(database, keys)
    with database.transaction() as connection:
        assert wanted(connection, AGENT, "es", "", 9) == [TONER, PAPER, BILL]
        assert wanted(connection, ANYBODY, "es", "", 9) == [TONER, PAPER]
        assert wanted(connection, ANYBODY, "es", "", 1) == [TONER]
        assert wanted(connection, ANYBODY, "es", "Impresora", 9) == [PAPER, TONER]
        assert wanted(connection, ANYBODY, "es", "Impresora/Tóner", 9) == [TONER]
        assert wanted(connection, ANYBODY, "es", "Imp", 9) == []


def test_what_happened_ten_days_ago_weighs_half():
    now = datetime(2026, 11, 26, tzinfo=UTC)
    assert warmth(VIEW, now - timedelta(days=10)) == pytest.approx(warmth(VIEW, now) / 2)
    assert warmth(HELPFUL, now) == 3 * warmth(VIEW, now) == -warmth(UNHELPFUL, now)


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ("  ¿Cómo IMPRIMO? ", "como imprimo"),
        ("Año nuevo", "año nuevo"),
        ("E-42/b", "e 42 b"),
        ("тест", "тест"),
        ("…", ""),
    ],
)
def test_a_phrase_is_counted_however_it_is_written(typed, counted):
    assert phrase_of(typed) == counted
