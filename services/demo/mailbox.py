"""A mailbox of the demo: takes every mail we send and writes it to a folder as .eml, so that answers can be read.

Stands where the world's mail servers would; `make up` starts it when CAUCE_MAIL_OUT is empty. It delivers to nobody.
As in the world, nobody is at `gone.example` and mailboxes at `full.example` are full.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_UNSAFE = re.compile(r"[^a-z0-9@.+-]+")
_MAIL_MAX_BYTES = 50 * 1024 * 1024
_REFUSING = {
    "gone.example": "550 5.1.1 there is no such user here",
    "full.example": "452 4.2.2 the mailbox is full",
}


class Mailbox:
    """An aiosmtpd handler over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count(1)
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take it, or refuse it as its domain does."""
        refused = _REFUSING.get(address.rpartition("@")[2].lower())
        if refused is None:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Write the mail, then say so."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        recipient = _UNSAFE.sub("_", (envelope.rcpt_tos[0] if envelope.rcpt_tos else "nobody").lower())[:80]
        path = self._folder / f"{time.time_ns() // 1_000_000}-{next(self._count):04d}-{recipient}.eml"
        written = path.with_suffix(".part")
        written.write_bytes(raw)
        written.replace(path)  # who watches the folder sees whole mails only
        return "250 kept"


async def serve(folder: Path, host: str, port: int, port_file: Path | None = None) -> None:
    """Listen until cancelled; the port taken (0: any) is written to `port_file`."""
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mailbox.localhost", data_size_limit=_MAIL_MAX_BYTES, enable_SMTPUTF8=True),
        host,
        port,
    )
    if port_file is not None:
        part = port_file.with_suffix(f".{os.getpid()}")
        part.write_text(str(server.sockets[0].getsockname()[1]))
        part.replace(port_file)
    async with server:
        await server.serve_forever()
