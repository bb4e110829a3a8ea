"""What somebody's words mean, for a search that is going on: soon, or not at all.

The server of embeddings may be slow, wrong or gone: searches then go by words alone. After some failures in a row it
is left alone for a while, so that nobody waits for it in vain.
"""

from __future__ import annotations

import time
from collections import OrderedDict

import structlog
from prometheus_client import Counter

from projections.article_vectors import Meaning
from services.knowledge.meaning.address import Address
from services.knowledge.meaning.embedder import Embedder, EmbedderError, RefusedTextError

QUESTIONS = Counter(
    "cauce_embedder_questions", "Searches whose words a model was to be asked for, by what came of it", ("outcome",)
)

WAIT_SECONDS = 0.15  # beside a form, suggestions are due 400 ms after the last key, of which 220 are waited anyway
PAUSE_SECONDS = 30.0
_FAILURES_MAX = 3
_KEPT_MAX = 1000
_CHARACTERS_MAX = 300

log = structlog.get_logger()


class Questions:
    """Of one process. Without an embedder, nothing ever means anything."""

    def __init__(self, embedder: Embedder | None, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._embedder = embedder
        self._wait_seconds = wait_seconds
        self._kept: OrderedDict[str, Meaning] = OrderedDict()
        self._failures = 0
        self._paused_until = 0.0

    async def meaning(self, words: str) -> Meaning | None:
        """None: search by words alone. Never raises, never takes longer than its wait."""
        if self._embedder is None:
            return None
        asked = " ".join(words.split())[:_CHARACTERS_MAX].encode(errors="replace").decode()
        if asked in self._kept:
            self._kept.move_to_end(asked)
            return self._kept[asked]
        if not asked:
            return None
        if time.monotonic() < self._paused_until:
            QUESTIONS.labels("not_asked").inc()
            return None
        return await self._ask(self._embedder, asked)

    async def close(self) -> None:
        """Let go of the server."""
        if self._embedder is not None:
            await self._embedder.close()

    async def _ask(self, embedder: Embedder, asked: str) -> Meaning | None:
        try:
            (meaning,) = await embedder.questions([asked], seconds=self._wait_seconds)
        except RefusedTextError:
            QUESTIONS.labels("refused").inc()
            return None
        except EmbedderError as error:
            QUESTIONS.labels("failed").inc()
            self._failures += 1
            if self._failures >= _FAILURES_MAX:  # and once more after each pause
                self._paused_until = time.monotonic() + PAUSE_SECONDS
                log.warning("embedder_paused", error=str(error), pause_seconds=PAUSE_SECONDS)
            return None
        QUESTIONS.labels("answered").inc()
        self._failures = 0
        self._kept[asked] = meaning
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return meaning


def questions_to(address: Address | None) -> Questions:
    """As CAUCE_EMBEDDINGS says."""
    return Questions(None if address is None else Embedder(address))
