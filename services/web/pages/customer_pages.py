"""`/agent/customers`: who they are, and all that one of them ever wrote, whatever the channel; merge and un-merge."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import customers, incidents, timeline
from projections.customers import Customer
from schemas.errors import InvalidError, NotFoundError
from services.customers import requests
from services.organizations import belonging
from services.web import languages
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.incident_actions import ids_in
from services.web.pages.incident_view import blocks
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_PROJECTIONS = ("customers", "incidents", "timeline", "organizations", "mutes")
_SHOWN = 200
_FOUND_MAX = 20
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def router(parts: Parts, screen: Screen) -> Router:
    """A list, and one of them."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    @routes.get("/agent/customers")
    async def listed(
        request: Request,
        q: Annotated[str, Query(max_length=300)] = "",
        cursor: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:
        wanted = one_line(q)
        page = await database.run(customers.find, q=wanted or None, cursor=cursor or None)
        return screen.render(request, "agent/customers.html", {"page": page, "q": wanted})

    async def shown(customer: UUID, q: str, more: Mapping[str, object], before: str | None = None) -> dict[str, object]:
        position = await parts.folded(*_PROJECTIONS)
        found = await database.run(_read, customer, q, before)
        return {"position": position, "q": q, "problem": "", "errors": (), "pictures": _PICTURES, **found, **more}

    @routes.get("/agent/customers/{customer}")
    async def show(
        request: Request,
        customer: UUID,
        q: Annotated[str, Query(max_length=300)] = "",
        before: Annotated[str, Query(max_length=500)] = "",
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *_PROJECTIONS)
        context = await shown(customer, one_line(q), {}, before or None)
        return screen.render(request, "agent/customer.html", context)

    @routes.post("/agent/customers/{customer}/{action}")
    async def act(request: Request, customer: UUID, action: str) -> Response:
        fields = await posted.fields(request)
        try:
            asked = _asked(customer, action, fields)
            out = await parts.commands.run(asked, by=caller(request).name)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, refused = posted.refusal(error)
            context = await shown(customer, "", refused)
            return screen.render(request, "agent/customer.html", context, status=status, headers=headers)
        path = posted.local(fields.get("next", "")).removeprefix(languages.prefix_of(request))
        await parts.wait_for(out.position, *_PROJECTIONS)
        return redirect(
            request, path or f"/agent/customers/{customer}", min_position=out.position, done="saved", undo=out.undo
        )

    return routes


def _asked(customer: UUID, action: str, fields: Mapping[str, str]) -> requests.CustomerRequest:
    match action:
        case "address":
            return requests.AddAddress(customer=customer, address=one_line(fields.get("address", "")))
        case "organization":
            chosen = ids_in(fields.get("organization", ""), "organization")
            return requests.SetOrganization(customer=customer, organization=chosen[0] if chosen else None)
        case "merge":
            return requests.MergeCustomers(customer=customer, sources=ids_in(fields.get("from", ""), "from"))
        case "unmerge":
            chosen = ids_in(fields.get("from", ""), "from")
            if not chosen:
                raise InvalidError("which customer?", field="from")
            return requests.UnmergeCustomers(customer=customer, source=chosen[0])
        case _:
            raise NotFoundError("no such action")


def _read(connection: Connection, asked: UUID, q: str, before: str | None) -> dict[str, object]:
    customer = customers.get(connection, asked)
    if customer is None:
        raise NotFoundError("no such customer")
    whole = customer.merged_into or customer.id
    said = timeline.end_of_customer(connection, whole, _SHOWN, before=before)
    family = customers.family(connection, whole)
    alike: list[Customer] = customers.find(connection, q=q, limit=_FOUND_MAX).items if q else []
    return {
        "customer": customer,
        "belongs": belonging.read(connection, customer),
        "parts_of": customers.parts_of(connection, family[1:]),
        "blocks": list(blocks(said.items)),
        "earlier": said.next_cursor,
        "before": before,
        "incidents": incidents.find(connection, customer=whole, limit=_FOUND_MAX).items,
        "alike": [each for each in alike if each.id not in family],
    }
