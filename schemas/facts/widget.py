"""Facts of a chat widget: which pages of others may show our chat. `key` stands in their script tag, for all to see."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact
from schemas.ids import scoped_id


@fact("widget.created.v1")
class WidgetCreated(Fact, frozen=True, kw_only=True):
    """These origins may show the chat. `name`: as visitors read it."""

    widget: UUID  # widget_id(key)
    key: str
    name: str
    origins: tuple[str, ...]
    language: str = ""
    colour: str = ""
    by: str
    at: datetime


@fact("widget.changed.v1")
class WidgetChanged(Fact, frozen=True, kw_only=True):
    """All of it anew."""

    widget: UUID
    key: str
    name: str
    origins: tuple[str, ...]
    language: str = ""
    colour: str = ""
    by: str
    at: datetime


@fact("widget.removed.v1")
class WidgetRemoved(Fact, frozen=True, kw_only=True):
    """Its frame is served no more."""

    widget: UUID
    key: str
    name: str
    by: str
    at: datetime


def widget_id(key: str) -> UUID:
    """The stream of a widget."""
    return scoped_id("widget", key)
