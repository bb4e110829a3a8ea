"""The inbox in a real browser: by keyboard alone, many at once with their undo, and two agents side by side."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, Route, expect

from services.access.identity import Role
from tests.services.web.browsing import browsing, complaints_of, signed_in, web_beside_browser
from tests.services.web.serving import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser


async def _agent(browser: Browser, web: Web, name: str = "agent") -> tuple[Page, list[str]]:
    page = await signed_in(browser, web, name, timezone_id="Europe/Madrid")
    complaints = complaints_of(page)
    await page.goto(f"{web.url}/en/agent")
    return page, complaints


async def _incidents(web: Web, count: int, first: int = 1) -> None:
    async with web.client() as customer:
        for number in range(first, first + count):
            await web.form(customer, email=f"p{number}@x.cu", subject=f"Subject {number}")
    await web.settled()


async def test_many_are_picked_by_a_range_resolved_and_taken_back(web: Web) -> None:
    await _incidents(web, 5)
    async with browsing() as browser, web.client(Role.AGENT) as program:
        page, complaints = await _agent(browser, web)
        await page.goto(f"{web.url}/en/agent?view=unassigned")
        await expect(page.locator(".bulk")).to_be_hidden()
        await page.click("#pick-5")
        await page.click("#pick-2", modifiers=["Shift"])
        await expect(page.locator("#picked")).to_have_text("4")

        async def closed_meanwhile(route: Route) -> None:  # earlier, fresh rows might have taken it off the list
            await program.post("/api/v1/incidents/3/close")
            await route.continue_()

        await page.route("**/agent/bulk", closed_meanwhile)
        await page.click("#bulk [value=resolve]")
        await page.locator(".toast").hover()  # it goes away by itself, but not from under one
        await expect(page.locator("#result")).to_contain_text("3 changed, 1 refused")
        await expect(page.locator("#result")).to_contain_text("#3 closed")
        await expect(page.locator(".inbox tbody tr")).to_have_count(1)
        await expect(page.locator("[data-view=unassigned]")).to_have_text("1")
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
        page, complaints = await _agent(browser, web)
        press = page.keyboard.press
        for key in ("j", "j", "x", "j", "x"):
            await press(key)
        await expect(page.locator(".pick:checked")).to_have_count(2)
        await press("a")
        await expect(page.get_by_role("button", name="To me")).to_be_visible()
        await press("Tab")
        await expect(page.get_by_role("button", name="To me")).to_be_focused()
        await press("Enter")
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
        await page.locator(".inbox tbody tr a").first.focus()
        await page.evaluate("""() => {
            document.dispatchEvent(new CustomEvent("htmx:before:swap"));
            document.getElementById("q").focus();  // as a key would while fresh rows come in
            document.dispatchEvent(new CustomEvent("htmx:after:swap", {detail: {}}));
        }""")
        await expect(page.locator("#q")).to_be_focused()
        await press("Escape")
        await press("/")
        await page.keyboard.type("Subject 4")
        await press("Enter")
        await expect(page.locator(".inbox tbody tr")).to_have_count(1)
        await press("Escape")
        await press("j")
        await press("o")
        await page.wait_for_url("**/agent/incidents/4")
        while not page.url.endswith("/agent"):  # two keys at once, which a slow machine may keep apart
            await press("g")
            await press("i")
            await page.wait_for_timeout(500)
        await page.wait_for_load_state()
        await press("Control+k")
        await page.keyboard.type("unassigned")
        await expect(page.locator("#palette-found a")).to_have_count(1)
        await press("Enter")
        await page.wait_for_url("**/agent?view=unassigned")
        assert complaints == []


async def test_two_agents_see_each_others_work_and_keep_what_they_hold(web: Web) -> None:
    await _incidents(web, 3)
    async with browsing() as browser:
        one, complaints = await _agent(browser, web)
        other, _ = await _agent(browser, web, "admin")
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
        page, complaints = await _agent(browser, web)
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
