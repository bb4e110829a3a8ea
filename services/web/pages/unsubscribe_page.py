"""`/unsubscribe/{unsubscribe}`: where `List-Unsubscribe` of our automatic mail leads, for people and for mail programs.

Looking changes nothing: scanners follow links. A mail program posts by itself, from anywhere, without a cookie and in
either form encoding (RFC 8058 §3.2), so that its body isn't read, and it is answered without a redirect.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from channels import http_body
from channels.address_tokens import UnsubscribeTokens
from channels.limits import Limit, Rate, network_of
from channels.text import clean
from eventstore.database import Connection
from eventstore.keys import is_destroyed
from schemas.errors import NotFoundError
from schemas.facts.address import MuteReason
from services.muting import tables
from services.muting.requests import Resubscribe, Unsubscribe
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_FROM_ONE_PLACE = Rate(burst=120, per_second=2.0)  # one mail provider posts for all its people


class Standing(StrEnum):
    """How an address stands, as far as its reader is told."""

    WANTED = "wanted"
    ASKED = "asked"
    ERASED = "erased"


def router(parts: Parts, screen: Screen) -> Router:
    """For customers and their mail programs."""
    routes = Router(include_in_schema=False)
    tokens = UnsubscribeTokens(parts.hub.secret)
    places = Limit(_FROM_ONE_PLACE, on=parts.hub.settings.rate_limit)

    def named(token: str) -> tuple[UUID, UUID]:
        found = tokens.verify(clean(token))
        if found is None:
            raise NotFoundError("no such link")
        return found

    async def page(request: Request, token: str) -> Response:
        address, _ = named(token)
        context = {"token": token, "standing": await parts.hub.database.run(_standing, address)}
        return screen.render(request, "public/unsubscribe.html", context)

    @routes.get("/unsubscribe/{unsubscribe}")
    async def show(request: Request, unsubscribe: str) -> Response:
        return await page(request, unsubscribe)

    @routes.post("/unsubscribe/{unsubscribe}")
    async def end(request: Request, unsubscribe: str) -> Response:
        places.take(network_of(http_body.peer(request)))
        address, interaction = named(unsubscribe)
        await parts.commands.run(Unsubscribe(address=address, interaction=interaction), by="")
        return await page(request, unsubscribe)

    @routes.post("/unsubscribe/{unsubscribe}/again")
    async def begin_again(request: Request, unsubscribe: str) -> Response:
        places.take(network_of(http_body.peer(request)))
        address, _ = named(unsubscribe)
        out = await parts.commands.run(Resubscribe(address=address), by="")
        return redirect(request, f"/unsubscribe/{unsubscribe}", done="mail_again" if out.changed else None)

    return routes


def _standing(connection: Connection, address: UUID) -> Standing:
    if is_destroyed(connection, address):
        return Standing.ERASED
    mute = tables.of(connection, [address]).get(address)
    return Standing.ASKED if mute is not None and mute.reason is MuteReason.ASKED else Standing.WANTED
