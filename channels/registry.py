"""The HTTP channels and what they are made of. Adding one: its own file, a line in ALL (docs/howto/add-a-channel.md).

services/web mounts `Routes.api` under `/api/v1` and `Routes.pages` beside the pages; email has servers of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter

from channels import callback, form, in_person, phone
from channels.callback import Callbacks
from channels.chat import gateway
from channels.chat.gateway import ChatGateway
from channels.form import Forms
from channels.in_person import IncidentOf, Visits
from channels.intake import Intake
from channels.phone import IsLineKey
from schemas.interaction import Channel


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What channels are given. `user`: the dependency naming the agent who asks; `public_url`: without a last slash."""

    intake: Intake
    forms: Forms
    chat: ChatGateway
    callbacks: Callbacks
    public_url: str
    is_line_key: IsLineKey
    incident_of: IncidentOf
    user: Callable[..., Awaitable[str] | str]


@dataclass(frozen=True)
class Routes:
    """What a channel answers: under `/api/v1`, and beside the pages."""

    api: APIRouter
    pages: APIRouter | None = None


def _phone(edge: Edge) -> APIRouter:
    routes = phone.router(edge.intake, edge.is_line_key, public_url=edge.public_url)
    routes.routes.extend(callback.router(edge.callbacks, edge.forms).routes)
    return routes


ALL: Mapping[Channel, Callable[[Edge], Routes]] = {
    Channel.FORM: lambda edge: Routes(form.router(edge.forms), form.status_router(edge.forms)),
    Channel.CHAT: lambda edge: Routes(gateway.router(edge.chat)),
    Channel.PHONE: lambda edge: Routes(_phone(edge)),
    Channel.IN_PERSON: lambda edge: Routes(in_person.router(Visits(edge.intake, edge.incident_of), edge.user)),
}
