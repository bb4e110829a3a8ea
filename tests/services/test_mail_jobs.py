"""Long work on mail: one of a kind at a time, known to live while it does, and its end known however it ends."""

from __future__ import annotations

import asyncio

import pytest

from schemas.errors import ConflictError
from services import mail_jobs
from services.mail_jobs import REPROCESS, AskedMailJobs


def begin(database, total: int = 3):
    with database.transaction() as connection:
        return mail_jobs.begin(connection, REPROCESS, {"reason": "unparsable"}, total, by="eva")


def newest(database):
    with database.transaction() as connection:
        return mail_jobs.newest(connection, REPROCESS)


def silent(database) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE mail_jobs SET moved_at = now() - interval '3 minutes'")


def test_one_of_a_kind_runs_at_a_time_until_it_ends_or_falls_silent(database):
    first = begin(database)
    with pytest.raises(ConflictError):
        begin(database)
    silent(database)
    assert newest(database).state == "stopped"
    second = begin(database)
    with database.transaction() as connection:
        assert not mail_jobs.move(connection, first, 1, {})  # whoever comes back late is told
        assert mail_jobs.move(connection, second, 1, {"changed": 1})
        mail_jobs.end(connection, second, "done")
    found = newest(database)
    assert (found.id, found.state, found.done, found.outcome) == (second, "done", 1, {"changed": 1})


async def test_a_long_step_is_no_silence(database, monkeypatch):
    monkeypatch.setattr(mail_jobs, "_BEAT_SECONDS", 0.01)
    job = begin(database)
    async with mail_jobs.beating(database, job):
        silent(database)
        async with asyncio.timeout(60):
            while newest(database).state != "running":  # noqa: ASYNC110 -- another task changes it
                await asyncio.sleep(0.01)
    silent(database)
    assert newest(database).state == "stopped"


@pytest.mark.parametrize(
    ("error", "state"), [(None, "done"), (ConflictError("no"), "failed"), (KeyError("x"), "failed")]
)
async def test_however_it_ends_the_table_says_so(database, error, state):
    jobs = AskedMailJobs(database)

    async def work(_job) -> None:
        if error is not None:
            raise error

    jobs.run(begin(database), work)
    async with asyncio.timeout(60):
        while newest(database).state == "running":  # noqa: ASYNC110 -- another task changes it
            await asyncio.sleep(0.01)
    assert newest(database).state == state


async def test_it_is_stopped_with_its_process(database):
    jobs = AskedMailJobs(database)
    begun = asyncio.Event()

    async def work(_job) -> None:
        begun.set()
        await asyncio.Event().wait()

    jobs.run(begin(database), work)
    await begun.wait()
    await jobs.close()
    assert newest(database).state == "stopped"
