"""Quarantine over the API: what could not be handled or is not trusted, shown safely, and what a person decides."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from eventstore.database import Connection
from projections import access_log
from projections.access_log import AccessEntry
from schemas.errors import NotFoundError
from services import held, mail_jobs, quarantine, quarantine_many
from services.held import HeldCounts, Stored
from services.mail_jobs import MailJob
from services.quarantine import Asked, Held, HeldPage
from services.quarantine_many import AT_ONCE, Many
from services.quarantine_preview import HeldFile, Preview, preview
from services.web.api.files import framed
from services.web.api.shapes import LIMIT_DEFAULT, Body, Caller, Cursor, Limit, Line, MaybeLine, answers, json
from services.web.parts import Parts
from services.web.routing import Router

_Filter = Annotated[str, Query(max_length=300)]


class Resolved(msgspec.Struct, frozen=True):
    """What became of it."""

    id: UUID
    state: str


class Decision(msgspec.Struct, frozen=True):
    """What somebody did with it: `HeldReprocessed`, `HeldReleased`, `HeldDiscarded`, `HeldRestored`."""

    fact: str
    by: str
    at: datetime


class HeldDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One of them with what it would show. `html`: see `/html`. `parsed` False: `text` is how its bytes begin."""

    item: Held
    state: str
    note: str
    parsed: bool
    subject: str
    sender_name: str
    recipients: list[str]
    text: str
    has_html: bool
    headers: str
    files: list[HeldFile]
    bytes: int
    cut: bool
    decisions: list[Decision]


class DiscardIn(Body):
    """Why it is given up."""

    reason: Line


class ManyIn(Body):
    """What to do with the chosen ones; `reason` for a discard."""

    do: Literal["release", "reprocess", "discard", "restore"]
    items: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=AT_ONCE)]
    reason: MaybeLine = ""


class AllIn(Body):
    """Which to try again; what is empty leaves all."""

    reason: MaybeLine = ""
    channel: MaybeLine = ""
    sender: MaybeLine = ""


def router(parts: Parts) -> Router:
    """`/api/v1/quarantine`."""
    routes = Router(prefix="/api/v1/quarantine", tags=["quarantine"])
    _deciding_many(routes, parts)  # first: its addresses are no ids
    _reading(routes, parts)
    _deciding(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts) -> None:
    hub = parts.hub

    @routes.get("", responses=answers(HeldPage))
    async def list_held(
        reason: _Filter = "",
        channel: _Filter = "",
        sender: _Filter = "",
        discarded: Annotated[bool, Query()] = False,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """What is held, newest first; `discarded`: what was given up and can be put back. `sender`: part of one."""
        asked = Asked(reason, channel, sender, discarded)
        return json(await hub.database.run(quarantine.find, asked, cursor=cursor, limit=limit))

    @routes.get("/counts", responses=answers(HeldCounts))
    async def count() -> Response:
        """How many are held, by reason and by channel."""
        return json(await hub.database.run(held.counts))

    @routes.get("/{item}", responses=answers(HeldDetail))
    async def show(item: UUID) -> Response:
        """What it says, parsed in a child of its own: nothing is opened or fetched."""
        stored = await hub.database.run(held.get, item)
        shown = await preview(stored, hub.blobs, parts.previews)
        return json(detail(stored, shown, await hub.database.run(decisions_about, item)))

    @routes.get("/{item}/html", response_class=Response)
    async def show_html(item: UUID) -> Response:
        """Its HTML made safe, without pictures from elsewhere, for a frame."""
        shown = await preview(await hub.database.run(held.get, item), hub.blobs, parts.previews)
        if not shown.html:
            raise NotFoundError("there is no HTML in it")
        return framed(shown.html, pictures=False)

    @routes.get("/{item}/raw", response_class=Response)
    async def raw(item: UUID) -> Response:
        """Its bytes as they came, as a download."""
        headers = {
            "Content-Disposition": f'attachment; filename="{item}.bin"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        data = await hub.database.run(held.raw, item)
        return Response(data, media_type="application/octet-stream", headers=headers)


def _deciding(routes: Router, parts: Parts) -> None:
    hub = parts.hub

    @routes.post("/{item}/reprocess", status_code=202, responses=answers(Resolved, 202))
    async def reprocess(item: UUID, who: Caller) -> Response:
        """Put it on its log again."""
        await quarantine.reprocess(hub.access, hub.log, item, by=who.name)
        return json(Resolved(item, "reprocessed"), 202)

    @routes.post("/{item}/release", status_code=202, responses=answers(Resolved, 202))
    async def release(item: UUID, who: Caller) -> Response:
        """Let it in as it is: whatever held it holds it no more."""
        await quarantine.release(hub.access, hub.log, item, by=who.name)
        return json(Resolved(item, "released"), 202)

    @routes.post("/{item}/discard", responses=answers(Resolved))
    async def discard(item: UUID, body: DiscardIn, who: Caller) -> Response:
        """Give it up, saying why; its bytes stay."""
        done = await hub.access.run(who.name, quarantine.discard, item, body.reason)
        return json(Resolved(item, "discarded"), position=done.position)

    @routes.post("/{item}/restore", responses=answers(Resolved))
    async def restore(item: UUID, who: Caller) -> Response:
        """What was given up waits again, while its bytes are kept."""
        done = await hub.access.run(who.name, quarantine.restore, item)
        return json(Resolved(item, "held"), position=done.position)


def _deciding_many(routes: Router, parts: Parts) -> None:
    hub = parts.hub

    @routes.post("/many", responses=answers(Many))
    async def many(body: ManyIn, who: Caller) -> Response:
        """The same for each of these; who can't is named."""
        done = await quarantine_many.act_on_many(
            hub.access, hub.log, body.do, body.items, by=who.name, reason=body.reason
        )
        return json(done)

    @routes.post("/reprocess-all", status_code=202, responses=answers(MailJob, 202))
    async def reprocess_all(body: AllIn, who: Caller) -> Response:
        """All that a filter finds, after a parser was mended: a job, see `GET /quarantine/reprocess-all`."""
        asked = Asked(body.reason, body.channel, body.sender)
        return json(await quarantine_many.reprocess_all(hub.access, hub.log, parts.mail_jobs, asked, by=who.name), 202)

    @routes.get("/reprocess-all", responses=answers(MailJob))
    async def progress() -> Response:
        """How far the last such job has come."""
        found = await hub.database.run(mail_jobs.newest, mail_jobs.REPROCESS)
        if found is None:
            raise NotFoundError("nobody asked for it yet")
        return json(found)


def decisions_about(connection: Connection, item: UUID) -> list[AccessEntry]:
    """Who did what with it, newest first."""
    return list(access_log.find(connection, who=str(item)).items)


def detail(stored: Stored, shown: Preview, decisions: list[AccessEntry]) -> HeldDetail:
    """As the API says it."""
    return HeldDetail(
        item=stored.held,
        state=stored.state,
        note=stored.note,
        parsed=shown.parsed,
        subject=shown.subject,
        sender_name=shown.sender_name,
        recipients=shown.recipients,
        text=shown.text,
        has_html=bool(shown.html),
        headers=shown.headers,
        files=shown.files,
        bytes=shown.bytes,
        cut=shown.cut,
        decisions=[Decision(each.fact, each.by, each.at) for each in decisions],
    )
