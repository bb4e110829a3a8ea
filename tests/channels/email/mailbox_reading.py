"""A mailbox reader at work in a test, and waiting for what other processes do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from channels.email.receiving.imap import MailboxReader, Pauses
from channels.email.receiving.imap_account import Account
from channels.email.receiving.reception import Reception
from eventstore.database import Database

QUICK = Pauses(first=0.1, last=0.5, look=20)


@asynccontextmanager
async def reading(
    database: Database, reception: Reception, account: Account, pauses: Pauses = QUICK, **changes: object
) -> AsyncIterator[asyncio.Task[None]]:
    """While it lasts, the mailbox is read."""
    reader = MailboxReader(database, reception, replace(account, **changes), pauses=pauses)
    task = asyncio.create_task(reader.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- another process changes it
            await asyncio.sleep(0.05)
