"""A database that neither works nor fails: every channel says so in time, and nothing is acknowledged."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from websockets.asyncio.client import connect

from eventstore.blobs import FolderBlobs
from eventstore.database import Database
from eventstore.log import APPEND_SECONDS
from tests.channels.desk import LINE, LINE_KEY, Desk, serving
from tests.freezing import frozen

FORM = {"name": "Ana", "email": "ana@x.cu", "subject": "No arranca", "body": "Desde ayer."}
MESSAGES = 40
"""Of one chat at once: what its rate lets by, and more."""
CALL = {"event": "newCall", "callId": "1", "from": "anonymous", "to": "5370000000", "direction": "in"}


def postmaster_of(database: Database) -> psutil.Process:
    with database.transaction() as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    postmaster = psutil.Process(pid).parent()
    assert postmaster is not None
    return postmaster


class SlowBlobs(FolderBlobs):
    """Each file is kept, but none soon: together they take longer than a sender may wait."""

    def put(self, data: bytes) -> str:
        time.sleep(APPEND_SECONDS / 3)
        return super().put(data)


@pytest.fixture
async def hung_desk(breakable: tuple[Database, object, object], tmp_path: Path) -> AsyncIterator[Desk]:
    """Channels whose database was stopped in the middle of everything, as by a frozen disk."""
    database = breakable[0]
    async with serving(database, SlowBlobs(tmp_path)) as desk:
        assert (await desk.http.post("/api/v1/forms", json=FORM)).status_code == 202
        with frozen(postmaster_of(database)):
            desk.outside.hangs = True  # the hub behind it hangs too
            yield desk


async def test_a_hung_log_is_told_to_every_sender_within_five_seconds(hung_desk: Desk):
    http, files = hung_desk.http, [("files", (f"{number}.txt", b"x")) for number in range(6)]
    latest = 0.0

    async def note_lateness() -> None:
        """How late other work makes a timer of the loop that senders and channels share."""
        nonlocal latest
        while True:
            set_at = time.monotonic()
            await asyncio.sleep(0.05)
            latest = max(latest, time.monotonic() - set_at - 0.05)

    async with connect(hung_desk.chat, close_timeout=1) as chat:
        noting = asyncio.create_task(note_lateness())
        await chat.send('{"type":"hello"}')
        await chat.recv()
        began = time.monotonic()
        await chat.send('{"type":"bye"}')
        for number in range(MESSAGES):
            await chat.send(json.dumps({"type": "message", "id": str(number), "text": "Hola"}))

        async def told() -> list[dict[str, object]]:
            return [json.loads(await chat.recv()) for _ in range(MESSAGES + 1)]

        frames, *answers = await asyncio.gather(
            told(),
            http.post("/api/v1/forms", json=FORM),
            http.post("/contact", data=FORM, files=files),
            http.post("/api/v1/in-person", json={"name": "Ana", "subject": "x", "body": "y"}),
            http.post(f"/api/v1/cti/{LINE}?key={LINE_KEY}", data=CALL),
            http.post(f"/status/{hung_desk.tokens.sign(uuid4())}/messages", json={"body": "y"}),
        )
        took = time.monotonic() - began
        noting.cancel()
    assert [answer.status_code for answer in answers] == [503] * 5
    assert {frame["code"] for frame in frames} == {"log_unavailable"}
    assert {frame.get("id") for frame in frames} == {None, *map(str, range(MESSAGES))}
    # a timer in front of the log and one behind it: each fires as late as the machine is busy
    assert took < APPEND_SECONDS + 0.5 + 3 * latest
