"""The incident's page in a real browser: by keyboard alone, taken back, two agents at once, regrouped and undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Response, expect

from eventstore.database import Database
from services.access.identity import Role
from tests.services.web.browsing import browsing, complaints_of, signed_in, web_beside_browser
from tests.services.web.serving import Web, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser

TABS_MAX = 12


async def _agent(browser: Browser, web: Web, user: str = "agent") -> tuple[Page, list[str]]:
    page = await signed_in(browser, web, user)
    return page, complaints_of(page)


@pytest_asyncio.fixture(loop_scope="session")
async def slow_web(database: Database, tmp_path: Path, kept_browser: None) -> AsyncIterator[Web]:
    """Replies are held for as long as may be."""
    async with serving(database, tmp_path, SEND_HOLD_SECONDS="120") as running:
        yield running


async def _facts(web: Web) -> list[tuple[str, str | None]]:
    async with web.client(Role.AGENT) as agent:
        items = (await agent.get("/api/v1/incidents/1/timeline?limit=200")).json()["items"]
        return [(entry["fact"], entry["delivery"]) for entry in items]


async def test_a_reply_takes_two_keystrokes_beside_its_text_and_can_be_taken_back(slow_web: Web) -> None:
    web = slow_web
    async with web.client() as customer, browsing() as browser:
        await web.form(customer)
        await web.settled()
        page, complaints = await _agent(browser, web)
        await page.goto(f"{web.url}/en/agent/incidents/1")
        await page.keyboard.press("r")
        await page.keyboard.type("Too fast")
        await page.keyboard.press("Control+Enter")
        await page.locator(".toast").hover()  # it goes away by itself, but not from under one
        await expect(page.locator(".entry.ours")).to_contain_text("Too fast")
        await expect(page.locator("#reply-text")).to_have_value("")
        await page.keyboard.press("Escape")  # out of any field
        await page.keyboard.press("Control+z")
        await expect(page.locator("#reply-text")).to_have_value("Too fast")
        await expect(page.locator(".entry.withdrawn")).to_contain_text("Too fast")
        await web.settled()
        assert (await _facts(web))[-2:] == [("InteractionLinked", "withdrawn"), ("ReplyWithdrawn", None)]
        async with web.client(Role.AGENT) as agent:
            assert (await agent.get("/api/v1/incidents/1")).json()["status"] == "new"
        assert complaints == []


async def test_a_draft_and_its_file_survive_a_reload(slow_web: Web, tmp_path: Path) -> None:
    web = slow_web
    file = tmp_path / "log.txt"
    file.write_text("it broke")
    async with web.client() as customer, browsing() as browser:
        await web.form(customer)
        await web.settled()
        page, complaints = await _agent(browser, web)
        await page.goto(f"{web.url}/en/agent/incidents/1")
        await page.set_input_files("#file-note", file)
        await expect(page.locator("form.note [data-upload]")).to_have_count(1)
        await page.keyboard.press("n")
        async with page.expect_response(_draft_of("@admin look at ")):
            await page.keyboard.type("@admin look at ")
        await expect(page.locator("form.note .kept")).to_have_text("Draft kept")
        await page.reload()
        await expect(page.locator("#note-text")).to_have_value("@admin look at ")
        await expect(page.locator("form.note [data-upload]")).to_have_count(1)
        await page.keyboard.press("n")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".entry.note .files")).to_contain_text("log.txt")
        await expect(page.locator("#note-text")).to_have_value("")
        called, _ = await _agent(browser, web, "admin")
        await called.goto(f"{web.url}/en/agent")
        await expect(called.locator("#count-mentions")).to_have_text("1")
        await called.goto(f"{web.url}/en/agent/mentions")
        await expect(called.get_by_text("@admin look at")).to_be_visible()
        assert complaints == []


def _draft_of(text: str) -> Callable[[Response], bool]:
    """The answer to a draft of all of it: who types slowly has it kept in between."""
    return lambda came: "/drafts/" in came.url and json.dumps(text) in (came.request.post_data or "")


async def test_two_agents_see_each_other_and_the_second_reply_is_asked_about_once(slow_web: Web) -> None:
    web = slow_web
    async with web.client() as customer, browsing() as browser:
        await web.form(customer)
        await web.settled()
        one, complaints = await _agent(browser, web)
        two, _ = await _agent(browser, web, "admin")
        for page in (one, two):
            await page.goto(f"{web.url}/en/agent/incidents/1")
        await one.keyboard.press("r")
        async with asyncio.timeout(60):
            # a signal may be lost, and is shown for seconds only: who goes on typing is seen
            while await two.locator("#others").text_content() != "agent is typing…":
                await one.keyboard.type("Mine ")
                await one.wait_for_timeout(200)
        mine = await one.locator("#reply-text").input_value()
        await two.keyboard.press("r")
        await two.keyboard.type("Yours")
        await two.keyboard.press("Control+Enter")
        await expect(two.locator(".entry.ours")).to_contain_text("Yours")
        await expect(one.locator(".entry.ours")).to_contain_text("Yours")
        await one.locator("#reply-text").press("Control+Enter")
        await expect(one.get_by_role("alert")).to_contain_text("admin replied")
        await one.wait_for_load_state()
        await expect(one.locator("#reply-text")).to_have_value(mine)
        await one.locator("#reply-text").press("Control+Enter")
        await expect(one.locator(".entry.ours")).to_have_count(2)
        assert [text for text in complaints if "409" not in text] == []


async def test_merging_by_one_key_moving_and_splitting_can_each_be_undone(web: Web) -> None:
    async with web.client() as customer, web.client(Role.AGENT) as agent, browsing() as browser:
        receipt = await web.form(customer)
        await web.settled()
        await customer.post(f"{receipt['status_url']}/messages", json={"body": "And something else"})
        await web.form(customer, email="eva@x.cu", subject="Another")
        await web.settled()
        page, complaints = await _agent(browser, web)
        await page.goto(f"{web.url}/en/agent/incidents/1")
        second = page.locator(".entry", has_text="And something else")
        await second.locator("summary").click()
        await second.locator("input[name=to]").fill("#2")
        await second.locator("input[name=to]").press("Enter")
        await page.locator(".toast").hover()
        await expect(page.locator(".entry", has_text="And something else")).to_have_count(0)
        await page.keyboard.press("Control+z")
        await expect(page.locator(".entry", has_text="And something else")).to_be_visible()
        await page.locator("#regroup > summary").click()
        await page.locator(".entry", has_text="And something else").locator("[name=chosen]").check()
        await page.fill("#split [name=subject]", "A matter of its own")
        await page.press("#split [name=subject]", "Enter")
        await expect(page.locator("h1")).to_have_text("A matter of its own")
        await page.wait_for_url("**/incidents/3")
        async with page.expect_response("**/undo/**"):
            await page.get_by_role("button", name="Undo").click()
        await web.settled()
        assert (await agent.get("/api/v1/incidents/3")).json()["merged_into"] == 1
        assert complaints == []


async def test_one_walks_the_timeline_and_works_by_keys(web: Web) -> None:
    async with web.client() as customer, web.client(Role.AGENT) as agent, browsing() as browser:
        receipt = await web.form(customer)
        await web.form(customer, email="eva@x.cu", subject="Another")
        await web.settled()
        await customer.post(f"{receipt['status_url']}/messages", json={"body": "Second"})
        await web.settled()
        page, complaints = await _agent(browser, web)
        await page.goto(f"{web.url}/en/agent")
        await page.locator("a", has_text="Factura").click()
        await expect(page.locator("h1")).to_have_text("Factura")
        await page.wait_for_load_state()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await expect(page.locator(":focus")).to_contain_text("Second")
        await page.keyboard.press("k")
        await expect(page.locator(":focus")).to_contain_text("Sale dos veces")
        await page.keyboard.press("a")
        await expect(page.locator("#to")).to_have_value("agent")
        await page.wait_for_load_state()
        await page.keyboard.press("e")
        await page.keyboard.type("New toner")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".status.is-resolved").first).to_be_visible()
        await page.wait_for_load_state()
        await page.keyboard.press("]")
        await expect(page.locator("h1")).to_have_text("Another")
        await page.wait_for_load_state()
        await page.keyboard.press("[")
        await expect(page.locator("h1")).to_have_text("Factura")
        assert (await agent.get("/api/v1/incidents/1")).json()["solution"] == "New toner"
        assert complaints == []


async def test_by_keyboard_alone_the_composer_is_near_and_m_merges_what_is_suggested(web: Web) -> None:
    async with web.client() as customer, web.client(Role.ADMIN) as admin, browsing() as browser:
        await web.form(customer)
        receipt = await web.form(customer, body="It is still so")  # an address that is only claimed
        await web.settled()
        for number in range(TABS_MAX):
            await customer.post(f"{receipt['status_url']}/messages", json={"body": f"And {number}"})
        await web.settled()
        page, complaints = await _agent(browser, web, "admin")
        await page.goto(f"{web.url}/en/agent")
        await page.locator("#incident-2 a").click()
        await expect(page.locator(".neighbours")).to_be_visible()
        await expect(page.locator(".suggestion")).to_contain_text("#1")
        tabs = 0
        while not await page.evaluate("document.activeElement.closest('.composer') !== null"):
            await page.keyboard.press("Tab")
            tabs += 1
            assert tabs <= TABS_MAX, await page.evaluate("document.activeElement.outerHTML")
        await page.keyboard.press("Tab")
        await expect(page.locator("#reply-text")).to_be_focused()
        await page.keyboard.press("Escape")

        await page.keyboard.press("m")
        await expect(page.locator(".toast")).to_be_visible()
        await expect(page.locator(".entry", has_text="Sale dos veces")).to_be_visible()
        await expect(page.locator(".timeline .fact, .timeline summary", has_text="Merged")).to_be_visible()
        await expect(page.locator(".suggestion")).to_have_count(0)
        assert (await admin.get("/api/v1/incidents/1")).json()["merged_into"] == 2
        assert complaints == []


async def test_customers_are_found_merged_and_told_apart_again(web: Web) -> None:
    async with web.client() as customer, browsing() as browser:
        await web.form(customer, name="Ana Pérez")
        await web.form(customer, name="A. Pérez", email="ana@home.cu", subject="Casa")
        await web.settled()
        page, complaints = await _agent(browser, web)
        await page.goto(f"{web.url}/en/agent/customers?q=Ana P")
        await page.get_by_role("link", name="Ana Pérez").click()
        await page.fill("#same", "ana@home")
        await page.press("#same", "Enter")
        await page.get_by_role("button", name="Merge").click()
        await expect(page.locator(".entry", has_text="Casa")).to_be_visible()
        await page.get_by_role("button", name="Take out").click()
        await expect(page.locator(".entry", has_text="Casa")).to_have_count(0)
        await page.fill("#address", "nonsense @")
        await page.press("#address", "Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        assert [text for text in complaints if "422" not in text] == []
