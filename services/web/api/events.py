"""The history itself over the API: CloudEvents, one a line, in the order of the store. For analysts."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Query
from starlette.responses import Response, StreamingResponse

from eventstore import store
from eventstore.database import Connection
from eventstore.keys import Keys
from eventstore.recorded import Recorded
from schemas.cloudevents import SOURCE, SPEC_VERSION
from schemas.codec import Keyring
from schemas.errors import DecodeError, ForbiddenError, InvalidError
from schemas.facts import REGISTRY
from services.access.identity import Role
from services.web.api.shapes import POSITION_HEADER, POSITION_MAX, Caller
from services.web.parts import Parts
from services.web.routing import Router

MEDIA_TYPE = "application/x-ndjson"
_LIMIT_MAX = 10_000
_PAGE_EVENTS = 1000


class Line(msgspec.Struct, frozen=True):
    """One event. `data` without the personal part, unless an admin asks for it."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    position: int
    causation_id: UUID | None
    correlation_id: UUID | None
    data: object


_encode = msgspec.json.Encoder().encode


def router(parts: Parts) -> Router:
    """`/api/v1/events`."""
    routes = Router(prefix="/api/v1/events", tags=["events"])
    database, keys = parts.hub.database, parts.hub.keys

    @routes.get("", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}})
    async def list_events(
        who: Caller,
        after: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
        type: Annotated[str | None, Query(max_length=100)] = None,  # noqa: A002 -- the parameter's public name
        limit: Annotated[int, Query(ge=1, le=_LIMIT_MAX)] = 1000,
        personal: Annotated[bool, Query(description="With names, addresses and words; admins only")] = False,
    ) -> Response:
        """Events after a position, in order; fewer lines than `limit` mean that there are no more."""
        if type is not None and type not in REGISTRY:
            raise InvalidError(f"no event type {type}", field="type")
        if personal and who.role is not Role.ADMIN:
            raise ForbiddenError("personal data is for admins")
        until = await database.run(store.last_position)

        async def lines() -> AsyncGenerator[bytes]:
            left, position = limit, after
            while left > 0 and position < until:
                events, position = await database.run(_page, position, until, type, left)
                left -= len(events)
                yield await database.run(_lines, events, keys if personal else None)

        return StreamingResponse(lines(), media_type=MEDIA_TYPE, headers={POSITION_HEADER: str(until)})

    return routes


def _page(
    connection: Connection, after: int, until: int, kind: str | None, most: int
) -> tuple[Sequence[Recorded], int]:
    """The next events of a kind, and how far they were looked for."""
    wanted = _PAGE_EVENTS if kind is not None else min(_PAGE_EVENTS, most)
    read = store.read_after(connection, after, wanted, until=until)
    if not read:
        return [], until
    found = [event for event in read if kind is None or event.type == kind]
    return found[:most], read[-1].position


class _Blind:
    """A keyring that opens nothing: what it reads has no personal part."""

    def seal_key(self, address: UUID) -> AESGCM | None:
        """None."""

    def open_key(self, address: UUID) -> AESGCM | None:
        """None."""


_BLIND = _Blind()


def _lines(connection: Connection, events: Sequence[Recorded], keys: Keys | None) -> bytes:
    if keys is not None:
        keys.prefetch(connection, events)
    return b"".join(_line(event, keys or _BLIND) for event in events)


def _line(event: Recorded, keyring: Keyring) -> bytes:
    line = Line(
        specversion=SPEC_VERSION,
        id=str(event.position),
        source=SOURCE,
        type=event.type,
        subject=event.stream,
        time=event.recorded_at,
        position=event.position,
        causation_id=event.causation,
        correlation_id=event.correlation,
        data={},
    )
    try:
        fact = event.fact(keyring)
    except DecodeError:  # projections raise the alarm; an analyst's export goes on
        return _encode(line) + b"\n"
    return _encode(msgspec.structs.replace(line, type=fact.type_name, data=fact)) + b"\n"
