"""A small SMTP load generator: kept connections, a mail at a time on each. Imports nothing of ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


def send_many(port: int, mail: Callable[[int], bytes], *, clients: int, mails: int, to: str) -> float:
    """Mails accepted with 250 a second. Raises when one isn't."""
    return asyncio.run(_send_many(port, mail, clients, mails, to))


async def _send_many(port: int, mail: Callable[[int], bytes], clients: int, mails: int, to: str) -> float:
    numbers = iter(range(mails))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def say(line: bytes, expected: bytes) -> None:
            if line:
                writer.write(line)
            while (answer := await reader.readline())[3:4] == b"-":
                pass
            if answer[:3] != expected:
                raise RuntimeError(f"{line[:40]!r} was answered {answer!r}")

        await say(b"", b"220")
        await say(b"EHLO bench.example\r\n", b"250")
        for number in numbers:
            await say(b"MAIL FROM:<ana@bench.example>\r\n", b"250")
            await say(f"RCPT TO:<{to}>\r\n".encode(), b"250")
            await say(b"DATA\r\n", b"354")
            await say(mail(number) + b"\r\n.\r\n", b"250")
        await say(b"QUIT\r\n", b"221")
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return mails / (time.perf_counter() - begun)
