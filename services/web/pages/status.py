"""`/status/{token}`: the one page a customer follows a request on, as HTML or JSON. Shows its thread, nothing else.

There they write more. `/chat`: the same conversation, live.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query, Request
from msgspec.structs import replace
from starlette.responses import Response

from channels import form, http_body
from channels.text import clean
from eventstore.database import Connection
from projections import incidents, reading, timeline
from projections.timeline import Entry
from schemas.errors import ConflictError, NotFoundError
from schemas.ids import new_id
from schemas.interaction import Direction
from services.web.api.shapes import json
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router
from services.web.taken_apart import Part, parts_of

_ENTRIES_MAX = 2000
_SHOWN = 200
_PROJECTIONS = ("timeline", "incidents")


class ThreadStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a status link tells. `state`: `received` until the message is part of an incident.

    `earlier`: as `?before=`, what was said before. `by_mail`: more was said by mail. `number` and `status` are those of
    the newest words; `parts`: all of them, where some were taken apart.
    """

    state: str
    number: int | None
    status: str | None
    timeline: list[Entry]
    earlier: str | None = None
    by_mail: bool = False
    parts: Sequence[Part] = ()


class Told(msgspec.Struct, frozen=True):
    """The same for the page. `subject`: what it began with. `own`: the numbers it may call solved.

    `words`: how the words in each of the parts begin.
    """

    status: ThreadStatus
    subject: str
    own: frozenset[int]
    words: Mapping[int, str]


def router(parts: Parts, screen: Screen) -> Router:
    """What a customer's link opens."""
    routes = Router(include_in_schema=False)

    @routes.get("/status/{token}")
    async def show(
        request: Request,
        token: str,
        before: Annotated[str, Query(max_length=500)] = "",
        min_position: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    ) -> Response:
        if min_position is not None:
            await reading.wait_for(parts.hub.database, min_position, _PROJECTIONS)
        accepted = request.headers.get("accept", "")
        if "application/json" in accepted and "text/html" not in accepted:
            return json((await read(parts, token, before=before or None)).status)
        return await page(parts, screen, request, token, {}, {}, before=before or None)

    @routes.post("/status/{token}")
    async def add(request: Request, token: str) -> Response:
        parts.forms.admit(http_body.peer(request))
        thread_of(parts, token)  # before its files are read
        async with form.posted(request) as came:
            try:
                await parts.forms.submit_posted_follow_up(token, came)
            except NotFoundError:
                raise
            except posted.REFUSALS as error:
                status, headers, shown = posted.refusal(error)
                return await page(parts, screen, request, token, came.fields, shown, status=status, headers=headers)
        return redirect(request, f"/status/{token}", done="received")

    return routes


async def page(
    parts: Parts,
    screen: Screen,
    request: Request,
    token: str,
    fields: Mapping[str, str],
    shown: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    before: str | None = None,
) -> Response:
    """The page, with what was typed and what is wrong with it."""
    told = await read(parts, token, _SHOWN, before)
    context = {
        "token": token,
        "state": told.status.state,
        "number": told.status.number,
        "status": told.status.status,
        "items": told.status.timeline,
        "subject": told.subject,
        "earlier": told.status.earlier,
        "by_mail": told.status.by_mail,
        "parts": told.status.parts,
        "own": told.own,
        "begins": told.words,
        "asked": next((n for n in told.words if str(n) == fields.get("number")), None),
        "before": before,
        "fields": {"body": fields.get("body", ""), "comment": fields.get("comment", "")},
        "key": fields.get(form.IDEMPOTENCY_FIELD) or str(new_id()),
        "problem": "",
        "errors": (),
    }
    return screen.render(request, "public/status.html", context | dict(shown), status=status, headers=headers)


async def read(parts: Parts, token: str, most: int = _ENTRIES_MAX, before: str | None = None) -> Told:
    """The last of the thread of a link. Raises NotFoundError for one that isn't ours: all such look alike."""
    told = await parts.hub.database.run(_read, thread_of(parts, token), most, before)
    return replace(told, status=replace(told.status, timeline=_with_own_links(told.status.timeline, token)))


def number_of(connection: Connection, thread: UUID, asked: int | None) -> int:
    """The incident meant: the asked part of the thread's, else its only one. Raises ConflictError.

    Read as part of another, or made part of it, it is not for this link to close: whoever writes under somebody's
    address may have been put into that person's incident by an agent.
    """
    number = asked if asked is not None else _only(connection, thread)
    if number not in timeline.spoken_for(connection, thread):
        raise ConflictError("it is looked after together with another request: write to us instead")
    return number


def _only(connection: Connection, thread: UUID) -> int:
    numbers = list(timeline.parts_of_thread(connection, thread))
    if not numbers:
        raise ConflictError("it isn't part of an incident yet; try again in a moment")
    if len(numbers) > 1:
        named = ", ".join(str(number) for number in numbers)
        raise ConflictError(f"it is looked after as several requests: say which by its number, {named}")
    return numbers[0]


def thread_of(parts: Parts, token: str) -> UUID:
    """What a link opens. Raises NotFoundError."""
    thread = parts.hub.tokens.verify(clean(token))
    if thread is None:
        raise NotFoundError("no such request")
    return thread


def _with_own_links(entries: Sequence[Entry], token: str) -> list[Entry]:
    """Files are fetched through the link, which opens those of its thread; the API's address is for our own people."""
    return [
        replace(
            entry,
            author=None if entry.direction == Direction.OUT else entry.author,  # a login name is not for customers
            labels=[],
            details={},
            checks=None,
            returned=None,
            complained=False,
            attachments=[
                replace(file, url=f"/status/{token}/files/{entry.interaction_id}/{index}")
                for index, file in enumerate(entry.attachments)
            ],
        )
        for entry in entries
    ]


def _read(connection: Connection, thread: UUID, most: int, before: str | None) -> Told:
    begun = timeline.of_thread(connection, thread, limit=1)
    said = timeline.end_of_thread(connection, thread, most, before=before)
    begins = timeline.parts_of_thread(connection, thread)
    statuses = incidents.statuses(connection, [number for number in (*begins, begun.number) if number is not None])
    standing = statuses.get(begun.number) if begun.number is not None else None
    status = ThreadStatus(
        state="linked" if standing else "received",
        number=begun.number,
        status=standing,
        timeline=said.items,
        earlier=said.next_cursor,
        by_mail=timeline.goes_on_by_mail(connection, thread),
        parts=parts_of(begins, statuses),
    )
    subject = begun.items[0].subject if begun.items else ""
    return Told(status, subject, timeline.spoken_for(connection, thread), begins)
