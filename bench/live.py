"""1,000 agents connected to one worker: from asking for a note until each is told; none lost; the memory beside it."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import psutil

from bench.hub import RunningHub, hub
from bench.measure import Figure, percentile

_AGENTS = 1_000
_NOTES = 40
_PAUSE_SECONDS = 0.25


def _memory(port: int) -> float:
    """MiB of the process that listens there."""
    owner = next(one.pid for one in psutil.net_connections("tcp") if one.laddr.port == port and one.status == "LISTEN")
    return float(psutil.Process(owner or 0).memory_info().rss) / 2**20


async def _listen(running: RunningHub, seen: dict[int, list[float]], ready: asyncio.Semaphore) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    head = f"GET /api/v1/live HTTP/1.1\r\nHost: {running.address}\r\nAuthorization: Bearer {running.token}\r\n\r\n"
    writer.write(head.encode())
    await reader.readuntil(b"retry: 2000\n")
    ready.release()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            seen.setdefault(json.loads(line[6:]).get("position", 0), []).append(time.perf_counter())


async def _take(running: RunningHub) -> tuple[list[float], int, float, float]:
    """Every agent's wait for every note, how many were lost, MiB before and with all connected."""
    seen: dict[int, list[float]] = {}
    ready = asyncio.Semaphore(0)
    headers = {"Authorization": f"Bearer {running.token}"}
    async with httpx.AsyncClient(base_url=f"http://{running.address}/api/v1", headers=headers, timeout=30) as agent:
        form = {"name": "Ana", "email": "ana@bench.example", "subject": "Factura", "body": "No llega"}
        (await agent.post("/forms", json=form)).raise_for_status()
        while not (await agent.get("/incidents")).json()["items"]:  # noqa: ASYNC110 -- the API has no other word
            await asyncio.sleep(0.05)
        before = _memory(running.port)
        listening = [asyncio.create_task(_listen(running, seen, ready)) for _ in range(_AGENTS)]
        for _ in listening:
            await ready.acquire()
        asked: dict[int, float] = {}
        for number in range(_NOTES):
            begun = time.perf_counter()
            came = await agent.post("/incidents/1/notes", json={"text": f"nota {number}"})
            asked[came.raise_for_status().json()["position"]] = begun
            await asyncio.sleep(_PAUSE_SECONDS)
        await asyncio.sleep(2)
        after = _memory(running.port)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    waits = [at - begun for position, begun in asked.items() for at in seen.get(position, [])]
    return waits, _AGENTS * _NOTES - len(waits), before, after


def figures(cluster_url: str) -> list[Figure]:  # noqa: ARG001 -- it starts a hub of its own, as a newcomer does
    """Milliseconds and MiB; reported, never asserted."""
    with hub("--no-demo") as running:
        waits, lost, before, after = asyncio.run(_take(running))
    median = percentile(waits, 0.5) * 1000
    note = f"median {median:.0f} ms, {lost} lost of {_AGENTS * _NOTES:,}; ours and the agents share the cores"
    told = Figure(
        "a note told to 1,000 agents, p95", "ms", percentile(waits, 0.95) * 1000, None, None, None, "≈ 250 ms", note
    )
    return [
        told,
        Figure(
            "memory of 1,000 connected agents",
            "MiB",
            after - before,
            None,
            None,
            None,
            "reported",
            f"the process: {before:.0f} → {after:.0f} MiB",
        ),
    ]
