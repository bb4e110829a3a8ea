"""The inbox in a real browser: by keyboard alone, many at once with their undo, and two agents side by side."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright, expect

from services.access.identity import Role
from tests.services.web.serving import PASSWORD, Web


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    async with async_playwright() as tools:
        running = await tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield running
        await running.close()


async def _signed_in(browser: Browser, web: Web, name: str) -> tuple[Page, list[str]]:
    page = await (await browser.new_context(locale="en-GB", timezone_id="Europe/Madrid")).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{web.url}/en/login")
    await page.fill("[name=name]", name)
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/agent")
    return page, complaints


async def _incidents(web: Web, count: int, first: int = 1) -> None:
    async with web.client() as customer:
        for number in range(first, first + count):
            await web.form(customer, email=f"p{number}@x.cu", subject=f"Subject {number}")
    await web.settled()


async def test_many_are_picked_by_a_range_resolved_and_taken_back(web: Web) -> None:
    await _incidents(web, 5)
    async with browsing() as browser, web.client(Role.AGENT) as program:
        page, complaints = await _signed_in(browser, web, "agent")
        await page.goto(f"{web.url}/en/agent?view=unassigned")
        await expect(page.locator(".bulk")).to_be_hidden()
        await page.click("#pick-5")
        await page.click("#pick-2", modifiers=["Shift"])
        await expect(page.locator("#picked")).to_have_text("4")
        await program.post("/api/v1/incidents/3/close")
        await page.click("#bulk [value=resolve]")
        await expect(page.locator("#result")).to_contain_text("3 changed, 1 refused")
        await expect(page.locator("#result")).to_contain_text("#3 closed")
        await expect(page.locator(".inbox tbody tr")).to_have_count(1)
        await expect(page.locator("[data-view=unassigned]")).to_have_text("1")
        await page.click("main h1")  # out of any field
        await page.keyboard.press("Control+z")
        await expect(page.locator(".inbox tbody tr")).to_have_count(4)
        await expect(page.locator(".pick:checked")).to_have_count(0)
        assert [(await program.get(f"/api/v1/incidents/{number}")).json()["status"] for number in (2, 3, 4)] == [
            "new",
            "closed",
            "new",
        ]
        assert complaints == []


async def test_an_inbox_is_worked_through_without_a_mouse(web: Web) -> None:
    await _incidents(web, 4)
    async with browsing() as browser, web.client(Role.AGENT) as program:
        page, complaints = await _signed_in(browser, web, "agent")
        press = page.keyboard.press
        for key in ("j", "j", "x", "j", "x"):
            await press(key)
        await expect(page.locator(".pick:checked")).to_have_count(2)
        await press("a")
        await press("Tab")
        await press("Enter")  # to me
        await expect(page.locator("#result")).to_contain_text("2 changed")
        await expect(page.locator("[data-view=mine]")).to_have_text("2")
        mine = (await program.get("/api/v1/incidents?assignee=agent")).json()["items"]
        assert sorted(each["number"] for each in mine) == [2, 3]
        await press("k")
        await expect(page.locator(".inbox tbody tr:focus-within")).to_have_count(1)
        number = await page.locator(".inbox tbody tr:focus-within .c-number").inner_text()
        await press("e")
        await expect(page.locator("#result")).to_contain_text("1 changed")
        assert (await program.get(f"/api/v1/incidents/{number}")).json()["status"] == "resolved"
        await press("/")
        await page.keyboard.type("Subject 4")
        await press("Enter")
        await expect(page.locator(".inbox tbody tr")).to_have_count(1)
        await press("Escape")
        await press("j")
        await press("o")
        await page.wait_for_url("**/agent/incidents/4")
        await press("g")
        await press("i")
        await page.wait_for_url("**/agent")
        await press("Control+k")
        await page.keyboard.type("unassigned")
        await expect(page.locator("#palette-found a")).to_have_count(1)
        await press("Enter")
        await page.wait_for_url("**/agent?view=unassigned")
        assert complaints == []


async def test_two_agents_see_each_others_work_and_keep_what_they_hold(web: Web) -> None:
    await _incidents(web, 3)
    async with browsing() as browser:
        one, complaints = await _signed_in(browser, web, "agent")
        other, _ = await _signed_in(browser, web, "admin")
        for page in (one, other):
            await page.goto(f"{web.url}/en/agent?view=unassigned")
        await one.check("#pick-2")
        await one.focus("#incident-2 .c-subject a")
        await other.check("#pick-3")
        await other.click("#bulk summary[data-key=a]")
        await other.click("#bulk [value='assign:.']")
        await expect(one.locator("#incident-3")).to_have_count(0)  # it is admin's now
        await _incidents(web, 1, first=4)
        await expect(one.locator("#incident-4")).to_have_count(1)
        await expect(one.locator("#pick-2")).to_be_checked()
        await expect(one.locator("#incident-2 .c-subject a")).to_be_focused()
        await expect(one.locator("[data-view=unassigned]")).to_have_text("3")
        await expect(other.locator("#count-mine")).to_have_text("1")
        assert complaints == []


async def test_a_search_is_saved_and_found_again(web: Web) -> None:
    await _incidents(web, 2)
    async with browsing() as browser:
        page, complaints = await _signed_in(browser, web, "agent")
        await page.select_option("[name=status]", "new")
        await page.wait_for_url("**status=new*")
        await page.click("#kept summary")
        await page.fill("#kept [name=name]", "All that is new")
        await page.keyboard.press("Enter")
        await expect(page.locator("#kept .chip", has_text="All that is new")).to_be_visible()
        await page.goto(f"{web.url}/en/agent")
        await page.click("#kept .chip:has-text('All that is new')")
        await page.wait_for_url("**/agent?status=new")
        await expect(page.locator(".inbox tbody tr")).to_have_count(2)
        assert complaints == []
