"""Ports for the servers that tests start, which nobody else on this machine is given meanwhile."""

from __future__ import annotations

import socket

from services import ports
from services.settings import Endpoint

_kept: list[socket.socket] = []


def own_port() -> int:
    """Ours for as long as this process lives, whether its server has not started yet, was killed or comes back.

    It is bound here and never listened on. Who says SO_REUSEADDR, as servers do, may bind it too by its number.
    """
    kept = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    _kept.append(kept)
    port: int = kept.getsockname()[1]
    return port


def listening() -> socket.socket:
    """What a server in this process takes connections from, on a port of its own."""
    return ports.listen(Endpoint("127.0.0.1", 0), "of a test")
