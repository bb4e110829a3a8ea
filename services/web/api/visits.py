"""Self-service visits over the API: what somebody looks for before, or instead of, asking us. Anonymous, unsigned."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Request
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints
from starlette.responses import Response

from channels import http_body
from channels.limits import Limit, Rate, network_of
from channels.text import one_line
from schemas.facts.visit import Surface, VoteReason
from schemas.ids import new_id
from services.knowledge.counted import counts
from services.knowledge.visits import (
    QUERY_MAX_CHARACTERS,
    READ_SECONDS_MAX,
    REASON_MAX_CHARACTERS,
    RESULTS_MAX,
    Happened,
    Kind,
)
from services.web.api.shapes import Body, answers, json
from services.web.parts import Parts
from services.web.routing import Router

FOUND_MAX = 1_000_000
FROM_ONE_PLACE = Rate(burst=200, per_second=5.0)


class Begun(msgspec.Struct, frozen=True):
    """A new visit's id; nothing is recorded of it until something happens."""

    visit: UUID


class Taken(msgspec.Struct, frozen=True):
    """Recorded. `position` 0: nothing new happened."""

    position: int


class VisitEventIn(Body):
    """One thing a visitor did. `results`: the articles a search found, or only how many.

    `interaction`: of the form that was sent, or the chat's first words: what it became is then behind the figures.
    `surface`, `language` and `product` are kept of the first one, as where the visit began.
    """

    type: Kind
    query: Annotated[str, AfterValidator(one_line), StringConstraints(max_length=QUERY_MAX_CHARACTERS)] | None = None
    results: (
        Annotated[tuple[UUID, ...], Field(max_length=RESULTS_MAX)] | Annotated[StrictInt, Field(ge=0, le=FOUND_MAX)]
    ) = ()
    article: UUID | None = None
    helpful: StrictBool | None = None
    seconds: Annotated[StrictInt, Field(ge=0, le=READ_SECONDS_MAX)] = 0
    reason: VoteReason | None = None
    words: Annotated[str, AfterValidator(one_line), StringConstraints(max_length=REASON_MAX_CHARACTERS)] = ""
    file: UUID | None = None
    interaction: UUID | None = None
    surface: Surface = Surface.API
    language: Annotated[str, AfterValidator(one_line), StringConstraints(max_length=35)] = ""
    product: Annotated[str, AfterValidator(one_line), StringConstraints(max_length=200)] = ""


def router(parts: Parts) -> Router:
    """`/api/v1/visits`."""
    routes = Router(prefix="/api/v1/visits", tags=["knowledge"])
    places = Limit(FROM_ONE_PLACE, on=parts.hub.settings.rate_limit)

    @routes.post("", status_code=201, responses=answers(Begun, 201))
    async def begin(request: Request) -> Response:
        """Begin a visit."""
        places.take(network_of(http_body.peer(request)))
        return json(Begun(new_id()), 201)

    @routes.post("/{visit}/events", status_code=202, responses=answers(Taken, 202))
    async def happened(visit: UUID, body: VisitEventIn, request: Request) -> Response:
        """Say what happened in a visit. With `DNT: 1` or `Sec-GPC: 1` nothing is recorded: position 0."""
        places.take(network_of(http_body.peer(request)))
        if not counts(request.headers):
            return json(Taken(0), 202)
        results, found = ((), body.results) if isinstance(body.results, int) else (body.results, 0)
        position = await parts.visits.record(
            Happened(
                visit=visit,
                kind=body.type,
                now=datetime.now(UTC),
                query=body.query or "",
                results=results,
                found=found,
                article=body.article,
                helpful=body.helpful,
                seconds=body.seconds,
                reason=body.reason,
                words=body.words,
                file=body.file,
                interaction=body.interaction,
                surface=body.surface,
                language=body.language,
                product=body.product,
            )
        )
        return json(Taken(position), 202, position=position)

    return routes
