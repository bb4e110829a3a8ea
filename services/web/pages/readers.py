"""Who reads the help centre: our people, a customer known by the link we mailed them, or anybody.

The link of `/my-requests` shows that somebody reads a mailbox; a cookie keeps it until the link ends. What a customer
has is what their organization has: what a form says of itself opens nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from channels.address_tokens import AddressTokens
from eventstore.database import Connection
from projections import customers, organizations
from projections.articles import AGENT, ANYBODY, Reader
from services.access.identity import Identity
from services.access.policy import refusal
from services.web.parts import Parts

_COOKIE = "cauce_reader"
_READS_ALL = "GET /api/v1/articles/{article}"
"""Whoever may have this, reads all that is published here too; a token for something else reads what anybody does."""


class Readers:
    """Tells them apart."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.hub.database
        self._guard = parts.guard
        self._tokens = AddressTokens(parts.hub.secret)
        self._https = parts.hub.settings.public_url.startswith("https:")

    async def of(self, request: Request) -> Reader:
        """Whoever asks for this page."""
        return await self.known_as(request, await self._guard.identify(request))  # nobody else asked, on a page for all

    async def known_as(self, request: Request, who: Identity | None) -> Reader:
        """The same of somebody who was identified already."""
        if who is not None and not refusal(who, _READS_ALL, "GET"):
            return AGENT
        address = self._address(request)
        return ANYBODY if address is None else await self._database.run(_customer, address)

    def is_known(self, request: Request) -> bool:
        """Did they come by their link?"""
        return self._address(request) is not None

    def remember(self, response: Response, link: str, until: datetime) -> None:
        """They came by this link, which is good."""
        seconds = max(0, round((until - datetime.now(UTC)).total_seconds()))
        response.set_cookie(_COOKIE, link, max_age=seconds, httponly=True, samesite="lax", secure=self._https)

    def _address(self, request: Request) -> UUID | None:
        found = self._tokens.verify(request.cookies.get(_COOKIE, ""), datetime.now(UTC))
        return found[0] if found else None


def _customer(connection: Connection, address: UUID) -> Reader:
    owner = connection.execute("SELECT customer FROM address_owner WHERE address = %s", (address,)).fetchone()
    customer = customers.get(connection, owner[0]) if owner else None
    if customer is None or customer.organization is None:
        return ANYBODY
    theirs = organizations.get(connection, customer.organization.id)
    return Reader.having(theirs.products) if theirs else ANYBODY
