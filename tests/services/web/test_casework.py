"""Beside an incident: similar solved ones, articles, tags, canned replies, mentions."""

from __future__ import annotations

from services.access.identity import Role
from tests.services.web.serving import Web


async def test_similar_incidents_are_solved_ones_that_share_words_the_most_alike_first(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as customer:
        for number, subject in enumerate(
            ["La impresora no imprime facturas", "La impresora hace ruido", "Contraseña olvidada", "Impresora: ruido"],
            1,
        ):
            await web.form(customer, email=f"p{number}@x.cu", subject=subject)
        await web.settled()
        for number in (1, 2, 3):
            done = {"solution": f"solution {number}", "cause": "dust"}
            await agent.post(f"/api/v1/incidents/{number}/resolve", json=done)
        await web.settled()
        found = (await agent.get("/api/v1/incidents/4/similar")).json()["items"]
        assert [(each["number"], each["solution"]) for each in found] == [(2, "solution 2"), (1, "solution 1")]
        assert [each["likeness"] for each in found] == [1.0, 0.5]
        await agent.post("/api/v1/incidents/2/reopen")
        await web.settled()
        found = (await agent.get("/api/v1/incidents/4/similar")).json()["items"]
        assert [each["number"] for each in found] == [1]


async def test_articles_are_linked_once_and_can_be_undone(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as customer:
        await web.form(customer)
        await web.settled()
        article = {"kind": "how_to", "title": "Printers", "body": "Dust them", "language": "en"}
        made = (await agent.post("/api/v1/articles", json=article)).json()["id"]
        linked = await agent.post("/api/v1/incidents/1/articles", json={"article": made})
        assert [each["title"] for each in linked.json()["articles"]] == ["Printers"]
        undo = (await agent.delete(f"/api/v1/incidents/1/articles/{made}")).headers.get("cauce-undo")
        assert (await agent.get("/api/v1/incidents/1/articles")).json()["items"] == []
        lines = [entry["fact"] for entry in (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]]
        assert lines[-2:] == ["ArticleLinked", "ArticleUnlinked"]
        if undo:
            await agent.post(f"/api/v1/undo/{undo}")
            await web.settled()
            assert len((await agent.get("/api/v1/incidents/1/articles")).json()["items"]) == 1


async def test_tags_in_use_are_offered_by_how_they_begin(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as customer:
        for number in (1, 2):
            await web.form(customer, email=f"p{number}@x.cu", subject=f"Subject {number}")
        await web.settled()
        await agent.post("/api/v1/incidents/1/tags", json={"add": ["vip", "factura"]})
        await agent.post("/api/v1/incidents/2/tags", json={"add": ["factura", "fax"]})
        await agent.post("/api/v1/incidents/2/tags", json={"remove": ["fax"]})
        await web.settled()
        assert (await agent.get("/api/v1/tags?q=FA")).json()["items"] == [{"tag": "factura", "uses": 2}]
        assert [each["tag"] for each in (await agent.get("/api/v1/tags")).json()["items"]] == ["factura", "vip"]


async def test_a_mention_counts_until_it_was_seen(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as admin, web.client() as customer:
        await web.form(customer)
        await web.settled()
        note = {"text": "@admin program can't be called, but @admin. can; mail a@agent.example can't"}
        await agent.post("/api/v1/incidents/1/notes", json=note)
        await web.settled()
        name = (await _mentions(web, "admin"))[0]
        assert name == ("agent program", 1)
        assert (await agent.get("/api/v1/mentions")).json()["items"] == []
        assert (await admin.get("/api/v1/mentions")).json()["unseen"] == 0  # a token is not the user of that name


async def _mentions(web: Web, user: str) -> list[tuple[str, int]]:
    async with web.browser(Role(user)) as client:
        told = (await client.get("/api/v1/mentions", headers={"Accept": "application/json"})).json()
        assert told["unseen"] == 1
        seen = await client.post("/api/v1/mentions/seen", json={"position": told["items"][0]["position"]})
        assert seen.json() == {"unseen": 0}
        return [(each["by"], each["incident"]) for each in told["items"]]


async def test_canned_replies_are_the_teams_or_ones_own_and_know_the_names(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as other, web.client() as customer:
        await web.form(customer)
        await web.settled()
        body = "Hello {{customer.name}}, about #{{ incident.number }}: {{incident.subject}}"
        made = (await agent.post("/api/v1/canned", json={"name": "Greeting", "body": body})).json()["id"]
        mine = {"name": "Mine", "body": "x", "personal": True}
        own = (await agent.post("/api/v1/canned", json=mine)).json()["id"]
        assert (await agent.post("/api/v1/canned", json={"name": "greeting", "body": "x"})).status_code == 409
        assert (await agent.post("/api/v1/canned", json={"name": "a", "body": "{{card.number}}"})).status_code == 422
        assert [each["name"] for each in (await other.get("/api/v1/canned")).json()["items"]] == ["Greeting"]
        assert (await other.delete(f"/api/v1/canned/{own}")).status_code == 404
        filled = (await other.get(f"/api/v1/incidents/1/canned/{made}")).json()["text"]
        assert filled == "Hello Ana, about #1: Factura"
        assert (await other.put(f"/api/v1/canned/{made}", json={"name": "Hi", "body": "Hi"})).status_code == 204
        assert (await agent.delete(f"/api/v1/canned/{made}")).status_code == 204
