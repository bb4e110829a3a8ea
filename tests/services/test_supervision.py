"""The supervisor: restarts what crashes, stops for what needs a person, ends everything when asked."""

import asyncio

import pytest

from schemas.errors import MigrationError
from services import supervision
from services.supervision import Task, supervise


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(supervision, "FIRST_PAUSE_SECONDS", 0.001)


async def test_a_crashed_task_starts_again_while_the_others_go_on():
    stop = asyncio.Event()
    runs = {"crashing": 0, "steady": 0}

    async def crashing():
        runs["crashing"] += 1
        if runs["crashing"] == 3:
            stop.set()
        raise ValueError("boom")

    async def steady():
        runs["steady"] += 1
        await asyncio.Event().wait()

    await asyncio.wait_for(supervise([Task("crashing", crashing), Task("steady", steady)], stop), 60)

    assert runs == {"crashing": 3, "steady": 1}


async def test_an_operator_error_ends_every_task_and_is_raised():
    ended = []

    async def refusing():
        await asyncio.sleep(0.01)
        raise MigrationError("too new")

    async def steady():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("steady")

    with pytest.raises(MigrationError, match="too new"):
        await asyncio.wait_for(supervise([Task("refusing", refusing), Task("steady", steady)], asyncio.Event()), 60)
    assert ended == ["steady"]


async def test_the_stop_lets_each_task_finish_what_it_must():
    stop = asyncio.Event()
    flushed = []

    async def flushing():
        try:
            stop.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            flushed.append(True)

    await asyncio.wait_for(supervise([Task("flushing", flushing)], stop), 60)

    assert flushed == [True]
