"""Pages and their live parts beside a bare FastAPI + Jinja2 page that reads one row; 16 clients, signed in."""

from __future__ import annotations

from pathlib import Path

import httpx

from bench.http_load import get_many
from bench.hub import RunningHub, hub
from bench.measure import Figure, against
from bench.parts import fresh_database
from bench.processes import running
from services.ports import free_port

_CLIENTS = 16
_REQUESTS = 400
_PAGES = (
    ("the inbox", "/agent"),
    ("an incident", "/agent/incidents/1"),
    ("an incident's timeline, the live part", "/agent/incidents/1?part=timeline"),
    ("the help centre", "/"),
)


def _cookie(of: RunningHub) -> str:
    with httpx.Client(base_url=f"http://{of.address}", headers={"Origin": f"http://{of.address}"}) as client:
        client.post("/login", data={"name": "agent", "password": of.password})  # 303: a page follows
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _rate(port: int, path: str, headers: str = "") -> float:
    load = get_many("127.0.0.1", port, path, headers, clients=_CLIENTS, requests=_REQUESTS)
    if load.refused:
        raise RuntimeError(f"{load.refused} of {_REQUESTS} requests for {path} were refused")
    return load.rate


def figures(cluster_url: str) -> list[Figure]:
    """One figure a page."""
    port = free_port()
    with fresh_database(cluster_url) as database, hub() as ours:
        cookie = f"Cookie: {_cookie(ours)}\r\n"
        with running([str(Path(__file__).parent / "bare_page.py"), str(port), database.url], port):
            return [
                against(
                    f"{name} ({_CLIENTS} clients)",
                    "pages/s",
                    limit=lambda: _rate(port, "/page"),
                    ours=lambda path=path: _rate(ours.port, path, cookie),  # type: ignore[misc]
                    target="a ratio to one row on a bare page",
                )
                for name, path in _PAGES
            ]
