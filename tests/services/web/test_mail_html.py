"""A mail's HTML in a real browser: nothing in it runs, nothing is fetched but pictures that somebody asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import pytest_asyncio
from playwright.async_api import Page

from channels.email.words.html import sanitized
from services.web.api.files import framed
from tests.services.web.browsing import browsing, context_of
from tests.services.web.payloads import DOTS, FETCHES, RUNS, SHOWN

pytestmark = pytest.mark.asyncio(loop_scope="session")

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
ALL = (*RUNS, *FETCHES)


class Served(ThreadingHTTPServer):
    """Pages by their path; of everything else that is asked for, by which payload."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.pages: dict[str, tuple[dict[str, str], bytes]] = {}
        self.hits: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def aimed(self, payload: str, number: int) -> str:
        """At this server, and under this number."""
        return payload.replace("HIT", f"{self.url}/hit/{number}").replace(
            "HOST", f"127.0.0.1:{self.server_port}/hit/{number}"
        )

    def mails(self, *payloads: str, pictures: bool = False, clean: Callable[[str], str] | None = None) -> str:
        """The path of a page that frames each as the console frames a mail."""
        for number, payload in enumerate(payloads):
            aimed = self.aimed(payload, number)
            safe = clean(aimed) if clean else sanitized(aimed, embedded={}, remote=pictures)
            answer = framed(safe, pictures=pictures)
            self.pages[f"/page/{number}"] = (dict(answer.headers), bytes(answer.body))
        return self._frames(len(payloads), f'sandbox="{SANDBOX}"')

    def bare(self, *payloads: str) -> str:
        """The same with nothing that hinders them."""
        for number, payload in enumerate(payloads):
            page = f"<!doctype html><title>x</title>{self.aimed(payload, number)}"
            self.pages[f"/page/{number}"] = ({"Content-Type": "text/html"}, page.encode())
        return self._frames(len(payloads), "")

    def _frames(self, count: int, rights: str) -> str:
        frames = "".join(f'<iframe {rights} src="/page/{number}"></iframe>' for number in range(count))
        self.pages["/all"] = ({"Content-Type": "text/html"}, f"<!doctype html><title>x</title>{frames}".encode())
        return "/all"


class _Answers(BaseHTTPRequestHandler):
    server: Served

    def do_GET(self) -> None:
        if self.path.startswith("/hit/"):
            self.server.hits.append(int(self.path.split("/")[2]))
        headers, body = self.server.pages.get(self.path, ({"Content-Type": "text/plain"}, b""))
        self.send_response(200)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving() -> Iterator[Served]:
    with Served() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest_asyncio.fixture(loop_scope="session")
async def page(kept_browser: None) -> AsyncIterator[Page]:
    async with browsing() as browser:
        yield await (await context_of(browser)).new_page()


async def asked_for(page: Page, server: Served, path: str) -> list[int]:
    """Which payloads fetched something, once all is there."""
    server.hits.clear()
    await page.goto(f"{server.url}{path}", wait_until="networkidle")
    return sorted(set(server.hits))


async def test_nothing_runs_and_nothing_is_fetched(page: Page) -> None:
    with serving() as server:
        path = server.mails(*(f"<p>before</p>{payload}<p>after</p>" for payload in ALL))
        assert [ALL[number] for number in await asked_for(page, server, path)] == []
        shown = [await frame.evaluate("document.body.innerText.includes('before')") for frame in page.frames[1:]]
        assert shown == [True] * len(ALL)
        # all in one, where one's end may be another's beginning
        assert await asked_for(page, server, server.mails("".join(ALL))) == []


async def test_each_lock_holds_by_itself(page: Page) -> None:
    with serving() as server:
        cleaned = server.bare(*(sanitized(payload) for payload in ALL))
        assert [ALL[number] for number in await asked_for(page, server, cleaned)] == []
        under_the_policy = server.mails(*ALL, clean=str)
        assert [ALL[number] for number in await asked_for(page, server, under_the_policy)] == []


async def test_the_payloads_would_where_nobody_hinders_them(page: Page, until) -> None:
    # some need another browser or an older one: most do it here
    with serving() as server:
        await asked_for(page, server, server.bare(*ALL))
        await until(lambda: len(set(server.hits)) >= 34)


async def test_pictures_are_fetched_for_whoever_asks_and_dots_for_nobody(page: Page) -> None:
    with serving() as server:
        assert await asked_for(page, server, server.mails(*SHOWN)) == []
        asked = await asked_for(page, server, server.mails(*SHOWN, *DOTS, *RUNS, pictures=True))
        assert asked == list(range(len(SHOWN)))


async def test_a_picture_that_came_along_is_shown_and_one_from_elsewhere_named(page: Page) -> None:
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    mail = f'<img src="data:image/png;base64,{dot}" width="90"><img src="HIT/logo.png" alt="Our logo" width="90">'
    with serving() as server:
        assert await asked_for(page, server, server.mails(mail)) == []
        drawn = "[[...document.images].map(each => each.naturalWidth), document.body.innerText]"
        assert await page.frames[1].evaluate(drawn) == [[1], "Our logo · 127.0.0.1"]


async def test_links_say_where_they_lead(page: Page) -> None:
    mail = (
        '<a href="https://example.org/x">here</a> <a href="https://evil.example/">www.example.org</a>'
        ' <a href="https://www.example.org/">example.org</a>'
    )
    with serving() as server:
        await asked_for(page, server, server.mails(mail))
        said = await page.frames[1].evaluate("document.body.innerText")
    assert said == "here example.org www.example.org ⚠ evil.example example.org"
