"""kill -9 around chats: what was accepted is accepted once; who waited is told after the restart, by mail too."""

from __future__ import annotations

import json
import time
from collections import Counter

import httpx
import psycopg
from websockets.sync.client import connect

from tests.hub_process import PATIENCE_SECONDS, HubProcess, Sink, eventually

CHATS = 40


def _ask(hub: HubProcess, **hello: str) -> str:
    """Somebody writes and closes the window. Returns the session."""
    with connect(f"ws://{hub.http}/api/v1/chat", proxy=None, open_timeout=PATIENCE_SECONDS) as chat:
        chat.send(json.dumps({"type": "hello", **hello}))
        session: str = json.loads(chat.recv(PATIENCE_SECONDS))["session"]
        chat.send(json.dumps({"type": "message", "id": "1", "text": "¿Hay alguien?"}))
        assert json.loads(chat.recv(PATIENCE_SECONDS))["type"] == "ack"
        return session


def _kinds(database_url: str) -> Counter[tuple[str, str]]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT stream, type FROM events WHERE stream LIKE 'chat/%'").fetchall()
    return Counter((stream.removeprefix("chat/"), kind) for stream, kind in rows)


def test_an_accept_killed_before_its_answer_is_one_accept(hub_process: HubProcess, database_url: str) -> None:
    hub = hub_process
    hub.environment["CAUCE_CHAT_WAIT_SECONDS"] = "600"
    hub.start()
    hub.wait_until_ready()
    headers = {"Authorization": f"Bearer {hub.token('agent')}"}
    with httpx.Client(base_url=hub.url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False) as agent:
        agent.post("/api/v1/presence", json={"available": True}).raise_for_status()
        sessions = [_ask(hub) for _ in range(CHATS)]
        assert eventually(lambda: len(_kinds(database_url)) == CHATS)
        unanswered = 0
        for number, session in enumerate(sessions):
            if number == CHATS // 2:
                hub.kill()
                hub.start()
            while True:
                try:
                    came = agent.post(
                        f"/api/v1/chats/{session}/accept", headers={"Idempotency-Key": session}, timeout=2
                    )
                    came.raise_for_status()
                    break
                except httpx.HTTPError:
                    unanswered += 1
                    time.sleep(0.1)
    assert unanswered, "the kill missed the load"
    expected = {(session, f"chat.{kind}.v1"): 1 for session in sessions for kind in ("requested", "accepted")}
    assert _kinds(database_url) == expected


def test_who_waited_when_it_was_killed_is_told_and_written_to(
    hub_process: HubProcess, database_url: str, sink: Sink
) -> None:
    hub = hub_process
    hub.environment["CAUCE_CHAT_WAIT_SECONDS"] = "600"
    hub.start()
    hub.wait_until_ready()
    headers = {"Authorization": f"Bearer {hub.token('agent')}"}
    httpx.post(f"{hub.url}/api/v1/presence", json={"available": True}, headers=headers, trust_env=False)
    session = _ask(hub, name="Eva", email="eva@x.example", locale="es")
    assert eventually(lambda: _kinds(database_url) == {(session, "chat.requested.v1"): 1})
    hub.kill()
    hub.environment["CAUCE_CHAT_WAIT_SECONDS"] = "1"  # that it was gone for longer
    hub.start()
    hub.wait_until_ready()
    told = {(session, "chat.requested.v1"): 1, (session, "chat.missed.v1"): 1}
    assert eventually(lambda: _kinds(database_url) == told)
    (mail,) = eventually(lambda: sink.mails_to("eva@x.example"))
    assert f"{hub.url}/status/" in mail.get_body(("plain",)).get_content()
    assert hub.stop() == [0]
