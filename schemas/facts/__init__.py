"""Every fact of Cauce, by category. Importing this fills the registry."""

from __future__ import annotations

from schemas.facts import (
    api_token,
    article,
    call,
    callback,
    chat,
    customer,
    earlier,
    incident,
    interaction,
    line,
    link,
    organization,
    target,
    team,
    teamwork,
    undone,
    user,
    visit,
    widget,
)
from schemas.facts.kind import REGISTRY, Fact, Personal, stream_id, stream_of

__all__ = [
    "REGISTRY",
    "Fact",
    "Personal",
    "api_token",
    "article",
    "call",
    "callback",
    "chat",
    "customer",
    "earlier",
    "incident",
    "interaction",
    "line",
    "link",
    "organization",
    "stream_id",
    "stream_of",
    "target",
    "team",
    "teamwork",
    "undone",
    "user",
    "visit",
    "widget",
]
