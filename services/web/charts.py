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
from importlib import import_module
from typing import Any, Literal

from schemas.errors import RetryableError

_IDLE_SECONDS = 60.0
_RENDER_SECONDS = 30.0
_KEPT = 64
_ROWS_MAX = 20_000

LIGHT = {"ink": "#1d2433", "muted": "#6a7387", "grid": "#e4e8ef"}
DARK = {"ink": "#e8ebf2", "muted": "#98a2b8", "grid": "#2b3344"}
HUES = {
    "light": {
        "self_service": "#3d8b37",
        "form": "#0f8a7e",
        "email": "#2f6fde",
        "chat": "#8250df",
        "phone": "#b9770e",
        "in_person": "#c8437b",
        "unanswered": "#9aa3b5",
        "contacted": "#c8437b",
    },
    "dark": {
        "self_service": "#7cc576",
        "form": "#35c2b2",
        "email": "#6ea1ff",
        "chat": "#b18cff",
        "phone": "#e0a43b",
        "in_person": "#f07fac",
        "unanswered": "#6f7a91",
        "contacted": "#f07fac",
    },
}
"""Of what is stacked, from below: channels, help found without us, and how visits ended."""

SVG_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "private, max-age=30",
}

_LOCALES: Mapping[str, Literal["es-ES", "en-GB"]] = {"es": "es-ES", "en": "en-GB"}


class ChartUnavailableError(RetryableError):
    """The chart could not be drawn in time; its numbers stand beside it all the same."""


@dataclass(frozen=True)
class Figure:
    """Stacked bars. `days`: the first and last of the time axis, None for names; `colour`: one of HUES, or nothing.

    `target`: each bar is a whole of shares, with a line at that share; its names stand in the order they come.
    """

    x: str
    y: str
    title: str
    colour: str
    labels: Mapping[str, str]
    days: tuple[str, str] | None
    language: str
    dark: bool
    target: float | None = None


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
    alt: Any = import_module("altair")  # only the worker carries them
    vl_convert: Any = import_module("vl_convert")

    theme, hues = (DARK, HUES["dark"]) if figure.dark else (LIGHT, HUES["light"])
    bars = (
        alt.Chart(alt.Data(values=_labelled(figure, rows, hues)))
        .mark_bar(color=hues["email"], cornerRadiusEnd=1)
        .encode(**_encoding(alt, figure, rows, hues))
    )
    if figure.target is not None:
        line = alt.Chart(alt.Data(values=[{"target": figure.target}])).mark_rule(
            color=theme["ink"], strokeDash=[5, 4], strokeWidth=1.5
        )
        bars = alt.layer(bars, line.encode(y=alt.Y("target", type="quantitative")))
    chart = (
        bars.properties(width=880, height=240, background="transparent")
        .configure_view(stroke=None)
        .configure(font="system-ui, sans-serif")
        .configure_axis(
            labelColor=theme["muted"],
            titleColor=theme["muted"],
            gridColor=theme["grid"],
            domainColor=theme["grid"],
            tickColor=theme["grid"],
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor=theme["ink"], orient="top", labelFontSize=11, symbolType="square", columnPadding=18
        )
    )
    svg: str = vl_convert.vegalite_to_svg(
        chart.to_json(), vl_version="6.4", time_format_locale=_LOCALES[figure.language]
    )
    return svg


def _labelled(figure: Figure, rows: list[dict[str, Any]], hues: Mapping[str, str]) -> list[dict[str, Any]]:
    if not figure.colour:
        return rows
    places = {name: place for place, name in enumerate(hues)}
    return [
        {
            **row,
            figure.colour: figure.labels.get(row[figure.colour], row[figure.colour]),
            "place": places[row[figure.colour]],
        }
        for row in rows
    ]


def _encoding(alt: Any, figure: Figure, rows: list[dict[str, Any]], hues: Mapping[str, str]) -> dict[str, Any]:
    if figure.target is not None:
        x = alt.X(
            figure.x,
            type="ordinal",
            title=None,
            sort=None,
            axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=8),
        )
    elif figure.days is None:
        x = alt.X(figure.x, type="nominal", title=None, sort="-y")
    else:
        # a day without its hours is the same everywhere: drawn in UTC, whatever zone it was counted in
        scale = alt.Scale(type="utc", domain=list(figure.days))
        axis = alt.Axis(format="%-d %b", grid=False, labelOverlap="greedy", labelSeparation=6, labelFlush=False)
        x = alt.X(figure.x, type="temporal", timeUnit="utcyearmonthdate", title=None, scale=scale, axis=axis)
    share = {} if figure.target is None else {"stack": "normalize", "axis": alt.Axis(format=".0%")}
    found = {"x": x, "y": alt.Y(figure.y, type="quantitative", title=figure.title, **share)}
    if figure.colour:
        found["order"] = alt.Order("place", type="quantitative")
        names = [name for name in hues if any(row[figure.colour] == name for row in rows)]
        domain, colours = [figure.labels.get(name, name) for name in names], [hues[name] for name in names]
        scale = alt.Scale(domain=domain, range=colours)
        found["color"] = alt.Color(figure.colour, type="nominal", title=None, scale=scale)
    return found
