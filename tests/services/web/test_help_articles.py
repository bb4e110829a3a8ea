"""Articles as readers find them: as their kind needs it, for whom they are meant; and what the knowledge lacks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest

from channels.address_tokens import AddressTokens
from schemas.facts.article import ArticleKind, Audience
from schemas.ids import keyed_id
from services.access.identity import Role
from services.knowledge.library import Library
from services.knowledge.shelving import Describe, Pin, Redirect, Translate
from services.knowledge.state import Filing
from services.web.pages import help_centre
from tests.services.web.serving import Web

GUIDE = """Two questions.

## Is it on?
- Yes -> #light
- No -> article:{}

## Is the light green? {{#light}}
- Yes -> contact
- No -> contact"""
AT = datetime.now(UTC)


async def _publish(web: Web, kind: str, title: str, body: str, language: str = "en") -> UUID:
    async with web.client(Role.AGENT) as agent:
        fields = {"kind": kind, "title": title, "body": body, "language": language}
        return UUID((await agent.post("/api/v1/articles", json=fields)).json()["id"])


def _library(web: Web) -> Library:
    return Library(web.hub.database, web.hub.ledger)


def _file(article: UUID, kind: str, **filing: object) -> Describe:
    return Describe(article=article, by="ana", now=AT, filing=Filing(kind=ArticleKind(kind), **filing))


async def _page(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    came = await client.get(path)
    assert came.status_code == status, came.text
    return came.text


async def test_an_article_is_shown_as_its_kind_needs_it(web: Web) -> None:
    faq = await _publish(web, "faq", "Switch it on", "Press the button.")
    guide = await _publish(web, "guide", "It doesn't print", GUIDE.format(faq))
    steps = await _publish(web, "checklist", "Month's end", "- [ ] Count\n- [ ] Pay\n\nWell **done**.")
    issue = await _publish(web, "known_issue", "Blank pages", "It prints blank.\n\n## Workaround\nUse tray 2.")
    library = _library(web)
    await library.run(
        _file(faq, "faq", category="Printing/Power"), _file(issue, "known_issue", category="Printing"),
        Pin(article=issue, shelf="Printing", by="ana", now=AT), Pin(article=steps, by="ana", now=AT),
    )  # fmt: skip
    await web.settled()
    async with web.client(headers={"Accept": "text/html"}) as reader:
        home = await _page(reader, "/en/")
        assert home.index("Month&#39;s end") < home.index("Switch it on")  # pinned before all that is newer
        assert "/en/?category=Printing" in home
        category = await _page(reader, "/en/?category=Printing")
        assert category.index("Blank pages") < category.index("Switch it on")
        assert "/en/?category=Printing/Power" in category
        assert "Blank pages" not in await _page(reader, "/en/?category=Printing/Power")
        assert (await _page(reader, f"/en/articles/{steps}")).count('type="checkbox"') == 2
        page = await _page(reader, f"/en/articles/{issue}")
        assert page.index("Still open") < page.index("Use tray 2.") < page.index("It prints blank.")

        first = await _page(reader, f"/en/articles/{guide}")
        assert f'href="/en/articles/{guide}?way=0#question"' in first
        assert f'href="/en/articles/{faq}"' in first
        second = await _page(reader, f"/en/articles/{guide}?way=0")
        assert "Is the light green?" in second
        assert f'href="/en/contact?guide={guide}&amp;way=0.1"' in second
        asked = await _page(reader, f"/en/contact?guide={guide}&way=0.1")
        assert "Is it on? Yes\nIs the light green? No\n\n</textarea>" in asked
        assert 'value="It doesn&#39;t print"' in asked

        voted = await reader.post(f"/en/articles/{faq}/vote", data={"helpful": "no"})
        assert "What was missing?" in await _page(reader, voted.headers["location"])
        await reader.post(f"/en/articles/{faq}/reason", data={"reason": "unclear", "words": "Which button?"})
    await web.settled()
    async with web.client(Role.ADMIN) as admin:
        told = (await admin.get("/api/v1/events?type=visit.vote_explained.v1")).text
    assert '"reason":"unclear","words":"Which button?"' in told


async def test_what_is_for_customers_opens_by_their_link_and_tells_nobody_else_its_title(web: Web) -> None:
    secret = await _publish(web, "how_to", "Secret keys", "Here they are.")
    inner = await _publish(web, "how_to", "Inner matters", "Not for you.")
    old, gone = await _publish(web, "faq", "Old one", "Old."), await _publish(web, "faq", "Gone", "Gone.")
    spanish = await _publish(web, "how_to", "Claves", "Aquí están.", "es")
    library = _library(web)
    await library.run(
        _file(secret, "how_to", audience=Audience.CUSTOMERS, products=("Nube",)),
        _file(inner, "how_to", audience=Audience.AGENTS),
        Translate(article=spanish, original=secret, by="ana", now=AT),
        Redirect(article=old, to=spanish, by="ana", now=AT),
    )
    older = await _publish(web, "faq", "Older one", "Older.")
    await library.run(Redirect(article=older, to=old, by="ana", now=AT))
    async with web.client(Role.AGENT) as agent, web.client(headers={"Accept": "text/html"}) as reader:
        for article in (old, gone, older):
            await agent.post(f"/api/v1/articles/{article}/retire")
        await web.form(reader, email="ana@x.cu")
        await web.settled()
        made = await agent.post("/api/v1/organizations", json={"name": "Espiga", "products": ["nube"]})
        customer = (await agent.get("/api/v1/incidents/1")).json()["customer"]["id"]
        belongs = {"organization": made.json()["id"]}
        await agent.post(f"/api/v1/customers/{customer}/organization", json=belongs)
        await agent.patch(f"/api/v1/articles/{secret}", json={"body": "Here they are, all of them."})
        await web.settled()

        for article in (old, older):
            moved = await reader.get(f"/es/articles/{article}")
            assert (moved.status_code, moved.headers["location"]) == (301, f"/es/articles/{spanish}")
        assert "Look for what you need" in await _page(reader, f"/en/articles/{gone}", 410)
        await _page(reader, f"/en/articles/{inner}", 404)
        closed = await _page(reader, f"/en/articles/{secret}", 403)
        assert "Send me the link" in closed
        assert "Secret" not in closed + await _page(reader, "/en/") + await _page(reader, f"/es/articles/{spanish}")

        address = keyed_id(web.hub.secret, "email:ana@x.cu")
        soon = datetime.now(UTC) + timedelta(hours=1)
        await _page(reader, f"/my-requests/{AddressTokens(web.hub.secret).sign(address, soon)}")
        page = await _page(reader, f"/en/articles/{secret}")
        assert "Here they are" in page
        assert f"/es/articles/{spanish}" in page
        assert "Secret keys" in await _page(reader, "/en/")
        assert "más antigua que su original" in await _page(reader, f"/es/articles/{spanish}")
        await _page(reader, f"/en/articles/{inner}", 404)


async def test_gaps_and_doubts_wait_for_who_writes_and_can_be_opened_again(web: Web) -> None:
    faq = await _publish(web, "faq", "Switch it on", "Press the button.")
    async with web.client() as customer:
        await web.form(customer)
        await web.settled()
    async with web.browser(Role.AGENT) as agent:
        asked = await _page(agent, "/en/agent/incidents/1/gap?q=dark+mode")
        assert "dark mode</textarea>" in asked
        for gap in ("018f0000-0000-7000-8000-000000000001", "018f0000-0000-7000-8000-000000000002"):
            fields = {"id": gap, "words": "Dark mode?", "language": "en"}
            assert (await agent.post("/en/agent/incidents/1/gap", data=fields)).status_code == 303
        doubt = {"id": gap, "doubt": "outdated", "words": "The button moved"}
        assert (await agent.post(f"/en/agent/incidents/1/articles/{faq}/doubt", data=doubt)).status_code == 303
        await web.settled()
        queue = await _page(agent, "/en/knowledge/queue")
        assert queue.count("Dark mode?</q>") == 1
        assert "2\N{MULTIPLICATION SIGN}" in queue
        assert "The button moved" in queue
        assert "/en/agent/incidents/1" in queue
        page = f"/en/knowledge/gaps/{gap}"
        for action, left in (("dismiss", 0), ("reopen", 1), ("fill", 0)):
            done = await agent.post(f"{page}/{action}", data={"article": str(faq)})
            assert (await _page(agent, done.headers["location"])).count("Dark mode?</q>") == left
        wrong = await agent.post(f"{page}/fill", data={"article": "nothing"})
        assert wrong.status_code == 422
    async with web.client(Role.AGENT) as program:
        (flag,) = (await program.get(f"/api/v1/articles/{faq}/doubts")).json()["items"]
    async with web.browser(Role.AGENT) as agent:
        await agent.post(f"/en/knowledge/doubts/{faq}/{flag['flag']}/settle", data={})
    async with web.client(Role.AGENT) as program:
        await web.settled()
        assert (await program.get(f"/api/v1/articles/{faq}/doubts")).json()["items"] == []
        filled = (await program.get("/api/v1/gaps?state=filled")).json()["items"]
        assert {(each["article"], each["state"]) for each in filled} == {(str(faq), "filled")}
        made = [
            await program.post("/api/v1/gaps", json={"words": "Why?"}, headers={"Idempotency-Key": "k"}) for _ in "ab"
        ]
        assert made[0].json()["id"] == made[1].json()["id"]
        refused = await program.post(f"/api/v1/articles/{faq}/doubts", json={"doubt": "odd"})
        assert refused.status_code == 422
        answer = {"text": "Hola, Ana:\n\nVacíe la cola y apague la impresora de Ana.\n\nUn saludo,\nEva"}
        sent = (await program.post("/api/v1/incidents/1/replies", json=answer)).json()["interaction_id"]
        await web.settled()
        asked = {"incident": 1, "answer": sent}
        begun = {(await program.post("/api/v1/articles/from-answer", json=asked)).json()["id"] for _ in "ab"}
        (article,) = begun
        assert (
            await program.post("/api/v1/articles/from-answer", json=asked | {"answer": str(faq)})
        ).status_code == 404
    await web.settled()
    async with web.browser(Role.AGENT) as agent:
        editor = await _page(agent, f"/es/knowledge/{article}")
        text = "Vacíe la cola y apague la impresora de Ana."
        assert ">Vacíe la cola y apague la impresora de (nombre).</textarea>" in editor  # no fact ever held it
        shown = (await agent.post(f"/es/knowledge/{article}/hints", data={"title": "Factura", "body": text})).text
        assert '<mark class="tells" title="un nombre">Ana</mark>' in shown
        assert 'data-replace-body="Vacíe la cola y apague la impresora de (nombre)."' in shown


async def test_what_is_older_is_a_page_further(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(help_centre, "_LISTED_MAX", 1)
    monkeypatch.setattr(help_centre, "_CATEGORY_TOP_MAX", 1)
    titles = ["First of all", "Second of all", "Third of all"]
    faqs = [await _publish(web, "faq", title, "Text.") for title in titles]
    await _library(web).run(*(_file(each, "faq", category="Printing") for each in faqs))
    await _publish(web, "release_note", "Version 9", "Text.")
    await web.settled()
    async with web.client(headers={"Accept": "text/html"}) as reader:
        assert "?kind=faq" in await _page(reader, "/en/")  # though the newest is of another kind
        for path in ("/en/?kind=faq", "/en/?category=Printing"):
            pages = [await _page(reader, path)]
            while len(pages) < 9 and (older := re.search(r'href="([^"]*)">Older ones', pages[-1])):
                pages.append(await _page(reader, unescape(older[1])))
            assert len(pages) == 3
            assert all(title in "".join(pages) for title in titles)
            assert titles[0] not in pages[0] or titles[1] not in pages[0]
