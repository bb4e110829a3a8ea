"""How the read models stand, and their rebuild: an admin sees it and ends it, whoever runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from services.access.identity import Role
from services.rebuild import CancelledRebuildError, rebuild
from tests.services.web.serving import Web

ROUTE = "/api/v1/projections"


@contextmanager
def held_at_its_swap(web: Web, name: str) -> Iterator[None]:
    with psycopg.connect(web.hub.database.url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = %s FOR UPDATE", (name,))
        yield


async def one(api: httpx.AsyncClient, name: str) -> dict:
    listed = (await api.get(ROUTE)).json()["items"]
    return next(each for each in listed if each["name"] == name)


async def until_phase(api: httpx.AsyncClient, name: str, phase: str | None) -> None:
    async with asyncio.timeout(60):
        while ((await one(api, name))["rebuild"] or {}).get("phase") != phase:  # noqa: ASYNC110 -- only asking tells
            await asyncio.sleep(0.05)


async def test_an_admin_sees_how_each_stands(web: Web) -> None:
    async with web.client(Role.ADMIN) as api:
        await web.form(api)
        await web.settled()
        found = await one(api, "incidents")
        (newest,) = {each["position"] + each["lag"] for each in (await api.get(ROUTE)).json()["items"]}
    assert found == {
        "name": "incidents", "version": found["wanted_version"], "wanted_version": found["version"],
        "position": newest, "lag": 0, "parked": [], "rebuild": None,
    }  # fmt: skip
    async with web.browser(Role.ADMIN) as browser:
        page = (await browser.get("/en/admin/projections")).text
    assert "channel_report" in page
    assert "Rebuild" in page


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST])
async def test_nobody_else_does(web: Web, role: Role) -> None:
    async with web.client(role) as api, web.browser(role) as browser:
        for answer in (
            await api.get(ROUTE), await api.post(f"{ROUTE}/incidents/rebuild"),
            await api.post(f"{ROUTE}/incidents/cancel"), await browser.get("/admin/projections"),
            await browser.post("/admin/projections/incidents/rebuild"),
        ):  # fmt: skip
            assert answer.status_code == 403


async def test_a_rebuild_that_was_asked_for_runs_in_a_process_of_its_own_and_ends(web: Web) -> None:
    async with web.client(Role.ADMIN) as api:
        await web.form(api)
        await web.settled()
        before = (await api.get("/api/v1/incidents")).json()
        with held_at_its_swap(web, "incidents"):
            answer = await api.post(f"{ROUTE}/incidents/rebuild")
            assert (answer.status_code, answer.json()) == (202, {"name": "incidents", "state": "rebuilding"})
            await until_phase(api, "incidents", "catching_up")
            assert (await api.post(f"{ROUTE}/incidents/rebuild")).status_code == 409
            assert (await api.get("/api/v1/incidents")).json() == before
        await until_phase(api, "incidents", None)
        assert (await api.get("/api/v1/incidents")).json() == before
        assert (await api.post(f"{ROUTE}/incidents/cancel")).status_code == 409


async def test_a_rebuild_is_stopped_and_goes_on_from_the_page(web: Web) -> None:
    async with web.client(Role.ADMIN) as api, web.browser(Role.ADMIN) as browser:
        await web.form(api)
        await web.settled()
        with held_at_its_swap(web, "timeline"):
            assert (await browser.post("/en/admin/projections/timeline/rebuild")).status_code == 303
            await until_phase(api, "timeline", "catching_up")
            page = (await browser.get("/en/admin/projections")).text
            assert 'http-equiv="refresh"' in page
            assert "<progress" in page
            assert "catching up" in page
            assert (await browser.post("/en/admin/projections/timeline/cancel")).status_code == 303
            await until_phase(api, "timeline", "stopped")
            page = (await browser.get("/en/admin/projections")).text
            assert 'http-equiv="refresh"' not in page
            assert "Go on" in page
        assert (await browser.post("/en/admin/projections/timeline/cancel")).status_code == 409
        assert (await browser.post("/en/admin/projections/timeline/rebuild")).status_code == 303
        await until_phase(api, "timeline", None)


async def test_a_rebuild_that_another_process_runs_is_seen_and_ended(web: Web) -> None:
    async with web.client(Role.ADMIN) as api:
        await web.settled()
        with held_at_its_swap(web, "calls"):
            running = asyncio.create_task(asyncio.to_thread(rebuild, web.hub.database, ["calls"]))
            await until_phase(api, "calls", "catching_up")
            assert (await api.post(f"{ROUTE}/calls/rebuild")).status_code == 409
            assert (await api.post(f"{ROUTE}/calls/cancel")).status_code == 202
            with pytest.raises(CancelledRebuildError, match="stopped from elsewhere"):
                await running
        await until_phase(api, "calls", "stopped")


async def test_what_could_not_be_folded_or_read_is_shown(web: Web) -> None:
    await web.settled()
    with web.hub.database.transaction() as connection:
        connection.execute("INSERT INTO parked VALUES ('calls', 'call/x', 7, 'KeyError: boom', 2)")
        connection.execute(
            "INSERT INTO quarantine (id, channel, topic, received_at, reason, error, raw)"
            " VALUES (gen_random_uuid(), 'form', 'interactions', now(), 'undecodable', 'x', '')"
        )
    async with web.client(Role.ADMIN) as api, web.browser(Role.ADMIN) as browser:
        assert (await api.get(ROUTE)).json()["quarantined"] == 1
        (parked,) = (await one(api, "calls"))["parked"]
        assert (parked["stream"], parked["position"], parked["skipped"]) == ("call/x", 7, 2)
        page = (await browser.get("/es/admin/projections")).text
    assert "KeyError: boom" in page
    assert "Apartados" in page


async def test_what_is_no_read_model_is_not_found(web: Web) -> None:
    async with web.client(Role.ADMIN) as api:
        assert (await api.post(f"{ROUTE}/nothing/rebuild")).status_code == 404
        assert (await api.post(f"{ROUTE}/nothing/cancel")).status_code == 404
