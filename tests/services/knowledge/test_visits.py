"""Visits: what a visitor does, the facts it makes, and many of them written at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from eventstore import store
from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from schemas.errors import InvalidError, LogUnavailableError, RateLimitedError
from schemas.facts import stream_id
from schemas.facts.earlier import UPCASTERS, SearchedV1
from schemas.facts.visit import (
    ArticleOpened,
    ArticleSuggested,
    ArticleVoted,
    ContactSent,
    ContactStarted,
    Searched,
    VisitSolved,
)
from services.knowledge.visit_writer import VisitWriter
from services.knowledge.visits import EVENTS_MAX, Happened, Kind, Visit, decide, state_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VISIT, ONE, TWO = UUID(int=1), UUID(int=2), UUID(int=3)


def did(kind: Kind, visit: UUID = VISIT, **more: Any) -> Happened:
    return Happened(visit=visit, kind=kind, now=NOW, **more)


def test_each_thing_a_visitor_does_is_its_fact() -> None:
    assert [decide(Visit(), each) for each in (
        did(Kind.SEARCHED, query="  a   b ", results=(ONE,)),
        did(Kind.SUGGESTED, article=ONE),
        did(Kind.OPENED, article=ONE),
        did(Kind.VOTED, article=ONE, helpful=False),
        did(Kind.CONTACT_STARTED),
        did(Kind.SOLVED),
    )] == [
        [Searched(visit=VISIT, query="a b", results=(ONE,), found=1, at=NOW)],
        [ArticleSuggested(visit=VISIT, article=ONE, at=NOW)],
        [ArticleOpened(visit=VISIT, article=ONE, at=NOW)],
        [ArticleVoted(visit=VISIT, article=ONE, helpful=False, at=NOW)],
        [ContactStarted(visit=VISIT, at=NOW)],
        [VisitSolved(visit=VISIT, at=NOW)],
    ]  # fmt: skip


def test_how_many_a_search_found_is_kept_also_where_nobody_says_which() -> None:
    (searched,) = decide(Visit(), did(Kind.SEARCHED, query="a", found=3))
    assert searched == Searched(visit=VISIT, query="a", found=3, at=NOW)
    old = SearchedV1(visit=VISIT, query="a", results=(ONE, TWO), at=NOW)
    assert UPCASTERS[old.type_name](old) == Searched(visit=VISIT, query="a", results=(ONE, TWO), found=2, at=NOW)


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


@pytest.mark.parametrize("kind", [Kind.SEARCHED, Kind.OPENED, Kind.SUGGESTED, Kind.VOTED])
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
    await asyncio.gather(*(writer.record(did(Kind.OPENED, visit, article=ONE)) for visit in visits for _ in range(4)))
    with database.transaction() as connection:
        assert store.last_position(connection) == 200
        assert store.versions(connection, [stream_id("visit", each) for each in visits]) == {
            stream_id("visit", each): 4 for each in visits
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
    assert positions == [1, 2, 3, 0, 4]
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
    assert await writer.record(did(Kind.SOLVED)) == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("soy ana@x.cu, no imprime", "soy … no imprime"),
        ("llámenme al +53 5551-2345", "llámenme al …"),
        ("error 0x80070057 iso 9001", "error 0x80070057 iso 9001"),
    ],
)
def test_an_address_or_a_number_typed_into_a_search_is_not_kept(typed: str, kept: str) -> None:
    (searched,) = decide(Visit(), did(Kind.SEARCHED, query=typed))
    assert searched == Searched(visit=VISIT, query=kept, at=NOW)
