"""Every page the router knows, in a real browser: both languages, light and dark, wide and narrow; for everybody."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from eventstore.database import Database
from services.access.identity import Role
from services.web import languages
from tests.journeys.populated import Place, places, populate
from tests.services.web.serving import PASSWORD, Web, serving

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
PAGE_MAX_BYTES = 100_000
SHIFT_MAX = 0.01
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = pytest.mark.timeout(600)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    async with async_playwright() as tools:
        running = await tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield running
        await running.close()


async def opened(browser: Browser, web: Web, language: str, width: int, theme: str) -> Page:
    """A signed-in page that notes complaints in `page.complaints`."""
    size = {"width": width, "height": 900}
    context = await browser.new_context(viewport=size, color_scheme=theme, locale=language, reduced_motion="reduce")  # type: ignore[arg-type]
    page = await context.new_page()
    await page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput)"
        " window.shift += e.value }).observe({ type: 'layout-shift', buffered: true })"
    )
    await page.goto(f"{web.url}/{language}/login")
    await page.fill("[name=name]", "admin")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.main")
    await page.wait_for_load_state()
    return page


@pytest.fixture
async def full(database: Database, tmp_path: Path) -> AsyncIterator[tuple[Web, list[Place]]]:
    """A hub with something on every page, and its pages."""
    async with serving(database, tmp_path) as web:
        yield web, await places(web, await populate(web))


async def each(page: Page, web: Web, language: str, found: list[Place]) -> AsyncIterator[tuple[Place, list[str]]]:
    """Go to each page; what the browser complained about comes with it."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for place in found:
        complaints.clear()
        await page.goto(f"{web.url}/{language}{place.path}")
        await page.wait_for_timeout(120)  # what a page fetches by itself, as its counts
        yield place, list(complaints)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", languages.LANGUAGES)
async def test_anybody_can_use_it(full: tuple[Web, list[Place]], language: str, theme: str, width: int) -> None:
    web, found = full
    wrong: list[str] = []
    async with browsing() as browser:
        page = await opened(browser, web, language, width, theme)
        async for place, complaints in each(page, web, language, found):
            await page.evaluate(AXE)
            seen: dict[str, Any] = await page.evaluate(
                "rules => axe.run(document, { resultTypes: ['violations'], runOnly: rules })", _RULES
            )
            wrong += [
                f"{place.path}: {each['id']}: {node['target']}: {node['failureSummary'][:300]}"
                for each in seen["violations"]
                for node in each["nodes"][:3]
            ]
            wrong += [f"{place.path}: {said}" for said in complaints]
            wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            wrong += [f"{place.path}: {wide} px wider than the screen"] if wide > 0 else []
            shift = await page.evaluate("window.shift")
            wrong += [f"{place.path}: it jumps by {shift:.3f}"] if shift > SHIFT_MAX else []
    assert not wrong, "\n".join(wrong)


async def test_nothing_scrolls_sideways_on_the_smallest_screen_nor_with_longer_words(
    full: tuple[Web, list[Place]],
) -> None:
    web, found = full
    wrong: list[str] = []
    async with browsing() as browser:
        for width in (320, 1440):
            page = await opened(browser, web, "es", width, "light")
            async for place, _ in each(page, web, "es", found):
                for longer in (False, True):
                    if longer:
                        await page.evaluate(_LONGER)
                    wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                    cut: list[str] = await page.evaluate(_CUT)
                    if wide > 0 or cut:
                        wrong.append(f"{place.path} at {width}{', longer' if longer else ''}: {wide} px, {cut[:4]}")
    assert not wrong, "\n".join(wrong)


