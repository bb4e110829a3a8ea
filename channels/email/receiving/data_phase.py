"""The DATA phase of SMTP: everything up to `CRLF . CRLF`, lines of any length, bounded. Below smtp.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

_END = b"\r\n.\r\n"
_LARGE_BYTES = 1024 * 1024
_OVERLAPS = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")  # beginnings of _END
_BLANK_MAX_BYTES = 4096  # of a mail's beginning, which is read byte by byte


class TooMuchDataError(Exception):
    """Read to its end and thrown away."""


class BlankError(Exception):
    """It begins with more blank lines than any mail: not read to its end."""


async def read_data(
    reader: asyncio.StreamReader, max_bytes: int, large: AbstractAsyncContextManager[None], alive: Callable[[], None]
) -> bytes:
    """The mail, dots unstuffed. What follows its end stays in the reader: the client may be pipelining.

    Over a mebibyte it enters `large` first: until then the sender waits. `alive` is called now and then.
    Raises TooMuchDataError after the end, so that the answer finds the client listening, and BlankError before it.
    """
    chunks: list[bytes] = []
    size = 0
    holding = False
    async with AsyncExitStack() as place:
        head, ended = await _head(reader)
        chunks.append(head)
        while not ended:
            chunk, ended = await _next(reader)
            size += len(chunk)
            alive()
            if size > max_bytes + len(_END):
                chunks.clear()
                continue
            if size > _LARGE_BYTES and not holding:
                await place.enter_async_context(large)
                holding = True
            chunks.append(chunk)
        if size > max_bytes + len(_END):
            raise TooMuchDataError
        if size > _LARGE_BYTES:
            return await asyncio.to_thread(_unstuffed, chunks)
        return _unstuffed(chunks)


async def _head(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """The first bytes, until the end can no longer lie across them and what follows."""
    head = await reader.readexactly(3)
    if head == b".\r\n":
        return b"", True
    while head.endswith(_OVERLAPS):
        if len(head) > _BLANK_MAX_BYTES:
            raise BlankError
        head += await reader.readexactly(1)
        if head.endswith(_END):
            return head[:-3], True
    return head, False


async def _next(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    try:
        last = await reader.readuntil(_END)
    except asyncio.LimitOverrunError as overrun:
        return await reader.read(overrun.consumed), False
    return last[:-3], True


def _unstuffed(chunks: list[bytes]) -> bytes:
    # RFC 5321 §4.5.2: a line that begins with a dot loses it
    whole = b"".join(chunks)
    if whole.startswith(b"."):
        whole = whole[1:]
    return whole.replace(b"\r\n.", b"\r\n")
