"""How large a history the figures are taken with: each file's own size, or `CAUCE_BENCH_SCALE` for all of them."""

from __future__ import annotations

import os

VARIABLE = "CAUCE_BENCH_SCALE"


def size(usual: int) -> int:
    """Interactions, or events where a file says so. `usual`: what ends in reasonable time."""
    return int(os.environ.get(VARIABLE) or usual)
