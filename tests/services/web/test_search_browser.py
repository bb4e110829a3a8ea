"""In a real browser: suggestions are of the last words typed, whatever comes first; articles are read within a chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Request, Route, expect

from services.access.identity import Role
from tests.services.web.browsing import browsing, context_of, web_beside_browser
from tests.services.web.serving import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser


@asynccontextmanager
async def _page() -> AsyncIterator[Page]:
    async with browsing() as browser:
        yield await (await context_of(browser)).new_page()


async def _published(web: Web, *titles: str) -> None:
    async with web.client(Role.AGENT) as agent:
        for title in titles:
            fields = {"kind": "faq", "title": title, "body": "First **turn it off**.", "language": "en"}
            assert (await agent.post("/api/v1/articles", json=fields)).status_code == 201
    await web.settled()


async def test_suggestions_are_of_the_last_words_though_an_earlier_answer_comes_later(web: Web) -> None:
    await _published(web, "The printer jams", "The invoice is wrong")
    released, over = asyncio.Event(), asyncio.Event()

    async def hold_the_first(route: Route) -> None:
        if "printer" in route.request.url:
            await released.wait()
        await route.continue_()

    def ended(request: Request) -> None:
        if "printer" in request.url:
            over.set()

    async with _page() as page:
        await page.route("**/suggest**", hold_the_first)
        page.on("requestfinished", ended)
        page.on("requestfailed", ended)
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request) if "/suggest" in request.url else None)
        await page.clock.install()
        await page.goto(f"{web.url}/en/contact")
        await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # whoever types is quicker than any pause
        for words in ("printer", "invoice wrong"):  # a key at a time: one question of them all
            await page.locator("#subject").fill("")
            await page.locator("#subject").press_sequentially(words)
            async with page.expect_request("**/suggest**"):
                await page.clock.run_for(1000)
        assert len(asked) == 2
        assert "wrong" in asked[-1].url
        await page.clock.resume()
        await expect(page.locator("#suggestions")).to_contain_text("The invoice is wrong")
        released.set()
        async with asyncio.timeout(60):
            await over.wait()
        async with page.expect_response("**/suggest**body=x**"):
            await page.locator("#body").press_sequentially("x")
        await expect(page.locator("#suggestions")).to_contain_text("The invoice is wrong")
        await expect(page.locator("#suggestions")).not_to_contain_text("The printer jams")


async def test_an_article_is_found_and_read_without_leaving_the_chat(web: Web) -> None:
    await _published(web, "The printer jams")
    async with _page() as page:
        await page.goto(f"{web.url}/en/chat")
        await page.fill("#chat-text", "half a question")
        await page.locator("#chat-find summary").click()
        await page.locator("#chat-q").press_sequentially("printr")
        await page.locator("#chat-found a").click()
        await expect(page.locator("#chat-found article strong")).to_have_text("turn it off")
        await page.locator("#chat-found [data-back]").click()
        await expect(page.locator("#chat-found a")).to_contain_text("The printer jams")
        assert page.url.endswith("/en/chat")
        await expect(page.locator("#chat-text")).to_have_value("half a question")


async def test_one_comes_from_the_first_page_to_an_answer_by_keyboard_alone(web: Web) -> None:
    await _published(web, "The printer jams", "The invoice is wrong")

    async def tab_to(page: Page, title: str) -> None:
        """The focus is seen wherever it is; so many steps are few."""
        for _ in range(20):
            await page.keyboard.press("Tab")
            assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            if title in await page.evaluate("document.activeElement.textContent"):
                return
        raise AssertionError(title)

    async with _page() as page:
        await page.goto(f"{web.url}/en/")
        await tab_to(page, "The invoice is wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("The invoice is wrong")
        await page.goto(f"{web.url}/en/")
        while not await page.evaluate("document.activeElement.matches('#q')"):
            await page.keyboard.press("Tab")
        await page.keyboard.type("printr")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**q=printr**")
        await tab_to(page, "The printer jams")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("The printer jams")
        await page.wait_for_load_state()
        await tab_to(page, "Yes")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**voted=yes**")
