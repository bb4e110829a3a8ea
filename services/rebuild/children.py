"""Rebuilds in processes of their own: for the projector, which must stay responsive, and to use a second core.

parent ── the database's URL and the page size on stdin ──▶ python -m services.rebuild NAME…
       ◀── progress, or why it failed, as JSON lines on stdout ──
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

import psycopg

from eventstore.database import Database
from schemas.errors import CauceError, ConflictError
from services.rebuild.work import PAGE_EVENTS, Progress, rebuild_here

_POLL_SECONDS = 0.1
_PROGRAM = (sys.executable, "-m", "services.rebuild")


async def rebuild_in_child(
    url: str, names: Sequence[str], progress: Progress = lambda _phase, _done, _total: None
) -> None:
    """`rebuild` in a process of its own, so that this one stays responsive. Cancelling it ends the child; it resumes.

    Raises ConflictError while another process rebuilds, CauceError with the child's last words when it fails.
    """
    child = await asyncio.create_subprocess_exec(
        *_PROGRAM,
        *names,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None  # noqa: S101 -- asked for above
    assert child.stdout is not None  # noqa: S101 -- asked for above
    try:
        child.stdin.write(_settings(url, PAGE_EVENTS))
        await child.stdin.drain()
        failure: dict[str, str] = {}
        async for line in child.stdout:
            said = json.loads(line)
            if "error" in said:
                failure = said
            else:
                progress(said["phase"], said["done"], said["total"])
        await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
    if child.returncode:
        raise _failed(failure, child.returncode)


class Helper:
    """A child that rebuilds some views while this process rebuilds others. Ends with its parent, however that ends."""

    def __init__(self, url: str, names: Sequence[str], page_events: int) -> None:
        self._child = subprocess.Popen(  # noqa: S603 -- our own program
            [*_PROGRAM, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._child.stdin is not None  # noqa: S101 -- asked for above
        self._child.stdin.write(_settings(url, page_events))
        self._child.stdin.flush()
        self._failure: dict[str, str] = {}
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def finish(self, cancelled: Callable[[], bool]) -> None:
        """Wait for it. Raises what `rebuild` raises, CancelledRebuildError excepted: then it is only stopped."""
        while self._child.poll() is None and not cancelled():
            self._listening.join(_POLL_SECONDS)
        self.stop()
        self._listening.join()
        if self._child.returncode > 0:
            raise _failed(self._failure, self._child.returncode)

    def stop(self) -> None:
        """End it, wherever it is: what it has loaded is kept."""
        if self._child.poll() is None:
            self._child.terminate()
        self._child.wait()

    def _listen(self) -> None:
        assert self._child.stdout is not None  # noqa: S101 -- asked for above
        for line in self._child.stdout:
            said = json.loads(line)
            if "error" in said:
                self._failure = said


def _settings(url: str, page_events: int) -> bytes:
    # not arguments: those are for all to see
    return f"{page_events} {url}\n".encode()


def _failed(failure: dict[str, str], returncode: int | None) -> CauceError:
    message = failure.get("error", f"the rebuild ended with {returncode}")
    return ConflictError(message) if failure.get("kind") == ConflictError.__name__ else CauceError(message)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> int:
    """The child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal: the parent decides what it means
    page_events, _, url = sys.stdin.readline().strip().partition(" ")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    database = Database(url, size=2)
    try:
        database.open()
        rebuild_here(database, sys.argv[1:], _say_progress, page_events=int(page_events))
    except (CauceError, psycopg.Error) as error:
        _say({"error": str(error), "kind": type(error).__name__})
        return 1
    finally:
        database.close()
    return 0


def _say_progress(phase: str, done: int, total: int) -> None:
    _say({"phase": phase, "done": done, "total": total})


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
