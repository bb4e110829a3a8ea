"""Undo over the API and the pages: the header that names it, the button's form, and who gets what."""

from __future__ import annotations

from uuid import uuid4

from services.access.identity import Role
from tests.services.web.serving import Web


async def _assigned(web: Web, client, who: str) -> str:
    came = await client.post("/api/v1/incidents/1/assign", json={"to": who})
    assert came.status_code == 200, came.text
    undo: str = came.headers["cauce-undo"]
    return undo


async def _assignee(client) -> str | None:
    came = await client.get("/api/v1/incidents/1", headers={"Accept": "application/json"})
    return came.json()["assignee"]


async def test_a_commands_answer_names_what_undoes_it(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as admin:
        await web.form(agent)
        await web.settled()
        undo = await _assigned(web, agent, "agent")
        assert (await admin.post(f"/api/v1/undo/{undo}")).status_code == 404
        for _ in range(2):
            came = await agent.post(f"/api/v1/undo/{undo}")
            assert (came.status_code, came.json()["refused"]) == (200, []), came.text
        assert await _assignee(agent) is None
        undo = await _assigned(web, agent, "agent")
        await _assigned(web, admin, "admin")
        came = await agent.post(f"/api/v1/undo/{undo}")
        assert came.status_code == 409
        assert came.json()["detail"] == "it can't be undone any more: incident 1 was changed since"
        assert (await agent.post(f"/api/v1/undo/{uuid4()}")).status_code == 404


async def test_the_button_of_the_pages_leads_back_to_where_it_was_pressed(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await web.form(agent)
        await web.settled()
        undo = await _assigned(web, agent, "agent")
        form = {"next": f"/agent?status=open&undo={undo}&min_position=1"}
        came = await agent.post(f"/agent/undo/{undo}", data=form)
        assert came.status_code == 303
        assert came.headers["location"].startswith("/agent?status=open&min_position=")
        assert f"undo={undo}" not in came.headers["location"]
        await web.settled()
        assert await _assignee(agent) is None
        came = await agent.post(f"/agent/undo/{undo}", data={"next": "//evil.example"})
        assert came.headers["location"].startswith("/agent?min_position=")


async def test_what_cannot_be_undone_any_more_is_said_in_the_readers_language(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent, web.client(Role.ADMIN) as admin:
        await web.form(agent)
        await web.settled()
        undo = await _assigned(web, agent, "agent")
        await _assigned(web, admin, "admin")
        came = await agent.post(f"/es/agent/undo/{undo}", data={"next": "/es/agent"})
        assert came.status_code == 409
        assert "Eso ya no se puede deshacer: alguien lo cambió después" in came.text
