"""A real browser, and somebody in it who has signed in.

A worker keeps one for the tests that share its session's event loop: to start one takes more than a second of work.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from eventstore.database import Database
from tests.services.web.serving import Web, serving

PATIENT_MS = 60_000

_kept: dict[asyncio.AbstractEventLoop, Browser] = {}


@asynccontextmanager
async def keeping() -> AsyncIterator[None]:
    """A browser for all blocks of `browsing` in this event loop."""
    loop = asyncio.get_running_loop()
    async with _started() as running:
        _kept[loop] = running
        yield
        del _kept[loop]


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """What is opened in it ends with the block."""
    kept = _kept.get(asyncio.get_running_loop())
    if kept is None:
        async with _started() as running:
            yield running
        return
    try:
        yield kept
    finally:
        for context in kept.contexts:
            await context.close()


@asynccontextmanager
async def _started() -> AsyncIterator[Browser]:
    async with async_playwright() as tools:
        running = await tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def web_beside_browser(database: Database, tmp_path: Path, kept_browser: None) -> AsyncIterator[Web]:
    """The served hub, in the event loop of the browser that is kept."""
    async with serving(database, tmp_path) as running:
        yield running


async def context_of(browser: Browser, **more: Any) -> BrowserContext:
    """Somebody's own windows, in English; what they wait for may take its time."""
    context = await browser.new_context(**{"locale": "en-GB"} | more)
    context.set_default_timeout(PATIENT_MS)
    return context


async def signed_in(browser: Browser, web: Web, name: str = "agent", **more: Any) -> Page:
    """An empty page of one of us."""
    context = await context_of(browser, **more)
    await context.add_cookies([{"name": "cauce", "value": await web.session(name), "url": web.url}])
    return await context.new_page()


def complaints_of(page: Page) -> list[str]:
    """What the browser says is wrong with it, from now on."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
