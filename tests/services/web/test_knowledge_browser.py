"""Knowledge in a real browser: found in one or two clicks, walked, ticked, written from an answer in three presses."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from playwright.async_api import Browser, Page, expect

from schemas.facts.article import ArticleKind
from services.access.identity import Role
from services.knowledge.library import Library
from services.knowledge.shelving import Describe
from services.knowledge.state import Filing
from tests.services.web.serving import PASSWORD, Web
from tests.services.web.test_inbox_browser import browsing

_GUIDE = (
    "# Is it on?\n- Yes -> #light\n- No -> contact\n# Is the light green? {#light}\n- Yes -> contact\n- No -> contact"
)
_WANTED = 10


async def _publish(web: Web, kind: str, title: str, body: str) -> UUID:
    async with web.client(Role.AGENT) as agent:
        fields = {"kind": kind, "title": title, "body": body, "language": "en"}
        return UUID((await agent.post("/api/v1/articles", json=fields)).json()["id"])


async def test_help_is_found_walked_ticked_and_written(web: Web) -> None:
    buried = await _publish(web, "faq", "The oldest of all", "Found.")
    filing = Filing(kind=ArticleKind.FAQ, category="Printing")
    described = Describe(article=buried, by="ana", now=datetime.now(UTC), filing=filing)
    await Library(web.hub.database, web.hub.ledger).run(described)
    await _publish(web, "guide", "It doesn't print", _GUIDE)
    await _publish(web, "checklist", "Month's end", "- [ ] Count\n- [ ] Pay")
    for number in range(_WANTED):
        await _publish(web, "how_to", f"Newer {number}", "Read.")
    async with web.client() as customer, web.client(Role.AGENT) as agent:
        await web.form(customer, name="Ana Roca", subject="Twice on paper again", body="It prints twice.")
        await web.settled()
        text = "Hi Ana,\n\nTell Ana Roca to empty the queue, or write to ana@x.cu.\n\nRegards,\nEva"
        await agent.post("/api/v1/incidents/1/replies", json={"text": text})
    await web.settled()
    async with browsing() as browser:
        page = await (await browser.new_context(locale="en-GB")).new_page()
        await _find(page, web)
        await _walk(page)
        await _tick(page, web)
        await _write(browser, page, web)


async def _find(page: Page, web: Web) -> None:
    """One click to what is wanted most, two to the rest."""
    await page.goto(f"{web.url}/en/")
    top = page.locator("section[aria-labelledby=top] .articles a")
    await expect(top).to_have_count(_WANTED)
    await expect(page.get_by_text("The oldest of all")).to_have_count(0)
    await top.first.click()
    await expect(page.locator("article.paper h1")).to_have_text("Newer 9")
    await page.go_back()
    await page.click(".topics a")
    await page.click(".articles a")
    await expect(page.locator("article.paper h1")).to_have_text("The oldest of all")


async def _walk(page: Page) -> None:
    """From question to question to a person, who knows the answers."""
    await page.goto(page.url.split("/articles/", maxsplit=1)[0] + "/?kind=guide")
    await page.click(".articles a")
    await page.click(".answers a >> nth=0")
    await page.click(".answers a >> nth=1")
    await expect(page.locator("#body")).to_have_value("Is it on? Yes\nIs the light green? No\n\n")
    await expect(page.locator("#subject")).to_have_value("It doesn't print")


async def _tick(page: Page, web: Web) -> None:
    """A step stays done after a reload."""
    await page.goto(f"{web.url}/en/?kind=checklist")
    await page.click(".articles a")
    await page.check("[data-step] >> nth=1")
    await expect(page.locator("[data-done]")).to_have_text("1")
    await page.reload()
    await expect(page.locator("[data-done]")).to_have_text("1")
    await expect(page.locator("[data-step] >> nth=1")).to_be_checked()
    await page.click("button[type=reset]")
    await expect(page.locator("[data-done]")).to_have_text("0")


async def _write(browser: Browser, reader: Page, web: Web) -> None:
    """An answer becomes an article by three presses, and names nobody."""
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(f"{web.url}/en/login?next=/agent/incidents/1")
    await page.fill("[name=name]", "agent")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.click("form.make button")  # 1
    await expect(page.locator("#title")).to_have_value("Twice on paper again")
    await expect(page.locator("#hints mark")).to_have_text(["Ana Roca", "ana@x.cu"])
    await page.click("[data-replace-body]")  # 2
    await expect(page.locator("#body")).to_have_value("Tell (name) to empty the queue, or write to (email address).")
    await page.click("button[formaction$='/publish']")  # 3
    await page.wait_for_url("**/knowledge/*")
    await reader.goto(page.url.split("?", maxsplit=1)[0].replace("/knowledge/", "/articles/"))
    await expect(reader.locator("article.paper")).to_contain_text("Tell (name) to empty the queue")
