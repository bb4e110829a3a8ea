"""Ports we listen on: taken before anything else starts, so that a busy one is said at once and by its setting."""

from __future__ import annotations

import errno
import socket

from schemas.errors import SettingsError
from services.settings import Endpoint

_BACKLOG = 2048


def listen(endpoint: Endpoint, setting: str) -> socket.socket:
    """A listening socket. Raises SettingsError naming `setting` when the address can't be had."""
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    # asyncio sends answers without delay only where the socket itself says TCP: 40 ms a request
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((endpoint.host, endpoint.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise SettingsError(_advice(endpoint, setting, error)) from error
    listening.setblocking(False)  # noqa: FBT003 -- the socket's own signature
    return listening


def refuse_busy(endpoint: Endpoint, setting: str) -> None:
    """Raise SettingsError when somebody else listens there."""
    listen(endpoint, setting).close()


def reachable(endpoint: Endpoint) -> Endpoint:
    """Where a program on this machine connects to: a wildcard address is reached through loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(endpoint.host, endpoint.host)  # noqa: S104 -- compared, not bound
    return Endpoint(host, endpoint.port)


def _advice(endpoint: Endpoint, setting: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            free = f"{setting}={endpoint.host}:{free_port(endpoint.host)}"
            return f"{endpoint} is taken by another program: change {setting}, for example {free}"
        case errno.EACCES:
            return f"{endpoint} needs rights this user hasn't: change {setting} to a port above 1023"
        case _:
            return f"{setting}: can't listen on {endpoint} ({error.strerror})"


def free_port(host: str = "127.0.0.1") -> int:
    """A port of this address that nobody listens on, for now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
