"""The form endpoint: `cauce serve web` beside a bare FastAPI endpoint making one durable insert each, 32 clients."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from bench.http_load import post_many
from bench.measure import Figure, against
from bench.parts import fresh_database
from bench.processes import of_a_hub, running
from services.ports import free_port

_CLIENTS = 32
_FORMS = 3_000


def _form(number: int) -> bytes:
    form = {
        "name": "Ana",
        "email": f"ana{number}@bench.example",
        "subject": f"Factura {number}",
        "body": "No llega. " * 20,
    }
    return json.dumps(form).encode()


def _taken(port: int, path: str) -> float:
    load = post_many("127.0.0.1", port, path, _form, clients=_CLIENTS, requests=_FORMS)
    if load.refused:
        raise RuntimeError(f"{load.refused} of {_FORMS} forms were refused on {path}")
    return load.rate


def figures(cluster_url: str) -> list[Figure]:
    """One figure."""
    smtp, http, bare = free_port(), free_port(), free_port()
    with fresh_database(cluster_url) as database, tempfile.TemporaryDirectory() as folder:
        settings = of_a_hub(folder, database.url, smtp=smtp, http=http)
        with (
            running(["-m", "services.cli", "serve", "web"], http, settings),
            running([str(Path(__file__).parent / "bare_form.py"), str(bare), database.url], bare),
        ):
            return [
                against(
                    "form endpoint (32 clients)",
                    "forms/s",
                    limit=lambda: _taken(bare, "/forms"),
                    ours=lambda: _taken(http, "/api/v1/forms"),
                    target="≥ 0.5 of one durable insert each",
                )
            ]
