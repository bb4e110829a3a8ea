"""Sites with a chat widget over the API: an admin says which pages may frame the chat."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from pydantic import Field
from starlette.responses import Response

from projections.page import Page
from services.web.api.shapes import Body, Caller, Line, MaybeLine, answers, json
from services.web.parts import Parts
from services.web.routing import Router
from services.widgets import sites
from services.widgets.sites import COLOUR, Site


class Widget(msgspec.Struct, frozen=True):
    """A site. `snippet`: what goes into its pages."""

    key: str
    name: str
    origins: list[str]
    language: str
    colour: str
    created_at: datetime
    snippet: str


class WidgetIn(Body):
    """`origins`: like https://www.example.com. `language` empty: the visitor's."""

    name: Line
    origins: Annotated[tuple[Line, ...], Field(max_length=20)]
    language: MaybeLine = ""
    colour: Line = COLOUR


def router(parts: Parts) -> Router:
    """`/api/v1/widgets`."""
    routes = Router(prefix="/api/v1/widgets", tags=["widgets"])
    database, access, public_url = parts.hub.database, parts.hub.access, parts.hub.settings.public_url

    def shown(site: Site) -> Widget:
        snippet = sites.snippet(site, public_url)
        return Widget(site.key, site.name, list(site.origins), site.language, site.colour, site.created_at, snippet)

    @routes.get("", responses=answers(Page[Widget]))
    async def list_widgets() -> Response:
        """All, by name."""
        return json(Page([shown(site) for site in await database.run(sites.every)], None))

    @routes.post("", status_code=201, responses=answers(Widget, 201))
    async def create_widget(body: WidgetIn, who: Caller) -> Response:
        """A new site."""
        done = await access.run(
            who.name, sites.create, body.name, body.origins, language=body.language, colour=body.colour
        )
        return json(shown(done.value), 201, position=done.position)

    @routes.patch("/{site}", responses=answers(Widget))
    async def change_widget(site: str, body: WidgetIn, who: Caller) -> Response:
        """All of it anew; the key stays."""
        done = await access.run(
            who.name, sites.change, site, body.name, body.origins, language=body.language, colour=body.colour
        )
        return json(shown(done.value), position=done.position)

    @routes.post("/{site}/remove", status_code=204)
    async def remove_widget(site: str, who: Caller) -> Response:
        """Its frame is served no more."""
        await access.run(who.name, sites.remove, site)
        return Response(status_code=204)

    return routes
