"""Live updates: what is recorded is told at once, what was missed is told on return, and nobody holds up the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from eventstore import store
from services.access.identity import Role
from services.signals import Signal
from services.web import live
from services.web.api import live as live_api
from tests.services.web.serving import Web, beside


async def _changes(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if not line and "data" in event:
            assert event["event"] == "changed"
            data = json.loads(event["data"])
            assert {"position", "stream", "type"} <= data.keys() <= {"position", "stream", "type", "users"}
            assert event["id"] == str(data["position"])
            yield data
            event = {}
        elif name:
            event[name] = value


async def _listening(web: Web, count: int = 1) -> None:
    async with asyncio.timeout(60):
        while web.app.state.live.listeners < count:  # noqa: ASYNC110 -- the server's own count is what is asked
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("address", ["/live", "/api/v1/live"])
async def test_what_is_recorded_is_told_in_order(web: Web, address: str) -> None:
    async with web.client(Role.AGENT) as agent, agent.stream("GET", address) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store, no-transform"
        await _listening(web)
        async with web.client() as customer:
            await web.form(customer)
        seen: list[dict[str, Any]] = []
        async with asyncio.timeout(60):
            async for change in _changes(response):
                seen.append(change)
                if change["stream"].startswith("incident/"):
                    break
        positions = [change["position"] for change in seen]
        assert positions == sorted(positions)
        assert any(change["stream"].startswith("interaction/") for change in seen)


async def test_who_comes_back_hears_what_was_missed(web: Web) -> None:
    async with web.client() as customer:
        await web.form(customer)
    await web.settled()
    last = await web.hub.database.run(store.last_position)
    headers = {"Last-Event-ID": str(last - 2)}
    async with (
        web.client(Role.AGENT, headers=headers) as agent,
        agent.stream("GET", "/api/v1/live") as response,
        asyncio.timeout(60),
    ):
        seen = [change["position"] async for change in _first(response, 2)]
    assert seen == [last - 1, last]


async def test_who_was_away_long_misses_nothing(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_REPLAY_MAX", 2)
    async with web.client() as customer:
        await web.form(customer)
    await web.settled()
    last = await web.hub.database.run(store.last_position)
    async with (
        web.client(Role.AGENT, headers={"Last-Event-ID": "0"}) as agent,
        agent.stream("GET", "/api/v1/live") as response,
        asyncio.timeout(60),
    ):
        seen = [change["position"] async for change in _first(response, last)]
    assert seen == list(range(1, last + 1))


async def _first(response: httpx.Response, count: int) -> AsyncIterator[dict[str, Any]]:
    async for change in _changes(response):
        yield change
        count -= 1
        if not count:
            return


async def test_a_listener_that_reads_nothing_is_let_go_and_holds_up_nobody() -> None:
    slow, quick = live._Listener(), live._Listener()
    for position in range(live._QUEUE_MAX + 1):
        slow.tell((position, "incident/x"))
        quick.tell((position, "incident/x"))
        assert quick.queue.get_nowait() == (position, "incident/x")
    assert slow.queue.get_nowait() is None


async def test_open_connections_end_when_the_server_stops(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, agent.stream("GET", "/api/v1/live") as response:
        await _listening(web)
        web.app.state.live.close()
        async with asyncio.timeout(60):
            async for _ in response.aiter_raw():
                pass
    async with web.client(Role.AGENT) as agent:
        assert (await agent.get("/api/v1/live")).status_code == 429


async def test_a_stream_ends_with_the_session_that_opened_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "RECHECK_SECONDS", 0.0)
    async with web.browser(Role.AGENT) as agent, agent.stream("GET", "/api/v1/live") as response:
        await _listening(web)
        web.app.state.live.signal(Signal("chat/1", "typing", "eva"))
        async with asyncio.timeout(60):
            assert (await anext(_signals(response)))["by"] == "eva"
        await agent.post("/logout")
        web.app.state.live.signal(Signal("chat/1", "typing", "luis"))
        async with asyncio.timeout(60):
            while web.app.state.live.listeners:  # noqa: ASYNC110 -- likewise
                await asyncio.sleep(0.01)


async def test_a_connection_that_is_gone_is_forgotten(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, agent.stream("GET", "/api/v1/live"):
        await _listening(web)
    async with web.client() as customer:
        await web.form(customer)
    async with asyncio.timeout(60):
        while web.app.state.live.listeners:  # noqa: ASYNC110 -- likewise
            await asyncio.sleep(0.01)


async def _signals(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if not line and event.get("event") == "signal":
            assert "id" not in event  # where to begin again is for what was recorded
            yield json.loads(event["data"])
        if not line:
            event = {}
        elif name:
            event[name] = value


async def test_what_an_agent_does_right_now_is_told_in_every_process_and_recorded_nowhere(web: Web) -> None:
    async with (
        beside(web) as other,
        web.client(Role.AGENT) as luis,
        other.client(Role.ADMIN) as eva,
        luis.stream("GET", "/api/v1/live") as here,
        eva.stream("GET", "/api/v1/live") as there,
    ):
        await _listening(web)
        await _listening(other)
        for each in (web, other):
            await each.app.state.signals.listening.wait()
        before = await web.hub.database.run(store.last_position)
        heard_here, heard_there = _signals(here), _signals(there)
        await eva.post("/api/v1/signals", json={"topic": "incident/1", "kind": "looking"})
        told = {"topic": "incident/1", "kind": "looking", "by": "admin program"}
        async with asyncio.timeout(60):
            assert await anext(heard_there) == told
        given = {"topic": "incident/1", "kind": "typing"}
        answers = [await luis.post("/api/v1/signals", json=given) for _ in range(2)]
        assert [(came.status_code, came.json()) for came in answers] == [(202, {"sent": True}), (202, {"sent": False})]
        told = {"topic": "incident/1", "kind": "typing", "by": "agent program"}
        async with asyncio.timeout(60):
            assert await anext(heard_here) == told
            assert await anext(heard_there) == told
        assert await web.hub.database.run(store.last_position) == before


async def test_who_looks_at_an_incident_is_told_to_those_who_look_too_and_to_nobody_else(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = live.Live(web.hub.database, web.hub.feed)
    eva, luis, ana = (live._Listener(name) for name in ("eva", "luis", "ana"))
    told._listeners.update((eva, luis, ana))
    for user in ("eva", "luis", "eva"):
        told.signal(Signal("incident/1", "looking", user))
    told.signal(Signal("chats/presence", "open", "ana"))
    assert [each.queue.qsize() for each in (eva, luis, ana)] == [4, 3, 1]
    monkeypatch.setattr(live, "_THERE_SECONDS", -1.0)
    told.signal(Signal("incident/2", "looking", "eva"))
    told.signal(Signal("incident/2", "looking", "luis"))
    assert [each.queue.qsize() for each in (eva, luis, ana)] == [5, 4, 1]


async def test_a_signal_is_a_stream_and_a_word(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        for topic, kind in (
            ("incident", "typing"),
            ("incident/1", "Typing!"),
            ("incident/1", ""),
            ("a/" + "1" * 80, "x"),
            ("chats/presence", "unavailable"),  # customers are told: only the switch says it
        ):
            came = await agent.post("/api/v1/signals", json={"topic": topic, "kind": kind})
            assert came.status_code == 422, came.text


async def test_who_is_behind_with_what_was_recorded_is_spared_signals_and_not_let_go(web: Web) -> None:
    listener = live._Listener()
    told = live.Live(web.hub.database, web.hub.feed)
    told._listeners.add(listener)
    for number in range(500):
        told.signal(Signal(f"chat/{number}", "typing", ""))
    assert listener.queue.qsize() == live._SIGNALS_MAX
    for position in range(live._QUEUE_MAX - live._SIGNALS_MAX):
        listener.tell((position, b""))
    told.signal(Signal("chat/last", "typing", ""))
    queued = [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]
    assert len(queued) == live._QUEUE_MAX
    assert None not in queued
