"""Rows as CSV that a spreadsheet opens and doesn't run. Under the reports and the knowledge figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from starlette.responses import Response

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """A file of that name to keep."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_plain(row[column]) for column in columns] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(map(str, cast("list[object]", value)))
    # a spreadsheet runs what begins like a formula
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
