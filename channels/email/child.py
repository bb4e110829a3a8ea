"""The process that parses one mail at a time for parser_pool.py, and may be killed at any moment.

Frames on stdin and stdout: 4 bytes length, then msgpack. No environment of ours, no database, bounded memory and time.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from typing import BinaryIO

import msgspec

from channels.email.origin.verification import Verdict, verify
from channels.email.original import with_pictures
from channels.email.parse import Ours, Parsed, parse
from schemas.interaction import RawMail


class Setup(msgspec.Struct, frozen=True):
    """The first frame. `seconds`: an orphan ends by itself after that long on one mail."""

    ours: Ours
    memory_bytes: int
    seconds: float


class Job(msgspec.Struct, frozen=True):
    """Each frame after it. With `records` of DNS, whether it is from the domain `claimed`; else what it says.

    Without `raw`: how it looks with its pictures.
    """

    raw: RawMail | None
    content: bytes
    claimed: str = ""
    records: dict[str, list[str] | None] | None = None


class Answer(msgspec.Struct, frozen=True):
    """What came of a job: `parsed`, `verdict` or `html`, or the name of the `error`, never a word of the mail."""

    parsed: Parsed | None = None
    verdict: Verdict | None = None
    html: str = ""
    error: str = ""


_LENGTH_BYTES = 4


def frame(message: msgspec.Struct) -> bytes:
    """As it travels."""
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


def _read(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    return pipe.read(int.from_bytes(head, "big"))


def main() -> None:
    """Answer jobs until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that prints may stand between the frames
    first = _read(sys.stdin.buffer)
    if first is None:
        return
    setup = msgspec.msgpack.decode(first, type=Setup)
    resource.setrlimit(resource.RLIMIT_AS, (setup.memory_bytes, setup.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a customer's mail
    jobs = msgspec.msgpack.Decoder(Job)
    gc.freeze()  # what is loaded by now stays, and isn't looked at again
    while (data := _read(sys.stdin.buffer)) is not None:
        signal.setitimer(signal.ITIMER_REAL, setup.seconds)
        answers.write(_answer(jobs.decode(data), setup.ours))
        answers.flush()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(job: Job, ours: Ours) -> bytes:
    try:
        if job.records is not None:
            return frame(Answer(verdict=verify(job.content, job.claimed, job.records)))
        if job.raw is None:
            return frame(Answer(html=with_pictures(job.content)))
        return frame(Answer(parsed=parse(job.raw, job.content, ours)))
    except Exception as error:  # noqa: BLE001 -- this process's edge: the parent decides
        return frame(Answer(error=type(error).__name__))


if __name__ == "__main__":
    main()
