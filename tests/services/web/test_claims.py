"""Saying that an address is yours shows you nothing of whoever it belongs to: by form, by chat, on any public route."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from channels.intake import Intake
from schemas.interaction import Attachment, Channel, Hints, Interaction, Party
from schemas.threads import mailed
from services.access.identity import Role
from tests.services.web.chatting import socket_of
from tests.services.web.serving import Web

SECRET = "the secret of the first"


async def _victim(web: Web) -> dict[str, str]:
    async with web.client() as customer, web.client(Role.AGENT) as agent:
        receipt = await web.form(customer, email="ana@x.cu", subject=SECRET, body=SECRET)
        await web.settled()
        await agent.post("/api/v1/incidents/1/replies", json={"text": f"re {SECRET}"})
        await agent.post("/api/v1/incidents/1/notes", json={"text": f"note {SECRET}"})
        await web.settled()
    return receipt


async def _public_bytes(web: Web, *paths: str) -> str:
    seen = ""
    async with web.client() as stranger:
        for path in ("/", "/contact", "/chat", "/openapi.json", "/metrics", "/readyz", "/docs", *paths):
            for accept in ("text/html", "application/json"):
                seen += (await stranger.get(path, headers={"Accept": accept})).text
    return seen


async def test_a_form_with_anothers_address_opens_its_own_incident_and_shows_only_itself(web: Web) -> None:
    await _victim(web)
    async with web.client() as stranger, web.client(Role.AGENT) as agent:
        receipt = await web.form(stranger, name="Eve", email="ana@x.cu", subject=SECRET, body="what did I ask?")
        await web.settled()
        status = (await stranger.get(receipt["status_url"], headers={"Accept": "application/json"})).json()
        assert status["number"] == 2
        assert [entry["text"] for entry in status["timeline"]] == ["what did I ask?"]
        path = urlsplit(receipt["status_url"]).path
        page = (await stranger.get(path, headers={"Accept": "text/html"})).text
        assert f"re {SECRET}" not in page
        assert f"note {SECRET}" not in page
        shown = (await agent.get("/api/v1/incidents/2")).json()
        assert [each["number"] for each in shown["suggestions"]] == [1]
        # even once an agent merges them, the link shows its own thread
        await agent.post("/api/v1/incidents/1/merge", json={"from": [2]})
        await agent.post("/api/v1/incidents/1/notes", json={"text": f"note {SECRET}"})
        await web.settled()
        after = await stranger.get(receipt["status_url"], headers={"Accept": "application/json"})
        assert [entry["text"] for entry in after.json()["timeline"]] == ["what did I ask?"]
    seen = await _public_bytes(web, path)
    for own in (f"<h1>{SECRET}</h1>", f"<title>{SECRET} · Cauce</title>", f'"subject":"{SECRET}"'):
        seen = seen.replace(own, "")  # her own subject, as she wrote it
    assert SECRET not in seen


async def test_what_the_owner_of_an_address_answers_by_mail_is_for_the_link_in_that_mail(web: Web) -> None:
    async with web.client() as stranger, web.client(Role.AGENT) as agent:
        receipt = await web.form(stranger, name="Eve", email="ana@x.cu", subject="Hello", body="what did I ask?")
        await web.settled()
        thread = UUID(receipt["interaction_id"])
        in_mail = f"/status/{web.hub.tokens.sign_link(mailed(thread))}"
        file = Attachment(name="secret.txt", media_type="text/plain", bytes=6, blob=web.hub.blobs.put(SECRET.encode()))
        answered = _by_mail(thread, text=f"I asked {SECRET}", attachments=(file,))
        await Intake(web.hub.log, web.hub.secret).submit(answered)
        await web.settled()
        await agent.post("/api/v1/incidents/1/replies", json={"text": f"about {SECRET}"})
        await stranger.post(f"{in_mail}/messages", json={"body": f"and again {SECRET}"})
        await web.settled()
        path = urlsplit(receipt["status_url"]).path
        programs = {"Accept": "application/json"}
        hers, anas = [(await stranger.get(each, headers=programs)).json() for each in (path, in_mail)]
        assert (_said(hers), hers["number"], hers["by_mail"]) == (["what did I ask?"], 1, True)
        told = ["what did I ask?", f"I asked {SECRET}", f"about {SECRET}", f"and again {SECRET}"]
        assert (_said(anas), anas["number"], anas.get("by_mail", False)) == (told, 1, False)
        assert SECRET not in (await stranger.get(path, headers={"Accept": "text/html"})).text
        kept = f"files/{answered.id}/0"
        assert [(await stranger.get(f"{each}/{kept}")).status_code for each in (path, in_mail)] == [404, 200]
    async with socket_of(web) as chat:
        await chat.send(json.dumps({"type": "hello", "token": path.rpartition("/")[2]}))
        frames = [json.loads(await chat.recv()) for _ in range(2)]
    assert SECRET not in str(frames)


def _said(status: dict[str, Any]) -> list[str]:
    return [entry["text"] for entry in status["timeline"]]


def _by_mail(thread: UUID, **more: Any) -> Interaction:
    """An answer to the confirmation of a thread, as the parser reads it."""
    now, made = datetime.now(UTC), uuid4()
    return Interaction(
        id=made,
        channel=Channel.EMAIL,
        sender=Party(address="email:ana@x.cu", name="Ana", proven=True),
        thread=mailed(thread),
        contact=made,
        occurred_at=now,
        received_at=now,
        hints=Hints(thread_signed=True),
        **more,
    )


async def test_a_chat_with_anothers_address_shows_nothing_of_theirs(web: Web) -> None:
    await _victim(web)
    async with socket_of(web) as chat:
        await chat.send(json.dumps({"type": "hello", "name": "Eve", "email": "ana@x.cu"}))
        frames = [json.loads(await chat.recv())]
        await chat.send(json.dumps({"type": "message", "id": "1", "text": "what did I ask?"}))
        frames.append(json.loads(await chat.recv()))
        token = frames[0]["token"]
    await web.settled()
    async with socket_of(web) as chat:
        await chat.send(json.dumps({"type": "hello", "token": token, "email": "ana@x.cu"}))
        frames += [json.loads(await chat.recv()) for _ in range(2)]
    assert [frame["type"] for frame in frames] == ["welcome", "ack", "welcome", "message"]
    assert SECRET not in str(frames)
    async with web.client(Role.AGENT) as agent:
        assert (await agent.get("/api/v1/incidents/2")).json()["merged_into"] is None


async def test_notes_and_facts_never_reach_a_status_link(web: Web) -> None:
    receipt = await _victim(web)
    async with web.client() as customer:
        status = (await customer.get(receipt["status_url"], headers={"Accept": "application/json"})).json()
        assert [(entry["kind"], entry["text"]) for entry in status["timeline"]] == [
            ("interaction", SECRET),
            ("interaction", f"re {SECRET}"),
        ]


async def test_a_link_with_one_letter_changed_opens_nothing(web: Web) -> None:
    receipt = await _victim(web)
    token = receipt["status_url"].rpartition("/")[2]
    async with web.client() as stranger:
        for at in (0, 20, 44):
            other = token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]
            for path in (f"/status/{other}", f"/status/{other}/messages"):
                came = await (stranger.get(path) if "messages" not in path else stranger.post(path, json={"body": "x"}))
                assert came.status_code == 404
                assert SECRET not in came.text


@pytest.mark.parametrize("how", ["merge", "move"])
async def test_who_was_put_into_anothers_incident_does_nothing_to_it(web: Web, how: str) -> None:
    await _victim(web)
    async with web.client(headers={"Accept": "application/json"}) as stranger, web.client(Role.AGENT) as agent:
        receipt = await web.form(stranger, name="Eve", email="ana@x.cu", subject="Hello", body="what did I ask?")
        await web.settled()
        if how == "merge":
            await agent.post("/api/v1/incidents/1/merge", json={"from": [2]})
        else:
            asked = {"interaction": receipt["interaction_id"], "to": 1}
            assert (await agent.post("/api/v1/incidents/2/move", json=asked)).status_code == 200
        await web.settled()
        before = (await agent.get("/api/v1/incidents/1")).json()
        path = urlsplit(receipt["status_url"]).path
        page = (await stranger.get(path, headers={"Accept": "text/html"})).text
        for act in ("close", "reopen", "rate"):
            assert f"{path}/{act}" not in page
            for number in ({}, {"number": "1"}, {"number": "2"}):
                done = await stranger.post(f"{path}/{act}", data={"score": "1"} | number)
                assert (done.status_code, SECRET in done.text) == (409, False), act
        await web.settled()
        assert (await agent.get("/api/v1/incidents/1")).json() == before
