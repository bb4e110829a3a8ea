"""How much each list and page has to read: a page's worth, however long the history behind it is.

PostgreSQL itself says what its plan touched (auto_explain): time would say how busy the machine is.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from eventstore.database import Database, narrow
from eventstore.sight import EVERYTHING, Sight
from projections import (
    article_search,
    articles,
    callbacks,
    callers,
    calls,
    channel_report,
    chats,
    customers,
    incidents,
    knowledge_usage,
    organizations,
    timeline,
    workboard,
)
from projections.articles import desk
from projections.articles import queue as waiting
from projections.articles.readers import ANYBODY
from projections.incidents import views
from projections.incidents.views import View
from projections.page import LIMIT
from schemas.interaction import Channel
from services import quarantine
from services.deliveries import queue
from tests.projections import crowd, shelves

pytestmark = pytest.mark.xdist_group("crowded")  # it takes longer to fill than to look at

_INTERACTIONS = 100_000
_ARTICLES = 1_000
_ROWS_MAX = 1_200
"""What one step of a plan may touch; there are 20,000 incidents, and 67 to 20,000 of each kind that is asked for."""

_MORNING, _NOON = datetime.now(UTC) - timedelta(hours=6), datetime.now(UTC)


@pytest.fixture(scope="module")
def crowded(new_database):
    """Read only, but for what rolls back: filled once for all of them."""
    with new_database() as url:
        database = Database(url)
        database.open()
        crowd.fill(database, _INTERACTIONS)
        yield database
        database.close()


@pytest.fixture(scope="module")
def shelved(new_database):
    """Articles enough that whoever reads all of their words is found out."""
    with new_database() as url:
        database = Database(url)
        database.open()
        shelves.fill(database, _ARTICLES)
        yield database
        database.close()


@pytest.fixture
def plans_of(crowded):
    """The plans a read was answered by, as trees of nodes with what each touched."""

    def run(read, sight=EVERYTHING, database=crowded):
        said = []
        with database.dedicated() as connection:
            connection.execute("LOAD 'auto_explain'")
            for setting, value in {
                "auto_explain.log_analyze": "on",
                "auto_explain.log_timing": "off",
                "auto_explain.log_format": "json",
                "auto_explain.log_min_duration": "0",
                "client_min_messages": "log",
            }.items():
                connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
            connection.add_notice_handler(lambda notice: said.append(notice.message_primary))
            with connection.transaction():
                if sight.hidden:
                    narrow(connection, sight)
                found = read(connection)
        return found, [json.loads(text.partition("plan:\n")[2])["Plan"] for text in said if "plan:\n" in text]

    return run


def _nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _touched(node):
    removed = sum(count for name, count in node.items() if name.startswith("Rows Removed"))
    return (node.get("Actual Rows", 0) + removed) * max(1, node.get("Actual Loops", 1))


def _customer(connection, number):
    return connection.execute("SELECT md5('c' || %s)::uuid", (number,)).fetchone()[0]


_LISTS = {
    "all": {},
    **{f"channel {channel}": {"channel": channel.value} for channel in Channel},
    **{f"status {status}": {"status": status} for status in ("new", "open", "waiting", "resolved", "closed")},
    **{f"assignee {name or 'nobody'}": {"assignee": name} for name in ("ana", "marta", "a stranger", "")},
    "the robot's": {"customer": UUID(crowd.ROBOT)},
    "a stranger's": {"customer": UUID(int=7)},
    "a company's of a few": {"organization": crowd.organization(7)},
    "a company's of hundreds": {"organization": crowd.organization(1)},
    "not solved, of a company of a few": {"organization": crowd.organization(7), "open": True},
    "not solved, of a company of hundreds": {"organization": crowd.organization(1), "open": True},
    "of no such company": {"organization": UUID(int=7)},
    "hers, open": {"assignee": "ana", "status": "open"},
    "hers long ago, open": {"assignee": "marta", "status": "open"},
    "open, over a channel of long ago": {"status": "open", "channel": "in_person"},
    **{f"view {view}": {"view": view, "user": "ana"} for view in View},
    "a tag nobody gave": {"tag": "nada"},
    "a team that isn't one": {"team": "nadie"},
    "urgent": {"priority": "urgent"},
    "a word that stands nowhere": {"q": "inexistente"},
    "a word of one": {"q": "4711"},
    "a number": {"q": "#4711"},
    "a word of all": {"q": crowd.EVERYWHERE},
    "a word of every fiftieth message": {"q": crowd.OFTEN},
    "a word of every hundredth message": {"q": crowd.COMMON},
}


_SIGHTS = {"everything": EVERYTHING, "a closed team is hidden": Sight(("legal",), "ana")}


@pytest.mark.parametrize("sight", _SIGHTS.values(), ids=_SIGHTS)
@pytest.mark.parametrize("asked", _LISTS.values(), ids=_LISTS)
def test_a_page_of_the_incident_list_reads_a_page_and_not_all_history(plans_of, asked, sight):
    found, plans = plans_of(lambda connection: incidents.find(connection, **asked), sight)

    assert _too_much(plans) == []
    assert all(sight.sees(each.team, each.assignee) for each in found.items)
    if found.next_cursor is not None:
        _, plans = plans_of(lambda connection: incidents.find(connection, cursor=found.next_cursor, **asked), sight)
        assert _too_much(plans) == []


def test_a_list_that_walks_for_a_word_is_planned_for_all_words_at_once(crowded):
    with crowded.dedicated() as connection:
        following = incidents.find(connection, q=crowd.COMMON).next_cursor
        for cursor in (None, following):
            for _ in range(12):  # five to be prepared, five planned for their own word
                incidents.find(connection, q=crowd.COMMON, cursor=cursor)
        walked = connection.execute(
            "SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement LIKE 'WITH sought%'"
        ).fetchall()

    assert walked == [(True,), (True,)]


@pytest.mark.parametrize(
    ("q", "reads_lines"),
    [
        (crowd.EVERYWHERE, False),
        (f"{crowd.EVERYWHERE} OR {crowd.COMMON}", False),
        (f"{crowd.EVERYWHERE} tarde", True),
        (f"{crowd.EVERYWHERE} -{crowd.COMMON}", True),
        ('"ayer por la tarde"', True),
    ],
)
def test_a_list_that_walks_reads_lines_only_where_words_may_stand_in_several(plans_of, q, reads_lines):
    found, plans = plans_of(lambda connection: incidents.find(connection, q=q))
    lines = [node for plan in plans for node in _nodes(plan) if node.get("Relation Name") == "entries"]

    assert len(found.items) == LIMIT
    assert (sum(_touched(node) for node in lines) > 0) is reads_lines


def test_a_search_follows_the_merges_of_what_it_finds_and_no_others(plans_of):
    _, plans = plans_of(lambda connection: [incidents.find(connection, q="4711") for _ in range(12)])
    merged = [node for plan in plans for node in _nodes(plan) if node.get("Index Name") == "incidents_merged"]

    assert sum(_touched(node) for node in merged) == 0  # a plan kept for any word would read all 199


def test_the_words_of_neighbours_lie_together(crowded):
    with crowded.transaction() as connection:
        pages = connection.execute(
            "SELECT count(DISTINCT (ctid::text::point)[0]) FROM incident_words WHERE number BETWEEN 9001 AND 10000"
        ).fetchone()

    assert pages[0] <= 60  # of some 600


_THIS_MORNING = knowledge_usage.Asked(_MORNING, _NOON)
_EVER = knowledge_usage.Asked(datetime(2020, 1, 1, tzinfo=UTC), _NOON)


def _behind(connection, figure, **of):
    """A page of all history: what is behind a figure is read by its place, not by its period."""
    return knowledge_usage.visits(connection, _EVER, figure, **{"phrase": "p7", **of}, limit=20)


_AGENTS = ["ana", "luis", "marta", *(f"agent {number}" for number in range(10))]
_OF_NO_ARTICLE = [each for each in knowledge_usage.Figure if each not in knowledge_usage.OF_AN_ARTICLE]


_READS = {
    "an incident": lambda connection: incidents.get(connection, 4_700),
    "how many are in each view": lambda connection: views.counts(connection, "ana"),
    "the last words of a page": lambda connection: views.last_words(
        connection, [each.id for each in incidents.find(connection).items]
    ),
    "an incident's timeline": lambda connection: timeline.of_incident(connection, 4_700),
    "a customer's timeline": lambda connection: timeline.of_customer(connection, _customer(connection, 700)),
    "the end of a customer's timeline": lambda connection: timeline.end_of_customer(
        connection, _customer(connection, 700), 200
    ),
    "a thread's end": lambda connection: timeline.end_of_thread(connection, UUID(int=7), 200),
    "a thread": lambda connection: timeline.of_thread(connection, UUID(int=7)),
    "customers": customers.find,
    "customers by a rare name": lambda connection: customers.find(connection, q="ana 4711"),
    "customers by a common name": lambda connection: customers.find(connection, q="ana"),
    "customers by no name": lambda connection: customers.find(connection, q="nadie así"),
    "customers by two letters": lambda connection: customers.find(connection, q="an"),
    "customers by two letters nobody begins with": lambda connection: customers.find(connection, q="zz"),
    "a customer": lambda connection: customers.get(connection, _customer(connection, 700)),
    "organizations": organizations.find,
    "organizations by a name": lambda connection: organizations.find(connection, q="empresa 71"),
    "organizations by no name": lambda connection: organizations.find(connection, q="nadie así"),
    "organizations by two letters nobody begins with": lambda connection: organizations.find(connection, q="zz"),
    "an organization's people": lambda connection: organizations.people(connection, crowd.organization(1)),
    "organizations by their domain": lambda connection: organizations.of_domains(connection, ["e71.cu"]),
    "calls": calls.find,
    "calls going on": lambda connection: calls.find(connection, state="active"),
    "calls of somebody": lambda connection: calls.find(connection, agent="luis"),
    "all calls going on": calls.going_on,
    "calls of no such state": lambda connection: calls.find(connection, state="ringing"),
    "calls of an incident": lambda connection: calls.find(connection, incident=UUID(int=7)),
    "chats": chats.find,
    "chats of somebody long ago": lambda connection: chats.find(connection, agent="marta"),
    "chats that were missed": lambda connection: chats.find(connection, state="missed"),
    "chats of somebody now": lambda connection: chats.find(connection, state="active", agent="ana"),
    "call-me-backs": callbacks.find,
    "call-me-backs that were called off": lambda connection: callbacks.find(connection, state="cancelled"),
    "call-me-backs to be done": callbacks.due,
    "what somebody has open": lambda connection: callers.open_of(connection, UUID(crowd.ROBOT)),
    "who works on what": lambda connection: workboard.read(
        connection, _AGENTS, since=_MORNING, until=_NOON, now=_NOON, longest_seconds=60
    ),
    "articles": lambda connection: articles.find(connection, articles.ANYBODY),
    "articles to be worked on": lambda connection: desk.find(connection, desk.Asked()),
    "quarantine": quarantine.find,
    "deliveries due": lambda connection: queue.lease(connection, 20, 60),
    "a morning's report": lambda connection: channel_report.read(connection, since=_MORNING, until=_NOON),
    "a morning's usage": lambda connection: knowledge_usage.read(connection, since=_MORNING, until=_NOON),
    "a morning's figures": lambda connection: knowledge_usage.figures(connection, _THIS_MORNING),
    "a morning's days": lambda connection: knowledge_usage.by_day(connection, _THIS_MORNING),
    "a morning's phrases": lambda connection: knowledge_usage.by_phrase(connection, _THIS_MORNING, limit=50),
    "a morning's phrases that found nothing": lambda connection: knowledge_usage.by_phrase(
        connection, _THIS_MORNING, zero=True, limit=50
    ),
    "a morning's contacts": lambda connection: channel_report.contacts(
        connection, since=_MORNING, until=_NOON, tz="UTC"
    ),
    **{
        f"visits behind {figure} of an article": partial(_behind, figure=figure, article=crowd.article(7))
        for figure in knowledge_usage.Figure
    },
    **{f"visits behind {figure}": partial(_behind, figure=figure) for figure in _OF_NO_ARTICLE},
    "visits behind a word of every third search": partial(_behind, figure=knowledge_usage.Figure.WORD, phrase="x3"),
    "visits of what nobody searched": partial(_behind, figure=knowledge_usage.Figure.WORD, phrase="nada"),
    "visits after a phrase": partial(_behind, figure=knowledge_usage.Figure.PHRASE, then=knowledge_usage.Next.LEFT),
    "visits that found what all find": partial(_behind, figure=knowledge_usage.Figure.FOUND, article=crowd.article(1)),
    "a morning's words": lambda connection: knowledge_usage.by_word(connection, _THIS_MORNING, limit=50),
    "a morning's articles": lambda connection: knowledge_usage.by_article(
        connection, _THIS_MORNING, order=knowledge_usage.Order.VIEWS, languages=("en", "es"), limit=50
    ),
    "incidents of an article": lambda connection: knowledge_usage.incidents(connection, crowd.article(7)),
    "what stands first": lambda connection: knowledge_usage.wanted(connection, ANYBODY, "es", "", 10),
}


@pytest.mark.parametrize("sight", _SIGHTS.values(), ids=_SIGHTS)
@pytest.mark.parametrize("read", _READS.values(), ids=_READS)
def test_what_a_screen_shows_costs_what_it_shows(plans_of, read, sight):
    _, plans = plans_of(read, sight)

    assert _too_much(plans) == []


def test_a_morning_s_report_looks_at_no_incident_that_was_answered_before(plans_of):
    _, plans = plans_of(_READS["a morning's report"])
    looked = [node for plan in plans for node in _nodes(plan) if node.get("Index Name") == "report_incidents_pkey"]

    assert looked
    assert sum(_touched(node) for node in looked) == 0  # of 199 that others were merged into


_QUEUE = {
    "doubts": waiting.doubts,
    "what nobody answers": waiting.lacking,
    "what somebody answered": lambda connection: waiting.lacking(connection, is_open=False),
    "those asked in the same words": lambda connection: waiting.asked_alike(connection, shelves.gap(7)),
    "articles to choose from": lambda connection: waiting.published(connection, 500),
}


@pytest.mark.parametrize("read", _QUEUE.values(), ids=_QUEUE)
def test_what_waits_for_whoever_writes_costs_what_is_shown_of_it(plans_of, shelved, read):
    _, plans = plans_of(read, database=shelved)

    assert _too_much(plans) == []


_SEARCHES = {
    "a rare word": shelves.words()[3_000],
    "a word with a letter missing": "contrseña",
    "a word not typed to its end": shelves.words()[3_000][:-1],
    "a word that nothing is like": "xyzzyxyzzy",
}


@pytest.mark.parametrize("words", _SEARCHES.values(), ids=_SEARCHES)
def test_a_search_reads_what_it_finds_and_neither_all_articles_nor_all_their_words(plans_of, shelved, words):
    _, plans = plans_of(
        lambda connection: article_search.search(connection, articles.ANYBODY, words, locale="es", facets=True),
        database=shelved,
    )

    assert _too_much(plans) == []


def _too_much(plans):
    assert plans, "auto_explain said nothing"
    return [
        (node["Node Type"], node.get("Relation Name") or node.get("Index Name"), _touched(node))
        for plan in plans
        for node in _nodes(plan)
        if _touched(node) > _ROWS_MAX
    ]
