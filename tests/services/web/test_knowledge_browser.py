"""The editor in a real browser: what is typed is shown at once and never lost, takes pictures; and no script runs."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from services.access.identity import Role
from tests.services.knowledge.hostile import CORPUS
from tests.services.web.browsing import browsing, context_of, web_beside_browser
from tests.services.web.serving import PASSWORD, Web
from tests.services.web.test_knowledge import PNG

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser

_GIVE = """([kind, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: 'image/png' }));
  const about = { dataTransfer: data, clipboardData: data, bubbles: true, cancelable: true };
  const event = kind === 'paste' ? new ClipboardEvent(kind, about) : new DragEvent(kind, about);
  document.getElementById('body').dispatchEvent(event);
  return event.defaultPrevented;
}"""


async def test_one_writes_sees_it_reloads_adds_a_picture_and_publishes_by_keyboard(web: Web) -> None:
    async with browsing() as browser:
        page = await (await context_of(browser)).new_page()
        ran: list[str] = []
        page.on("dialog", lambda dialog: ran.append(dialog.message))
        page.on("pageerror", lambda error: ran.append(str(error)))
        await page.goto(f"{web.url}/en/login")
        await page.fill("[name=name]", Role.AGENT.value)
        await page.fill("[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/agent")
        await page.goto(f"{web.url}/en/knowledge")
        await page.keyboard.press("n")
        await expect(page.locator("[name=title]")).to_be_focused()
        await page.keyboard.type("Printing twice")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#body")
        await page.wait_for_load_state()
        await page.fill("#body", "\n\n".join(("Empty the **queue**.", *CORPUS)))
        await expect(page.locator("#preview strong").first).to_have_text("queue")
        await page.reload()
        await expect(page.locator("#body")).to_have_value(
            "\n\n".join(("Empty the **queue**.", *CORPUS)).replace("\x00", "\ufffd")
        )
        await page.fill("#body", "Empty the **queue**. ")
        await page.set_input_files(
            "#article-upload input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": PNG}
        )
        await page.click("#article-upload button")
        await expect(page.locator("#preview img")).to_have_attribute("alt", "a.png")
        for kind in ("drop", "paste"):
            assert await page.evaluate(_GIVE, [kind, list(PNG)])  # or the browser would leave the page for the file
            await expect(page.locator(f"#preview img[alt='{kind}.png']")).to_have_count(1)
        await page.locator("#body").press_sequentially(" Then print.")
        async with page.expect_response("**/right"):
            await page.click("text=Found right")  # at once: what was typed is kept nevertheless
        await expect(page.locator(".toast")).to_be_visible()
        await page.wait_for_load_state()
        await expect(page.locator("#body")).to_have_value(re.compile(r"Empty .*\(/articles/.*\) Then print\."))
        await page.focus("#body")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".toast")).to_contain_text("Published")
        await page.click("text=As readers see it")
        await expect(page.locator("article img, main img").first).to_be_visible()
        assert ran == []
