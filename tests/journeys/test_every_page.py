"""Every page the router knows, in a real browser: narrow in Spanish, wide in English, light and dark; for everybody.

A walk opens each page once and looks at everything there: opening it is what costs. All walks of a process share a hub.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request

from eventstore.database import Database
from services.access.identity import Role
from services.web import languages
from tests.journeys.populated import Place, places, populate
from tests.services.web.browsing import browsing, context_of
from tests.services.web.serving import PASSWORD, Web, serving

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
PAGE_MAX_BYTES = 100_000
SHIFT_MAX = 0.02
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
_SMALLEST = 320

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("every_page"),  # which are made once
]


async def opened(
    browser: Browser, web: Web, language: str, width: int = 1440, *, scripts: bool = True, policy: bool = True
) -> Page:
    """A page of an admin who has signed in. `policy=False`: in a browser that minds no Content-Security-Policy."""
    size = {"width": width, "height": 900}
    context = await context_of(
        browser,
        viewport=size,
        locale=language,
        reduced_motion="reduce",
        java_script_enabled=scripts,
        bypass_csp=not policy,
    )
    page = await context.new_page()
    await page.goto(f"{web.url}/{language}/login")
    await page.fill("[name=name]", "admin")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.main")
    await page.wait_for_url("**/agent")
    return page


@dataclass(frozen=True)
class Full:
    """A hub with something on every page, its pages, and a browser."""

    web: Web
    places: list[Place]
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full(
    new_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Full]:
    """For walks, which change nothing."""
    with new_database() as url:
        database = Database(url)
        database.open()
        async with serving(database, tmp_path_factory.mktemp("full")) as web, browsing() as browser:
            yield Full(web, await places(web, await populate(web)), browser)
        database.close()


@dataclass(frozen=True)
class Noted:
    """What came of opening a page: what the browser complained about, how many bytes were fetched, what still is."""

    complaints: list[str]
    came: list[int]
    awaited: set[Request]

    def problems(self) -> list[str]:
        heavy = [f"weighs {sum(self.came)} bytes"] if sum(self.came) > PAGE_MAX_BYTES else []
        return self.complaints + heavy


async def noting(page: Page) -> Noted:
    """From now on each page is fetched whole, and how it shifts is added up in `window.shift`."""
    noted = Noted([], [], set())
    page.on("console", lambda said: noted.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: noted.complaints.append(str(error)))
    page.on("request", lambda asked: noted.awaited.add(asked) if asked.resource_type != "eventsource" else None)
    for over in ("requestfinished", "requestfailed"):
        page.on(over, lambda asked: noted.awaited.remove(asked) if asked in noted.awaited else None)
    await page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput)"
        " window.shift += e.value }).observe({ type: 'layout-shift', buffered: true })"
    )
    talk = await page.context.new_cdp_session(page)
    await talk.send("Network.enable")
    await talk.send("Network.setCacheDisabled", {"cacheDisabled": True})
    talk.on("Network.loadingFinished", lambda event: noted.came.append(int(event["encodedDataLength"])))
    return noted


@pytest.mark.parametrize(("language", "width"), [("es", 390), ("en", 1440)])  # longer words stand in for the other two
async def test_anybody_can_use_it(full: Full, until, language: str, width: int) -> None:
    foreign = foreign_words() if language == "es" else set[str]()
    page = await opened(full.browser, full.web, language, width)
    noted = await noting(page)
    await page.add_init_script(AXE)  # its half megabyte is handed over once, not for each page
    wrong: list[str] = []
    for place in full.places:
        noted.complaints.clear()
        noted.came.clear()
        await page.goto(f"{full.web.url}/{language}{place.path}")
        await until(lambda: not noted.awaited)  # what a page fetches by itself, as its counts
        found = noted.problems()
        shift = await page.evaluate("window.shift")
        found += [f"jumps by {shift:.3f}"] if shift > SHIFT_MAX else []
        if place.path != "/docs":  # the API's words are English everywhere
            found += [f"says in English: {said}" for said in await page.evaluate(_SAID) if said.casefold() in foreign]
        found += await barriers(page) + await sideways(page)
        if width < 1000:
            await page.set_viewport_size({"width": _SMALLEST, "height": 900})
            found += [f"at {_SMALLEST}: {each}" for each in await sideways(page)]
        await page.evaluate(_LONGER)
        found += [f"with longer words: {each}" for each in await sideways(page)]
        await page.set_viewport_size({"width": width, "height": 900})
        wrong += [f"{place.path}: {each}" for each in found]
    await page.context.close()
    assert not wrong, "\n".join(wrong)


def foreign_words() -> set[str]:
    """What a page in Spanish may not say."""
    catalog = languages.read_catalogs()["es"]
    foreign = {text.casefold() for text, shown in catalog.items() if text.casefold() != shown.casefold()}
    return foreign - {shown.casefold() for shown in catalog.values()} - set(Role)  # roles are login names here


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


async def barriers(page: Page) -> list[str]:
    """What axe finds: everything in the light, and what depends on colours in the dark. The page has to have it."""
    found: list[str] = []
    for theme, only in (
        ("light", {"type": "tag", "values": _RULES}),
        ("dark", {"type": "rule", "values": _RULES_OF_COLOUR}),
    ):
        await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        violations: list[dict[str, Any]] = await page.evaluate(_VIOLATIONS, only)
        found += [
            f"{theme}: {violation['id']}: {node['target']}: {node['failureSummary'][:300]}"
            for violation in violations
            for node in violation["nodes"][:3]
        ]
    await page.emulate_media(color_scheme="light")
    return found


_VIOLATIONS = """async only =>
  (await axe.run(document, { resultTypes: ['violations'], runOnly: only })).violations"""


async def sideways(page: Page) -> list[str]:
    """What is wider than the screen, and controls whose words are cut off."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    cut: list[str] = await page.evaluate(_CUT)
    return ([f"{wide} px wider than the screen"] if wide > 0 else []) + [f"cut off: {each}" for each in cut[:4]]


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


async def test_a_person_is_two_clicks_away_from_any_page_of_the_help_centre(full: Full) -> None:
    stranded: list[str] = []
    page = await (await context_of(full.browser, locale="en")).new_page()
    for place in full.places:
        if place.role is not None or place.path.startswith("/widget"):  # the widget is itself the way
            continue
        await page.goto(f"{full.web.url}/en{place.path}")
        await page.get_by_role("link", name="Do you need help?").click()
        await page.wait_for_url("**/contact*")
        ways = await page.locator("main a.way").evaluate_all("all => all.map(way => way.getAttribute('href'))")
        if not {"#form", "/en/chat"} <= set(ways):
            stranded.append(f"{place.path} leads to {page.url} with {ways}")
    assert not stranded, "\n".join(stranded)


async def test_without_scripts_a_choice_has_its_button_and_nothing_waits_for_one(full: Full) -> None:
    page = await opened(full.browser, full.web, "en", scripts=False)
    await page.goto(f"{full.web.url}/en/agent/work")
    assert await page.locator(".unless-js").is_visible()
    assert await page.locator(".only-js").evaluate_all("all => all.every(one => !one.getClientRects().length)")
    await page.goto(f"{full.web.url}/en/agent")
    assert await page.locator(".bulk").is_visible()
