"""The frame around every page: bundles, what is vendored, colours and keys as each likes them, what was just done."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from services.access.identity import Role
from services.web import pages
from tests.services.web.serving import Web

_STATIC = Path(pages.__file__).parent.parent / "static"
_TEMPLATES = _STATIC.parent / "templates"
_SCRIPTS_MAX_BYTES = 30_000


def test_what_is_vendored_is_what_its_list_says() -> None:
    listed = re.findall(
        r"^\| `(\S+)` .*`([0-9a-f]{64})` \|$", (_STATIC / "vendor/VENDORED.md").read_text(), re.MULTILINE
    )
    digests = {name: hashlib.sha256((_STATIC / "vendor" / name).read_bytes()).hexdigest() for name, _ in listed}
    assert digests == dict(listed)
    assert {path.name for path in (_STATIC / "vendor").glob("*.js")} == set(digests)


@pytest.mark.parametrize("edge", ["console", "public"])
async def test_all_scripts_of_a_page_are_small_packed_and_run_before_anything_is_painted(web: Web, edge: str) -> None:
    async with web.browser(Role.AGENT) as client:
        page = (await client.get("/agent" if edge == "console" else "/")).text
        sizes: dict[str, int] = {}
        for address in re.findall(r'<script src="([^"]+)" defer blocking="render">', page):
            came = await client.send(client.build_request("GET", address), stream=True)
            sizes[address] = len(b"".join([piece async for piece in came.aiter_raw()]))
            assert came.headers["content-encoding"] == "gzip"
        assert len(sizes) == 2
        assert sum(sizes.values()) <= _SCRIPTS_MAX_BYTES, sizes


@pytest.mark.parametrize("name", ["frame", "counts", "chats_count", "mentions_count"])
def test_the_counts_that_every_console_shows_are_fetched_spread_out(name: str) -> None:
    page = (_TEMPLATES / f"agent/{name}.html").read_text()
    counts = re.findall(r'<span class="count.*?</span>', page)
    assert counts
    assert all("data-pace=" in count for count in counts)


async def test_who_takes_no_gzip_gets_the_same_file_plain(web: Web) -> None:
    async with web.client(headers={"Accept-Encoding": "identity"}) as plain, web.client() as packing:
        one, other = await plain.get("/static/console.css"), await packing.get("/static/console.css")
        assert "content-encoding" not in one.headers
        assert one.text == other.text
        assert len(gzip.compress(one.content)) < len(one.content)


async def test_a_browser_keeps_the_colours_and_keys_it_was_told(web: Web) -> None:
    async with web.browser(Role.AGENT) as client:
        assert "data-theme" not in (await client.get("/agent")).text
        came = await client.post("/en/preferences", data={"theme": "dark", "keys": "off", "next": "/agent?status=new"})
        assert (came.status_code, came.headers["location"]) == (303, "/en/agent?status=new")
        page = (await client.get("/agent")).text
        assert 'data-theme="dark"' in page
        assert 'data-keys="off"' in page
        await client.post("/preferences", data={"theme": "auto", "keys": "on"})
        page = (await client.get("/agent")).text
        assert "data-theme" not in page
        assert 'data-keys="off"' not in page


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_preferences_lead_to_no_other_site_and_take_no_other_choice(web: Web, evil: str) -> None:
    async with web.client(headers={"Origin": web.url}) as client:
        came = await client.post("/preferences", data={"theme": '"><script>', "next": evil})
        assert came.headers["location"] == "/"
        assert "set-cookie" not in came.headers


async def test_a_toast_says_what_we_know_and_nothing_a_link_made_up(web: Web) -> None:
    async with web.browser(Role.AGENT) as client:
        assert "Saved." in (await client.get("/en/agent?done=saved")).text
        page = (await client.get("/en/agent?done=You+won&undo=%3Cscript%3E")).text
        assert 'class="toast"' not in page
        assert "You won" not in page
