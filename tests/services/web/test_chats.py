"""Live chats over the API and the socket: offered where somebody is there, taken by one, typed both ways."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from eventstore.database import Database
from services.access.identity import Role
from tests.services.web.chatting import chatting
from tests.services.web.serving import Web, beside, serving


async def _there(agent: httpx.AsyncClient, *, available: bool = True) -> dict[str, Any]:
    came = await agent.post("/api/v1/presence", json={"available": available})
    assert came.status_code == 200, came.text
    found: dict[str, Any] = came.json()
    return found


async def _chats(agent: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await agent.get("/api/v1/chats", params=query)).json()["items"]
    return items


async def test_a_chat_from_its_first_words_to_the_goodbye(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        presence = await _there(agent)
        assert presence["available"] is True
        assert [(one["name"], one["available"]) for one in presence["agents"]] == [("agent program", True)]
        async with chatting(web, email="eva@x.cu") as eva:
            opened = await eva.next("state")
            assert (opened["state"], opened["link"][:8]) == ("open", "/status/")
            await eva.say("No imprime")
            await eva.next("state", state="waiting")
            await web.settled()
            (chat,) = await _chats(agent, state="waiting")
            assert (chat["id"], chat["number"], chat["name"]) == (eva.session, 1, "Eva")
            assert (chat["words"], chat["email"], chat["waited_seconds"]) == ("No imprime", "eva@x.cu", None)

            came = await agent.post(f"/api/v1/chats/{eva.session}/accept")
            assert (came.status_code, came.json()["state"], came.json()["agent"]) == (200, "active", "agent program")
            await eva.next("state", state="active", agent="agent program")
            assert int(came.headers["cauce-position"]) > 0

            await agent.post("/api/v1/incidents/1/replies", json={"text": "¿Está encendida?"})
            assert (await eva.next("message"))["text"] == "¿Está encendida?"
            closed = await agent.post(f"/api/v1/chats/{eva.session}/close", json={"goodbye": "Hasta luego"})
            assert closed.json()["state"] == "closed"
            assert (await eva.next("message"))["text"] == "Hasta luego"
            await eva.next("state", state="closed")
        await web.settled()
        lines = (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]
        assert [line["fact"] for line in lines if line["kind"] == "fact"] == [
            "IncidentOpened",
            "ParticipantAdded",
            "ChatAccepted",
            "IncidentAssigned",
            "ChatClosed",
        ]
        assert [line["delivery"] for line in lines if line["direction"] == "out"] == ["sent", "sent"]


async def test_who_comes_second_hears_who_has_the_chat(web: Web) -> None:
    async with web.client(Role.AGENT) as ana, web.client(Role.ADMIN) as luis, chatting(web) as eva:
        await _there(ana)
        await eva.say("Hola")
        await eva.next("state", state="waiting")
        address = f"/api/v1/chats/{eva.session}/accept"
        came = await asyncio.gather(*(who.post(address) for who in (ana, luis) for _ in range(5)))
        won = {one.json()["agent"] for one in came if one.status_code == 200}
        assert len(won) == 1
        lost = {json.dumps(one.json()["errors"]) for one in came if one.status_code != 200}
        assert lost == {json.dumps([{"field": "agent", "message": f"{next(iter(won))} has this chat"}])}
        assert {one.status_code for one in came} == {200, 409}


async def test_typing_goes_both_ways_through_whatever_processes_they_are_on(web: Web) -> None:
    async with (
        beside(web) as other,
        other.client(Role.AGENT) as agent,
        agent.stream("GET", "/api/v1/live") as live,
        chatting(web) as eva,
    ):
        for each in (web, other):
            await each.app.state.signals.listening.wait()
        await eva.send(type="typing")
        lines = live.aiter_lines()
        async with asyncio.timeout(60):
            while await anext(lines) != "event: signal":
                pass
            told = json.loads((await anext(lines)).removeprefix("data: "))
        assert told == {"topic": f"chat/{eva.session}", "kind": "typing", "by": ""}
        await agent.post("/api/v1/signals", json={"topic": f"chat/{eva.session}", "kind": "typing"})
        await eva.next("typing")


async def test_a_chat_that_cannot_be_offered_says_so_at_once_and_when_somebody_comes(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, chatting(web) as eva:
        assert (await eva.next("state"))["state"] == "unavailable"
        await web.app.state.signals.listening.wait()
        await _there(agent)
        await eva.next("state", state="open")
        await _there(agent, available=False)
        await eva.next("state", state="unavailable")
        await eva.say("Hola")
        await eva.send(type="email", email="no address")
        assert (await eva.next("error"))["code"] == "malformed"
        await web.settled()
        await eva.send(type="email", email="eva@x.cu")
        await eva.next("state", state="missed", by_mail=True)
        await web.settled()
        (chat,) = await _chats(agent, state="missed")
        assert (chat["reason"], chat["by_mail"], chat["email"]) == ("nobody_available", True, "eva@x.cu")


async def test_nobody_waits_longer_than_the_setting_says(database: Database, tmp_path: Path) -> None:
    async with serving(database, tmp_path, CHAT_WAIT_SECONDS="0") as web, web.client(Role.AGENT) as agent:
        await _there(agent)
        async with chatting(web) as eva:
            await eva.say("Hola")
            missed = await eva.next("state", state="missed")
            assert "by_mail" not in missed
            await eva.send(type="email", email="eva@x.cu")
            await eva.next("state", state="missed", by_mail=True)
            assert (await _chats(agent, state="missed"))[0]["reason"] == "timeout"


async def test_who_comes_back_hears_how_the_chat_stands_after_what_was_said(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        await _there(agent)
        async with chatting(web) as eva:
            await eva.say("Hola")
            await eva.next("state", state="waiting")
            await agent.post(f"/api/v1/chats/{eva.session}/accept")
        async with chatting(web, token=eva.token) as again:
            assert (await again.next())["text"] == "Hola"
            assert (await again.next())["state"] == "active"


async def test_a_customer_who_does_not_ask_for_states_hears_none(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        await _there(agent)
        async with chatting(web, states=False) as eva:
            await eva.say("Hola")
            await web.settled()
            await agent.post(f"/api/v1/chats/{eva.session}/accept")
            await agent.post("/api/v1/incidents/1/replies", json={"text": "Hola, Eva"})
            assert (await eva.next())["type"] == "message"


async def test_a_customer_ends_the_chat(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        await _there(agent)
        async with chatting(web) as eva:
            await eva.say("Hola")
            await eva.next("state", state="waiting")
            await eva.send(type="bye")
            await eva.next("state", state="closed")
            await web.settled()
            assert [chat["state"] for chat in await _chats(agent)] == ["closed"]


async def test_the_queue_begins_with_whoever_waits_longest(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        await _there(agent)
        for name in ("Eva", "Lía", "Noa"):
            async with chatting(web, name=name) as customer:
                await customer.say("Hola")
                await customer.next("state", state="waiting")
        await web.settled()
        assert [chat["name"] for chat in await _chats(agent, state="waiting")] == ["Eva", "Lía", "Noa"]
        first = (await agent.get("/api/v1/chats", params={"state": "waiting", "limit": 2})).json()
        rest = await _chats(agent, state="waiting", cursor=first["next_cursor"])
        assert [chat["name"] for chat in [*first["items"], *rest]] == ["Eva", "Lía", "Noa"]


async def test_a_flood_of_the_new_frames_is_bounded_like_any_other(limited_web: Web) -> None:
    async with chatting(limited_web) as eva:
        for _ in range(200):
            await eva.send(type="bye")
        assert (await eva.next("error"))["code"] == "rate_limited"
        await eva.next("error", code="rate_limited")
