"""The agents' page of chats: without scripts every step is a form; whoever comes second reads who was first."""

from __future__ import annotations

import re

import pytest

from services.access.identity import Role
from services.web import conversations
from services.web.pages import chat_pages
from tests.services.web.chatting import Customer, chatting
from tests.services.web.serving import Web


async def _waiting(web: Web, eva: Customer, text: str = "No imprime") -> None:
    await eva.say(text)
    await eva.next("state", state="waiting")
    await web.settled()


async def test_a_chat_is_taken_answered_and_ended_with_forms_alone(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await agent.post("/agent/chats/presence", data={"available": "on"})
        assert 'aria-pressed="true"' in (await agent.get("/en/agent/chats")).text
        async with chatting(web) as eva:
            await _waiting(web, eva)
            page = (await agent.get("/en/agent/chats")).text
            assert "No imprime" in page
            assert f"/agent/chats/{eva.session}/accept" in page
            came = await agent.post(f"/en/agent/chats/{eva.session}/accept")
            assert came.status_code == 303
            taken = (await agent.get(came.headers["location"])).text
            assert f'id="say-{eva.session}"' in taken
            assert 'href="/en/agent/incidents/1"' in taken
            await agent.post(f"/agent/chats/{eva.session}/say", data={"text": "¿Está encendida?"})
            assert (await eva.next("message"))["text"] == "¿Está encendida?"
            await agent.post(f"/agent/chats/{eva.session}/close", data={"goodbye": "Hasta luego"})
            assert (await eva.next("message"))["text"] == "Hasta luego"
            await eva.next("state", state="closed")


async def test_last_words_are_proposed_in_the_customers_language(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await agent.post("/agent/chats/presence", data={"available": "on"})
        async with chatting(web, locale="en") as tom, chatting(web, locale="es") as eva:
            for each in (tom, eva):
                await _waiting(web, each)
                await agent.post(f"/agent/chats/{each.session}/accept")
            await web.settled()
            page = (await agent.get("/es/agent/chats")).text
            assert re.findall(r'<textarea name="goodbye"[^>]*>([^<]*)<', page) == [
                "Gracias por escribirnos. ¡Hasta pronto!",
                "Thank you for writing to us. Goodbye!",
            ]


async def test_who_comes_second_reads_who_has_the_chat(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent, web.browser(Role.ADMIN) as admin, chatting(web) as eva:
        await agent.post("/agent/chats/presence", data={"available": "on"})
        await _waiting(web, eva)
        await agent.post(f"/agent/chats/{eva.session}/accept")
        late = await admin.post(f"/en/agent/chats/{eva.session}/accept")
        assert late.status_code == 409
        assert "agent has this chat" in late.text


async def test_the_count_is_of_those_who_wait_and_of_words_not_answered(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent, chatting(web) as eva, chatting(web) as lia:
        await agent.post("/agent/chats/presence", data={"available": "on"})
        await _waiting(web, eva)
        await agent.post(f"/agent/chats/{eva.session}/accept")
        await eva.say("¿Hola?", "2")
        await _waiting(web, lia)
        count = (await agent.get("/agent/chats/count")).text
        assert 'data-count="3"' in count
        assert f"incident/{(await _incident(web))}" in count


async def test_of_a_long_talk_the_last_words_are_shown_and_those_not_answered_counted_so_far(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_pages, "_LINES_SHOWN", 3)
    monkeypatch.setattr(chat_pages, "_UNANSWERED_MAX", 4)
    monkeypatch.setattr(conversations, "_HISTORY_MAX", 2)
    async with web.browser(Role.AGENT) as agent, chatting(web) as eva:
        await agent.post("/agent/chats/presence", data={"available": "on"})
        await _waiting(web, eva, "said 0")
        await agent.post(f"/agent/chats/{eva.session}/accept")
        for number in range(1, 6):
            await eva.say(f"said {number}", str(number + 1))
        await web.settled()
        log = (await agent.get(f"/agent/chats/{eva.session}?part=log")).text
        assert re.findall(r"said \d", log) == ["said 3", "said 4", "said 5"]
        assert 'data-count="4"' in (await agent.get("/agent/chats/count")).text
        await agent.post(f"/agent/chats/{eva.session}/say", data={"text": "answered"})
        await web.settled()
        assert 'data-count="0"' in (await agent.get("/agent/chats/count")).text
        async with chatting(web, token=eva.token) as again:
            assert [(await again.next("message"))["text"] for _ in range(2)] == ["said 5", "answered"]


async def _incident(web: Web) -> str:
    async with web.client(Role.AGENT) as agent:
        found: str = (await agent.get("/api/v1/incidents/1")).json()["id"]
        return found


async def test_words_of_a_customer_are_shown_as_words(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent, chatting(web, name="<b>Eva</b>") as eva:
        await agent.post("/agent/chats/presence", data={"available": "on"})
        await _waiting(web, eva, "<script>alert(1)</script>")
        page = (await agent.get(f"/agent/chats?open={eva.session}")).text
        assert "<script>alert" not in page
        assert "<b>Eva" not in page


async def test_a_switch_turned_in_the_menu_leads_back_and_nowhere_else(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        for given, leads in (("/agent/incidents/1", "/agent/incidents/1"), ("https://evil.example", "/agent/chats")):
            came = await agent.post("/agent/chats/presence", data={"available": "on", "next": given})
            assert came.headers["location"] == leads
