"""The chat on a page of somebody else: a small script, a frame only named origins may hold, a session no page reads."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets
from playwright.async_api import FrameLocator, Locator, Page, expect

from schemas.errors import InvalidError
from services.access.identity import Role
from services.web.pages.widget import LOADER_MAX_BYTES
from services.widgets import sites
from services.widgets.sites import Site
from tests.services.web.browsing import browsing, context_of, signed_in
from tests.services.web.chatting import socket_of
from tests.services.web.serving import Web

_HOST_PAGE = """<!doctype html><html lang="en"><head><title>Shop</title><style>
* {{ color: rgb(1, 2, 3) !important; }} button {{ display: none; }} iframe {{ width: 3px; }}
</style></head><body><h1>A shop</h1><button id="theirs">theirs</button>{snippet}</body></html>"""


@asynccontextmanager
async def _shop(snippet: str) -> AsyncIterator[int]:
    """A page of somebody else, on a port of its own."""
    page = _HOST_PAGE.format(snippet=snippet).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _site(web: Web, *origins: str, **more: str) -> Site:
    done = await web.hub.access.run("test", sites.create, "Shop", origins or ("https://shop.example",), **more)
    return done.value


def _snippet(web: Web, site: Site) -> str:
    return sites.snippet(site, web.url)


async def _open(page: Page) -> FrameLocator:
    await page.get_by_role("button", name="Open the chat").click()
    return page.frame_locator("iframe")


async def _typing_is_seen(field: Locator, told: Locator) -> None:
    """It is shown for some seconds only: who goes on typing is seen."""
    async with asyncio.timeout(60):
        while not await told.is_visible():
            await field.press_sequentially("x")
            await field.page.wait_for_timeout(200)


async def test_the_loader_is_small_and_any_page_may_load_it(web: Web) -> None:
    async with web.client() as client:
        came = await client.get("/widget.js")
        assert len(came.content) <= LOADER_MAX_BYTES == 2048
        assert came.headers["cross-origin-resource-policy"] == "cross-origin"
        assert came.headers["content-type"].startswith("text/javascript")
        assert (await client.get("/static/mark.svg")).headers["cross-origin-resource-policy"] == "same-origin"


async def test_only_the_origins_of_a_site_may_frame_it_and_no_other_page_of_ours(web: Web) -> None:
    site = await _site(web, "https://shop.example", "https://*.shop.example:8443")
    async with web.client() as client:
        came = await client.get(f"/widget/{site.key}")
        assert (
            "frame-ancestors https://shop.example https://*.shop.example:8443;"
            in came.headers["content-security-policy"]
        )
        assert "script-src 'self'" in came.headers["content-security-policy"]
        assert "x-frame-options" not in came.headers
        for path in ("/chat", "/", "/widget.js", f"/widget/{site.key}/look.css"):
            other = await client.get(path)
            assert "frame-ancestors 'none'" in other.headers["content-security-policy"]
            assert other.headers["x-frame-options"] == "DENY"


async def test_the_session_is_a_cookie_no_script_reads_kept_apart_for_each_site(web: Web) -> None:
    site = await _site(web)
    async with web.client() as client:
        came = await client.get(f"/widget/{site.key}")
        [rest] = _sessions(came)
        wanted = [f"Path=/widget/{site.key}", "Max-Age=2592000", "Secure", "HttpOnly", "SameSite=None", "Partitioned"]
        assert rest.split("; ")[1:] == wanted
        again = await client.get(f"/widget/{site.key}", headers={"Cookie": f"cauce-chat={rest.partition(';')[0]}"})
        assert not _sessions(again)
        assert rest.partition(";")[0] not in came.text


def _sessions(answer: httpx.Response) -> list[str]:
    cookies = (cookie.partition("=") for cookie in answer.headers.get_list("set-cookie"))
    return [value for name, _, value in cookies if name == "cauce-chat"]


@pytest.mark.parametrize("origin", [None, "https://shop.example", "https://evil.example"])
async def test_no_page_but_our_own_frame_opens_the_frames_socket(web: Web, origin: str | None) -> None:
    site = await _site(web)
    with pytest.raises(websockets.InvalidStatus, match="403"):
        async with socket_of(web, f"/widget/{site.key}/chat", origin=origin):
            pass


async def test_the_frames_socket_is_its_cookies_session(web: Web) -> None:
    site = await _site(web)
    async with web.client() as client:
        cookie = (await client.get(f"/widget/{site.key}")).headers["set-cookie"].partition(";")[0]
    seen = []
    for _ in range(2):
        opening = socket_of(web, f"/widget/{site.key}/chat", origin=web.url, additional_headers={"Cookie": cookie})
        async with opening as socket:
            await socket.send(json.dumps({"type": "hello"}))
            seen.append(json.loads(await socket.recv())["session"])
    assert seen[0] == seen[1]


async def test_a_site_that_is_not_there_shows_nothing(web: Web) -> None:
    site = await _site(web)
    await web.hub.access.run("test", sites.remove, site.key)
    async with web.client() as client:
        for key in (site.key, "nonsense"):
            assert (await client.get(f"/widget/{key}")).status_code == 404
            assert (await client.post(f"/widget/{key}/form", data={"name": "x"})).status_code == 404


async def test_the_form_of_the_frame_is_a_form_like_any_other(web: Web) -> None:
    site = await _site(web)
    async with web.client() as client, web.client(Role.AGENT) as agent:
        wrong = await client.post(f"/widget/{site.key}/form?lang=en", data={"name": "Eva", "email": "no", "body": "Hi"})
        assert wrong.status_code == 422
        assert 'value="Eva"' in wrong.text
        given = {"name": "Eva", "email": "eva@x.cu", "body": "Is it in stock?", "idempotency_key": "k"}
        set_there = (await client.get(f"/widget/{site.key}")).headers.get_list("set-cookie")
        (visit,) = (each for each in set_there if each.startswith("cauce_visit_framed="))
        assert visit.endswith("; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=None; Partitioned")
        for _ in range(2):
            with_it = {"Cookie": visit.partition(";")[0]}
            right = await client.post(f"/widget/{site.key}/form?lang=en", data=given, headers=with_it)
            assert re.search(r'href="/status/[^"]+" target="_blank"', right.text)
        await web.settled()
        (incident,) = (await agent.get("/api/v1/incidents")).json()["items"]
        assert (incident["subject"], incident["channel"], incident["language"]) == ("Is it in stock?", "form", "en")
        async with web.client(Role.ADMIN) as admin:
            sent = (await admin.get("/api/v1/events?type=visit.contact_sent.v1")).text
            begun = (await admin.get("/api/v1/events?type=visit.begun.v1")).text
        assert (len(sent.splitlines()), '"surface":"widget"' in begun.replace(" ", "")) == (1, True)
        assert visit[len("cauce_visit_framed=") :][:36] in sent


async def test_a_site_names_origins_and_a_colour_that_can_be_read(web: Web) -> None:
    for field, given in (
        ("origins", []),
        ("origins", ["https://shop.example/path"]),
        ("origins", ["shop.example"]),
        ("origins", ["https://a.example; script-src *"]),
        ("origins", ["https://*"]),
        ("colour", "red"),
        ("colour", "#ffee88"),
        ("language", "fr"),
        ("name", " "),
    ):
        whole: dict[str, Any] = {"name": "Shop", "origins": ["https://shop.example"]} | {field: given}
        async with web.client(Role.ADMIN) as admin:
            came = await admin.post("/api/v1/widgets", json=whole)
            assert came.status_code == 422, whole
            assert came.json()["errors"][0]["field"] == field, whole
        with web.hub.access.desk("test") as desk, pytest.raises(InvalidError):
            sites.create(desk, whole.pop("name"), whole.pop("origins"), **whole)


async def test_an_admin_makes_changes_and_removes_widgets(web: Web) -> None:
    async with web.client(Role.ADMIN) as admin, web.browser(Role.ADMIN) as pages:
        made = (await admin.post("/api/v1/widgets", json={"name": "Shop", "origins": ["https://SHOP.example/"]})).json()
        assert made["origins"] == ["https://shop.example"]
        assert f'data-site="{made["key"]}"' in made["snippet"]
        page = (await pages.get("/en/admin/widgets")).text
        assert made["key"] in page
        changed = {"name": "Store", "origins": "https://a.example\nhttps://b.example", "colour": "#112233"}
        await pages.post(f"/admin/widgets/{made['key']}", data=changed)
        (shown,) = (await admin.get("/api/v1/widgets")).json()["items"]
        assert (shown["name"], shown["origins"]) == ("Store", ["https://a.example", "https://b.example"])
        assert (await pages.post("/en/admin/widgets", data={"name": "x", "origins": "nothing"})).status_code == 422
        await pages.post(f"/admin/widgets/{made['key']}", data={"do": "remove"})
        assert (await admin.get("/api/v1/widgets")).json()["items"] == []
    async with web.client(Role.AGENT) as agent:
        assert (await agent.get("/api/v1/widgets")).status_code == 403


async def test_two_browsers_talk_through_a_widget_on_a_page_of_another_site(web: Web) -> None:
    site = await _site(web, "http://localhost:1")
    guide = "# Is it *red*?\n- Yes -> contact\n- No -> contact"
    async with web.client(Role.AGENT) as writer:
        said = {"kind": "guide", "title": "What we have in stock", "body": guide, "language": "en"}
        assert (await writer.post("/api/v1/articles", json=said)).status_code == 201
    async with _shop(_snippet(web, site)) as port, browsing() as browser:
        await web.hub.access.run(
            "test", sites.change, site.key, "Shop", [f"http://localhost:{port}"], language="", colour=site.colour
        )
        agent = await signed_in(browser, web)
        await agent.goto(f"{web.url}/en/agent/chats")
        await agent.locator("main").get_by_role("button", name="I take chats").click()
        await expect(agent.locator("main").get_by_role("button", name="I take chats")).to_have_attribute(
            "aria-pressed", "true"
        )
        customer = await (await context_of(browser)).new_page()
        await customer.goto(f"http://localhost:{port}")
        frame = await _open(customer)
        # a frame that can be seen may not have run its script yet: Enter would only begin a new line
        await expect(frame.get_by_text("You are connected.")).to_be_visible()

        # an article first, read in the frame; what it offers opens beside it; then a person after all
        await web.settled()
        await frame.locator("#chat-find summary").click()
        await frame.locator("#chat-q").press_sequentially("stok")
        await frame.locator("#chat-found a").click()
        async with customer.context.expect_page() as opened:
            await frame.get_by_role("link", name="Yes").click()
        assert "/contact?guide=" in (await opened.value).url
        await frame.locator("#chat-find summary").click()
        await frame.get_by_label("Your name, if you like").fill("Eva")
        await frame.get_by_label("Your message").last.fill("Is it in stock?")
        await customer.keyboard.press("Enter")
        await agent.get_by_role("button", name="Accept: Eva").click()
        await expect(frame.get_by_text("You are talking with")).to_be_visible()
        await _typing_is_seen(agent.get_by_label("Message to Eva"), frame.get_by_text("Support is writing…"))
        await agent.get_by_label("Message to Eva").fill("It is")
        await agent.keyboard.press("Enter")
        await expect(frame.get_by_text("It is", exact=True)).to_be_visible()
        await _typing_is_seen(frame.get_by_label("Your message").last, agent.get_by_text("is writing…"))
        await frame.get_by_label("Your message").last.fill("Thank you")
        await customer.keyboard.press("Enter")
        await expect(agent.get_by_text("Thank you", exact=True)).to_be_visible()
        await expect(agent).to_have_title(re.compile(r"^\(1\) "))

        # the page around it reads neither frame nor session, and keeps its own looks
        assert await customer.evaluate("document.cookie") == ""
        assert await customer.evaluate("document.querySelector('iframe')") is None
        assert await customer.evaluate("getComputedStyle(document.getElementById('theirs')).display") == "none"
        await expect(customer.get_by_role("button", name="Close the chat")).to_be_visible()

        # a new page of the same site: the same session, out of the cookie alone
        await customer.reload()
        frame = await _open(customer)
        await expect(frame.get_by_text("It is", exact=True)).to_be_visible()

        # Escape closes it, and leads back to the button
        await frame.get_by_label("Your message").last.press("Escape")
        await expect(customer.locator("iframe")).to_be_hidden()
        await expect(customer.get_by_role("button", name="Open the chat")).to_be_focused()


async def test_an_origin_that_is_not_named_cannot_frame_it(web: Web) -> None:
    site = await _site(web, "http://localhost:1")
    async with _shop(_snippet(web, site)) as port, browsing() as browser:
        page = await (await context_of(browser)).new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if "frame-ancestors" in message.text else None)
        await page.goto(f"http://localhost:{port}")
        frame = await _open(page)
        async with asyncio.timeout(60):
            while not refused:  # noqa: ASYNC110 -- what the browser says
                await asyncio.sleep(0.05)
        await expect(frame.locator("#chat")).to_have_count(0)


async def test_where_nobody_is_there_the_frame_has_a_form(web: Web) -> None:
    site = await _site(web, "http://localhost:1")
    async with _shop(_snippet(web, site)) as port, browsing() as browser:
        await web.hub.access.run(
            "test", sites.change, site.key, "Shop", [f"http://localhost:{port}"], language="es", colour="#224466"
        )
        page = await (await context_of(browser)).new_page()
        await page.goto(f"http://localhost:{port}")
        frame = await _open(page)
        await expect(frame.get_by_text("Ahora mismo nadie puede chatear con usted.")).to_be_visible()
        form = frame.locator("#offline")
        await form.locator("[name=name]").fill("Eva")
        await form.locator("[name=email]").fill("eva@x.cu")
        await form.locator("[name=body]").fill("¿Hay existencias?")
        await form.get_by_role("button").click()
        await expect(frame.get_by_text("Tenemos su mensaje y le responderemos por correo.")).to_be_visible()
