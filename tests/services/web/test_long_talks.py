"""Of what is long the newest is shown, and a link leads to what was before; without scripts."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import pytest

from services.access.identity import Role
from services.web.pages import customer_pages, status
from tests.services.web.serving import Web

MESSAGES = [f"message {number}" for number in range(5)]


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_pages, "_SHOWN", 2)
    monkeypatch.setattr(status, "_SHOWN", 2)


async def _talked(web: Web) -> str:
    """Five messages; returns the status page's path."""
    async with web.client() as customer:
        receipt = await web.form(customer, body=MESSAGES[0])
        for text in MESSAGES[1:]:
            await web.settled()
            await customer.post(f"{receipt['status_url']}/messages", json={"body": text})
        await web.settled()
        return urlsplit(receipt["status_url"]).path


def _said(page: str) -> list[str]:
    return re.findall(r"message \d", page)


def _link(page: str, text: str) -> str | None:
    found = re.search(rf'href="([^"]*)">{text}<', page)
    return html.unescape(found[1]) if found else None


async def _walk(client, path: str) -> None:
    """From the newest to the first and back: each once, each page oldest first."""
    newest = (await client.get(path)).text
    assert _said(newest) == MESSAGES[3:]
    assert _link(newest, "The newest") is None
    pages, page = [_said(newest)], newest
    while (earlier := _link(page, "Earlier ones")) is not None:
        page = (await client.get(earlier)).text
        pages.insert(0, _said(page))
    assert pages == [MESSAGES[:1], MESSAGES[1:3], MESSAGES[3:]]
    assert _said((await client.get(_link(page, "The newest"))).text) == MESSAGES[3:]


async def test_a_customer_sees_the_last_words_of_a_long_request(web: Web) -> None:
    path = await _talked(web)
    async with web.client(headers={"Accept": "text/html"}) as customer:
        await _walk(customer, f"/en{path}")
        page = (await customer.get(f"/en{path}")).text
        assert "<h1>Factura</h1>" in page
        assert (await customer.get(f"/en{path}?before=nonsense")).status_code == 422


async def test_a_program_gets_the_last_words_and_the_way_to_the_others(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status.read, "__defaults__", (3, None))
    path = await _talked(web)
    async with web.client(headers={"Accept": "application/json"}) as customer:
        told = (await customer.get(path)).json()
        assert [entry["text"] for entry in told["timeline"]] == MESSAGES[2:]
        before = (await customer.get(path, params={"before": told["earlier"]})).json()
    assert [entry["text"] for entry in before["timeline"]] == MESSAGES[:2]
    assert (before.get("earlier"), before["number"], before["status"]) == (None, 1, "new")


async def test_an_agent_sees_the_last_words_of_a_customer_over_all_their_incidents(web: Web) -> None:
    await _talked(web)
    async with web.client(Role.AGENT, headers={"Accept": "text/html"}) as agent:
        json = {"Accept": "application/json"}
        customer = (await agent.get("/api/v1/incidents/1", headers=json)).json()["customer"]["id"]
        for number in range(3):  # facts are not shown here: they take no place
            await agent.post("/api/v1/incidents/1/tags", json={"add": [f"tag {number}"]})
        await web.settled()
        await _walk(agent, f"/en/agent/customers/{customer}")
