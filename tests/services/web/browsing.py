"""A real browser, and somebody in it who has signed in."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.services.web.serving import Web

PATIENT_MS = 60_000


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """It ends with the block."""
    async with async_playwright() as tools:
        running = await tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield running
        await running.close()


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