_LONGER = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) found.push(walk.currentNode);
  for (const node of found) {
    const text = node.nodeValue.trim();
    if (text && /\\p{L}{2}/u.test(text) && !node.parentElement.closest('script, style, svg, select')) {
      node.nodeValue = node.nodeValue.trimEnd() + ' ' + 'ñ'.repeat(Math.ceil(text.length * 0.3) - 1 || 1);
    }
  }
}"""
"""Every text a third longer, as another language may have it."""

_CUT = """() => [...document.querySelectorAll('button, .button, label, th, h1, h2, .chip, .tag, .status, .tabs a')]
  .filter(e => e.getClientRects().length && !e.closest('.hidden, .skip, .hidden-until-focus'))
  .filter(e => getComputedStyle(e).overflow !== 'visible' && getComputedStyle(e).textOverflow !== 'ellipsis'
    && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
"""Controls whose words are cut off."""


async def test_a_page_in_spanish_says_nothing_in_english(full: tuple[Web, list[Place]]) -> None:
    web, found = full
    catalog = languages.read_catalogs()["es"]
    foreign = {text.casefold() for text, shown in catalog.items() if text.casefold() != shown.casefold()}
    foreign -= {shown.casefold() for shown in catalog.values()}
    foreign -= set(Role)  # login names here, which are no words of ours
    wrong: list[str] = []
    async with browsing() as browser:
        page = await opened(browser, web, "es", 1440, "light")
        async for place, _ in each(page, web, "es", found):
            if place.path == "/docs":  # the API's words are English everywhere
                continue
            said: list[str] = await page.evaluate(_SAID)
            wrong += [f"{place.path}: {text}" for text in said if text.casefold() in foreign]
    assert not wrong, "\n".join(wrong)


_SAID = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (!node.parentElement.closest('[translate=no]')) found.add(node.nodeValue.trim().replace(/\\s+/g, ' '));
  }
  for (const name of ['title', 'aria-label', 'placeholder', 'alt'])
    for (const e of document.querySelectorAll(`[${name}]`)) found.add(e.getAttribute(name).trim());
  return [...found];
}"""


async def test_a_page_of_the_console_is_light(full: tuple[Web, list[Place]]) -> None:
    web, found = full
    heavy: list[str] = []
    async with browsing() as browser:
        page = await opened(browser, web, "en", 1440, "light")
        talk = await page.context.new_cdp_session(page)
        await talk.send("Network.enable")
        await talk.send("Network.setCacheDisabled", {"cacheDisabled": True})
        came: list[float] = []
        talk.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
        async for place, _ in each(page, web, "en", found):
            if sum(came) > PAGE_MAX_BYTES:
                heavy.append(f"{place.path}: {sum(came):.0f} bytes")
            came.clear()
    assert not heavy, "\n".join(heavy)


async def test_a_person_is_two_clicks_away_from_any_page_of_the_help_centre(full: tuple[Web, list[Place]]) -> None:
    web, found = full
    stranded: list[str] = []
    async with browsing() as browser:
        page = await (await browser.new_context(locale="en")).new_page()
        for place in found:
            if place.role is not None or place.path.startswith("/widget"):  # the widget is itself the way
                continue
            await page.goto(f"{web.url}/en{place.path}")
            await page.get_by_role("link", name="Do you need help?").click()
            ways = await page.locator("main a.way").evaluate_all("all => all.map(way => way.getAttribute('href'))")
            if not {"#form", "/en/chat"} <= set(ways):
                stranded.append(f"{place.path} leads to {page.url} with {ways}")
    assert not stranded, "\n".join(stranded)


async def test_without_scripts_a_choice_has_its_button_and_nothing_waits_for_one(full: tuple[Web, list[Place]]) -> None:
    web, _ = full
    async with browsing() as browser:
        context = await browser.new_context(locale="en", java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"{web.url}/en/login")
        await page.fill("[name=name]", "admin")
        await page.fill("[name=password]", PASSWORD)
        await page.click("main button.main")
        await page.goto(f"{web.url}/en/agent/work")
        assert await page.locator(".unless-js").is_visible()
        assert await page.locator(".only-js").evaluate_all("all => all.every(one => !one.getClientRects().length)")
        await page.goto(f"{web.url}/en/agent")
        assert await page.locator(".bulk").is_visible()
