"""The LMTP server, for the mail server in front of us: smtp.py with an answer for each recipient (RFC 2033).

Whoever speaks it to us is ours: nothing is held against a peer.
"""

from __future__ import annotations

import asyncio
import socket

from channels.email.receiving.certificate import Certificate
from channels.email.receiving.door import Door, Limits
from channels.email.receiving.reception import Reception
from channels.email.receiving.smtp import Server


class LmtpServer(Server):
    """LHLO, and after the data one answer for each recipient."""

    source = "lmtp"

    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 -- aiosmtpd's name
        """The greeting, instead of HELO and EHLO."""
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802, ARG002 -- aiosmtpd's name
        """Not LMTP."""
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 -- aiosmtpd's name
        """Not LMTP."""
        await self.smtp_HELO(hostname)

    async def check_helo_needed(self, helo: str = "LHLO") -> bool:
        """Has the client greeted?"""
        return await super().check_helo_needed(helo)

    async def _answer(self, answers: list[str]) -> None:
        await self.push("\r\n".join(answers))


async def serve_lmtp(
    reception: Reception,
    listening: socket.socket,
    *,
    hostname: str,
    limits: Limits | None = None,
    certificate: Certificate | None = None,
) -> asyncio.Server:
    """Answer LMTP on a listening socket: what a local mail server hands over."""
    door = Door(reception, limits or Limits(), rate_limit=False)

    def connection() -> LmtpServer:
        return LmtpServer(door, hostname, certificate.context() if certificate else None, tls_required=False)

    return await asyncio.get_running_loop().create_server(connection, sock=listening)
