"""Charts: Altair makes the figure and vl-convert the SVG, in a process of their own that ends when nobody looks."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from schemas.errors import RetryableError

_IDLE_SECONDS = 60.0
_RENDER_SECONDS = 30.0
_KEPT = 64
_ROWS_MAX = 20_000

LIGHT = {"ink": "#1d2433", "muted": "#6a7387", "grid": "#e4e8ef"}
DARK = {"ink": "#e8ebf2", "muted": "#98a2b8", "grid": "#2b3344"}
HUES = {
    "light": {"form": "#0f8a7e", "email": "#2f6fde", "chat": "#8250df", "phone": "#b9770e", "in_person": "#c8437b"},
    "dark": {"form": "#35c2b2", "email": "#6ea1ff", "chat": "#b18cff", "phone": "#e0a43b", "in_person": "#f07fac"},
}


class ChartUnavailableError(RetryableError):
    """The chart could not be drawn in time; its numbers stand beside it all the same."""


@dataclass(frozen=True)
class Figure:
    """Stacked bars: `x` a day or a name, `y` a count, `colour` what the bars are made of, or nothing."""

    x: str
    y: str
    colour: str
    titles: Mapping[str, str]
    labels: Mapping[str, str]
    dark: bool
    temporal: bool


class Charts:
    """One worker process, started with the first chart and ended after a minute without one."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._end: asyncio.TimerHandle | None = None
        self._kept: OrderedDict[object, str] = OrderedDict()

    async def svg(self, key: object, figure: Figure, rows: Sequence[Mapping[str, Any]]) -> str:
        """The drawing. `key`: the same key is the same drawing, and is drawn once. Raises ChartUnavailableError."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        pool = self._started()
        try:
            async with asyncio.timeout(_RENDER_SECONDS):
                drawn = await asyncio.get_running_loop().run_in_executor(
                    pool, draw, figure, [dict(row) for row in rows[:_ROWS_MAX]]
                )
        except (TimeoutError, BrokenProcessPool) as error:
            self.close()
            raise ChartUnavailableError("the chart took too long") from error
        self._kept[key] = drawn
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return drawn

    def close(self) -> None:
        """End the worker."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 -- an executor can't end a busy worker
                with contextlib.suppress(OSError):
                    process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # spawned: a fork would copy threads' locks and the database's connections
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(_IDLE_SECONDS + _RENDER_SECONDS, self.close)
        return self._pool


def draw(figure: Figure, rows: list[dict[str, Any]]) -> str:
    """In the worker: the SVG of a figure."""
    import altair  # noqa: PLC0415 -- only the worker carries it
    import vl_convert  # noqa: PLC0415 -- likewise

    theme = DARK if figure.dark else LIGHT
    shown = (
        [{**row, figure.colour: figure.labels.get(row[figure.colour], row[figure.colour])} for row in rows]
        if figure.colour
        else rows
    )
    axis = {
        "labelColor": theme["muted"],
        "titleColor": theme["muted"],
        "gridColor": theme["grid"],
        "domainColor": theme["grid"],
        "tickColor": theme["grid"],
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    }
    x = altair.X(figure.x, type="temporal" if figure.temporal else "nominal", title=None)
    if not figure.temporal:
        x = x.sort("-y")
    encoding: dict[str, Any] = {"x": x, "y": altair.Y(figure.y, type="quantitative", title=figure.titles[figure.y])}
    if figure.colour:
        hues = HUES["dark" if figure.dark else "light"]
        names = [name for name in hues if any(row[figure.colour] == name for row in rows)]
        encoding["color"] = altair.Color(
            figure.colour,
            type="nominal",
            title=None,
            scale=altair.Scale(
                domain=[figure.labels.get(name, name) for name in names], range=[hues[name] for name in names]
            ),
        )
    chart = (
        altair.Chart(altair.Data(values=shown))
        .mark_bar(color=HUES["dark" if figure.dark else "light"]["email"], cornerRadiusEnd=1)
        .encode(**encoding)
        .properties(width=880, height=240, background="transparent")
        .configure_view(stroke=None)
        .configure(font="system-ui, sans-serif")
        .configure_axis(**axis)
        .configure_legend(labelColor=theme["ink"], orient="top", labelFontSize=11, symbolType="square")
    )
    svg: str = vl_convert.vegalite_to_svg(chart.to_json(), vl_version="6.4")
    return svg
