"""A database that neither works nor fails: every channel says so in time, and nothing is acknowledged."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import psutil
import pytest
from websockets.asyncio.client import connect

from eventstore.blobs import Blobs
from eventstore.database import Database
from tests.channels.desk import LINE, LINE_KEY, Desk, serving
from tests.freezing import frozen

FORM = {"name": "Ana", "email": "ana@x.cu", "subject": "No arranca", "body": "Desde ayer."}
CALL = {"event": "newCall", "callId": "1", "from": "anonymous", "to": "5370000000", "direction": "in"}


def postmaster_of(database: Database) -> psutil.Process:
    with database.transaction() as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    postmaster = psutil.Process(pid).parent()
    assert postmaster is not None
    return postmaster


@pytest.fixture
async def hung_desk(breakable: tuple[Database, object, object], blobs: Blobs) -> AsyncIterator[Desk]:
    """Channels whose database was stopped in the middle of everything, as by a frozen disk."""
    database = breakable[0]
    async with serving(database, blobs) as desk:
        assert (await desk.http.post("/api/v1/forms", json=FORM)).status_code == 202
        with frozen(postmaster_of(database)):
            desk.outside.hangs = True  # the hub behind it hangs too
            yield desk


async def test_a_hung_log_is_told_to_every_sender_within_five_seconds(hung_desk: Desk):
    http = hung_desk.http
    began = time.monotonic()
    async with connect(hung_desk.chat, close_timeout=1) as chat:
        await chat.send('{"type":"hello"}')
        await chat.recv()
        await chat.send('{"type":"message","id":"1","text":"Hola"}')
        *answers, told = await asyncio.gather(
            http.post("/api/v1/forms", json=FORM),
            http.post("/api/v1/in-person", json={"name": "Ana", "subject": "x", "body": "y"}),
            http.post(f"/api/v1/cti/{LINE}?key={LINE_KEY}", data=CALL),
            http.post(f"/status/{hung_desk.tokens.sign(uuid4())}/messages", json={"body": "y"}),
            chat.recv(),
        )
        assert time.monotonic() - began < 5.5
        assert [answer.status_code for answer in answers] == [503] * 4
        assert json.loads(told) == {"type": "error", "code": "log_unavailable", "id": "1", "retry_after": 5}
