"""Pauses between attempts at what fails: they grow to a second, and never end the attempts."""

from __future__ import annotations

import asyncio

_FIRST_PAUSE_SECONDS = 0.05
_LAST_PAUSE_SECONDS = 1.0


class Backoff:
    """Pauses that grow to a second while something fails."""

    def __init__(self) -> None:
        self._seconds = _FIRST_PAUSE_SECONDS

    def reset(self) -> None:
        """It works again."""
        self._seconds = _FIRST_PAUSE_SECONDS

    async def pause(self) -> None:
        """Wait, and longer the next time."""
        await asyncio.sleep(self._seconds)
        self._seconds = min(self._seconds * 2, _LAST_PAUSE_SECONDS)
