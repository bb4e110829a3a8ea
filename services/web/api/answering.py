"""Answering over the API: replies that can be taken back, notes, drafts, canned replies, the ways a reply can go."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import Field
from starlette.responses import Response

from eventstore.database import Connection
from projections import incidents
from projections.page import Page
from schemas.errors import NotFoundError
from schemas.interaction import Channel
from services.deliveries import standing
from services.deliveries.standing import Sending
from services.drafts import drafts
from services.drafts.drafts import Draft, Kept, Kind
from services.incidents import requests, teamwork
from services.incidents.ways import Way, ways
from services.web.api.shapes import Body, Caller, Key, MaybeLine, Notes, Number, Words, answers, json
from services.web.parts import Parts
from services.web.routing import Router

_FILES_MAX = 10


class Replied(msgspec.Struct, frozen=True):
    """Accepted for delivery. With `hold`, until `held_until` it can be taken back."""

    position: int
    interaction_id: UUID
    delivery: str
    held_until: datetime | None = None


class Noted(msgspec.Struct, frozen=True):
    """Written down."""

    position: int
    note_id: UUID


class Withdrawn(msgspec.Struct, frozen=True):
    """Taken back: nobody got it. Its words are the caller's draft again."""

    position: int
    interaction_id: UUID
    text: str


class ReplyIn(Body):
    """An answer to the customer; without `channel` and `to`, the way they wrote last.

    `attachments`: ids of uploads. `hold`: seconds it can be taken back. `version`: of the incident it answers; with it,
    a reply of somebody else since then is a conflict.
    """

    text: Words
    channel: Channel | None = None
    to: MaybeLine | None = None
    attachments: Annotated[tuple[UUID, ...], Field(max_length=_FILES_MAX)] = ()
    hold: Annotated[int, Field(ge=0, le=teamwork.HOLD_MAX_SECONDS)] = 0
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class NoteIn(Body):
    """What the customer never sees. `@name` calls an agent; `attachments`: ids of uploads."""

    text: Words
    attachments: Annotated[tuple[UUID, ...], Field(max_length=_FILES_MAX)] = ()


class NothingIn(Body):
    """An empty object, or no body."""


class DraftIn(Body):
    """What is typed so far; nothing at all throws it away."""

    text: Notes = ""
    to: MaybeLine = ""
    channel: Channel | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    attachments: Annotated[tuple[UUID, ...], Field(max_length=_FILES_MAX)] = ()


def router(parts: Parts) -> Router:
    """`/api/v1/incidents/{number}/replies`, `notes`, `drafts`, `ways`."""
    routes = Router(prefix="/api/v1/incidents", tags=["incidents"])
    _saying(routes, parts)
    _drafting(routes, parts)
    return routes


