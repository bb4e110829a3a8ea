"""Takes the pictures of this folder: `make pictures`. Starts a hub with its demo in a folder of its own, and stops it.

Needs what `make test` needs (Chromium). The demo is the same at every run, but for what just came in.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.hub import RunningHub, hub

HERE = Path(__file__).parent
_SETTLE_SECONDS = 25.0  # some live traffic comes in
_SHOTS = (
    # name, language, theme, width, who, address
    ("inbox", "es", "light", 1440, "agent", "/agent"),
    ("incident", "en", "light", 1440, "agent", "/agent/incidents/{number}"),
    ("incident-dark", "es", "dark", 1440, "agent", "/agent/incidents/{number}"),
    ("chats", "es", "light", 1440, "agent", "/agent/chats"),
    ("calls", "es", "light", 1440, "agent", "/agent/calls"),
    ("work", "en", "dark", 1440, "agent", "/agent/work"),
    ("help-centre", "es", "light", 1440, "", "/"),
    ("contact", "en", "light", 1440, "", "/contact"),
    ("report", "es", "light", 1440, "agent", "/reports/channel_report"),
    ("phone-inbox", "es", "light", 390, "agent", "/agent"),
    ("phone-help", "en", "dark", 390, "", "/"),
)


def main() -> int:
    """Take them all."""
    with hub() as running, sync_playwright() as tools:
        time.sleep(_SETTLE_SECONDS)
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, language, theme, width, who, address in _SHOTS:
            page = _page(browser, running, language=language, theme=theme, width=width, who=who)
            number = _long_incident(page, running) if "{number}" in address else 0
            page.goto(f"http://{running.address}/{language}{address.format(number=number)}")
            page.wait_for_timeout(1200)
            page.screenshot(path=HERE / f"{name}.png")
            page.context.close()
        browser.close()
    return 0


def _page(browser: Browser, running: RunningHub, *, language: str, theme: str, width: int, who: str) -> Page:
    height = 900 if width > 1000 else 844  # noqa: PLR2004 -- a desk's screen or a phone's
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        locale=language,
    )
    page = context.new_page()
    if who:
        page.goto(f"http://{running.address}/{language}/login")
        page.fill("[name=name]", who)
        page.fill("[name=password]", running.password)
        page.click("main button.main")
        page.wait_for_load_state()
    return page


def _long_incident(page: Page, running: RunningHub) -> int:
    """One that crossed several channels."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = page.request.get(f"http://{running.address}/api/v1/incidents?limit=200&cursor={cursor}").json()
        items, cursor = items + answer["items"], answer["next_cursor"]
    return int(max(items, key=lambda each: (len(each["channels"]), each["number"]))["number"])


if __name__ == "__main__":
    sys.exit(main())
