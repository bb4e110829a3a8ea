"""What the guard holds back: mail that nobody wrote, to a muted address, or too often to the same one."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from services.deliveries import queue
from services.deliveries.guard import Limit, Withheld, withheld
from services.deliveries.queue import Kind, NewDelivery

ANA, BEA = uuid4(), uuid4()
DAY = timedelta(days=1)


@pytest.fixture
def asked(database):
    """Queues deliveries, leases them all, and says what the guard says of each, in the order they were queued."""

    def ask(*wanted, limit=None, leased=True, older=timedelta(0)):
        found = {}
        with database.transaction() as connection:
            ids = [(uuid4(), kind, address) for kind, address in wanted]
            queue.enqueue(connection, [NewDelivery(one, kind, address) for one, kind, address in ids])
            connection.execute("UPDATE deliveries SET queued_at = queued_at - %s WHERE state = 'queued'", (older,))
            for delivery in queue.lease(connection, 100, 60) if leased else ():
                found[delivery.interaction] = withheld(connection, delivery, limit)
                if found[delivery.interaction]:
                    queue.finish(connection, delivery, "withheld", found[delivery.interaction])
        return [found.get(one) for one, _, _ in ids]

    return ask


@pytest.fixture
def mute(database):
    def now(address, reason="bounce"):
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO muted_addresses (address, reason, status, interaction, since)"
                " VALUES (%s, %s, '5.1.1', %s, now())",
                (address, reason, uuid4()),
            )

    return now


def test_nothing_automatic_goes_to_a_muted_address_and_an_agents_words_do(asked, mute):
    mute(ANA)
    kinds = (Kind.CONFIRMATION, Kind.MISSED_CHAT, Kind.REQUESTS_LINK, Kind.REPLY)
    assert asked(*((kind, ANA) for kind in kinds)) == [Withheld.MUTED] * 3 + [None]
    assert asked((Kind.CONFIRMATION, BEA)) == [None]


def test_who_asked_for_nothing_automatic_still_gets_the_link_they_ask_for(asked, mute):
    mute(ANA, "asked")
    kinds = (Kind.CONFIRMATION, Kind.MISSED_CHAT, Kind.REQUESTS_LINK, Kind.REPLY)
    assert asked(*((kind, ANA) for kind in kinds)) == [Withheld.MUTED, Withheld.MUTED, None, None]


def test_so_many_automatic_mails_go_to_an_address_and_no_more(asked):
    limit = Limit(3, DAY)
    assert sorted(map(str, asked(*[(Kind.CONFIRMATION, ANA)] * 5, limit=limit))) == ["None"] * 3 + ["too_many"] * 2
    assert asked((Kind.MISSED_CHAT, ANA), (Kind.CONFIRMATION, BEA), (Kind.REPLY, ANA), limit=limit) == [
        Withheld.TOO_MANY,
        None,
        None,
    ]


def test_what_an_agent_wrote_counts_for_nothing(asked):
    asked(*[(Kind.REPLY, ANA)] * 5, limit=Limit(1, DAY))
    assert asked((Kind.CONFIRMATION, ANA), limit=Limit(1, DAY)) == [None]


def test_after_its_time_it_goes_on(asked):
    limit = Limit(2, DAY)
    asked(*[(Kind.CONFIRMATION, ANA)] * 3, limit=limit, older=timedelta(hours=25))
    assert asked((Kind.CONFIRMATION, ANA), limit=limit) == [None]


def test_what_was_held_back_does_not_hold_back_the_next(asked, mute, database):
    mute(ANA)
    asked(*[(Kind.CONFIRMATION, ANA)] * 3)
    with database.transaction() as connection:
        connection.execute("DELETE FROM muted_addresses")
    assert asked((Kind.CONFIRMATION, ANA), limit=Limit(1, DAY)) == [None]


def test_a_worker_that_was_killed_before_it_said_so_has_counted(asked, database):
    """It may have sent it: its lease is still there, or has come back to the queue."""
    limit = Limit(1, DAY)
    asked((Kind.CONFIRMATION, ANA), limit=limit)
    with database.transaction() as connection:
        connection.execute("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    with database.transaction() as connection:
        assert [withheld(connection, again, limit) for again in queue.lease(connection, 9, 60)] == [None]
    assert asked((Kind.CONFIRMATION, ANA), limit=limit) == [Withheld.TOO_MANY]
