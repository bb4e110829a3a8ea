"""Whatever anybody writes, on every channel, into every field: no page runs it, and none loads anything for it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.reception import Envelope, Reception
from eventstore.database import Database
from schemas.topics import MAIL
from services.access.identity import Role
from services.consumers import PARSER
from services.parser import ParserService
from tests.journeys.populated import places, populate
from tests.journeys.test_every_page import opened
from tests.services.web.browsing import browsing
from tests.services.web.chatting import socket_of
from tests.services.web.serving import Web, serving

BOX = "support@cauce.example"
CORPUS = (
    "<script>pwned=1</script>",
    "<img src=x onerror=pwned=1>",
    '"><svg onload=pwned=1>',
    "'-pwned=1-'",
    "javascript:pwned=1",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "{{ 7*7 }}{% include 'x' %}",
    '<a href="javascript:pwned=1" autofocus onfocus=pwned=1>x</a>',
    "<form action=https://evil.example><button formaction=javascript:pwned=1>",
    "<math><mtext><table><mglyph><style><img src=x onerror=pwned=1>",
    "</textarea><script>pwned=1</script>",
    "</title><script>pwned=1</script>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "[x](javascript:pwned=1) ![y](https://evil.example/pixel.gif)",
    "<div hx-get=/logout hx-trigger=load data-dialog data-live='incident/'>",
    "\u202eevil\u0000\u0007",
)
EVIL = " ".join(CORPUS)

pytestmark = pytest.mark.timeout(300)


def _mail() -> bytes:
    head = (
        f'From: "{EVIL[:200].replace(chr(34), "")}" <eve@x.cu>\r\nTo: {BOX}\r\nMessage-ID: <evil@x.cu>\r\n'
        "Subject: <script>pwned=1</script><img src=x onerror=pwned=1>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    )
    html = f'--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body onload="pwned=1">{EVIL}</body></html>\r\n'
    name = "<img src=x onerror=pwned=1>.html"
    file = (
        f'--b\r\nContent-Type: text/html; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n<script>pwned=1</script>\r\n--b--\r\n'
    )
    return (head + html + file).encode("utf-8", "replace")


async def _by_mail(web: Web) -> None:
    hub = web.hub
    await Reception(hub.log, hub.blobs, Mailboxes((BOX,)), hub.secret).accept(
        Envelope("smtp", "eve@x.cu", (BOX,)), _mail()
    )
    async with ParserService.open(hub) as service:
        parsing = asyncio.create_task(hub.log.consume(MAIL, PARSER, service.handle))
        async with asyncio.timeout(60):
            while await hub.log.lag(MAIL, PARSER):  # noqa: ASYNC110 -- the log has no other word for it
                await asyncio.sleep(0.02)
        parsing.cancel()
        await asyncio.gather(parsing, return_exceptions=True)


async def _by_chat(web: Web) -> None:
    async with socket_of(web) as chat:
        await chat.send(json.dumps({"type": "hello", "name": EVIL[:200], "locale": "es"}))
        await chat.recv()
        await chat.send(json.dumps({"type": "message", "id": "1", "text": EVIL}))
        await chat.recv()


async def _everywhere(web: Web) -> None:
    """Each field that takes words gets them all."""
    async with web.client() as customer, web.client(Role.ADMIN) as agent:
        await web.form(customer, name=EVIL[:200], subject=EVIL[:300], body=EVIL, product=EVIL[:200], email="eve@x.cu")
        person = {"name": EVIL[:200], "phone": "+5375550199", "subject": EVIL[:300], "body": EVIL}
        assert (await agent.post("/api/v1/in-person", json=person)).status_code == 202
        call = (await agent.post("/api/v1/calls", json={"direction": "in", "phone": "+5375550199"})).json()
        await agent.patch(f"/api/v1/calls/{call['id']}", json={"notes": EVIL, "outcome": EVIL[:200]})
        await web.settled()
        for path, body in (
            ("replies", {"text": EVIL}),
            ("notes", {"text": EVIL}),
            ("tags", {"add": [each[:60] for each in CORPUS]}),
            ("resolve", {"solution": EVIL, "cause": EVIL}),
            ("reopen", {"reason": EVIL[:300]}),
        ):
            await agent.post(f"/api/v1/incidents/1/{path}", json=body)
        for language in ("es", "en"):
            article = {"kind": "faq", "title": EVIL[:150], "body": f"# x\n\n{EVIL}", "language": language}
            await agent.post("/api/v1/articles", json=article)
    await _by_chat(web)
    await _by_mail(web)
    await web.settled()


async def test_no_page_runs_what_anybody_wrote(database: Database, tmp_path: Path) -> None:
    async with serving(database, tmp_path) as web, browsing() as browser:
        await _everywhere(web)
        known = await populate(web)
        page = await opened(browser, web, "en", policy=False)  # it would hide what got through
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(f"a dialog: {dialog.message}"))
        wrong: list[str] = []
        found = await places(web, known)
        numbers = [f"/agent/incidents/{number}" for number in range(1, 7)]
        for path in [
            *(place.path for place in found),
            *numbers,
            "/agent?q=script",
            "/?q=script",
            "/nothing<script>pwned=1</script>",
        ]:
            await page.goto(f"{web.url}/en{path}")
            await page.wait_for_timeout(150)
            if await page.evaluate("typeof pwned !== 'undefined'"):
                wrong.append(f"{path} ran it")
            left = [url for url in asked if not url.startswith((web.url, "data:"))]
            wrong += [f"{path} asked for {url}" for url in left]
            asked.clear()
            if not page.url.startswith(f"{web.url}/en"):
                wrong.append(f"{path} led to {page.url}")
        assert not wrong, "\n".join(wrong)
        assert len(found) > 10
