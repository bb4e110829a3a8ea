"""`/agent/organizations`: the companies, one of them with its people and incidents; and to which a customer belongs."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, TypedDict
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import customers, incidents, organizations
from schemas.errors import InvalidError, NotFoundError
from services.organizations import belonging, requests
from services.web import languages
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_READS = ("organizations", "customers", "incidents")
_SHOWN_MAX = 20
_FOUND_MAX = 8
_FIELDS = ("name", "domains", "products", "level", "until")

Typed = Annotated[str, Query(max_length=300)]
Cursor = Annotated[str, Query(max_length=500)]


def router(parts: Parts, screen: Screen) -> Router:
    """A list, one of them, and the choice of one for a customer."""
    routes = Router(include_in_schema=False)
    _listing(routes, parts, screen)
    _choosing(routes, parts, screen)
    _one(routes, parts, screen)
    return routes


def _listing(routes: Router, parts: Parts, screen: Screen) -> None:
    async def page(q: str, cursor: str, fields: Mapping[str, str], shown: Mapping[str, object]) -> dict[str, object]:
        found = await parts.hub.database.run(organizations.find, q=q or None, cursor=cursor or None)
        typed = {name: fields.get(name, "") for name in _FIELDS}
        return {"page": found, "q": q, "fields": typed, "problem": "", "errors": (), **shown}

    @routes.get("/agent/organizations")
    async def listed(
        request: Request, q: Typed = "", cursor: Cursor = "", min_position: posted.Position = 0
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *_READS)
        return screen.render(request, "agent/organizations.html", await page(one_line(q), cursor, {}, {}))

    @routes.post("/agent/organizations")
    async def make(request: Request) -> Response:
        fields = await posted.fields(request)
        try:
            customer = posted.uuid(fields["customer"], "customer") if fields.get("customer") else None
            asked = requests.RegisterOrganization(customer=customer, **_given(fields))
            out = await parts.commands.run(asked, by=caller(request).name)
        except posted.REFUSALS as error:
            status, headers, refused = posted.refusal(error)
            context = await page("", "", fields, refused)
            return screen.render(request, "agent/organizations.html", context, status=status, headers=headers)
        path = posted.local(fields.get("next", "")).removeprefix(languages.prefix_of(request))
        await parts.wait_for(out.position, *_READS)
        path = path or f"/agent/organizations/{out.subject}"
        return redirect(request, path, min_position=out.position, done="saved", undo=out.undo)


def _choosing(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/agent/customers/{customer}/organization")
    async def choose(
        request: Request,
        customer: UUID,
        q: Typed = "",
        following: Annotated[str, Query(alias="next", max_length=300)] = "",
        part: str = "",
    ) -> Response:
        wanted = one_line(q)
        context = await parts.hub.database.run(_choices, customer, wanted)
        context |= {"q": wanted, "next": posted.local(following)}
        shown = "agent/organization_found.html" if part == "found" else "agent/organization_choose.html"
        return screen.render(request, shown, context)


def _one(routes: Router, parts: Parts, screen: Screen) -> None:
    async def page(organization: UUID, cursor: str, everything: str, shown: Mapping[str, object]) -> dict[str, object]:
        found = await parts.hub.database.run(_read, organization, cursor, bool(everything))
        return {"problem": "", "errors": (), **found, **shown}

    @routes.get("/agent/organizations/{organization}")
    async def show(
        request: Request,
        organization: UUID,
        cursor: Cursor = "",
        everything: Annotated[str, Query(alias="all", max_length=10)] = "",
        min_position: posted.Position = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *_READS)
        return screen.render(request, "agent/organization.html", await page(organization, cursor, everything, {}))

    @routes.post("/agent/organizations/{organization}/{action}")
    async def act(request: Request, organization: UUID, action: str) -> Response:
        fields = await posted.fields(request)
        try:
            out = await parts.commands.run(_asked(organization, action, fields), by=caller(request).name)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, refused = posted.refusal(error)
            context = await page(organization, "", "", {**refused, "typed": fields})
            return screen.render(request, "agent/organization.html", context, status=status, headers=headers)
        await parts.wait_for(out.position, *_READS)
        path = f"/agent/organizations/{organization}"
        return redirect(request, path, min_position=out.position, done="saved", undo=out.undo)


def _asked(organization: UUID, action: str, fields: Mapping[str, str]) -> requests.OrganizationRequest:
    match action:
        case "change":
            version = fields.get("version", "")
            if not version.isdecimal():
                raise InvalidError("which version was changed?", field="version")
            return requests.ChangeOrganization(organization=organization, version=int(version), **_given(fields))
        case "retire":
            return requests.RetireOrganization(organization=organization)
        case "restore":
            return requests.RestoreOrganization(organization=organization)
        case _:
            raise NotFoundError("no such action")


class _Given(TypedDict):
    name: str
    domains: tuple[str, ...]
    products: tuple[str, ...]
    level: str
    until: date | None


def _given(fields: Mapping[str, str]) -> _Given:
    """What a form says: products a line each, domains between blanks or commas."""
    return {
        "name": one_line(fields.get("name", "")),
        "domains": tuple(fields.get("domains", "").replace(",", " ").split()),
        "products": tuple(fields.get("products", "").splitlines()),
        "level": one_line(fields.get("level", "")),
        "until": _day(fields.get("until", "")),
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidError("a day like 2027-12-31", field="until") from error


def _read(connection: Connection, asked: UUID, cursor: str, everything: bool) -> dict[str, object]:
    organization = organizations.get(connection, asked)
    if organization is None:
        raise NotFoundError("no such organization")
    people = organizations.people(connection, asked, cursor=cursor or None, limit=_SHOWN_MAX)
    return {
        "organization": organization,
        "people": customers.several(connection, people.items),
        "next_people": people.next_cursor,
        "later": bool(cursor),
        "incidents": incidents.find(connection, organization=asked, open=not everything, limit=_SHOWN_MAX),
        "everything": everything,
        "typed": None,
    }


def _choices(connection: Connection, asked: UUID, q: str) -> dict[str, object]:
    customer = customers.get(connection, asked)
    if customer is None:
        raise NotFoundError("no such customer")
    belongs = belonging.read(connection, customer)
    found = organizations.find(connection, q=q or None, limit=_FOUND_MAX).items
    return {
        "customer": customer,
        "belongs": belongs,
        "found": [each for each in found if customer.organization is None or each.id != customer.organization.id],
    }
