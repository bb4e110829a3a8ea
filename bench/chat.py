"""Chat message to timeline: from the customer's send until an agent who is told by /live reads it in the timeline.

Embedded: `cauce up`. Over Kafka: `cauce start --kafka`, every service its own process.
"""

from __future__ import annotations

import asyncio
import json
import time

import httpx
from websockets.asyncio.client import connect

from bench.hub import hub
from bench.measure import Figure, percentile

_MESSAGES = 150


async def _seconds(address: str, token: str) -> list[float]:
    base = f"http://{address}/api/v1"
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as agent,
        connect(f"ws://{address}/api/v1/chat") as chat,
    ):
        await chat.send(json.dumps({"type": "hello", "name": "Ana"}))
        await chat.recv()
        seen: list[float] = []
        number = await _first_incident(agent, base, chat)
        async with agent.stream("GET", f"{base}/live") as live:
            lines = live.aiter_lines()
            for message in range(_MESSAGES):
                text = f"mensaje {message}"
                begun = time.perf_counter()
                await chat.send(json.dumps({"type": "message", "id": str(message), "text": text}))
                while True:
                    line = await anext(lines)
                    if not line.startswith("data:"):
                        continue
                    position = json.loads(line[5:])["position"]
                    page = await agent.get(
                        f"{base}/incidents/{number}/timeline", params={"min_position": position, "limit": 200}
                    )
                    if any(entry["text"] == text for entry in page.json()["items"]):
                        seen.append(time.perf_counter() - begun)
                        break
                while json.loads(await chat.recv())["type"] != "ack":
                    pass
        return seen


async def _first_incident(agent: httpx.AsyncClient, base: str, chat: object) -> int:
    await chat.send(json.dumps({"type": "message", "id": "first", "text": "hola"}))  # type: ignore[attr-defined]
    await chat.recv()  # type: ignore[attr-defined]
    for _ in range(200):
        found = (await agent.get(f"{base}/incidents")).json()["items"]
        if found:
            return int(found[0]["number"])
        await asyncio.sleep(0.05)
    raise RuntimeError("the chat opened no incident")


def figures(cluster_url: str) -> list[Figure]:  # noqa: ARG001 -- it starts a hub of its own, as a newcomer does
    """Two figures, in milliseconds; reported, never asserted."""
    found: list[Figure] = []
    for name, kafka, target in (("embedded", False, "≈ 50 ms"), ("over Kafka", True, "≈ 150 ms")):
        with hub("--no-demo", *(["--kafka"] if kafka else [])) as running:
            seconds = asyncio.run(_seconds(running.address, running.token))
        found.append(
            Figure(
                name=f"chat message to timeline, p95, {name}",
                unit="ms",
                ours=percentile(seconds, 0.95) * 1000,
                limit=None,
                ratio=None,
                spread=None,
                target=target,
                note=f"median {percentile(seconds, 0.5) * 1000:.0f} ms of {len(seconds)}",
            )
        )
    return found
