"""In a real browser: a timeline that stays fresh while it is open, in every tab, and the chat page."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from services.access.identity import Role
from tests.services.web.browsing import browsing, complaints_of, context_of, signed_in, web_beside_browser
from tests.services.web.serving import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser


async def test_an_open_timeline_shows_what_arrives_in_both_tabs_without_losing_what_is_typed(web: Web, until) -> None:
    async with web.client() as customer, browsing() as browser:
        receipt = await web.form(customer)
        await web.settled()
        first = await signed_in(browser, web)
        complaints = complaints_of(first)
        await first.goto(f"{web.url}/en/agent/incidents/1")
        await first.fill("#reply-text", "half a sen")
        second = await first.context.new_page()
        await second.goto(f"{web.url}/en/agent/incidents/1")
        await customer.post(f"{receipt['status_url']}/messages", json={"body": "It happened again"})
        for page in (first, second):
            await expect(page.get_by_text("It happened again")).to_be_visible()
        await until(lambda: web.app.state.live.listeners == 1)
        await expect(first.locator("#reply-text")).to_have_value("half a sen")
        await first.close()  # the other tab takes over
        await customer.post(f"{receipt['status_url']}/messages", json={"body": "And once more"})
        await expect(second.get_by_text("And once more")).to_be_visible()
        assert complaints == []


async def test_the_chat_page_carries_words_both_ways_and_finds_them_again(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, browsing() as browser:
        page = await (await context_of(browser)).new_page()
        complaints = complaints_of(page)
        await page.goto(f"{web.url}/en/chat")
        await expect(page.get_by_text("You are connected.")).to_be_visible()
        await page.fill("#chat-text", "Is anybody there? <b>")
        await page.keyboard.press("Enter")
        await expect(page.locator(".said:not(.waiting)")).to_have_count(1)
        await web.settled()
        await agent.post("/api/v1/incidents/1/replies", json={"text": "Yes, I am"})
        await expect(page.get_by_text("Yes, I am")).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("Is anybody there? <b>")).to_be_visible()
        await expect(page.get_by_text("Yes, I am")).to_be_visible()
        assert complaints == []


async def test_a_chat_opened_from_a_status_link_goes_on_in_the_same_incident(web: Web) -> None:
    async with web.client() as customer, web.client(Role.AGENT) as agent, browsing() as browser:
        receipt = await web.form(customer)
        await web.settled()
        page = await (await context_of(browser)).new_page()
        await page.goto(f"{web.url}/en{urlsplit(receipt['status_url']).path}")
        await page.get_by_text("Go on by chat").click()
        await expect(page.get_by_text("Sale dos veces")).to_be_visible()
        assert "#" not in page.url
        await page.fill("#chat-text", "Any news?")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator(".said:not(.waiting)")).to_have_count(2)
        await web.settled()
        assert (await agent.get("/api/v1/incidents/1")).json()["channels"] == ["form", "chat"]
