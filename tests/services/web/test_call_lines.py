"""A call on its incident's page: with its notes and what came of it, for our own eyes, until the person is erased."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from services.access.identity import Role
from tests.services.web.serving import Web
from tests.services.web.test_telephone_pages import window

NOTES, OUTCOME = "She read the code 4711 aloud", "promised a new cable"


async def _page(web: Web, client) -> str:
    await web.settled()
    page: str = (await client.get("/en/agent/incidents/1?part=timeline")).text
    return page


async def test_a_calls_notes_and_outcome_stand_on_its_line(web: Web) -> None:
    async with web.client() as customer, web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as admin:
        await web.form(customer)
        await web.settled()
        call = {"direction": "out", "phone": "+5355512345", "incident": 1}
        made = (await agent.post("/api/v1/calls", json=call)).json()
        assert f"/agent/calls/{made['id']}" in await _page(web, agent)
        for change in ({"notes": "first words"}, {"notes": NOTES, "outcome": OUTCOME}):
            assert (await agent.patch(f"/api/v1/calls/{made['id']}", json=change)).status_code == 200
        page = await _page(web, agent)
        assert (page.count(NOTES), page.count(OUTCOME), page.count("first words")) == (1, 1, 0)
        (owner,) = (await agent.get("/api/v1/customers", params={"phone": "5355512345"})).json()["items"]
        erased = await admin.post(f"/api/v1/customers/{owner['id']}/erase", json={"confirm": owner["id"]})
        assert erased.status_code in {200, 202}, erased.text
        page = await _page(web, agent)
        assert f"/agent/calls/{made['id']}" in page
        assert NOTES not in page
        assert OUTCOME not in page


async def test_a_customer_who_was_answered_after_a_call_reads_nothing_of_its_notes(web: Web) -> None:
    async with web.client() as customer, web.client(Role.AGENT) as agent:
        await agent.post(
            "/api/v1/customers", json={"name": "Ana", "addresses": ["phone:+5355512345", "email:ana@x.cu"]}
        )
        await web.settled()
        made = (await agent.post("/api/v1/calls", json={"direction": "in", "phone": "+5355512345"})).json()
        await agent.patch(f"/api/v1/calls/{made['id']}", json={"notes": NOTES, "outcome": OUTCOME})
        await agent.post("/api/v1/incidents/1/replies", json={"text": "As we said"})
        await web.settled()
        (thread,) = await web.hub.database.run(
            lambda connection: connection.execute(
                "SELECT DISTINCT thread FROM timeline.entries WHERE channel = 'phone'"
            ).fetchone()
        )
        link = f"/status/{web.hub.tokens.sign(thread)}"
        for accepted in ("text/html", "application/json"):
            told = (await customer.get(link, headers={"Accept": accepted})).text
            assert "As we said" in told
            assert NOTES not in told
            assert OUTCOME not in told


async def test_an_agent_gives_a_call_me_back_another_time_and_takes_that_back(web: Web) -> None:
    since, until = window().split("/")
    wish = {"name": "Ana", "phone": "+5355512345", "since": since, "until": until, "time_zone": "America/Havana"}
    async with web.client() as customer, web.browser(Role.AGENT) as agent:
        receipt = (await customer.post("/api/v1/callbacks", json=wish)).json()
        await web.settled()
        board = (await agent.get("/en/agent/calls?part=callbacks")).text
        assert "America/Havana" in board
        choices = re.findall(r'<option value="([^"]+)"', board)
        other = next(each for each in choices if not each.startswith(since))
        path = f"/agent/callbacks/{receipt['callback']}/reschedule"
        came = await agent.post(path, data={"window": other})
        assert came.status_code == 303, came.text

        async def times() -> tuple[str, str]:
            await web.settled()
            kept = (await agent.get(f"/api/v1/callbacks/{receipt['callback']}")).json()
            return kept["since"], kept["until"]

        began, ended = (f"{moment.removesuffix('Z')}:00Z" for moment in other.split("/"))
        assert await times() == (began, ended)
        (undo,) = re.findall(r"undo=([0-9a-f-]{36})", urlsplit(came.headers["location"]).query)
        assert (await agent.post(f"/agent/undo/{undo}", data={})).status_code == 303
        assert (await times())[0] == f"{since.removesuffix('Z')}:00Z"
        for wrong in ("", "nonsense", "a/b", "2026-01-01T09:00/2026-01-01T11:00"):
            refused = await agent.post(path, data={"window": wrong})
            assert refused.status_code == 422, wrong
