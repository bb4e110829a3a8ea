"""Child processes that parse mails: one that takes too long, too much memory or dies takes only its mail with it.

Between services/parser.py and child.py. A mail is given up only after two children failed on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import msgspec
import structlog

from channels.email.child import Answer, Job, Setup, frame
from channels.email.origin.verification import Verdict
from channels.email.parse import Ours, Parsed
from schemas.errors import DecodeError
from schemas.interaction import RawMail

log = structlog.get_logger()

_ATTEMPTS = 2
_LENGTH_BYTES = 4
_PIPE_BYTES = 1024 * 1024
_START_SECONDS = 30.0
_answers = msgspec.msgpack.Decoder(Answer)


@dataclass(frozen=True)
class Bounds:
    """What one mail may cost. `seconds` of wall clock, `memory_bytes` of address space."""

    seconds: float = 20.0
    memory_bytes: int = 1024 * 1024 * 1024


class ChildFailedError(Exception):
    """The child died, or was killed for taking too long."""


class ParserPool:
    """`size` children, started when first needed."""

    def __init__(self, ours: Ours, *, size: int = 2, bounds: Bounds | None = None) -> None:
        self.size = size
        self._setup = Setup(ours, (bounds or Bounds()).memory_bytes, (bounds or Bounds()).seconds * 2)
        self._seconds = (bounds or Bounds()).seconds
        self._idle: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()
        self._children = [_Child(self._setup) for _ in range(size)]
        for child in self._children:
            self._idle.put_nowait(child)

    async def parse(self, raw: RawMail, content: bytes) -> Parsed:
        """Raises DecodeError for a mail that two fresh children could not parse."""
        parsed = (await self._ask(raw.id, Job(raw, content))).parsed
        assert parsed is not None  # noqa: S101 -- asked for
        return parsed

    async def verify(
        self, raw: RawMail, content: bytes, parsed: Parsed, records: dict[str, list[str] | None]
    ) -> Verdict:
        """Whether it is from whom it says. Raises DecodeError, as above."""
        verdict = (await self._ask(raw.id, Job(raw, content, parsed.claimed, records))).verdict
        assert verdict is not None  # noqa: S101 -- asked for
        return verdict

    async def with_pictures(self, mail: UUID, content: bytes) -> str:
        """Its HTML as original.py makes it. Raises DecodeError, as above."""
        return (await self._ask(mail, Job(None, content))).html

    async def _ask(self, mail: UUID, asked: Job) -> Answer:
        job = frame(asked)
        reason = ""
        for _ in range(_ATTEMPTS):
            async with self._child() as child:
                try:
                    answer = await child.ask(job, self._seconds)
                except ChildFailedError as error:
                    reason = str(error)
                    log.warning("mail_parser_died", mail=str(mail), reason=reason, bytes=len(asked.content))
                    continue
            if not answer.error:
                return answer
            reason = answer.error
        raise DecodeError(f"the mail can't be parsed: {reason}")

    async def close(self) -> None:
        """End all children."""
        for child in self._children:
            await child.kill()

    @asynccontextmanager
    async def _child(self) -> AsyncGenerator[_Child]:
        child = await self._idle.get()
        try:
            yield child
        except BaseException:
            await child.kill()  # cancelled in the middle: what it still answers belongs to nobody
            raise
        finally:
            self._idle.put_nowait(child)


class _Child:
    def __init__(self, setup: Setup) -> None:
        self._setup = frame(setup)
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, job: bytes, seconds: float) -> Answer:
        process = self._process or await self._start()
        try:
            async with asyncio.timeout(seconds):
                return await _exchange(process, job)
        except TimeoutError as error:
            await self.kill()
            raise ChildFailedError(f"took longer than {seconds:g} s") from error
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            await self.kill()
            raise ChildFailedError(f"died ({process.returncode})") from error

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "channels.email.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_PIPE_BYTES,
            # what a mail could make of the parser must not reach our settings
            env={name: value for name, value in os.environ.items() if not name.startswith("CAUCE_")},
            start_new_session=True,  # a Ctrl-C in the terminal is not for it
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 -- asked for above
        process.stdin.write(self._setup)
        async with asyncio.timeout(_START_SECONDS):
            await process.stdin.drain()
        return process


async def _exchange(process: asyncio.subprocess.Process, job: bytes) -> Answer:
    assert process.stdin is not None  # noqa: S101 -- made with pipes
    assert process.stdout is not None  # noqa: S101 -- likewise
    process.stdin.write(job)
    await process.stdin.drain()
    head = await process.stdout.readexactly(_LENGTH_BYTES)
    return _answers.decode(await process.stdout.readexactly(int.from_bytes(head, "big")))
