"""How a figure is taken: ours and its limit in the same run, interleaved, median of five with the spread."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ours` and `limit` in `unit`; `ratio` is the median of the rounds' ratios."""

    name: str
    unit: str
    ours: float
    limit: float | None
    ratio: float | None
    spread: tuple[float, float] | None
    target: str
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """For the results file."""
        return asdict(self)


def rate(work: Callable[[], int]) -> float:
    """Items a second of one call; `work` returns how many it did."""
    gc.collect()
    begun = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - begun)


def against(
    name: str,
    unit: str,
    *,
    limit: Callable[[], float],
    ours: Callable[[], float],
    target: str,
    rounds: int = ROUNDS,
    note: str = "",
) -> Figure:
    """Interleave limit and ours; each callable returns its own rate, in `unit`, after its own clean-up."""
    limits: list[float] = []
    own: list[float] = []
    for round_number in range(rounds):
        pair = [(limits, limit), (own, ours)]
        for into, taken in pair if round_number % 2 == 0 else reversed(pair):
            into.append(taken())
    ratios = [mine / bar for mine, bar in zip(own, limits, strict=True)]
    return Figure(
        name=name,
        unit=unit,
        ours=statistics.median(own),
        limit=statistics.median(limits),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        target=target,
        note=note,
    )


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
