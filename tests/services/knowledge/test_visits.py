"""Visits: what a visitor does, the facts it makes, and many of them written at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from eventstore import store
from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from schemas.errors import ConflictError, InvalidError, LogUnavailableError, RateLimitedError
from schemas.facts import stream_id
from schemas.facts.earlier import UPCASTERS, ChatStartedV1, SearchedV1
from schemas.facts.visit import (
    ArticleOpened,
    ArticleSuggested,
    ArticleVoted,
    ChatStarted,
    ContactSent,
    ContactStarted,
    FileDownloaded,
    ReadingTimed,
    ResultsShown,
    Searched,
    Surface,
    VisitAbout,
    VisitBegun,
    VisitSolved,
    VoteExplained,
    VoteReason,
)
from services.knowledge.counted import counts
from services.knowledge.visit_writer import VisitWriter
from services.knowledge.visits import EVENTS_MAX, READ_SECONDS_MAX, VISIT_MAX, Happened, Kind, Visit, decide, state_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VISIT, ONE, TWO = UUID(int=1), UUID(int=2), UUID(int=3)


BEGUN = VisitBegun(visit=VISIT, surface=Surface.API, at=NOW)
GOING_ON = state_of([BEGUN])


def did(kind: Kind, visit: UUID = VISIT, **more: Any) -> Happened:
    return Happened(visit=visit, kind=kind, now=NOW, **more)


def test_each_thing_a_visitor_does_is_its_fact() -> None:
    assert [decide(GOING_ON, each) for each in (
        did(Kind.SEARCHED, query="  a   b ", results=(ONE,)),
        did(Kind.SHOWN, results=(ONE, TWO)),
        did(Kind.SUGGESTED, article=ONE),
        did(Kind.OPENED, article=ONE),
        did(Kind.SUGGESTION_OPENED, article=ONE),
        did(Kind.VOTED, article=ONE, helpful=False),
        did(Kind.DOWNLOADED, article=ONE, file=TWO),
        did(Kind.CONTACT_STARTED),
        did(Kind.CHAT_STARTED),
        did(Kind.SOLVED),
    )] == [
        [Searched(visit=VISIT, query="a b", results=(ONE,), found=1, at=NOW)],
        [ResultsShown(visit=VISIT, articles=(ONE, TWO), at=NOW)],
        [ArticleSuggested(visit=VISIT, article=ONE, at=NOW)],
        [ArticleOpened(visit=VISIT, article=ONE, at=NOW)],
        [ArticleOpened(visit=VISIT, article=ONE, suggested=True, at=NOW)],
        [ArticleVoted(visit=VISIT, article=ONE, helpful=False, at=NOW)],
        [FileDownloaded(visit=VISIT, article=ONE, file=TWO, at=NOW)],
        [ContactStarted(visit=VISIT, at=NOW)],
        [ChatStarted(visit=VISIT, at=NOW)],
        [VisitSolved(visit=VISIT, at=NOW)],
    ]  # fmt: skip


def test_where_a_visit_began_is_said_once_just_before_its_first_fact() -> None:
    first = did(Kind.OPENED, article=ONE, surface=Surface.WIDGET, language="es", product="Caja")
    begun = VisitBegun(visit=VISIT, surface=Surface.WIDGET, language="es", product="Caja", at=NOW)
    opened = ArticleOpened(visit=VISIT, article=ONE, at=NOW)
    assert decide(Visit(), first) == [begun, opened]
    assert decide(state_of([begun]), first) == [opened]
    assert decide(Visit(), did(Kind.TIME_READ, article=ONE, seconds=9)) == []  # nothing happened, nothing began


def test_what_a_visit_is_about_is_said_once_when_it_is_known() -> None:
    first, then = did(Kind.OPENED, article=ONE), did(Kind.CONTACT_SENT, product="Caja")
    (about, sent) = decide(state_of(begun := decide(Visit(), first)), then)
    assert about == VisitAbout(visit=VISIT, product="Caja", at=NOW)
    other = did(Kind.OPENED, article=TWO, product="Fax")
    assert decide(state_of([*begun, about, sent]), other) == [ArticleOpened(visit=VISIT, article=TWO, at=NOW)]
    again = state_of([*begun, about, ArticleOpened(visit=VISIT, article=TWO, at=NOW)])
    assert decide(again, other) == []  # nothing happened: nothing is said


def test_what_is_told_twice_counts_once() -> None:
    no, yes = (ArticleVoted(visit=VISIT, article=ONE, helpful=helpful, at=NOW) for helpful in (False, True))
    voted = did(Kind.VOTED, article=ONE, helpful=False)
    assert decide(state_of([BEGUN, no]), voted) == []
    assert decide(state_of([BEGUN, no, yes]), voted) == [no]
    opened = ArticleOpened(visit=VISIT, article=ONE, at=NOW)
    searched = Searched(visit=VISIT, query="Tóner", results=(ONE,), found=1, at=NOW)
    for reload in (did(Kind.OPENED, article=ONE), did(Kind.SUGGESTION_OPENED, article=ONE)):
        assert decide(state_of([searched, opened]), reload) == []
        assert len(decide(state_of([opened, searched]), reload)) == 1
    back = did(Kind.SEARCHED, query=" tóner ", results=(ONE, TWO))
    assert decide(state_of([searched, opened]), back) == [ResultsShown(visit=VISIT, articles=(ONE, TWO), at=NOW)]
    assert decide(state_of([searched]), did(Kind.SEARCHED, query="tóner")) == []
    sent = did(Kind.CONTACT_SENT, interaction=UUID(int=9))
    assert decide(state_of(decide(GOING_ON, sent)), sent) == []


def test_a_visit_is_over_after_a_day_whatever_is_told_of_it() -> None:
    late = replace(did(Kind.CONTACT_SENT), now=NOW + VISIT_MAX)
    assert decide(GOING_ON, late) == [ContactSent(visit=VISIT, at=NOW + VISIT_MAX)]
    with pytest.raises(ConflictError):
        decide(GOING_ON, replace(late, now=NOW + VISIT_MAX + timedelta(seconds=1)))


def test_the_time_of_reading_is_bounded_and_only_of_what_was_read() -> None:
    read = state_of([BEGUN, ArticleOpened(visit=VISIT, article=ONE, at=NOW)])
    timed = [decide(read, did(Kind.TIME_READ, article=ONE, seconds=seconds)) for seconds in (0, 40, 10**6)]
    assert timed == [
        [],
        [ReadingTimed(visit=VISIT, article=ONE, seconds=40, at=NOW)],
        [ReadingTimed(visit=VISIT, article=ONE, seconds=READ_SECONDS_MAX, at=NOW)],
    ]
    assert decide(read, did(Kind.TIME_READ, article=TWO, seconds=40)) == []
    long = [BEGUN, ArticleOpened(visit=VISIT, article=ONE, at=NOW)]
    long += [ReadingTimed(visit=VISIT, article=ONE, seconds=READ_SECONDS_MAX, at=NOW)]
    assert decide(state_of(long), did(Kind.TIME_READ, article=ONE, seconds=40)) == []


def test_a_reason_follows_a_no_at_once_or_later_and_never_a_yes() -> None:
    why = {"article": ONE, "reason": VoteReason.UNCLEAR, "words": "escriban a ana@x.cu"}
    no, yes = (ArticleVoted(visit=VISIT, article=ONE, helpful=helpful, at=NOW) for helpful in (False, True))
    explained = VoteExplained(visit=VISIT, article=ONE, reason=VoteReason.UNCLEAR, words="escriban a …", at=NOW)
    assert decide(GOING_ON, did(Kind.VOTED, helpful=False, **why)) == [no, explained]
    assert decide(state_of([BEGUN, no]), did(Kind.VOTE_EXPLAINED, **why)) == [explained]
    for before, refused in (
        ([BEGUN], did(Kind.VOTE_EXPLAINED, **why)),
        ([BEGUN, no, yes], did(Kind.VOTE_EXPLAINED, **why)),
        ([BEGUN], did(Kind.VOTED, helpful=True, **why)),
        ([BEGUN, no], did(Kind.VOTE_EXPLAINED, article=ONE)),
    ):
        with pytest.raises(InvalidError):
            decide(state_of(before), refused)


@pytest.mark.parametrize(
    ("headers", "counted"),
    [
        ({"user-agent": "Mozilla/5.0 Firefox/140.0"}, True),
        ({"user-agent": "python-httpx/0.28"}, True),
        ({"user-agent": "Mozilla/5.0 Firefox/140.0", "dnt": "0"}, True),
        ({"user-agent": "Mozilla/5.0 Firefox/140.0", "dnt": "1"}, False),
        ({"user-agent": "Mozilla/5.0 Firefox/140.0", "sec-gpc": "1"}, False),
        ({"user-agent": "Mozilla/5.0 Chrome/140.0", "sec-purpose": "prefetch;prerender"}, False),
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, False),
        ({"user-agent": "WhatsApp/2 LinkPreview"}, False),
        ({}, False),
    ],
)
def test_whose_visits_count(headers: dict[str, str], counted: bool) -> None:
    assert counts(headers) is counted


def test_how_many_a_search_found_is_kept_also_where_nobody_says_which() -> None:
    (searched,) = decide(GOING_ON, did(Kind.SEARCHED, query="a", found=3))
    assert searched == Searched(visit=VISIT, query="a", found=3, at=NOW)
    old = SearchedV1(visit=VISIT, query="a", results=(ONE, TWO), at=NOW)
    assert UPCASTERS[old.type_name](old) == Searched(visit=VISIT, query="a", results=(ONE, TWO), found=2, at=NOW)


def test_a_chat_says_its_first_words_once_and_another_chat_its_own() -> None:
    first, second = UUID(int=8), UUID(int=9)
    begun = ChatStarted(visit=VISIT, interaction=first, at=NOW)
    assert decide(GOING_ON, did(Kind.CHAT_STARTED, interaction=first)) == [begun]
    chatting = state_of([BEGUN, begun])
    for again in (did(Kind.CHAT_STARTED, interaction=first), did(Kind.CHAT_STARTED)):
        assert decide(chatting, again) == []
    assert decide(chatting, did(Kind.CHAT_STARTED, interaction=second)) == [
        ChatStarted(visit=VISIT, interaction=second, at=NOW)
    ]
    old = ChatStartedV1(visit=VISIT, at=NOW)
    assert UPCASTERS[old.type_name](old) == ChatStarted(visit=VISIT, at=NOW)


def test_contact_carries_what_was_read_in_order_once_each() -> None:
    read = [ArticleOpened(visit=VISIT, article=article, at=NOW) for article in (TWO, ONE, TWO)]
    sent = decide(state_of(read), did(Kind.CONTACT_SENT, interaction=UUID(int=9)))
    assert sent == [ContactSent(visit=VISIT, articles=(TWO, ONE), interaction=UUID(int=9), at=NOW)]


def test_an_article_that_had_been_suggested_is_marked_when_opened() -> None:
    before = state_of([ArticleSuggested(visit=VISIT, article=ONE, at=NOW)])
    opened = ArticleOpened(visit=VISIT, article=ONE, suggested=True, at=NOW)
    assert decide(before, did(Kind.OPENED, article=ONE)) == [opened]


def test_beginning_to_write_counts_once() -> None:
    assert decide(state_of([ContactStarted(visit=VISIT, at=NOW)]), did(Kind.CONTACT_STARTED)) == []


@pytest.mark.parametrize("kind", [Kind.SEARCHED, Kind.SHOWN, Kind.OPENED, Kind.SUGGESTED, Kind.VOTED, Kind.DOWNLOADED])
def test_what_is_missing_is_refused(kind: Kind) -> None:
    with pytest.raises(InvalidError):
        decide(Visit(), did(kind))


def test_a_visit_without_end_is_refused() -> None:
    with pytest.raises(RateLimitedError):
        decide(Visit(events=EVENTS_MAX), did(Kind.SOLVED))


@pytest.fixture
async def writer(database: Database, keys: Keys) -> AsyncIterator[VisitWriter]:
    made = VisitWriter(database, Ledger(keys))
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_many_visits_at_once_are_written_in_few_transactions(writer: VisitWriter, database: Database) -> None:
    visits = [uuid4() for _ in range(50)]
    await asyncio.gather(
        *(writer.record(did(Kind.OPENED, visit, article=UUID(int=each))) for visit in visits for each in range(4))
    )
    with database.transaction() as connection:
        assert store.last_position(connection) == 250  # and where each began
        assert store.versions(connection, [stream_id("visit", each) for each in visits]) == {
            stream_id("visit", each): 5 for each in visits
        }
        (transactions,) = connection.execute("SELECT count(DISTINCT xmin::text) FROM events").fetchone() or (0,)
    assert transactions < 50


async def test_what_one_visit_does_in_one_group_builds_on_itself(
    writer: VisitWriter, database: Database, keys: Keys
) -> None:
    happened = [
        did(Kind.OPENED, article=ONE),
        did(Kind.OPENED, article=TWO),
        did(Kind.CONTACT_STARTED),
        did(Kind.CONTACT_STARTED),
        did(Kind.CONTACT_SENT),
    ]
    positions = await asyncio.gather(*(writer.record(each) for each in happened))
    assert positions == [2, 3, 4, 0, 5]
    with database.transaction() as connection:
        (history,) = Ledger(keys).load(connection, [stream_id("visit", VISIT)]).values()
        now = store.now(connection)
    sent = history.facts[-1]
    assert isinstance(sent, ContactSent)
    assert sent == ContactSent(visit=VISIT, articles=(ONE, TWO), at=sent.at)
    assert timedelta(0) < now - sent.at < timedelta(seconds=5)  # the database's time, not the page's


async def test_one_refusal_leaves_its_neighbours_alone(writer: VisitWriter) -> None:
    good, bad = did(Kind.SOLVED), did(Kind.SEARCHED)
    outcomes = await asyncio.gather(*(writer.record(each) for each in (good, bad, good)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [int, InvalidError, int]


async def test_a_store_that_does_not_answer_is_said_within_five_seconds(
    writer: VisitWriter, database: Database
) -> None:
    with database.transaction() as holder:
        store.lock(holder)
        with pytest.raises(LogUnavailableError):
            await writer.record(did(Kind.SOLVED))
    assert await writer.record(did(Kind.SOLVED)) == 2


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("soy ana@x.cu, no imprime", "soy … no imprime"),
        ("llámenme al +53 5551-2345", "llámenme al …"),
        ("error 0x80070057 iso 9001", "error 0x80070057 iso 9001"),
    ],
)
def test_an_address_or_a_number_typed_into_a_search_is_not_kept(typed: str, kept: str) -> None:
    (searched,) = decide(GOING_ON, did(Kind.SEARCHED, query=typed))
    assert searched == Searched(visit=VISIT, query=kept, at=NOW)
