"""`make bench`: every figure beside its limit, both taken in the same run; a table to read and JSON to keep.

`python -m bench.run [--scale N] [name …]` takes only the named files of this folder; `--scale`: with so long a history.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measure import Figure
from bench.parts import cluster
from bench.scale import VARIABLE

ALL = (
    "append",
    "intake",
    "rebuild",
    "relay",
    "form",
    "smtp",
    "parsing",
    "large_mails",
    "chat",
    "live",
    "pages",
    "reads",
    "search",
    "memory",
    "mail_memory",
)


def main(arguments: list[str]) -> int:
    """Take the figures; returns the exit code. A figure that raises is reported and the others are still taken."""
    parser = argparse.ArgumentParser(description="Take the figures, each beside its limit.")
    parser.add_argument("--scale", type=int, help="how long a history, e.g. 1000000")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ALL)}; all of them")
    asked = parser.parse_args(arguments)
    names: list[str] = asked.names
    if asked.scale is not None:
        os.environ[VARIABLE] = str(asked.scale)  # before the files that ask for it are imported
    console = Console()
    taken: list[Figure] = []
    failed: list[str] = []
    for name in names or ALL:
        begun = time.monotonic()
        console.print(f"[dim]{name} …[/dim]")
        try:
            with cluster() as url:
                found: list[Figure] = importlib.import_module(f"bench.{name}").figures(url)
        except Exception as error:  # noqa: BLE001 -- the edge: one broken figure must not hide the others
            console.print_exception()
            failed.append(f"{name}: {error!r}")
            continue
        taken.extend(found)
        console.print(_table(found))
        console.print(f"[dim]{name} took {time.monotonic() - begun:.0f} s[/dim]")
    console.print(_table(taken))
    _keep(taken, failed)
    for line in failed:
        console.print(f"[red]failed[/red] {line}")
    return 1 if failed else 0


def _table(figures: list[Figure]) -> Table:
    table = Table(title="ours beside its limit, taken in the same run; median of five (min … max)")
    for column in ("figure", "ours", "limit", "unit", "ratio", "target", "note"):
        table.add_column(column, justify="right" if column in {"ours", "limit", "ratio"} else "left")
    for figure in figures:
        spread = f" ({figure.spread[0]:.2f} … {figure.spread[1]:.2f})" if figure.spread else ""
        table.add_row(
            figure.name,
            f"{figure.ours:,.4g}" if figure.ours < 1000 else f"{figure.ours:,.0f}",
            "" if figure.limit is None else f"{figure.limit:,.4g}" if figure.limit < 1000 else f"{figure.limit:,.0f}",
            figure.unit,
            "" if figure.ratio is None else f"{figure.ratio:.2f}{spread}",
            figure.target,
            figure.note,
        )
    return table


def _keep(figures: list[Figure], failed: list[str]) -> None:
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    document = {
        "at": now.isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "figures": [figure.as_json() for figure in figures],
        "failed": failed,
    }
    (folder / f"{now:%Y%m%dT%H%M%SZ}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
