"""The original of a mail is one click away, in the browser, with all that the timeline left out."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from channels.email import original
from channels.email.parse import parse, with_blobs
from channels.email.parser_pool import Bounds, ParserPool
from channels.intake import Intake
from schemas.errors import DecodeError
from schemas.interaction import RawMail
from services.access.identity import Role
from services.parser import ours_of
from tests.services.web.browsing import browsing, signed_in, web_beside_browser
from tests.services.web.serving import Web
from tests.services.web.test_mail_html import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")
web = web_beside_browser

HEAD = "From: Ana <ana@x.cu>\r\nReply-To: compras@example.org\r\nIn-Reply-To: <q@x.cu>\r\n"
PLAIN = (
    "Subject: Re: Factura\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLa 4711.\r\n\r\n"
    "El 2/3/26 a las 10:00, Soporte escribió:\r\n> ¿Cuál?\r\n"
)
RICH = (
    "Subject: Re: Otra\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>La 4712.</p>"
    "<img src='HIT/a.png' alt='Logo' width=90 height=20><div class=yahoo_quoted>¿Cuál era?</div>"
)


async def _by_mail(web: Web, content: str) -> UUID:
    hub, raw = web.hub, content.encode()
    mail = RawMail(
        id=uuid4(),
        source="smtp",
        mailbox="support@cauce.example",
        envelope_from="ana@x.cu",
        envelope_to=("support@cauce.example",),
        size=len(raw),
        received_at=datetime.now(UTC),
    )
    parsed = parse(mail, raw, ours_of(hub))
    item = replace(with_blobs(parsed, hub.blobs.put(parsed.html.encode()), []), raw=hub.blobs.put(raw))
    await Intake(hub.log, hub.secret).submit(item)
    await web.settled()
    return item.id


async def test_a_click_shows_all_of_a_mail_and_another_its_pictures(web: Web, until) -> None:
    with serving() as elsewhere:
        await _by_mail(web, f"{HEAD}{PLAIN}")
        await _by_mail(web, f"{HEAD}{elsewhere.aimed(RICH, 7)}")
        async with browsing() as browser:
            page = await signed_in(browser, web)
            for number, words, history in ((1, "La 4711.", "> ¿Cuál?"), (2, "La 4712.", "¿Cuál era?")):
                await page.goto(f"{web.url}/en/agent/incidents/{number}")
                entry = page.locator(".entry.theirs")
                await expect(entry).to_contain_text(words)
                await expect(entry).not_to_contain_text("¿Cuál")
                await entry.get_by_title("Show the original").click()
                await expect(page.frame_locator("#box iframe").locator("body")).to_contain_text(history)
            await _pictures_once_asked(page, elsewhere)
            await until(lambda: elsewhere.hits)
    assert elsewhere.hits == [7]


async def _pictures_once_asked(page: Page, elsewhere: Served) -> None:
    await expect(page.frame_locator("#box iframe").locator(".picture")).to_have_text("Logo · 127.0.0.1")
    assert elsewhere.hits == []
    await page.locator("#box").get_by_text("Show pictures").click()
    await expect(page.frame_locator("#box iframe").get_by_alt_text("Logo")).to_be_visible()
    await expect(page.locator("#box")).to_contain_text("Pictures from elsewhere are fetched now")


async def test_an_answer_goes_to_who_wrote_unless_somebody_chooses_where_it_is_wanted(web: Web) -> None:
    await _by_mail(web, f"{HEAD}{PLAIN}")
    async with browsing() as browser:
        page = await signed_in(browser, web)
        await page.goto(f"{web.url}/en/agent/incidents/1")
        offered = await page.locator("[name=way] option").evaluate_all("all => all.map(one => one.value)")
        assert (offered[0], offered[-1]) == ("email|email:ana@x.cu", "email|email:compras@example.org")
        await page.select_option("[name=way]", "email|email:compras@example.org")
        await page.fill("#reply-text", "Where you wanted it")
        await page.get_by_role("button", name="Send by email").click()
        await expect(page.locator(".entry.ours")).to_contain_text("compras@example.org")


async def test_a_mail_is_read_again_in_a_child_and_one_given_up_is_shown_without_its_pictures(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(_: bytes) -> str:
        raise AssertionError("in the process that serves the pages")

    monkeypatch.setattr(original, "with_pictures", here)
    mail = await _by_mail(web, HEAD + RICH.replace("HIT", "https://pictures.example"))
    at = f"/api/v1/interactions/{mail}"
    async with web.client(Role.AGENT) as agent:
        shown = await agent.get(f"{at}/html", params={"pictures": True})
        assert (shown.status_code, 'src="https://pictures.example/a.png"' in shown.text) == (200, True)
        asked = ParserPool.with_pictures

        async def hurried(_: ParserPool, mail: UUID, content: bytes) -> str:
            return await asked(ParserPool(ours_of(web.hub), size=1, bounds=Bounds(seconds=0)), mail, content)

        monkeypatch.setattr(ParserPool, "with_pictures", hurried)
        with pytest.raises(DecodeError):
            await hurried(ParserPool(ours_of(web.hub)), mail, b"")
        without = await agent.get(f"{at}/html", params={"pictures": True})
        assert (without.status_code, "La 4712." in without.text, "a.png" in without.text) == (200, True, False)
        assert "https:" not in without.headers["content-security-policy"]
        assert (await agent.get(f"{at}/raw")).content.startswith(b"From: Ana")
