"""Telephone lines over the API: let a telephone system in, see which there are, shut one out."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from fastapi import Path
from starlette.responses import Response

from projections.page import Page
from services.access import lines
from services.access.lines import Line
from services.web.api.shapes import Body, Caller, MaybeLine, answers, json
from services.web.parts import Parts
from services.web.routing import Router

LineName = Annotated[str, Path(max_length=64)]


class LineIn(Body):
    """A new line."""

    name: MaybeLine


class NewLine(msgspec.Struct, frozen=True):
    """`url`: where the telephone system posts to. The key in it is shown this once."""

    name: str
    url: str


def router(parts: Parts) -> Router:
    """`/api/v1/lines`."""
    routes = Router(prefix="/api/v1/lines", tags=["lines"])
    database = parts.hub.database

    @routes.get("", responses=answers(Page[Line]))
    async def list_lines() -> Response:
        """Every line there ever was."""
        return json(Page(await database.run(lines.list_lines)))

    @routes.post("", status_code=201, responses=answers(NewLine, 201))
    async def create_line(body: LineIn, who: Caller) -> Response:
        """Let a telephone system in."""
        return json(await create(parts, who.name, body.name), 201)

    @routes.post("/{line}/revoke", responses=answers(Line))
    async def revoke_line(line: LineName, who: Caller) -> Response:
        """Its key is worth nothing from now on."""
        done = await parts.hub.access.run(who.name, lines.revoke_line, line)
        return json(done.value, position=done.position)

    return routes


async def create(parts: Parts, by: str, name: str) -> NewLine:
    """A line with the URL to paste. Raises InvalidError, ConflictError."""
    key = (await parts.hub.access.run(by, lines.create_line, name)).value
    return NewLine(name, f"{parts.hub.settings.public_url}/api/v1/cti/{quote(name, safe='')}?key={key}")
