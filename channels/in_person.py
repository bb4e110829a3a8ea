"""In person: a visit that an agent writes down, onto the log `interactions` like any other contact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from channels import http_body
from channels.form import JSON_MAX_BYTES, Email, Name, Subject, Text
from channels.intake import Intake, in_time
from schemas.address import Kind, email_address, phone_address
from schemas.errors import InvalidError
from schemas.ids import new_id, scoped_id
from schemas.interaction import Channel, Hints, Interaction, Party

IncidentOf = Callable[[int], Awaitable[UUID | None]]
"""The incident of a number, or None."""


def _phone(text: str) -> str:
    try:
        phone_address(text)
    except InvalidError as error:
        raise ValueError(str(error)) from error
    return text


class Visit(BaseModel):
    """What the agent writes down. `incident`: the number of one it belongs to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email | None = None
    phone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_phone)] | None = None
    subject: Subject
    body: Text
    incident: Annotated[int, Field(strict=True, ge=1, lt=2**63)] | None = None


class VisitReceipt(BaseModel):
    """Taken: durable on the log."""

    interaction_id: UUID


class Visits:
    """Takes visits. `incident_of` turns a number into an incident."""

    def __init__(self, intake: Intake, incident_of: IncidentOf) -> None:
        self._intake = intake
        self._incident_of = incident_of

    async def submit(self, visit: Visit, *, by: str, key: str, digest: bytes) -> VisitReceipt:
        """Onto the log. The same user, key and digest is the same visit. Raises InvalidError, LogUnavailableError."""
        incident = None if visit.incident is None else await self._incident_of(visit.incident)
        if incident is None and visit.incident is not None:
            raise InvalidError(f"there is no incident {visit.incident}", field="incident")
        interaction = scoped_id("in_person", by, key or str(new_id()), digest)
        sender, *others = _parties(visit, interaction)
        now = datetime.now(UTC)
        await self._intake.submit(
            Interaction(
                id=interaction,
                channel=Channel.IN_PERSON,
                sender=sender,
                claims=tuple(others),
                subject=visit.subject,
                text=visit.body.replace("\r\n", "\n"),
                thread=interaction,
                contact=interaction,
                occurred_at=now,
                received_at=now,
                hints=Hints(incident=incident),
                by=by,
            )
        )
        return VisitReceipt(interaction_id=interaction)


def _parties(visit: Visit, interaction: UUID) -> list[Party]:
    """Who came: by email, else by telephone, else a visitor of their own. The agent saw them: that is proof."""
    addresses: list[str] = []
    if visit.email is not None:
        addresses.append(email_address(visit.email))
    if visit.phone is not None:
        addresses.append(phone_address(visit.phone))
    if not addresses:
        addresses.append(f"{Kind.VISITOR}:{interaction}")
    return [Party(address=address, name=visit.name, proven=True) for address in addresses]


def router(visits: Visits, user: Callable[..., Awaitable[str] | str]) -> APIRouter:
    """`POST /in-person`, to be mounted under `/api/v1`. `user`: the dependency that says which agent asks."""
    routes = APIRouter(tags=["in_person"])
    content = {http_body.JSON: {"schema": Visit.model_json_schema()}}

    @routes.post("/in-person", status_code=202, openapi_extra={"requestBody": {"required": True, "content": content}})
    async def post_visit(  # pyright: ignore[reportUnusedFunction]  # -- a route
        request: Request,
        by: str = Depends(user),  # noqa: FAST002 -- in an annotation the argument `user` could not be found
    ) -> VisitReceipt:
        """Write down a visit."""
        key = http_body.idempotency_key(request)
        http_body.media_type(request, http_body.JSON)
        body = await http_body.read(request, JSON_MAX_BYTES)
        async with in_time():
            return await visits.submit(http_body.parse_json(Visit, body), by=by, key=key, digest=body)

    return routes
