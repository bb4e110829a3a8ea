"""The headers every response carries: what a browser may load (nothing from elsewhere), and nothing to sniff."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_FRAMED_BY_NOBODY = "frame-ancestors 'none'"


def policy_framed_by(origins: Sequence[str]) -> str:
    """The policy of a page that these origins may frame, and nobody else."""
    framed = f"frame-ancestors {' '.join(origins)}" if origins else _FRAMED_BY_NOBODY
    return CONTENT_SECURITY_POLICY.replace(_FRAMED_BY_NOBODY, framed)


_HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),  # a status link is a secret
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), browsing-topics=()"),
]
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE = (b"cache-control", b"no-store")


class SecurityHeaders:
    """Adds them, and `no-store` where a route says nothing about caching. `https`: the public address is."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self._app = app
        self._headers = [*_HEADERS, _STRICT_TRANSPORT] if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"] = [*message.get("headers", ())]
                names = {name for name, _ in given}
                if any(name == b"content-security-policy" and b"frame-ancestors" in value for name, value in given):
                    names.add(b"x-frame-options")  # it can't name an origin: who may frame a page says it in its policy
                given.extend(header for header in self._headers if header[0] not in names)
                if b"cache-control" not in names:
                    given.append(_NO_STORE)
            await send(message)

        await self._app(scope, receive, with_headers)
