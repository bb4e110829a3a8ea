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
from tests.projections.views import fold_all, make_views


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


def test_visits_are_counted_as_by_hand(told):
    counted = {(row.surface, row.language, row.product): row for row in _rows(told, "usage_visit_counts", VisitCounts)}
    quarter = counted["help_centre", "es", ""].quarter
    assert counted == {
        ("help_centre", "es", ""): VisitCounts(
            quarter, "help_centre", "es", "", visits=6, looked=6, contacts=2, contacts_after_looking=2, solved=3,
            abandoned=0, searches=6, zero_searches=3, views=5, suggested=0, suggestion_opened=0, helpful=1, unhelpful=1,
            downloads=0,
        ),
        ("help_centre", "en", ""): VisitCounts(
            quarter, "help_centre", "en", "", visits=1, looked=1, contacts=0, contacts_after_looking=0, solved=0,
            abandoned=0, searches=0, zero_searches=0, views=1, suggested=0, suggestion_opened=0, helpful=0, unhelpful=1,
            downloads=0,
        ),
        ("form", "es", ""): VisitCounts(
            quarter, "form", "es", "", visits=2, looked=1, contacts=1, contacts_after_looking=0, solved=0,
            abandoned=1, searches=0, zero_searches=0, views=0, suggested=1, suggestion_opened=0, helpful=0, unhelpful=0,
            downloads=0,
        ),
        ("form", "es", "Caja"): VisitCounts(
            quarter, "form", "es", "Caja", visits=1, looked=1, contacts=0, contacts_after_looking=0, solved=1,
            abandoned=0, searches=0, zero_searches=0, views=1, suggested=1, suggestion_opened=1, helpful=0, unhelpful=0,
            downloads=0,
        ),
        ("agent", "es", ""): VisitCounts(
            quarter, "agent", "es", "", visits=1, looked=1, contacts=0, contacts_after_looking=0, solved=1,
            abandoned=0, searches=1, zero_searches=0, views=1, suggested=0, suggestion_opened=0, helpful=0, unhelpful=0,
            downloads=1,
        ),
    }  # fmt: skip


def test_articles_are_counted_as_by_hand(told):
    rows = {(row.article, row.surface): row for row in _rows(told, "usage_article_counts", ArticleCounts)}
    quarter = rows[TONER, "agent"].quarter
    assert rows == {
        (TONER, "help_centre"): ArticleCounts(
            quarter, TONER, "help_centre", views=2, readers=2, searches=2, helpful=1, unhelpful=1, suggested=0,
            suggestion_opened=0, contacts_after=1, seconds=40, timed=1, downloads=0,
        ),
        (TONER, "agent"): ArticleCounts(
            quarter, TONER, "agent", views=1, readers=1, searches=1, helpful=0, unhelpful=0, suggested=0,
            suggestion_opened=0, contacts_after=0, seconds=0, timed=0, downloads=1,
        ),
        (PAPER, "help_centre"): ArticleCounts(
            quarter, PAPER, "help_centre", views=2, readers=1, searches=2, helpful=0, unhelpful=0, suggested=0,
            suggestion_opened=0, contacts_after=0, seconds=0, timed=0, downloads=0,
        ),
        (PAPER, "form"): ArticleCounts(
            quarter, PAPER, "form", views=1, readers=1, searches=0, helpful=0, unhelpful=0, suggested=2,
            suggestion_opened=1, contacts_after=0, seconds=0, timed=0, downloads=0,
        ),
        (BILL, "help_centre"): ArticleCounts(
            quarter, BILL, "help_centre", views=2, readers=2, searches=1, helpful=0, unhelpful=1, suggested=0,
            suggestion_opened=0, contacts_after=0, seconds=0, timed=0, downloads=0,
        ),
    }  # fmt: skip
    reads = {(row.article, row.visit.int): row for row in _rows(told, "usage_reads", ReadRow)}
    assert {key for key, row in reads.items() if row.contacted} == {(TONER, 2)}
    assert {key for key, row in reads.items() if row.vote == "no"} == {(TONER, 2), (BILL, 8)}


def test_words_are_counted_with_what_came_next(told):
    rows = _rows(told, "usage_word_counts", WordCounts)
    quarter = rows[0].quarter
    counts = {"zero": 0, "opened": 0, "searched": 0, "contact": 0, "solved": 0}

    def counted(phrase, surface, **more):
        return WordCounts(quarter=quarter, phrase=phrase, surface=surface, language="es", **counts | more)

    assert sorted(rows, key=lambda row: (row.phrase, row.surface)) == [
        counted("factura", "help_centre", searches=1, solved=1),
        counted("fax", "help_centre", searches=3, zero=3, searched=1, contact=1),
        counted("toner", "agent", searches=1, opened=1),
        counted("toner", "help_centre", searches=2, opened=2),
    ]
    nexts = {(row.visit.int, row.next, row.next_article) for row in _rows(told, "usage_searches", SearchRow)}
    assert (6, "left", None) in nexts
    assert (1, "opened", TONER) in nexts


def test_the_most_wanted_come_first_and_what_is_voted_down_falls(told):
    # BILL: 2 views, one vote against it; the others: 3 views, and of TONER one vote each way
    first, second, last = wanted(told, ANYBODY, "es", "", 9)
    assert ({first, second}, last) == ({TONER, PAPER}, BILL)
    assert wanted(told, ANYBODY, "en", "", 9) == []


def test_pins_stand_before_and_a_shelf_has_its_own_and_what_is_below_it(database, keys):
    make_views(database)
    filed = {"kind": ArticleKind.FAQ, "by": "luis", "at": DAY}
    Recorder(database, keys).record(
        [
            *published(),
            ArticleDescribed(article=TONER, shelf="Impresora/Tóner", **filed),
            ArticleDescribed(article=PAPER, shelf="Impresora", **filed),
            ArticleDescribed(article=BILL, shelf="Impresoras", audience=Audience.AGENTS, **filed),
            *visit(1, ("open", PAPER), ("open", PAPER), ("open", BILL)),
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
