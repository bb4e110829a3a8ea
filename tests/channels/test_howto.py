"""The channel that docs/howto/add-a-channel.md makes does what the page says."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from channels.intake import Intake, decode_item
from eventstore.database import Connection, Database
from eventstore.postgres import PostgresLog
from schemas.interaction import Interaction, Party
from services.web import problems

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "add-a-channel.md"


def values(connection: Connection) -> list[bytes]:
    return [value for (value,) in connection.execute("SELECT value FROM log_interactions").fetchall()]


async def test_the_page_s_channel_takes_messages_onto_the_log(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    # the page's name isn't in the language: another one stands in for it
    (tmp_path / "sms_of_the_page.py").write_text(source.replace("Channel.SMS", "Channel.PHONE"))
    monkeypatch.syspath_prepend(tmp_path)
    sms = importlib.import_module("sms_of_the_page")
    log = PostgresLog(database)
    app = FastAPI()
    problems.install(app)
    app.include_router(sms.router(Intake(log, b"0123456789abcdef0123456789abcdef")), prefix="/api/v1")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        message = {"id": "1", "sender": "5355512345", "text": "Hola"}
        for _ in range(2):
            assert (await client.post("/api/v1/sms", json=message)).status_code == 202
        assert (await client.post("/api/v1/sms", json=message | {"x": 1})).status_code == 422
    await log.close()

    one, again = [decode_item(value) for value in await database.run(values)]
    assert isinstance(one, Interaction)
    assert (one.id, one.text, one.sender) == (again.id, "Hola", Party(address="phone:+5355512345", proven=True))
