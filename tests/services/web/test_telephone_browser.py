"""Telephone work in a real browser: few keys to log a call, clocks and notes that survive, cards that pop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Page, expect

from services.access.identity import Role
from tests.services.web.browsing import browsing, complaints_of, signed_in, web_beside_browser
from tests.services.web.serving import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser

NUMBER = "+5355512345"
ACTIONS_MAX = 6
POP_MS = 1000
_TELL_WHEN_IT_RINGS = """document.addEventListener("cauce:changed", ({ detail }) => {
  if (detail.type.startsWith("call.rang.")) rang();
})"""


@asynccontextmanager
async def _agent(web: Web) -> AsyncIterator[tuple[Page, list[str]]]:
    async with browsing() as browser:
        page = await signed_in(browser, web)
        complaints = complaints_of(page)
        await page.goto(f"{web.url}/en/agent")
        yield page, complaints


async def _known(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        await agent.post("/api/v1/customers", json={"name": "Ana Pérez", "addresses": [f"phone:{NUMBER}"]})
    await web.settled()


async def _call(web: Web) -> dict[str, object]:
    await web.settled()
    async with web.client(Role.AGENT) as agent:
        found: list[dict[str, object]] = (await agent.get("/api/v1/calls")).json()["items"]
        return found[0]


async def _seconds(page: Page) -> int:
    parts = (await page.locator("#my-call .ticks").first.inner_text()).split(":")
    return sum(int(part) * 60**place for place, part in enumerate(reversed(parts)))


async def _until(page: Page, seconds: int) -> None:
    """The clock runs: it comes to show so many."""
    async with asyncio.timeout(60):
        while await _seconds(page) < seconds:  # noqa: ASYNC110 -- the page tells nobody
            await asyncio.sleep(0.1)


async def test_a_call_is_logged_in_at_most_six_actions_besides_its_words(web: Web) -> None:
    await _known(web)
    async with _agent(web) as (page, complaints):
        actions = 0

        async def press(key: str) -> None:
            nonlocal actions
            actions += 1
            await page.keyboard.press(key)

        await press("c")
        await expect(page.locator("#box [name=phone]")).to_be_focused()
        await page.keyboard.type(NUMBER)
        await expect(page.locator("#match")).to_contain_text("Ana Pérez")
        await press("Enter")
        await expect(page.locator("[name=notes]")).to_be_focused()
        await page.keyboard.type("The invoice comes twice")
        await press("Tab")
        await press("Space")
        await press("Control+Enter")
        await expect(page.get_by_text("The call has ended.")).to_be_visible()
        call = await _call(web)
        assert (call["state"], call["outcome"], call["notes"]) == ("ended", "solved", "The invoice comes twice")
        assert (call["phone"], call["agent"], call["direction"]) == (NUMBER, "agent", "in")
        assert actions <= ACTIONS_MAX
        assert complaints == []


async def test_the_clock_runs_on_every_page_and_survives_a_reload(web: Web) -> None:
    await _known(web)
    async with _agent(web) as (page, complaints), web.browser(Role.AGENT) as agent:
        came = await agent.post("/agent/calls", data={"direction": "in", "phone": NUMBER})
        assert came.status_code == 303
        for path in ("/en/agent", "/en/agent/work", "/en/agent"):
            await page.goto(web.url + path)
            await expect(page.locator("#my-call")).to_contain_text("Ana Pérez")
        before = await _seconds(page)
        await _until(page, before + 2)
        await page.reload()
        await expect(page.locator("#my-call .ticks")).to_have_count(1)
        assert await _seconds(page) >= before + 2
        await page.locator("#my-call button", has_text="Hold").click()
        await expect(page.locator("#my-call .is-held")).to_have_count(1)
        assert page.url.endswith("/en/agent")  # where one was
        held = await _seconds(page)
        await _until(page, held + 2)
        await page.locator("#my-call button", has_text="Resume").click()
        await expect(page.locator("#my-call .is-active")).to_have_count(1)
        talked = await _seconds(page)
        call = await _call(web)
        so_far = (datetime.now(UTC) - datetime.fromisoformat(str(call["answered_at"]))).total_seconds()
        assert before + 2 <= talked <= so_far - float(str(call["held_seconds"]))  # the hold had a clock of its own
        assert complaints == []


async def test_notes_are_kept_as_one_types_without_a_button_and_without_a_net(web: Web) -> None:
    await _known(web)
    async with _agent(web) as (page, _), web.browser(Role.AGENT) as agent:
        came = await agent.post("/agent/calls", data={"direction": "in", "phone": NUMBER})
        await page.goto(web.url + "/en" + came.headers["location"])
        await page.fill("[name=notes]", "First words")
        await expect(page.locator("[data-save-state]")).to_have_text("Saved.")
        await page.reload()
        await expect(page.locator("[name=notes]")).to_have_value("First words")
        await page.context.set_offline(True)
        await page.fill("[name=notes]", "First words, and more")
        await expect(page.locator("[data-save-state]")).to_have_text("Not saved yet: trying again.")
        assert (await _call(web))["notes"] == "First words"
        await page.context.set_offline(False)
        await expect(page.locator("[data-save-state]")).to_have_text("Saved.")
        assert (await _call(web))["notes"] == "First words, and more"


async def test_notes_the_server_never_got_come_back_with_the_page(web: Web) -> None:
    await _known(web)
    async with _agent(web) as (page, _), web.browser(Role.AGENT) as agent:
        came = await agent.post("/agent/calls", data={"direction": "in", "phone": NUMBER})
        await page.goto(web.url + "/en" + came.headers["location"])
        await page.route("**/api/v1/calls/*", lambda route: route.abort())
        await page.fill("[name=notes]", "Only here so far")
        await expect(page.locator("[data-save-state]")).to_have_text("Not saved yet: trying again.")
        await page.reload()
        await expect(page.locator("[name=notes]")).to_have_value("Only here so far")
        await page.unroute("**/api/v1/calls/*")
        await expect(page.locator("[data-save-state]")).to_have_text("Saved.")
        assert (await _call(web))["notes"] == "Only here so far"


async def _push(system: httpx.AsyncClient, web: Web, event: str, user: str = "agent") -> None:
    push = {"event": event, "callId": "c1", "from": NUMBER[1:], "to": "537", "direction": "in", "user[]": user}
    came = await system.post(f"/api/v1/cti/main?key={web.line_key}", data=push)
    assert came.status_code == 200


async def test_a_ringing_telephone_pops_its_card_within_a_second_and_the_card_follows_the_call(web: Web) -> None:
    await _known(web)
    async with web.client(Role.AGENT) as program:
        made = {"direction": "in", "phone": NUMBER, "subject": "The invoice"}
        call = (await program.post("/api/v1/calls", json=made)).json()
        now = datetime.now(UTC).isoformat()
        await program.patch(f"/api/v1/calls/{call['id']}", json={"answered_at": now, "ended_at": now})
    await web.settled()
    async with _agent(web) as (page, complaints), web.client() as system:
        # by the page's own clock, which stands still while a slow machine is at work
        await page.clock.install()
        await page.reload()
        await expect(page.locator("#my-call .rings")).to_have_count(1)  # the first look is over
        rang = asyncio.Event()
        await page.expose_function("rang", rang.set)
        await page.evaluate(_TELL_WHEN_IT_RINGS)
        await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
        await _push(system, web, "newCall")
        async with asyncio.timeout(60):
            await rang.wait()
        async with page.expect_request("**/agent/calls/mine**"):
            await page.clock.run_for(POP_MS)
        await page.clock.resume()
        card = page.locator(".ring")
        await expect(card).to_be_visible()
        await expect(card).to_contain_text("Ana Pérez")
        await expect(card).to_contain_text("#1 The invoice")
        await _push(system, web, "answer")
        await expect(card).to_have_count(0)
        await expect(page.locator("#my-call .my-call")).to_contain_text("Ana Pérez")
        await _push(system, web, "hangup")
        await expect(page.locator("#my-call .my-call")).to_have_count(0)
        assert complaints == []


async def test_a_card_is_picked_up_by_its_button(web: Web) -> None:
    await _known(web)
    async with _agent(web) as (page, complaints), web.client() as system:
        await expect(page.locator("#my-call .rings")).to_have_count(1)
        await _push(system, web, "newCall")
        await page.get_by_role("button", name="Pick up").click()
        await expect(page.locator("[name=notes]")).to_be_focused()
        call = await _call(web)
        assert (call["state"], call["agent"]) == ("active", "agent")
        assert complaints == []
