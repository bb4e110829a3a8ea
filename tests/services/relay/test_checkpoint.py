"""The lead of the relays: one has it, and only who has it moves the checkpoint."""

import asyncio
from uuid import uuid4

import pytest

from eventstore.identity import read_identity
from services.relay import checkpoint
from services.relay.checkpoint import LeadLostError, lead, relay_position


@pytest.fixture
def epoch(database):
    with database.transaction() as connection:
        return read_identity(connection).epoch


@pytest.fixture
def position(database):
    def stored() -> int:
        with database.transaction() as connection:
            return relay_position(connection)

    return stored


async def test_one_leads_and_the_next_waits_for_its_end(database_url, epoch, position):
    second_leads = asyncio.Event()

    async def second() -> None:
        async with lead(database_url) as leading:
            second_leads.set()
            assert await leading.position() == 7
            await leading.move(9, epoch)

    async with lead(database_url) as first:
        waiting = asyncio.create_task(second())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second_leads.wait(), 3 * checkpoint._POLL_SECONDS)
        assert await first.move(7, epoch)
    await asyncio.wait_for(waiting, 20)
    assert position() == 9


async def test_who_was_silent_for_too_long_has_lost_the_lead_and_moves_nothing(
    database_url, epoch, position, monkeypatch
):
    monkeypatch.setattr(checkpoint, "_SILENCE", "1s")
    async with lead(database_url) as silent:
        await silent.move(7, epoch)
        async with asyncio.timeout(20), lead(database_url) as next_one:
            await next_one.move(8, epoch)
            with pytest.raises(LeadLostError):
                await silent.move(12, epoch)
            with pytest.raises(LeadLostError):
                await silent.position()
    assert position() == 8


async def test_a_store_of_another_epoch_keeps_its_checkpoint(database_url, epoch, position):
    async with lead(database_url) as leading:
        await leading.move(7, epoch)
        assert not await leading.move(8, uuid4())
    assert position() == 7