def _saying(routes: Router, parts: Parts) -> None:
    run = parts.commands.run

    @routes.post("/{number}/replies", status_code=202, responses=answers(Replied, 202))
    async def reply(number: Number, body: ReplyIn, who: Caller, key: Key) -> Response:
        """Answer the customer on their channel."""
        request = requests.Reply(
            incident=number,
            text=body.text,
            channel=body.channel,
            to=body.to or "",
            uploads=body.attachments,
            hold_seconds=body.hold,
            seen_version=body.version,
        )
        out = await run(request, by=who.name, idempotency_key=key)
        done = Replied(out.position, out.interaction or out.subject, out.delivery or "queued", out.held_until)
        return json(done, 202, position=out.position)

    @routes.post("/{number}/replies/{interaction}/withdraw", responses=answers(Withdrawn))
    async def withdraw(
        number: Number,
        interaction: UUID,
        who: Caller,
        key: Key,
        body: NothingIn | None = None,  # noqa: ARG001 -- the body may only be empty
    ) -> Response:
        """Take a held reply back before it leaves."""
        out = await run(requests.Withdraw(incident=number, interaction=interaction), by=who.name, idempotency_key=key)
        kept = await parts.hub.database.run(_drafts, parts, number, who.name)
        text = next((each.draft.text for each in kept if each.kind is Kind.REPLY), "")
        return json(Withdrawn(out.position, interaction, text), position=out.position)

    @routes.get("/{number}/replies/{interaction}/delivery", responses=answers(Sending))
    async def delivery(number: Number, interaction: UUID) -> Response:  # noqa: ARG001 -- says who may see it
        """How a mailed reply stands: attempts, when the next is made, the remote's last word."""
        found = await parts.hub.database.run(standing.of, [interaction])
        if interaction not in found:
            raise NotFoundError("nothing was mailed")
        return json(found[interaction])

    @routes.get("/{number}/interactions/{interaction}/confirmation", responses=answers(Sending))
    async def confirmation(number: Number, interaction: UUID) -> Response:  # noqa: ARG001 -- says who may see it
        """How the mail stands that went out by itself: that we have their form, that a chat goes on by mail."""
        found = await parts.hub.database.run(standing.of_confirmations, [interaction])
        if interaction not in found:
            raise NotFoundError("nothing was confirmed")
        return json(found[interaction])

    @routes.post("/{number}/replies/{interaction}/send-again", status_code=202, responses=answers(Sending, 202))
    async def send_again(number: Number, interaction: UUID, who: Caller) -> Response:  # noqa: ARG001 -- likewise
        """Once more, after it failed, came back or became uncertain."""
        done = await parts.hub.access.run(who.name, standing.send_again, interaction)
        return json(done.value, 202, position=done.position)

    @routes.post("/{number}/notes", status_code=201, responses=answers(Noted, 201))
    async def note(number: Number, body: NoteIn, who: Caller, key: Key) -> Response:
        """Write down something the customer never sees."""
        request = requests.Note(incident=number, text=body.text, uploads=body.attachments)
        out = await run(request, by=who.name, idempotency_key=key)
        return json(Noted(out.position, out.note or out.subject), 201, position=out.position)


def _drafting(routes: Router, parts: Parts) -> None:
    database = parts.hub.database

    @routes.get("/{number}/drafts", responses=answers(Page[Kept]))
    async def get_drafts(number: Number, who: Caller) -> Response:
        """What one was writing here, one's own only."""
        return json(Page(await database.run(_drafts, parts, number, who.name)))

    @routes.put("/{number}/drafts/{kind}", status_code=204, response_class=Response)
    async def put_draft(number: Number, kind: Kind, body: DraftIn, who: Caller) -> Response:
        """Keep what is typed so far, in the place of what was kept before."""
        draft = Draft(
            text=body.text,
            to=body.to,
            channel=body.channel or "",
            version=body.version,
            uploads=body.attachments,
        )
        await database.run(save_draft, parts, number, kind, draft, who.name)
        return Response(status_code=204)

    @routes.get("/{number}/ways", responses=answers(Page[Way]))
    async def get_ways(number: Number) -> Response:
        """Where a reply can go; first, where it goes without `channel` and `to`."""
        return json(Page(await database.run(ways, parts.hub.ledger, parts.commands.rules, number)))


def save_draft(connection: Connection, parts: Parts, number: int, kind: Kind, draft: Draft, by: str) -> None:
    """Keep what an agent types. Raises NotFoundError, ConflictError when its person was erased."""
    incident, address = incidents.sealed_by(connection, number) or _missing(number)
    drafts.save(connection, parts.hub.keys, incident, address, kind, draft, by=by)


def _drafts(connection: Connection, parts: Parts, number: int, by: str) -> list[Kept]:
    incident, _ = incidents.sealed_by(connection, number) or _missing(number)
    return list(drafts.load(connection, parts.hub.keys, incident, by=by).values())


def _missing(number: int) -> tuple[UUID, UUID]:
    raise NotFoundError(f"no incident {number}")
