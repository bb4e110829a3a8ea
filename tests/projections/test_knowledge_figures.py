"""What an analyst reads: figures equal to a hand count, the visits behind them, alarms that go on and off by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from projections import knowledge_usage as usage
from projections.articles import ARTICLES
from projections.knowledge_usage import KNOWLEDGE_USAGE, AlarmKind, Asked, Figure, Next, Order
from projections.knowledge_usage.placement import HELPFUL, UNHELPFUL, VIEW, warmth
from schemas.errors import InvalidError
from schemas.facts.article import ArticleKind, ArticlePublished, ArticleRetired
from schemas.facts.shelving import ArticleTranslates, ReviewDue
from schemas.facts.teamwork import ArticleLinked
from schemas.facts.threshold import ThresholdSet, threshold_id
from schemas.facts.visit import VisitAbout
from services.rebuild.work import rebuild_here
from tests.projections.histories import Recorder
from tests.projections.told_visits import BILL, DAY, PAPER, TITLES, TONER, published, visit
from tests.projections.views import fold_all, whole

ASKED = Asked(DAY - timedelta(hours=1), DAY + timedelta(days=2))
LANGUAGES = ("en", "es")


def test_the_figures_are_those_of_a_hand_count(told):
    found = usage.figures(told, ASKED)
    assert found == usage.Figures(
        visits=10,
        looked=9,
        contacts=3,
        contacts_after_looking=2,
        solved=4,
        abandoned=1,
        searches=6,
        zero_searches=3,
        views=7,
        seconds=40,
        timed=1,
        suggested=2,
        suggestion_opened=1,
        helpful=1,
        unhelpful=2,
        downloads=0,
        deflection_rate=pytest.approx(7 / 9),
        zero_rate=0.5,
        helpful_rate=pytest.approx(1 / 3),
        acceptance_rate=0.5,
        read_seconds=40.0,
    )
    (day,) = usage.by_day(told, ASKED)
    assert day == usage.Day(DAY.date(), looked=9, solved=4, unanswered=3, contacts=2)


@pytest.mark.parametrize(
    ("asked", "visits", "deflected"),
    [
        ({"surface": "form"}, 3, 1.0),
        ({"surface": "agent"}, 1, 1.0),
        ({"language": "en"}, 1, 1.0),
        ({"product": "Caja"}, 1, 1.0),
        ({"surface": "help_centre", "language": "es"}, 6, pytest.approx(4 / 6)),
        ({"product": "Nada"}, 0, None),
    ],
)
def test_of_a_surface_a_language_a_product(told, asked, visits, deflected):
    found = usage.figures(told, Asked(ASKED.since, ASKED.until, **asked))
    assert (found.visits, found.deflection_rate) == (visits, deflected)


def test_a_period_ends_before_its_end(told):
    quarter = timedelta(minutes=15)
    assert usage.figures(told, Asked(DAY - quarter, DAY)).visits == 0
    assert usage.figures(told, Asked(DAY, DAY + quarter)).visits == 10
    assert usage.figures(told, Asked(DAY + quarter, DAY + 2 * quarter)).visits == 0


@pytest.mark.parametrize(
    ("figure", "of", "behind"),
    [
        (Figure.LOOKED, {}, {1, 2, 3, 4, 5, 6, 8, 9, 11}),
        (Figure.CONTACT, {}, {2, 3}),
        (Figure.SOLVED, {}, {1, 5, 9, 11}),
        (Figure.ABANDONED, {}, {4}),
        (Figure.LEFT, {}, {6, 8}),
        (Figure.FOUND_NOTHING, {}, {3, 6}),
        (Figure.READERS, {"article": TONER}, {1, 2}),
        (Figure.READERS_CONTACT, {"article": TONER}, {2}),
        (Figure.AGAINST, {"article": BILL}, {8}),
        (Figure.PHRASE, {"phrase": "TÓNER"}, {1, 2}),
        (Figure.PHRASE_NOTHING, {"phrase": "fax"}, {3, 6}),
        (Figure.READ, {}, {1, 2, 5, 8, 11}),
        (Figure.SEARCHED, {}, {1, 2, 3, 6, 9}),
        (Figure.HELPFUL, {}, {1}),
        (Figure.AGAINST, {}, {2, 8}),
        (Figure.SUGGESTED, {}, {4, 5}),
        (Figure.SUGGESTION_OPENED, {}, {5}),
        (Figure.DOWNLOADED, {}, set()),
        (Figure.HELPFUL, {"article": TONER}, {1}),
        (Figure.SUGGESTED, {"article": PAPER}, {4, 5}),
        (Figure.SUGGESTION_OPENED, {"article": PAPER}, {5}),
        (Figure.DOWNLOADED, {"article": TONER}, set()),
        (Figure.FOUND, {"article": PAPER}, {1, 9}),
        (Figure.WORD, {"phrase": "Fax"}, {3, 6}),
        (Figure.WORD_NOTHING, {"phrase": "toner"}, set()),
        (Figure.PHRASE, {"phrase": "fax", "then": Next.SEARCHED}, {3}),
        (Figure.PHRASE, {"phrase": "fax", "then": Next.LEFT}, {6}),
        (Figure.WORD, {"phrase": "fax", "then": Next.CONTACT}, {3}),
    ],
)
def test_a_figure_opens_the_visits_behind_it_a_page_at_a_time(told, figure, of, behind):
    whole = usage.visits(told, ASKED, figure, **of)
    assert {each.visit.int for each in whole.items} == behind
    assert len(whole.items) == len(behind)
    paged, cursor = [], None
    while True:
        page = usage.visits(told, ASKED, figure, **of, cursor=cursor, limit=1)
        paged += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert paged == whole.items


def test_of_an_article_its_own_language_and_product_are_asked_and_not_those_of_its_visits(told):
    found = usage.visits(told, replace(ASKED, language="en"), Figure.READERS, article=TONER)
    assert {each.visit.int for each in found.items} == {1, 2}
    assert usage.visits(told, replace(ASKED, language="en"), Figure.SEARCHED).items == []


@pytest.mark.parametrize("hours", [(-1, 13), (-13, 1), (0, 1), (-40, 40), (-1, 48), (1, 2), (-12, 12)])
def test_a_period_that_ends_within_a_day_counts_what_whole_days_do(told, hours):
    since, until = (DAY + timedelta(hours=each) for each in hours)
    asked = Asked(since, until)
    there = since <= DAY < until
    assert sum(each.views for each in _by_article(told, Order.VIEWS, asked)) == (7 if there else 0)
    assert sum(each.searches for each in _by_article(told, Order.VIEWS, asked)) == (5 if there else 0)
    assert [each.searches for each in usage.by_phrase(told, asked, limit=9)] == ([3, 2, 1] if there else [])
    for tz in ("UTC", "America/Havana"):
        report = usage.read(told, since=since, until=until, by=("day",), tz=tz)
        assert [(row["views"], row["searches"]) for row in report.rows] == ([(7, 5)] if there else [])


def test_words_are_those_of_a_product(told):
    assert usage.by_phrase(told, replace(ASKED, product="Caja"), limit=9) == []
    assert len(usage.by_phrase(told, replace(ASKED, language="es"), limit=9)) == 3


def test_a_product_that_is_known_later_takes_its_visit_along_and_leaves_no_empty_sums(database, keys):
    """Odd ones: told after a batch, votes changed, over midnight, an article that is retired since."""
    recorder = Recorder(database, keys)
    midnight = DAY + timedelta(hours=11, minutes=59)
    recorder.record([*published(), *visit(1, ("search", "fax"), ("open", TONER), ("yes", TONER), at=midnight)])
    fold_all(database, keys)
    recorder.record([VisitAbout(visit=UUID(int=1), product="Caja", at=midnight + timedelta(minutes=5))])
    more = visit(
        1, ("no", TONER), ("yes", TONER), ("no", TONER), ("open", BILL), ("suggest", BILL), ("start",), at=midnight
    )
    recorder.record([*more[1:], ArticleRetired(article=TONER, by="luis", at=DAY)])
    fold_all(database, keys, batch=2)
    with database.transaction() as connection:
        found = usage.figures(connection, ASKED)
        assert (found.visits, found.looked, found.helpful, found.unhelpful, found.views) == (1, 1, 0, 1, 2)
        assert (found.abandoned, found.solved, found.deflection_rate) == (1, 0, 1.0)
        assert usage.figures(connection, replace(ASKED, product="Caja")) == found
        assert usage.by_phrase(connection, replace(ASKED, product="Caja"), limit=9)[0].searches == 1
        assert [each.article for each in _by_article(connection, Order.VIEWS) if each.views] == [BILL]
        (heat,) = connection.execute("SELECT heat FROM usage_articles WHERE article = %s", (TONER,)).fetchone()
        (published_at, read_at) = DAY - timedelta(9), midnight + timedelta(minutes=2)
        votes = [(HELPFUL, 3), (UNHELPFUL - HELPFUL, 1), (HELPFUL - UNHELPFUL, 2), (UNHELPFUL - HELPFUL, 3)]
        told = [warmth(weight, midnight + timedelta(minutes=minute)) for weight, minute in votes]
        assert heat == pytest.approx(warmth(VIEW, published_at) + warmth(VIEW, read_at) + sum(told))
    live = whole(database, KNOWLEDGE_USAGE)
    rebuild_here(database, ["knowledge_usage"])
    assert whole(database, KNOWLEDGE_USAGE) == live


def test_what_a_figure_is_of_must_be_said(told):
    for figure in (Figure.READERS, Figure.PHRASE):
        with pytest.raises(InvalidError):
            usage.visits(told, ASKED, figure)


def test_articles_with_what_is_known_of_them(told):
    found = {each.article: each for each in _by_article(told, Order.VIEWS)}
    toner = found[TONER]
    assert (toner.views, toner.readers, toner.contacts_after, toner.contact_rate) == (2, 2, 1, 0.5)
    assert (toner.read_seconds, toner.helpful_rate, toner.missing) == (40.0, 0.5, ["en"])
    assert (found[PAPER].views, found[PAPER].acceptance_rate) == (3, 0.5)
    assert [each.article for each in _by_article(told, Order.CONTACTS)] == [TONER]
    assert [each.article for each in _by_article(told, Order.AGAINST)] == [BILL, TONER]
    assert _by_article(told, Order.UNREAD) == []
    assert _by_article(told, Order.REVIEW) == []


def _by_article(connection, order, asked=ASKED):
    return usage.by_article(connection, asked, order=order, languages=LANGUAGES, limit=9)


def test_words_and_phrases_with_what_came_next(told):
    phrases = usage.by_phrase(told, ASKED, limit=9)
    assert [(each.phrase, each.searches, each.left) for each in phrases] == [
        ("fax", 3, 1),
        ("toner", 2, 0),
        ("factura", 1, 0),
    ]
    assert [(each.phrase, each.zero) for each in usage.by_phrase(told, ASKED, zero=True, limit=9)] == [("fax", 3)]
    assert [each.phrase for each in usage.by_word(told, ASKED, limit=1)] == ["fax"]


@pytest.fixture
def recorded(database, keys):
    """Records facts, folds them, and says which alarms there are at a moment."""
    recorder = Recorder(database, keys)
    recorder.record(published())

    def record(*facts, now=DAY + timedelta(days=1)):
        if facts:
            recorder.record(facts)
        fold_all(database, keys, projections=[ARTICLES, KNOWLEDGE_USAGE])
        with database.transaction() as connection:
            return [
                (each.kind, each.title or each.phrase, each.count, each.of) for each in usage.alarms(connection, now)
            ]

    return record


def _set(name, value):
    return ThresholdSet(threshold=threshold_id(name), name=name, value=value, by="ana", at=DAY)


def test_an_article_whose_readers_write_to_us_is_an_alarm_from_its_threshold_on(recorded):
    readers = [visit(number, ("open", TONER), *([("send",)] if number <= 3 else [])) for number in range(1, 10)]
    assert recorded(*(fact for facts in readers for fact in facts)) == []  # 3 of 9, and ten are needed
    alarm = (AlarmKind.CONFUSING, TITLES[TONER], 3, 10)
    assert recorded(*visit(10, ("open", TONER))) == [alarm]  # 30 %
    assert recorded(*visit(11, ("open", TONER))) == []  # 27 %
    assert recorded(_set("contact_percent", 27)) == [(*alarm[:3], 11)]
    assert recorded(now=DAY + timedelta(days=31)) == []


def test_a_word_that_finds_nothing_more_often_than_before_is_an_alarm(recorded):
    before = [visit(number, ("search", "fax"), at=DAY - timedelta(days=8)) for number in range(1, 3)]
    now = [visit(number, ("search", "Fax"), at=DAY) for number in range(3, 7)]
    assert recorded(*(fact for facts in (*before, *now) for fact in facts)) == []  # 4, five are needed
    assert recorded(*visit(7, ("search", "fax"))) == [(AlarmKind.RISING, "fax", 5, 2)]
    assert recorded(_set("zero_growth_percent", 150)) == []  # 5 is not more than 2 and 150 %
    assert recorded(_set("zero_growth_percent", 149)) == [(AlarmKind.RISING, "fax", 5, 2)]
    assert recorded(*visit(8, ("search", "fax"), surface="agent")) == [(AlarmKind.RISING, "fax", 5, 2)]


def test_an_article_voted_down_is_an_alarm_while_more_are_against_it(recorded):
    votes = [visit(number, ("no", BILL)) for number in (1, 2)]
    assert recorded(*(fact for facts in votes for fact in facts)) == []
    alarm = (AlarmKind.AGAINST, TITLES[BILL], 3, 3)
    assert recorded(*visit(3, ("no", BILL))) == [alarm]
    for number in (4, 5):
        alarms = recorded(*visit(number, ("yes", BILL)))
    assert alarms == [(*alarm[:3], 5)]
    assert recorded(*visit(6, ("yes", BILL))) == []


def test_a_review_is_overdue_from_the_day_after(recorded):
    due = ReviewDue(article=PAPER, on=date(2026, 3, 2), by="ana", at=DAY)
    assert recorded(due, now=DAY) == []
    assert recorded(now=DAY + timedelta(days=1)) == [(AlarmKind.OVERDUE, TITLES[PAPER], 1, 0)]
    assert recorded(ReviewDue(article=PAPER, on=None, found_right=True, by="ana", at=DAY)) == []


def test_an_article_used_in_answers_and_one_that_is_translated(database, keys, recorded):
    translated = UUID(int=5 << 64)
    recorded(
        ArticlePublished(
            article=translated, kind=ArticleKind.FAQ, title="Toner", body="x", language="en", by="luis", at=DAY
        ),
        ArticleTranslates(article=translated, original=TONER, edition=1, by="luis", at=DAY),
        ArticleLinked(incident=UUID(int=71), article=TONER, by="luis", at=DAY),
        ArticleLinked(incident=UUID(int=72), article=TONER, by="luis", at=DAY - timedelta(days=3)),
    )
    with database.transaction() as connection:
        (used,) = _by_article(connection, Order.USED)
        assert (used.article, used.used, used.incidents, used.missing) == (TONER, 1, 2, [])
        assert {each.article for each in _by_article(connection, Order.MISSING)} == {PAPER, BILL}
