"""Input nobody should send: each gets a clear problem, nothing breaks, nothing of the inside shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from services.access.identity import Role
from services.web.limits import BODY_MAX_BYTES
from tests.services.web.serving import Web

FORM = {"name": "Ana", "email": "ana@x.cu", "subject": "s", "body": "b"}


def _problem(came: httpx.Response, status: int) -> dict[str, Any]:
    assert came.status_code == status, came.text
    assert came.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = came.json()
    assert found.keys() == {"type", "title", "status", "detail", "errors"}
    assert found["status"] == status
    for inside in ("Traceback", "psycopg", "site-packages", "SELECT", ".py"):
        assert inside not in came.text
    return found


@pytest.mark.parametrize("path", ["/api/v1/forms", "/api/v1/incidents/1/notes", f"/api/v1/visits/{UUID(int=0)}/events"])
async def test_what_is_not_the_json_asked_for(web: Web, path: str) -> None:
    async with web.client(Role.AGENT) as client:
        for body in (b"{", b"", b"[" * 100_000, b"\xff\xfe", b'{"a": 1e999999}', b"null", b'"x"', b"[]"):
            came = await client.post(path, content=body, headers={"Content-Type": "application/json"})
            assert came.status_code in {400, 415, 422}, (body[:20], came.text)
            _problem(came, came.status_code)
            assert (await client.get("/healthz")).status_code == 200, body[:20]


async def test_a_field_that_is_wrong_is_named(web: Web) -> None:
    async with web.client(Role.AGENT) as client:
        for body, field in (
            ({"text": 7}, "text"),
            ({"text": "x", "unknown": 1}, "unknown"),
            ({"text": ""}, "text"),
            ({"text": " \n "}, "text"),
            ({"text": "x" * 60_000}, "text"),
            ({}, "text"),
        ):
            problem = _problem(await client.post("/api/v1/incidents/1/notes", json=body), 422)
            assert [each["field"] for each in problem["errors"]] == [field], str(body)[:40]


async def test_other_content_types_are_415(web: Web) -> None:
    async with web.client(Role.AGENT) as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            for path in ("/api/v1/incidents/1/notes", "/api/v1/forms"):
                _problem(await client.post(path, content=b"text=x", headers={"Content-Type": kind}), 415)


async def test_what_is_not_there_is_404_and_what_is_not_done_is_405(web: Web) -> None:
    async with web.client(Role.ADMIN) as client:
        for path in ("/api/v1/nothing", "/api/v1/incidents/999", "/api/v1/incidents/abc", "/api/v1/incidents/0"):
            _problem(await client.get(path), 404)
        _problem(await client.get(f"/api/v1/incidents/{10**30}"), 404)
        _problem(await client.get("/api/v1/customers/not-an-id"), 404)
        _problem(await client.get("/status/aaaaaaaaaa"), 404)
        _problem(await client.get("/static/../app.py"), 404)
        _problem(await client.get("/static/%2e%2e/app.py"), 404)
        came = await client.delete("/api/v1/incidents/1")
        _problem(came, 405)
        assert came.headers["allow"] == "GET"


async def test_head_is_get_without_a_body(web: Web) -> None:
    async with web.client(headers={"Accept-Encoding": "identity"}) as client:
        for path in ("/healthz", "/readyz", "/en", "/static/css/shared/10-tokens.css", "/api/v1/incidents", "/nothing"):
            whole, head = await client.get(path), await client.head(path)
            assert (path, head.status_code, head.content) == (path, whole.status_code, b"")
            assert head.headers["content-type"] == whole.headers["content-type"], path
            assert (await client.get("/healthz")).json() == {"status": "ok"}  # on the same connection


async def test_queries_that_make_no_sense_are_422(web: Web) -> None:
    async with web.client(Role.ADMIN) as client:
        for query in ("limit=0", "limit=201", "limit=x", "status=odd", "cursor=!!", "cursor=AAAA", "customer=x"):
            _problem(await client.get(f"/api/v1/incidents?{query}"), 422)
        _problem(await client.get("/api/v1/incidents?min_position=-1"), 422)
        _problem(await client.get("/api/v1/reports/channel_report?since=2026-02-01&until=2026-01-01"), 422)
        for search in ("%00", "'\"\\", "%F0%9F%92%A9", "a%20%7C%20b%20%26%20%21", "%25%5F"):
            assert (await client.get(f"/api/v1/incidents?q={search}")).status_code == 200
            assert (await client.get(f"/api/v1/customers?q={search}")).status_code == 200
            assert (await client.get(f"/?q={search}")).status_code == 200
            assert (await client.get(f"/agent?q={search}", headers={"Accept": "text/html"})).status_code == 200
        assert (await client.get("/api/v1/incidents?assignee=%00")).status_code in {200, 422}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59Z"])
async def test_times_at_the_ends_of_the_calendar_are_422(web: Web, moment: str) -> None:
    async with web.client() as customer, web.client(Role.ADMIN) as client:
        wish = {"name": "Ana", "phone": "+5351112222", "since": moment, "until": moment}
        _problem(await customer.post("/api/v1/callbacks", json=wish), 422)
        call = {"direction": "in", "phone": "+5351112222"}
        _problem(await client.post("/api/v1/calls", json=call | {"started_at": moment}), 422)
        begun = (await client.post("/api/v1/calls", json=call)).json()["id"]
        for field in ("answered_at", "ended_at"):
            _problem(await client.patch(f"/api/v1/calls/{begun}", json={field: moment}), 422)
        _problem(await client.post("/api/v1/incidents/1/snooze", json={"until": moment}), 422)
        query = {"since": moment}
        for path in ("calls", "work", "reports/channel_report"):
            _problem(await client.get(f"/api/v1/{path}", params=query), 422)


async def test_a_call_is_written_down_when_it_happens_not_before(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        begun = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        came = await agent.post("/api/v1/calls", json={"direction": "in", "phone": "+5351112222", "started_at": begun})
        assert _problem(came, 422)["errors"][0]["field"] == "started_at"


async def test_nul_and_lone_surrogates_are_replaced_not_fatal(web: Web) -> None:
    raw = json.dumps(FORM | {"body": "a\x00b\ud800c", "name": "A\x00"}).encode()
    async with web.client() as customer, web.client(Role.AGENT) as agent:
        came = await customer.post("/api/v1/forms", content=raw, headers={"Content-Type": "application/json"})
        if came.status_code == 202:
            await web.settled()
            entries = (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]
            assert "\x00" not in str(entries)
        else:
            _problem(came, came.status_code)
        note = await agent.post("/api/v1/incidents/1/notes", json={"text": "x\x00y"})
        assert note.status_code in {201, 404, 422}


async def test_bodies_over_the_limit_are_413_announced_or_not(web: Web) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_MAX_BYTES // 65536 + 2):
            yield b"x" * 65536

    async with web.client(Role.AGENT) as client:
        for path in ("/api/v1/forms", "/api/v1/incidents/1/notes"):
            json_type = {"Content-Type": "application/json"}
            _problem(await client.post(path, content=b"x" * (BODY_MAX_BYTES + 1), headers=json_type), 413)
            _problem(await client.post(path, content=endless(), headers=json_type), 413)


async def test_a_length_that_is_a_lie_leaves_the_server_alive(web: Web) -> None:
    place = urlsplit(web.url)
    for head in (
        b"Content-Length: 10\r\n\r\n{}",
        b"Content-Length: -5\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(b"POST /api/v1/forms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + head)
        await writer.drain()
        writer.close()
        reader.feed_eof()
    async with web.client() as client:
        assert (await client.get("/healthz")).status_code == 200


async def test_too_many_requests_say_when_to_come_again(limited_web: Web) -> None:
    async with limited_web.client() as client:
        came, asked = await client.post("/api/v1/visits"), 1
        while came.status_code != 429 and asked < 1000:  # a slow machine earns more while it answers
            came, asked = await client.post("/api/v1/visits"), asked + 1
    assert int(came.headers["retry-after"]) >= 1
    _problem(came, 429)


async def test_a_page_shows_what_is_wrong_beside_what_was_typed(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as client:
        came = await client.post("/es/contact", data=FORM | {"email": "no es correo", "body": "lo que escribí"})
        assert came.status_code == 422
        assert "lo que escribí" in came.text
        assert "email" in came.text
        assert 'lang="es"' in came.text
        for path in ("/nothing", "/es/status/nonsense"):
            page = await client.get(path)
            assert page.status_code == 404
            assert page.headers["content-type"].startswith("text/html")


async def test_before_the_read_models_are_made_readers_are_asked_to_come_again(web: Web) -> None:
    async with web.client(Role.AGENT) as client:
        async with asyncio.timeout(60):
            while (await client.get("/api/v1/incidents")).status_code != 200:  # noqa: ASYNC110 -- nothing tells
                await asyncio.sleep(0.05)
        await web.hub.database.run(lambda connection: connection.execute("ALTER SCHEMA incidents RENAME TO elsewhere"))
        _problem(await client.get("/api/v1/incidents"), 503)
