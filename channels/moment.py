"""A time that somebody tells us, over any edge: with its zone, and within the years that every zone's calendar has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime

from schemas.ids import utc

_YEARS = range(1970, 2200)
_AHEAD = timedelta(days=1)  # a clock set wrong is let pass; a call of next year would head every list until then


def _sound(moment: datetime) -> datetime:
    if moment.year not in _YEARS:  # the first and last ones have no time in UTC
        raise ValueError(f"a time of the years {_YEARS[0]} to {_YEARS[-1]}")
    return utc(moment)


def _past(moment: datetime) -> datetime:
    if moment > datetime.now(UTC) + _AHEAD:
        raise ValueError("this is still to come")
    return moment


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_sound)]
"""Aware, in UTC."""

Happened: TypeAlias = Annotated[Moment, AfterValidator(_past)]
"""The same, of what has happened already."""
