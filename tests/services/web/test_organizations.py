"""Organizations over the API and on the pages: made, found, changed; customers join by one click and leave again."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from services.access.identity import Role
from tests.services.web.serving import Web

_ESPIGA = {
    "name": "Panadería La Espiga",
    "domains": ["laespiga.cu"],
    "products": ["Caja"],
    "level": "oro",
    "until": "2020-01-31",
}


async def _customer(agent, address: str) -> str:
    made = await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": [address]})
    customer: str = made.json()["id"]
    return customer


async def _organization(agent, **said: object) -> str:
    made = await agent.post("/api/v1/organizations", json=_ESPIGA | said)
    assert made.status_code == 201, made.text
    organization: str = made.json()["id"]
    return organization


async def _items(agent, path: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await agent.get(path)).json()["items"]
    return items


async def test_a_company_is_made_changed_and_shown_with_its_people_and_what_is_open(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        for subject in ("Impresora", "Licencia"):
            await web.form(agent, subject=subject)
        await web.settled()
        ana = (await agent.get("/api/v1/incidents/1")).json()["customer"]["id"]
        await agent.post("/api/v1/incidents/1/resolve", json={})
        which = await _organization(agent, customer=ana)
        other = await _organization(agent, name="Vega", domains=[], level="", until=None)
        await web.settled()
        shown = (await agent.get(f"/api/v1/organizations/{which}")).json()
        assert [each["id"] for each in shown.pop("customers")] == [ana]
        assert [each["subject"] for each in shown.pop("incidents")] == ["Licencia"]
        expected = {
            "id": which,
            "name": "Panadería La Espiga",
            "domains": ["laespiga.cu"],
            "products": ["Caja"],
            "entitlement": {"level": "oro", "until": "2020-01-31", "expired": True},
            "retired": False,
            "version": 4,
        }
        assert {name: shown[name] for name in expected} == expected
        named = {"id": which, "name": "Panadería La Espiga"}
        assert (await agent.get(f"/api/v1/customers/{ana}")).json()["organization"] == named
        assert [each["number"] for each in await _items(agent, f"/api/v1/incidents?organization={which}")] == [1, 2]
        assert await _items(agent, f"/api/v1/incidents?organization={other}") == []
        assert [each["id"] for each in await _items(agent, f"/api/v1/customers?organization={which}")] == [ana]
        for q, found in (("panaderia", [which]), ("laespiga.cu", [which]), ("zz", []), ("", [other, which])):
            assert [each["id"] for each in await _items(agent, f"/api/v1/organizations?q={q}")] == found
        changed = await agent.patch(f"/api/v1/organizations/{which}", json={"until": None, "version": 4})
        assert changed.json()["entitlement"] == {"level": "oro", "until": None, "expired": False}
        stale = await agent.patch(f"/api/v1/organizations/{which}", json={"name": "Espiga", "version": 4})
        assert stale.status_code == 409
        assert (await agent.post(f"/api/v1/organizations/{which}/retire")).status_code == 409
        assert (await agent.post(f"/api/v1/organizations/{other}/retire")).json()["retired"]
        assert [each["id"] for each in await _items(agent, "/api/v1/organizations")] == [which]
        assert (await agent.get(f"/api/v1/organizations/{uuid4()}")).status_code == 404
    async with web.client(Role.ANALYST) as analyst:
        assert (await analyst.get(f"/api/v1/organizations/{which}")).status_code == 200
        assert (await analyst.post("/api/v1/organizations", json=_ESPIGA)).status_code == 403


async def test_a_list_goes_on_where_its_page_ended(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        made = [await _organization(agent, name=f"Empresa {number}", domains=[]) for number in range(3)]
        await web.settled()
        seen, cursor = [], ""
        while cursor is not None:
            page = (await agent.get(f"/api/v1/organizations?limit=2&cursor={cursor}")).json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert seen == made[::-1]


@pytest.mark.parametrize(
    ("address", "proposed"), [("ana@ventas.laespiga.cu", True), ("ana@otra.cu", False), ("ana@gmail.com", False)]
)
async def test_a_proven_mail_domain_proposes_a_company_and_one_click_joins_it(
    web: Web, address: str, proposed: bool
) -> None:
    async with web.browser(Role.AGENT) as agent:
        which, ana = await _organization(agent), await _customer(agent, address)
        await web.settled()
        page = (await agent.get(f"/en/agent/customers/{ana}")).text
        assert ("Their mail comes from its domain:" in page) is proposed
        assert (await agent.get(f"/api/v1/customers/{ana}")).json()["organization"] is None
        chosen = {"organization": which, "next": f"/en/agent/customers/{ana}"}
        came = await agent.post(f"/en/agent/customers/{ana}/organization", data=chosen)
        assert came.status_code == 303, came.text
        page = (await agent.get(came.headers["location"])).text
        assert f'href="/en/agent/organizations/{which}"' in page
        assert ">expired<" in page
        (undo,) = set(re.findall(r"/agent/undo/([0-9a-f-]{36})", page))
        await agent.post(f"/en/agent/undo/{undo}", data={"next": f"/en/agent/customers/{ana}"})
        await web.settled()
        assert (await agent.get(f"/api/v1/customers/{ana}")).json()["organization"] is None


async def test_a_claimed_mail_address_proposes_nothing(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await _organization(agent)
        await web.form(agent, email="ana@laespiga.cu")
        await web.settled()
        page = (await agent.get("/en/agent/incidents/1")).text
        assert "Choose an organization…" in page
        assert "Their mail comes from its domain:" not in page


async def test_it_is_chosen_made_and_left_from_an_incident(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await web.form(agent)
        which = await _organization(agent)
        await web.settled()
        ana, back = (await agent.get("/api/v1/incidents/1")).json()["customer"]["id"], "/en/agent/incidents/1"
        choose = f"/en/agent/customers/{ana}/organization?next={back}"
        found = (await agent.get(f"{choose}&part=found&q=espiga")).text
        assert f'value="{which}"' in found
        assert "<html" not in found
        assert f'value="{which}"' not in (await agent.get(f"{choose}&q=nada")).text
        made = {"customer": ana, "next": back, "name": "Vega", "domains": "vega.cu, vega.com"}
        came = await agent.post("/en/agent/organizations", data=made)
        assert came.headers["location"].startswith(f"{back}?min_position=")
        page = (await agent.get(came.headers["location"])).text
        assert ">Vega</strong>" in page
        gone = await agent.post(f"/en/agent/customers/{ana}/organization", data={"organization": "", "next": back})
        page = (await agent.get(gone.headers["location"])).text
        assert ">Vega</strong>" not in page
        refused = await agent.post("/en/agent/organizations", data={"name": "Nube", "domains": "gmail.com"})
        assert (refused.status_code, 'value="gmail.com"' in refused.text) == (422, True)
        assert (await agent.get(f"/en/agent/customers/{uuid4()}/organization")).status_code == 404


async def test_the_pages_find_change_and_retire_it(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        which = await _organization(agent)
        await web.settled()
        page = f"/en/agent/organizations/{which}"
        assert page in (await agent.get("/en/agent/organizations?q=espiga")).text
        assert "No organization of that name" in (await agent.get("/en/agent/organizations?q=nada")).text
        assert page in (await agent.get("/en/agent/palette?q=espiga")).text
        said = {"name": "Espiga", "products": "Caja\r\nAlmacén", "domains": "", "level": "", "until": ""}
        came = await agent.post(f"{page}/change", data=said | {"version": "4"})
        shown = (await agent.get(came.headers["location"])).text
        assert all(each in shown for each in ("<h1>Espiga</h1>", "Almacén", "None is known."))
        stale = await agent.post(f"{page}/change", data=said | {"version": "4", "name": "Other"})
        assert (stale.status_code, 'value="Other"' in stale.text) == (409, True)
        wrong = await agent.post(f"{page}/change", data=said | {"version": "7", "until": "soon"})
        assert wrong.status_code == 422
        await agent.post(f"{page}/retire")
        assert "It is one after all" in (await agent.get(page)).text
        assert "No organization yet." in (await agent.get("/en/agent/organizations")).text
        await agent.post(f"{page}/restore")
        assert page in (await agent.get("/en/agent/organizations")).text
        inbox = (await agent.get(f"/en/agent?organization={which}")).text
        assert f'name="organization" value="{which}"' in inbox
        assert (await agent.post(f"{page}/sell")).status_code == 404
