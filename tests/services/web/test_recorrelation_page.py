"""A re-correlation asked for on the screen or over the API: a job whose progress and findings both show."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from schemas.facts.incident import IncidentMerged
from services.access.identity import Role
from tests.services.incidents.hubs import Taking
from tests.services.test_recorrelation import talk
from tests.services.web.serving import Web


async def _ended(client: httpx.AsyncClient) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = (await client.get("/api/v1/recorrelation")).json()
            if found["job"]["state"] != "running":
                return found
            await asyncio.sleep(0.05)


async def test_an_administrator_looks_first_and_then_mends(web: Web) -> None:
    await talk(Taking(web.hub))
    async with web.client(Role.ADMIN) as admin, web.browser(Role.ADMIN) as page:
        assert (await admin.get("/api/v1/recorrelation")).json() == {"job": None, "items": []}
        assert (await admin.post("/api/v1/recorrelation", json={})).status_code == 202
        shown = await _ended(admin)
        assert (shown["job"]["asked"], shown["job"]["done"]) == ({"dry_run": "yes"}, 4)
        assert [(each["kind"], each["origin"], each["to"]) for each in shown["items"]] == [("merge", 2, 1)]
        screen = (await page.get("/en/admin/recorrelation")).text
        assert "/en/agent/incidents/2" in screen
        assert 'value="mend"' in screen
        assert (await page.post("/en/admin/recorrelation", data={"do": "mend"})).status_code == 303
        assert (await _ended(admin))["job"]["outcome"]["merge"] == 1
        await web.settled()
        assert (await admin.get("/api/v1/incidents/2")).json()["merged_into"] == 1
    async with web.client(Role.ANALYST) as analyst:
        assert (await analyst.get("/api/v1/recorrelation")).json()["job"]["by"] == "admin"
    merged = [fact for fact in Taking(web.hub).facts() if isinstance(fact, IncidentMerged)]
    assert [fact.by for fact in merged] == ["recorrelate"]
