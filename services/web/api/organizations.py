"""Organizations over the API: the companies, who belongs to them, what is open, what help they are entitled to."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import Field
from starlette.responses import Response

from eventstore.database import Connection
from projections import customers, incidents, organizations
from projections.customers import Customer
from projections.incidents import Incident
from projections.organizations import Organization
from projections.page import Page
from schemas.errors import NotFoundError
from services.organizations import requests
from services.web.api.doing import done
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Line,
    MaybeLine,
    SearchWords,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

_EACH_MAX = 50

Words = Annotated[tuple[Line, ...], Field(max_length=_EACH_MAX)]


class OrganizationDetail(Organization, frozen=True):
    """With who belongs to it (the 50 who joined last) and what is open there (the 50 last changed).

    All of them: `GET /customers?organization=`, `GET /incidents?organization=`.
    """

    customers: list[Customer]
    incidents: list[Incident]


class OrganizationIn(Body):
    """A company. `until`: the last day of its entitlement; `customer`: who belongs to it from the beginning."""

    name: Line
    domains: Words = ()
    products: Words = ()
    level: MaybeLine = ""
    until: date | None = None
    customer: UUID | None = None


class OrganizationChangeIn(Body):
    """What isn't said stays. `version`: 409 once somebody has changed it since."""

    name: Line | None = None
    domains: Words | None = None
    products: Words | None = None
    level: MaybeLine | None = None
    until: date | None = None
    version: int | None = None


def router(parts: Parts) -> Router:
    """`/api/v1/organizations`."""
    routes = Router(prefix="/api/v1/organizations", tags=["organizations"])
    _reading(routes, parts)
    _working(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "organizations", "customers", "incidents")

    @routes.get("", responses=answers(Page[Organization]), dependencies=[waits])
    async def list_organizations(
        q: SearchWords = None, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Response:
        """Organizations by a part of a name or mail domain, newest first, without retired ones."""
        return json(await database.run(organizations.find, q=q, cursor=cursor, limit=limit))

    @routes.get("/{organization}", responses=answers(OrganizationDetail), dependencies=[waits])
    async def get_organization(organization: UUID) -> Response:
        """One organization."""
        return json(await database.run(_detail, organization))


def _working(routes: Router, parts: Parts) -> None:
    @routes.post("", status_code=201, responses=answers(Organization, 201))
    async def register(body: OrganizationIn, who: Caller, key: Key) -> Response:
        """Enter a company."""
        return await _run(parts, requests.RegisterOrganization(**body.model_dump()), who, key, 201)

    @routes.patch("/{organization}", responses=answers(Organization))
    async def change(organization: UUID, body: OrganizationChangeIn, who: Caller, key: Key) -> Response:
        """Another name, other domains, products, another entitlement; `"until": null` is without end."""
        said = {name: value for name, value in body.model_dump().items() if value is not None}
        if "until" in body.model_fields_set:
            said["until"] = body.until
        return await _run(parts, requests.ChangeOrganization(organization=organization, **said), who, key)

    @routes.post("/{organization}/retire", responses=answers(Organization))
    async def retire(organization: UUID, who: Caller, key: Key) -> Response:
        """It is none any more. 409 while somebody belongs to it."""
        return await _run(parts, requests.RetireOrganization(organization=organization), who, key)

    @routes.post("/{organization}/restore", responses=answers(Organization))
    async def restore(organization: UUID, who: Caller, key: Key) -> Response:
        """It is one after all."""
        return await _run(parts, requests.RestoreOrganization(organization=organization), who, key)


async def _run(
    parts: Parts, request: requests.OrganizationRequest, who: Caller, key: str | None, status: int = 200
) -> Response:
    return await done(parts, request, who.name, key, organizations.get, "organizations", status=status)


def _detail(connection: Connection, organization: UUID) -> OrganizationDetail:
    found = organizations.get(connection, organization)
    if found is None:
        raise NotFoundError("no such organization")
    people = organizations.people(connection, organization, limit=_EACH_MAX).items
    at_work = incidents.find(connection, organization=organization, open=True, limit=_EACH_MAX)
    return OrganizationDetail(
        **msgspec.structs.asdict(found), customers=customers.several(connection, people), incidents=at_work.items
    )
