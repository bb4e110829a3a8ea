"""Customers over the API: find them, see all they ever wrote, add what an agent knows."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from eventstore.database import Connection
from projections import customers, organizations, timeline
from projections.customers import Customer
from projections.page import Page
from projections.timeline import Entry
from schemas.errors import InvalidError, NotFoundError
from services.customers import requests
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Line,
    SearchWords,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

_ADDRESSES_MAX = 20

AddressText = Annotated[Line, StringConstraints(max_length=330)]


class CustomerDone(msgspec.Struct, frozen=True):
    """A command's effect; `customer` None only while the projections lag more than 2 s."""

    position: int
    id: UUID
    customer: Customer | None


class CustomerIn(Body):
    """A person an agent knows of."""

    name: Line
    addresses: Annotated[tuple[AddressText, ...], Field(max_length=_ADDRESSES_MAX)] = ()


class AddressIn(Body):
    """`email:ana@x.cu`, `phone:+53…`, or bare."""

    address: AddressText


class CustomersIn(Body):
    """The customers who are the same person."""

    from_: Annotated[tuple[UUID, ...], Field(alias="from", min_length=1, max_length=50)]


class OrganizationIn(Body):
    """Where they belong; null: to none."""

    organization: UUID | None


class EraseIn(Body):
    """Said twice, because it can't be undone."""

    confirm: Annotated[UUID, Field(description="The customer's id once more")]


class CustomerFromIn(Body):
    """The customer who is somebody else after all."""

    from_: Annotated[UUID, Field(alias="from")]


def router(parts: Parts) -> Router:
    """`/api/v1/customers`."""
    routes = Router(prefix="/api/v1/customers", tags=["customers"])
    _reading(routes, parts)
    _working(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "customers", "incidents", "timeline", "organizations", "mutes")

    @routes.get("", responses=answers(Page[Customer]), dependencies=[waits])
    async def list_customers(
        q: SearchWords = None,
        phone: Annotated[str | None, Query(max_length=64, description="The end of a number, however written")] = None,
        organization: Annotated[UUID | None, Query(description="Who belongs to it, who joined last first")] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Customers by a part of a name or address, by telephone number, or of an organization."""
        if organization is not None:
            return json(await database.run(_people, organization, cursor, limit))
        if phone is not None:
            return json(Page(await database.run(customers.by_phone, phone, limit=limit)))
        return json(await database.run(customers.find, q=q, cursor=cursor, limit=limit))

    @routes.get("/{customer}", responses=answers(Customer), dependencies=[waits])
    async def get_customer(customer: UUID) -> Response:
        """One customer with their addresses."""
        found = await database.run(customers.get, customer)
        if found is None:
            raise _missing()
        return json(found)

    @routes.get("/{customer}/timeline", responses=answers(Page[Entry]), dependencies=[waits])
    async def get_timeline(customer: UUID, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Response:
        """All their incidents in one timeline, oldest first."""
        if await database.run(customers.get, customer) is None:
            raise _missing()
        return json(await database.run(timeline.of_customer, customer, cursor=cursor, limit=limit))


def _working(routes: Router, parts: Parts) -> None:
    @routes.post("", status_code=201, responses=answers(CustomerDone, 201))
    async def register(body: CustomerIn, who: Caller, key: Key) -> Response:
        """Enter a person; an agent's word proves the addresses."""
        request = requests.RegisterCustomer(name=body.name, addresses=body.addresses)
        return await _run(parts, request, who, key, 201)

    @routes.post("/{customer}/addresses", status_code=201, responses=answers(CustomerDone, 201))
    async def add_address(customer: UUID, body: AddressIn, who: Caller, key: Key) -> Response:
        """This address is theirs too."""
        return await _run(parts, requests.AddAddress(customer=customer, address=body.address), who, key, 201)

    @routes.post("/{customer}/merge", responses=answers(CustomerDone))
    async def merge(customer: UUID, body: CustomersIn, who: Caller, key: Key) -> Response:
        """The others are the same person."""
        return await _run(parts, requests.MergeCustomers(customer=customer, sources=body.from_), who, key)

    @routes.post("/{customer}/unmerge", responses=answers(CustomerDone))
    async def unmerge(customer: UUID, body: CustomerFromIn, who: Caller, key: Key) -> Response:
        """One is somebody else after all."""
        return await _run(parts, requests.UnmergeCustomers(customer=customer, source=body.from_), who, key)

    @routes.post("/{customer}/organization", responses=answers(CustomerDone))
    async def set_organization(customer: UUID, body: OrganizationIn, who: Caller, key: Key) -> Response:
        """They belong to this organization, or to none."""
        request = requests.SetOrganization(customer=customer, organization=body.organization)
        return await _run(parts, request, who, key)

    @routes.post("/{customer}/erase", responses=answers(CustomerDone))
    async def erase(customer: UUID, body: EraseIn, who: Caller, key: Key) -> Response:
        """Destroy everything personal about them, for good; what happened keeps its counts. Admins only."""
        if body.confirm != customer:
            raise InvalidError("repeat the customer's id: this can't be undone", field="confirm")
        return await _run(parts, requests.ErasePerson(customer=customer), who, key)


async def _run(
    parts: Parts, request: requests.CustomerRequest, who: Caller, key: str | None, status: int = 200
) -> Response:
    out = await parts.commands.run(request, by=who.name, idempotency_key=key)
    await parts.wait_for(out.position, "customers", "organizations")
    shown = await parts.hub.database.run(customers.get, out.subject)
    return json(CustomerDone(out.position, out.subject, shown), status, position=out.position, undo=out.undo)


def _people(connection: Connection, organization: UUID, cursor: str | None, limit: int) -> Page[Customer]:
    found = organizations.people(connection, organization, cursor=cursor, limit=limit)
    return Page(customers.several(connection, found.items), found.next_cursor)


def _missing() -> NotFoundError:
    return NotFoundError("no such customer")
