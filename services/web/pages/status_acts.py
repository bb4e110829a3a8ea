"""What customers say on their request's page besides words: it is solved, it isn't, how we did. And their files.

Their link is their right to it; nobody of ours did it, so `by` stays empty.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response

from channels import http_body
from channels.intake import in_time
from channels.text import clean
from schemas.errors import InvalidError, NotFoundError
from services.incidents import requests
from services.web.api.files import download
from services.web.api.shapes import json
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.status import number_of, page, thread_of
from services.web.parts import Parts
from services.web.routing import Router

_DIGITS = 18


def router(parts: Parts, screen: Screen) -> Router:
    """Behind the buttons of `/status/{token}`."""
    routes = Router(include_in_schema=False)

    @routes.post("/status/{token}/close")
    async def close(request: Request, token: str) -> Response:
        return await act(request, token, "closed")

    @routes.post("/status/{token}/reopen")
    async def reopen(request: Request, token: str) -> Response:
        return await act(request, token, "reopened")

    @routes.post("/status/{token}/rate")
    async def rate(request: Request, token: str) -> Response:
        return await act(request, token, "rated")

    async def act(request: Request, token: str, done: str) -> Response:
        parts.forms.admit(http_body.peer(request))
        program = http_body.JSON in request.headers.get("accept", "")
        fields = await posted.fields(request)
        try:
            async with in_time():
                number = await parts.hub.database.run(number_of, thread_of(parts, token), _part(fields))
            out = await parts.commands.run(_asked(done, number, fields), by="")
        except posted.REFUSALS as error:
            if program or isinstance(error, NotFoundError):
                raise
            status, headers, shown = posted.refusal(error)
            return await page(parts, screen, request, token, fields, shown, status=status, headers=headers)
        if program:
            return json({"position": out.position}, position=out.position)
        return redirect(request, f"/status/{token}", min_position=out.position, done=done)

    @routes.get("/status/{token}/files/{interaction}/{index}")
    async def get_file(token: str, interaction: UUID, index: Annotated[int, Path(ge=0, le=10_000)]) -> Response:
        return await download(parts, interaction, index, thread=thread_of(parts, token))

    return routes


def _part(fields: Mapping[str, str]) -> int | None:
    """Of what an agent took apart, the part that is meant."""
    said = fields.get("number", "")
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= _DIGITS):
        raise InvalidError("not the number of a request", field="number")
    return int(said)


def _asked(done: str, number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    match done:
        case "closed":
            return requests.Close(incident=number)
        case "reopened":
            return requests.Reopen(incident=number)
        case _:
            score = fields.get("score", "")
            if not score.isdecimal() or len(score) > 1:
                raise InvalidError("choose from 1 to 5", field="score")
            return requests.Rate(incident=number, score=int(score), comment=clean(fields.get("comment", "")))
